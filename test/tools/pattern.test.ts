import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultLimits, resolveLimits } from '../../src/limits.ts';
import { compilePattern } from '../../src/tools/pattern.ts';

const compile = (source: string) => compilePattern(source, defaultLimits);

/** Patterns made of every part the machine knows, over a small alphabet so that texts often match. */
const { pattern } = fc.letrec<{ pattern: string; atom: string; piece: string }>((tie) => ({
  atom: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('a', 'b', '1', '😀', '.', '-', '\\.', '\\u{1f600}') },
    { weight: 4, arbitrary: fc.constantFrom('[ab]', '[^a]', '\\d', '\\W', '[\\s\\-]', '\\p{L}') },
    { weight: 2, arbitrary: fc.constantFrom('^', '$', '\\b', '\\B') },
    { weight: 2, arbitrary: tie('pattern').map((inner) => `(?:${inner})`) },
    { weight: 1, arbitrary: tie('pattern').map((inner) => `(${inner})`) },
  ),
  piece: fc
    .tuple(tie('atom'), fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{0,2}', '{1,}', '*?'))
    .map(([atom, times]) => (/^(\^|\$|\\b|\\B)$/i.test(atom) ? atom : atom + times)),
  pattern: fc
    .array(fc.array(tie('piece'), { maxLength: 4 }), { minLength: 1, maxLength: 3 })
    .map((branches) => branches.map((pieces) => pieces.join('')).join('|')),
}));

const wide = resolveLimits({ patternStatesMax: 100_000 });

test('agrees with the engine of the language', () => {
  const anyText = fc.string({
    unit: fc.constantFrom('a', 'b', '1', '-', '.', ' ', 'é', '😀', '\n', '\ud83d'),
    maxLength: 8,
  });
  fc.assert(
    fc.property(pattern, anyText, (source, text) => {
      fc.pre(source.length <= 60);
      // V8 finds \B between the halves of a surrogate pair, where the standard never looks.
      fc.pre(!source.includes('\\B') || !/[\ud800-\udfff]/.test(text));
      expect(compilePattern(source, wide).test(text)).toBe(new RegExp(source, 'u').test(text));
    }),
    { numRuns: 3_000 },
  );
});

test('patterns people write', () => {
  const cases: [string, string[], string[]][] = [
    ['^[a-z0-9]+(?:-[a-z0-9]+)*$', ['a', 'my-slug-1'], ['', '-a', 'a--b', 'A']],
    ['^(\\d{1,3}\\.){3}\\d{1,3}$', ['127.0.0.1'], ['127.0.0', '1.2.3.4.5']],
    ['^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$', ['a@b.c'], ['a@b', 'a b@c.d']],
    ['^(?<year>\\d{4})-\\d{2}$', ['2026-11'], ['26-11']],
    ['[A-Z]{2,}', ['xABx'], ['AbC']],
    ['', ['', 'anything'], []],
    ['^\\u{1F600}\\uD83D\\uDE00$', ['😀😀'], ['😀']],
    ['[\\]\\\\]', [']', '\\'], ['[']],
  ];
  for (const [source, fitting, unfit] of cases) {
    const compiled = compile(source);
    for (const text of fitting) expect([source, text, compiled.test(text)]).toContain(true);
    for (const text of unfit) expect([source, text, compiled.test(text)]).toContain(false);
  }
});

test.each(['^(a+)+$', '^(a|a)*$', '^(a|aa)+$', '(.*a){12}$', '^(\\w+\\s?)*$', '(x+x+)+y'])(
  'the catastrophic pattern %s takes no longer than a text does',
  (source) => {
    const compiled = compile(source);
    const limits = { ...defaultLimits };
    const text = `${'a'.repeat(limits.patternTextCharsMax - 1)}!`;
    const started = performance.now();
    compiled.test(text);
    compiled.test(text.replaceAll('a', 'x'));
    expect(performance.now() - started).toBeLessThan(2_000);
  },
);

test('what cannot be matched in linear time, or is too large, is refused', () => {
  for (const source of ['(a)\\1', '(?<n>a)\\k<n>', 'a(?=b)', 'a(?!b)', '(?<=a)b', '(?<!a)b']) {
    expect(() => compile(source)).toThrow('linear time');
  }
  expect(() => compile('(')).toThrow('Unterminated group');
  expect(() => compile('a{1000}{2}')).toThrow('schema is invalid');
  expect(() => compile('(?:a{100}){100}')).toThrow('more than 1000 states');
  expect(() => compile('(?:){999999999}')).toThrow('more than 1000 states');
  expect(() => compile('a'.repeat(513))).toThrow('513 characters');
});

test('a text beyond the bound matches nothing', () => {
  const limits = resolveLimits({ patternTextCharsMax: 3 });
  const any = compilePattern('', limits);
  expect([any.test('abc'), any.test('abcd')]).toEqual([true, false]);
});
