/** Where JavaScript's own string functions would differ from the host. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  compareUtf8,
  countCodePoints,
  escapeName,
  isBlank,
  quoteText,
  takeCodePoints,
  trimWhiteSpace,
} from '../../../src/tools/adapters/unicode.ts';

test('1.14: names are ordered by their UTF-8 bytes, astral characters last', () => {
  const names = ['ﬀ', '😀', 'é', 'z', '10', '9', '', '\ud7ff', '\ue000'];
  expect(names.toSorted(compareUtf8)).toEqual([
    '',
    '10',
    '9',
    'z',
    'é',
    '\ud7ff',
    '\ue000',
    'ﬀ',
    '😀',
  ]);
});

test('1.14: the order is that of the bytes for any two texts', () => {
  const text = fc.string({ unit: 'binary', maxLength: 6 });
  fc.assert(
    fc.property(text, text, (left, right) => {
      const bytes = Buffer.compare(Buffer.from(left), Buffer.from(right));
      expect(Math.sign(compareUtf8(left, right))).toBe(bytes);
    }),
  );
});

test('2.25: white space is Unicode White_Space, with U+0085 and without U+FEFF and U+200B', () => {
  expect(trimWhiteSpace('\u0085\u00a0\u3000 a \t\u2028')).toBe('a');
  expect(trimWhiteSpace('\ufeffa\u200b')).toBe('\ufeffa\u200b');
  expect(isBlank('\u0085 ')).toBe(true);
  expect(isBlank('\u180e')).toBe(false);
});

test('2.26: names are escaped as printable ASCII', () => {
  expect(escapeName('a\t\r\n\'"\\ ~\u007f\u0000é😀')).toBe(
    `a\\t\\r\\n\\'\\"\\\\ ~\\u{7f}\\u{0}\\u{e9}\\u{1f600}`,
  );
});

test('values in errors keep what is printable', () => {
  expect(quoteText('a "é"\n\u0000\u0301\u200b\u00a0')).toBe(
    String.raw`"a \"é\"\n\0\u{301}\u{200b}\u{a0}"`,
  );
});

test('2.21, 3.10: characters are code points', () => {
  expect(countCodePoints('a😀é')).toBe(3);
  expect(takeCodePoints('a😀é', 2)).toBe('a😀');
});
