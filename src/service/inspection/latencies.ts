/** How many calls end per second, and how long they took: over the last ones, in bounded memory. */

const rateWindowMs = 5_000;
const bucketMs = 500;
const buckets = rateWindowMs / bucketMs;

/** Durations of the calls that ended last, and their rate. */
export class Latencies {
  readonly #durations: Float64Array;
  readonly #counts = Array.from({ length: buckets }, () => 0);
  readonly #bucketIds = Array.from({ length: buckets }, () => -1);
  #next = 0;
  #size = 0;
  #quantiles: { readonly p50Ms: number; readonly p99Ms: number } | null = null;

  /** @param keptMax durations that are kept; the oldest make room */
  constructor(keptMax: number) {
    this.#durations = new Float64Array(keptMax);
  }

  /** A call ended at `at` after `durationMs`. */
  add(at: number, durationMs: number): void {
    this.#durations[this.#next] = durationMs;
    this.#next = (this.#next + 1) % this.#durations.length;
    this.#size = Math.min(this.#size + 1, this.#durations.length);
    this.#quantiles = null;
    const id = Math.floor(at / bucketMs);
    const slot = id % buckets;
    if (this.#bucketIds[slot] !== id) {
      this.#bucketIds[slot] = id;
      this.#counts[slot] = 0;
    }
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
  }

  /** Calls per second in the five seconds before `at`. */
  perSecond(at: number): number {
    const newest = Math.floor(at / bucketMs);
    const counted = this.#counts.filter((_, slot) => {
      const id = this.#bucketIds[slot] ?? -1;
      return id > newest - buckets && id <= newest;
    });
    return (counted.reduce((sum, count) => sum + count, 0) * 1_000) / rateWindowMs;
  }

  /** The median and the 99th percentile of what is kept, or nulls. */
  quantiles(): { readonly p50Ms: number | null; readonly p99Ms: number | null } {
    if (this.#size === 0) return { p50Ms: null, p99Ms: null };
    if (this.#quantiles === null) {
      const sorted = this.#durations.subarray(0, this.#size).toSorted();
      const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
      this.#quantiles = { p50Ms: at(0.5), p99Ms: at(0.99) };
    }
    return this.#quantiles;
  }
}
