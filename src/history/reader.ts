/**
 * Reads a history as it streams by, of any size: one record at a time, nothing kept.
 *
 * Whoever wrote it may have been killed in the middle of a line. Such a last line is no error: it is
 * left out, and `torn` says so. A broken line anywhere else is.
 */
import { SessionMeshError } from '../errors.ts';
import { defaultLimits } from '../limits.ts';
import { parseHeader, parseRecord } from './parse.ts';
import type { History, HistoryHeader, HistoryRecord } from './record.ts';

/** Where the text comes from: a file's stream, the body of a response, or pieces of text. */
export type HistoryChunks = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/** A history whose header was read. */
export interface HistoryReading {
  readonly header: HistoryHeader;
  /** Can be gone through once. Throws `history_invalid` at the first line that is none. */
  readonly records: AsyncIterable<HistoryRecord>;
  /** Characters of a last line that was cut off; 0 if none was. Known once all records are read. */
  readonly torn: number;
}

interface Line {
  readonly text: string;
  /** Whether a line feed followed. */
  readonly isWhole: boolean;
}

function tooLong(line: number, charsMax: number): SessionMeshError {
  return new SessionMeshError('history_invalid', {
    expected: `lines of at most ${charsMax} characters`,
    found: `a longer one, line ${line}`,
  });
}

/** Cuts chunks into lines. Decoding keeps what a chunk ends with in the middle of a character. */
async function* linesOf(chunks: HistoryChunks, charsMax: number): AsyncGenerator<Line> {
  const decoder = new TextDecoder();
  let rest = '';
  let line = 1;
  for await (const chunk of chunks) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      const whole = rest + text.slice(start, end);
      rest = '';
      start = end + 1;
      if (whole.length > charsMax) throw tooLong(line, charsMax);
      yield { text: whole, isWhole: true };
      line += 1;
    }
    rest += text.slice(start);
    if (rest.length > charsMax) throw tooLong(line, charsMax);
  }
  rest += decoder.decode();
  if (rest !== '') yield { text: rest, isWhole: false };
}

/**
 * Reads the header and offers the records.
 * @throws SessionMeshError `history_invalid` for what is no history of this version.
 */
export async function openHistory(
  chunks: HistoryChunks,
  charsMax: number = defaultLimits.historyLineCharsMax,
): Promise<HistoryReading> {
  const lines = linesOf(chunks, charsMax);
  const first = await lines.next();
  if (first.done === true) {
    throw new SessionMeshError('history_invalid', {
      expected: 'a header',
      found: 'nothing at all',
    });
  }
  const header = parseHeader(first.value.text);
  let torn = 0;
  async function* records(): AsyncGenerator<HistoryRecord> {
    let number = 1;
    for await (const { text, isWhole } of lines) {
      number += 1;
      if (text === '') continue;
      if (!isWhole && isTorn(text)) torn = text.length;
      else yield parseRecord(text, number);
    }
  }
  return {
    header,
    records: records(),
    get torn() {
      return torn;
    },
  };
}

/** Whether a line without its end was cut off: no beginning of a record is JSON by itself. */
function isTorn(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}

/** Reads a whole history into memory. Throws as {@link openHistory}. */
export async function readHistory(chunks: HistoryChunks): Promise<History & { torn: number }> {
  const reading = await openHistory(chunks);
  const records: HistoryRecord[] = [];
  for await (const record of reading.records) records.push(record);
  return { header: reading.header, records, torn: reading.torn };
}
