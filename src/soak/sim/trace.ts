const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

/** A running hash of everything that happens in a simulation: same seed, same hash, byte for byte. */
export class Trace {
  #low = 0xdeadbeef;
  #high = 0x41c6ce57;
  #floats = new Float64Array(1);
  #words = new Uint32Array(this.#floats.buffer);

  /** Mixes in a number, all 64 bits of it. */
  number(value: number): void {
    this.#floats[0] = value;
    this.#mix(this.#words[0] ?? 0);
    this.#mix(this.#words[1] ?? 0);
  }

  /** Mixes in a text. */
  text(value: string): void {
    let low = this.#low;
    let high = this.#high;
    for (let index = 0; index < value.length; index += 1) {
      const unit = value.charCodeAt(index);
      low = Math.imul(low ^ unit, 2654435761);
      high = Math.imul(high ^ unit, 1597334677);
    }
    this.#low = low;
    this.#high = high;
    this.#mix(value.length);
  }

  /** The hash of everything so far, 16 hexadecimal digits. */
  get digest(): string {
    const low = this.#low ^ (this.#high >>> 15);
    const high = this.#high ^ (this.#low >>> 13);
    return hex(Math.imul(low, 2246822507)) + hex(Math.imul(high, 3266489909));
  }

  #mix(word: number): void {
    const low = Math.imul(this.#low ^ word, 2654435761);
    const high = Math.imul(this.#high ^ word, 1597334677);
    this.#low = low ^ (low >>> 15);
    this.#high = high ^ (high >>> 13);
  }
}
