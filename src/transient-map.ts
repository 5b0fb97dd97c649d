/**
 * A Map for what comes and goes all the time.
 *
 * A Map makes itself a new table now and then, and its old table points to the new one. Once a table was
 * promoted to the old generation of the heap, so is each one after it, with all that it held, dead or not:
 * a Map with a few entries and a great turnover makes garbage that only a full collection takes. This one
 * begins anew before that happens.
 */

/** Entries that are set before the next beginning, besides four for each that is there. */
const lifetime = 512;

/** As a Map, in the order in which keys were set first. What is set while it is gone through may be missed. */
export class TransientMap<Key, Value> {
  #entries = new Map<Key, Value>();
  #sets = 0;

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  has(key: Key): boolean {
    return this.#entries.has(key);
  }

  set(key: Key, value: Value): void {
    this.#entries.set(key, value);
    this.#sets += 1;
    if (this.#sets < lifetime + 4 * this.#entries.size) return;
    this.#entries = new Map(this.#entries);
    this.#sets = 0;
  }

  /** Whether there was such an entry. */
  delete(key: Key): boolean {
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries = new Map();
  }

  values(): Iterable<Value> {
    return this.#entries.values();
  }

  [Symbol.iterator](): Iterator<[Key, Value]> {
    return this.#entries[Symbol.iterator]();
  }
}
