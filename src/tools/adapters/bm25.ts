/** Okapi BM25: how well texts answer a query. */
import { searchWords } from './search-words.ts';

const saturation = 1.2;
const lengthWeight = 0.75;

/** A text, as counted words. */
interface CountedText {
  readonly counts: ReadonlyMap<string, number>;
  readonly length: number;
}

/** Texts made ready to be searched. */
export interface TextIndex {
  readonly texts: readonly CountedText[];
  readonly averageLength: number;
  /** In how many texts a word occurs. */
  readonly occurrences: ReadonlyMap<string, number>;
}

function countWords(text: string): CountedText {
  const words = searchWords(text);
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return { counts, length: words.length };
}

/** Reads every text once. */
export function indexTexts(texts: readonly string[]): TextIndex {
  const counted = texts.map(countWords);
  const occurrences = new Map<string, number>();
  for (const { counts } of counted) {
    for (const word of counts.keys()) occurrences.set(word, (occurrences.get(word) ?? 0) + 1);
  }
  const total = counted.reduce((sum, { length }) => sum + length, 0);
  return { texts: counted, averageLength: total / Math.max(1, counted.length), occurrences };
}

function rarity(index: TextIndex, word: string): number {
  const occurrences = index.occurrences.get(word) ?? 0;
  return Math.log(1 + (index.texts.length - occurrences + 0.5) / (occurrences + 0.5));
}

function weigh(text: CountedText, index: TextIndex, word: string): number {
  const count = text.counts.get(word) ?? 0;
  const relativeLength = text.length / index.averageLength;
  const damping = saturation * (1 - lengthWeight + lengthWeight * relativeLength);
  return count === 0 ? 0 : (count * (saturation + 1)) / (count + damping);
}

/**
 * The positions of the texts that hold a word of `query`, best first; equal ones in their own order. A
 * word that the query repeats counts as often.
 */
export function rankTexts(index: TextIndex, query: string): readonly number[] {
  const words = searchWords(query).map((word) => ({ word, rarity: rarity(index, word) }));
  const scores = index.texts.map((text, position) => ({
    position,
    score: words.reduce(
      (sum, { word, rarity: weight }) => sum + weight * weigh(text, index, word),
      0,
    ),
  }));
  return scores
    .filter(({ score }) => score > 0)
    .toSorted((left, right) => right.score - left.score || left.position - right.position)
    .map(({ position }) => position);
}
