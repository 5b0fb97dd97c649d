import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, compareCodePoints, parseRecord } from '../../src/tools/json.ts';
import { codeOf } from './code-of.ts';

test('keys are sorted by code point at every level, whatever order they were written in', () => {
  expect(canonicalJson({ b: [{ z: 1, y: 2 }], a: null, B: true, 10: 1, 9: 2 })).toBe(
    '{"10":1,"9":2,"B":true,"a":null,"b":[{"y":2,"z":1}]}',
  );
  expect(canonicalJson({ '\uffff': 1, '\u{1f600}': 2 })).toBe('{"\uffff":1,"\u{1f600}":2}');
});

test('any JSON value comes back as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      expect(JSON.parse(canonicalJson(value) ?? '')).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('equal values give equal bytes, however their keys were put in', () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, member]) => [key, reversed(member)] as const)
        .toReversed(),
    );
  };
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
    }),
  );
});

test('code point order is the order of UTF-8 bytes', () => {
  const anyText = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(anyText, anyText, (left, right) => {
      const order = Math.sign(Buffer.from(left).compare(Buffer.from(right)));
      expect(Math.sign(compareCodePoints(left, right))).toBe(order);
    }),
  );
});

test('what JSON has no word for is put in the nearest words', () => {
  const cases: [unknown, string | undefined][] = [
    [123456789012345678901234567890n, '123456789012345678901234567890'],
    [Number.NaN, '"NaN"'],
    [-Infinity, '"-Infinity"'],
    [-0, '0'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [new Date(Number.NaN), 'null'],
    [
      new Map([
        ['b', 1],
        ['a', 2],
      ]),
      '{"a":2,"b":1}',
    ],
    [new Map<unknown, unknown>([[1, new Map()]]), '[[1,{}]]'],
    [new Set(['x', new Set()]), '["x",[]]'],
    [new Uint8Array([1, 2, 3]), '"AQID"'],
    [Buffer.from('hi'), '"aGk="'],
    [new Float64Array([0.5, 1]), '[0.5,1]'],
    [Object('boxed'), '"boxed"'],
    [Object(1n), '1'],
    [{ toJSON: (key: string) => `at ${key}` }, '"at "'],
    [[undefined, () => 1, Symbol('x')], '[null,null,null]'],
    [{ a: undefined, b: () => 1, c: 1 }, '{"c":1}'],
    [
      new (class Point {
        readonly x = 1;
        get y() {
          return 2;
        }
      })(),
      '{"x":1}',
    ],
    ['\ud800', '"\ufffd"'],
    [undefined, undefined],
    [Symbol('x'), undefined],
  ];
  for (const [value, json] of cases) expect(canonicalJson(value)).toBe(json);
});

test('the ASCII style has spaces and escapes everything else', () => {
  expect(canonicalJson({ b: [1, 2], a: 'é\u2028\u{1f600}\u007f' }, 'ascii')).toBe(
    '{"a": "\\u00e9\\u2028\\ud83d\\ude00\u007f", "b": [1, 2]}',
  );
});

test('a cycle, a bottomless value and an endless one are refused, a shared part is not', () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = [cycle];
  const itself = new Set<unknown>();
  itself.add(itself);
  const shared = { a: 1 };
  expect(codeOf(() => canonicalJson(cycle))).toBe('result_invalid');
  expect(codeOf(() => canonicalJson(itself))).toBe('result_invalid');
  expect(canonicalJson([shared, shared])).toBe('[{"a":1},{"a":1}]');
  const bounds = { charsMax: 1_000, depthMax: 3 };
  expect(canonicalJson([[[1]]], 'compact', bounds)).toBe('[[[1]]]');
  expect(codeOf(() => canonicalJson([[[[1]]]], 'compact', bounds))).toBe('result_invalid');
  const endless: unknown[] = [];
  endless.length = 2 ** 32 - 1;
  expect(codeOf(() => canonicalJson(endless, 'compact', bounds))).toBe('result_too_large');
});

test('a text holds an object or nothing', () => {
  expect(parseRecord('{"a":[1]}')).toEqual({ a: [1] });
  for (const text of ['', '{"a":', '[{}]', '"{}"', 'null', '1']) {
    expect(parseRecord(text)).toBeNull();
  }
});
