/** Text of others on a terminal: it cannot steer it, and it takes the room it is given. */
import { stripVTControlCharacters } from 'node:util';

/** What ends a line, and what turns the direction of writing and so shows another text than there is. */
const lineBreaks = /[\p{Zl}\p{Zp}]/gu;
const directionMarks = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** `text` as one line without control characters. */
export function plainLine(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/\r\n/g, ' ')
    .replaceAll(/\p{Cc}/gu, ' ')
    .replaceAll(lineBreaks, ' ')
    .replaceAll(directionMarks, '');
}

/** `text` as the lines it has, each of them plain. */
export function plainLines(text: string): readonly string[] {
  return stripVTControlCharacters(text)
    .split(/\r\n|\n/)
    .map(plainLine);
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const ascii = /^[\x20-\x7e]*$/;
const wide =
  /^(?:\p{Emoji_Presentation}|\p{sc=Han}|\p{sc=Hiragana}|\p{sc=Katakana}|\p{sc=Hangul}|[\u3000-\u303e\uff01-\uff60\uffe0-\uffe6])|\ufe0f/u;
const invisible = /^[\p{M}\p{Cf}]/u;

const columnsOfGrapheme = (grapheme: string): number =>
  ascii.test(grapheme) ? 1 : wide.test(grapheme) ? 2 : invisible.test(grapheme) ? 0 : 1;

/** The columns that a plain text takes on a terminal. */
export function columnsOf(text: string): number {
  if (ascii.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) columns += columnsOfGrapheme(segment);
  return columns;
}

/** `text`, or as much of it as fits into `columnsMax`, with an ellipsis for the rest. */
export function cut(text: string, columnsMax: number): string {
  if (columnsOf(text) <= columnsMax) return text;
  if (columnsMax < 1) return '';
  let shown = '';
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) {
    columns += columnsOfGrapheme(segment);
    if (columns > columnsMax - 1) break;
    shown += segment;
  }
  return `${shown}…`;
}

/** `text` in exactly `columns`, cut or filled up with blanks. */
export function fit(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const shown = cut(text, columns);
  const blanks = ' '.repeat(Math.max(0, columns - columnsOf(shown)));
  return side === 'left' ? shown + blanks : blanks + shown;
}

/**
 * Rows of cells as lines, two blanks between the columns; the first row is the heading. What is longer than
 * `columnsMax` is cut.
 */
export function tableLines(
  rows: readonly (readonly string[])[],
  columnsMax = Infinity,
): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((cells) => columnsOf(cells[column] ?? ''))),
  );
  return rows.map((cells) => {
    const line = cells.map((cell, column) => fit(cell, widths[column] ?? 0)).join('  ');
    return cut(line.trimEnd(), columnsMax);
  });
}

/** `1 call`, `2 calls`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** How long ago, for people: `12 s`, `3 min`, `5 h`, `9 d`. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

/** How long something took, for people: `7 ms`, `1.4 s`, `3 min`. */
export function tookText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 100_000 ? `${(ms / 1_000).toFixed(1)} s` : ageText(ms);
}
