/** A distribution in a few hundred counters: sixteen buckets for each doubling. */
import type { Spread } from './verdict.ts';

const bucketsPerDoubling = 16;
/** Everything below this counts as zero, everything above `2 ** 40` of it as that. */
const least = 1 / 64;
const bucketsMax = 40 * bucketsPerDoubling;

/** Counts times in milliseconds, of any number, in bounded memory. */
export class SpreadCounter {
  readonly #buckets = new Uint32Array(bucketsMax + 1);
  #count = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    this.#count += 1;
    if (ms > this.#max) this.#max = ms;
    const place = ms < least ? 0 : 1 + Math.floor(Math.log2(ms / least) * bucketsPerDoubling);
    const bucket = Math.min(place, bucketsMax);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
  }

  /** Counts everything that `other` has counted as well. */
  merge(other: SpreadCounter): void {
    if (other.#count === 0) return;
    this.#count += other.#count;
    this.#max = Math.max(this.#max, other.#max);
    for (let bucket = 0; bucket <= bucketsMax; bucket += 1) {
      this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + (other.#buckets[bucket] ?? 0);
    }
  }

  /** The time that this part of all times does not pass. */
  quantile(part: number): number {
    const rank = Math.ceil(part * this.#count);
    let seen = 0;
    for (let bucket = 0; bucket <= bucketsMax; bucket += 1) {
      seen += this.#buckets[bucket] ?? 0;
      if (seen >= rank) {
        const upper = bucket === 0 ? 0 : least * 2 ** (bucket / bucketsPerDoubling);
        return Math.min(upper, this.#max);
      }
    }
    return this.#max;
  }

  get spread(): Spread {
    const { count } = this;
    const at = (part: number) => (count === 0 ? 0 : this.quantile(part));
    return { count, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: this.#max };
  }
}
