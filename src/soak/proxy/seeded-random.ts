/** Randomness that follows from a seed, as a function. */
import { seededRandom as seededStream } from '../random.ts';

/** A number in [0, 1). */
export type Random = () => number;

/**
 * A stream of random numbers that is the same for the same seed and name. Streams of different names do
 * not shift each other, whoever draws more or less.
 */
export function seededRandom(seed: number, name = ''): Random {
  const stream = seededStream(seed).fork(name);
  return () => stream.next();
}
