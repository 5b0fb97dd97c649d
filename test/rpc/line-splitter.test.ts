/** Bytes to lines: any slicing of the same bytes must give the same lines (F6), at linear cost (F18). */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from '../../src/rpc/line-splitter.ts';

const lineFeed = 0x0a;

/** The slow and obvious way: cut whole bytes at each LF, then drop one CR, decode, skip what is empty. */
function referenceLines(bytes: Buffer): string[] {
  const lines: string[] = [];
  let line: number[] = [];
  for (const byte of bytes) {
    if (byte !== lineFeed) line.push(byte);
    else {
      if (line.at(-1) === 0x0d) line.pop();
      if (line.length > 0) lines.push(Buffer.from(line).toString('utf8'));
      line = [];
    }
  }
  return lines;
}

/** Pushes `bytes` in pieces of the given sizes, wiping each piece afterwards as a reused buffer would be. */
function splitInPieces(bytes: Buffer, sizes: readonly number[], lineBytesMax: number): string[] {
  const splitter = new LineSplitter(lineBytesMax);
  const lines: string[] = [];
  let start = 0;
  for (let piece = 0; start < bytes.length; piece += 1) {
    const end = start + (sizes[piece % sizes.length] ?? 1);
    const chunk = Buffer.from(bytes.subarray(start, end));
    try {
      splitter.push(chunk, (line) => lines.push(line));
    } catch (error) {
      lines.push((error as { code: string }).code);
      return lines;
    }
    chunk.fill(0);
    start = end;
  }
  return lines;
}

const pieces = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 });
const text = fc
  .array(fc.constantFrom('\n', '\r\n', '\r', 'a', 'é', '€', '😀', '{"a":1}', '\u2028', '\ufeff'))
  .map((parts) => Buffer.from(parts.join('')));
const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));

test('any slicing of text gives the lines of the whole, inside UTF-8 sequences and CR LF too', () => {
  fc.assert(
    fc.property(text, pieces, (whole, sizes) => {
      const expected = whole
        .toString('utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => line.replace(/\r$/, ''))
        .filter((line) => line !== '');
      expect(splitInPieces(whole, sizes, 10_000)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test('any slicing of arbitrary bytes gives the lines of the reference', () => {
  fc.assert(
    fc.property(bytes, pieces, (whole, sizes) => {
      expect(splitInPieces(whole, sizes, 10_000)).toEqual(referenceLines(whole));
    }),
    { numRuns: 500 },
  );
});

test('where the bound strikes does not depend on the slicing', () => {
  fc.assert(
    fc.property(text, pieces, fc.integer({ min: 1, max: 12 }), (whole, sizes, lineBytesMax) => {
      const inOne = splitInPieces(whole, [whole.length], lineBytesMax);
      expect(splitInPieces(whole, sizes, lineBytesMax)).toEqual(inOne);
    }),
    { numRuns: 500 },
  );
});

test('a line of exactly the bound passes, one byte more does not', () => {
  const exact = Buffer.from(`${'x'.repeat(8)}\n`);
  expect(splitInPieces(exact, [3], 8)).toEqual(['xxxxxxxx']);
  expect(splitInPieces(Buffer.from('x'.repeat(9)), [3], 8)).toEqual(['frame_too_long']);
});

test('a line that never ends is given up at the bound, and no more than that is held', () => {
  const splitter = new LineSplitter(1_000_000);
  const chunk = Buffer.alloc(64 * 1024, 0x78);
  const flood = () => {
    for (;;) splitter.push(chunk, () => expect.unreachable());
  };
  expect(flood).toThrow(expect.objectContaining({ code: 'frame_too_long' }));
  expect(splitter.heldBytes).toBeLessThanOrEqual(1_000_000);
});

test('a long line that comes byte by byte costs linear time', () => {
  // 4 MiB: copied anew for every byte, this would be some 8 * 10^12 bytes and never end.
  const splitter = new LineSplitter(8 * 1024 * 1024);
  const byte = Buffer.from('x');
  const lines: number[] = [];
  for (let count = 0; count < 4 * 1024 * 1024; count += 1) splitter.push(byte, () => {});
  expect(splitter.heldBytes).toBe(4 * 1024 * 1024);
  splitter.push(Buffer.from('\nnext\n'), (line) => lines.push(line.length));
  expect(lines).toEqual([4 * 1024 * 1024, 4]);
  expect(splitter.heldBytes).toBe(0);
});
