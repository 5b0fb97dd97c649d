/** Seeded randomness in independent streams: a new draw in one of them does not shift the others. */
import { mulberry32 } from '../testing/mulberry32.ts';

/** One stream of random numbers. */
export interface Random {
  /** A number in [0, 1). */
  readonly next: () => number;
  /** Whether something happens that does so with this probability. */
  chance(probability: number): boolean;
  /** A whole number from `from` up to, and with, `to`. */
  between(from: number, to: number): number;
  /** One of `values`, which is not empty. */
  pick<Value>(values: readonly [Value, ...Value[]]): Value;
  /** A wait whose mean is `meanMs`, as between events that happen at any time alike. */
  wait(meanMs: number): number;
  /** A stream of its own, which follows from this one's seed and `name` alone. */
  fork(name: string): Random;
}

/** Mixes text into a 32-bit number (FNV-1a). */
export function hashText(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** The stream that follows from `seed`, a whole number of at most 32 bits. */
export function seededRandom(seed: number): Random {
  const next = mulberry32(seed);
  const between = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    chance: (probability) => probability > 0 && next() < probability,
    between,
    pick: (values) => values[between(0, values.length - 1)] ?? values[0],
    wait: (meanMs) => -Math.log(1 - next()) * meanMs,
    fork: (name) => seededRandom(hashText(name, (seed ^ 0x9e3779b9) >>> 0)),
  };
}
