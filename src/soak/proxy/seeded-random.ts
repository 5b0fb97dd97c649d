/** Randomness that follows from a seed. */

/** A number in [0, 1). */
export type Random = () => number;

/** A 32-bit hash of a text (FNV-1a). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * A stream of random numbers that is the same for the same seed and name. Streams of different names do
 * not shift each other, whoever draws more or less. (splitmix32 over a hashed start.)
 */
export function seededRandom(seed: number, name = ''): Random {
  let state = (seed ^ hashOf(name)) >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
