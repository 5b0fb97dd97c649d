/** Text of others on a terminal. */
import { expect, test } from 'vitest';
import {
  ageText,
  columnsOf,
  cut,
  fit,
  plainLine,
  plainLines,
  tableLines,
  tookText,
} from '../../src/cli/plain-text.ts';

test.each([
  ['a colour', '\u001b[31mred\u001b[0m', 'red'],
  ['a title of the window', '\u001b]0;owned\u0007x', 'x'],
  ['a sequence that is cut off', 'a\u001b[', 'a ['],
  ['a sequence of eight bits', 'a\u009b2Jb', 'ab'],
  ['the end of a line', 'a\r\nb\rc\nd', 'a b c d'],
  ['other line breaks', 'a\u2028b\u2029c\u0085d', 'a b c d'],
  ['a turned direction', 'a\u202Egnp.\u2066b', 'agnp.b'],
  ['backspaces', 'rm\b\bls', 'rm  ls'],
])('%s does not get through', (_, text, plain) => {
  expect(plainLine(text)).toBe(plain);
});

test('lines stay lines', () => {
  expect(plainLines('one\r\n\u001b[2Jtwo\n\nfour')).toEqual(['one', 'two', '', 'four']);
});

test.each([
  ['ascii', 5],
  ['日本語', 6],
  ['한글', 4],
  ['é', 1],
  ['e\u0301', 1],
  ['👩‍👩‍👧', 2],
  ['✔️', 2],
  ['Ａ', 2],
])('%s is %i columns wide', (text, columns) => {
  expect(columnsOf(text)).toBe(columns);
});

test('what is too long is cut where it fits, never in the middle of a character', () => {
  expect(cut('abcdef', 6)).toBe('abcdef');
  expect(cut('abcdefg', 6)).toBe('abcde…');
  expect(cut('日本語', 4)).toBe('日…');
  expect(cut('e\u0301e\u0301e\u0301', 2)).toBe('e\u0301…');
  expect(cut('abc', 0)).toBe('');
  expect(columnsOf(fit('日本語', 5))).toBe(5);
  expect(fit('7', 3, 'right')).toBe('  7');
});

test('columns are as wide as what stands in them', () => {
  const rows = [
    ['a', 'title'],
    ['日本', 'x'],
    ['c', 'a long one'],
  ];
  expect(tableLines(rows)).toEqual(['a     title', '日本  x', 'c     a long one']);
  expect(tableLines(rows, 10).at(-1)).toBe('c     a l…');
});

test('times for people', () => {
  expect([0, 99_000, 100_000, 7_200_000, 300_000_000].map(ageText)).toEqual([
    '0 s',
    '99 s',
    '2 min',
    '2 h',
    '3 d',
  ]);
  expect([7.4, 999, 1_440, 240_000].map(tookText)).toEqual(['7 ms', '999 ms', '1.4 s', '4 min']);
});
