import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultLimits, resolveLimits, type Limits } from '../../src/limits.ts';
import { readArguments } from '../../src/tools/arguments.ts';

const read = (args: unknown, limits: Limits = defaultLimits) => readArguments(args, limits);

test('nothing at all is an empty object', () => {
  expect(read(undefined)).toEqual({ ok: true, value: {} });
  expect(read(null)).toEqual({ ok: true, value: {} });
});

test('a text that holds a JSON object is that object; any other text stays a text', () => {
  expect(read('{"a":[1]}')).toEqual({ ok: true, value: { a: [1] } });
  for (const text of ['', 'plain', '[1]', '5', 'null', '"{}"', '{"a":']) {
    expect(read(text)).toEqual({ ok: true, value: text });
  }
});

test('keys that reach for prototypes are refused wherever they are', () => {
  for (const text of [
    '{"__proto__":{"admin":true}}',
    '{"a":[{"b":{"__proto__":1}}]}',
    '{"constructor":{"prototype":{"x":1}}}',
  ]) {
    expect(read(JSON.parse(text))).toMatchObject({ ok: false });
    expect(read(text)).toMatchObject({ ok: false });
  }
  expect(read({ constructor: 'Bob the builder', prototype: 1 })).toMatchObject({ ok: true });
});

test('size, depth and number of values are bounded', () => {
  const limits = resolveLimits({
    argumentBytesMax: 100,
    argumentDepthMax: 3,
    argumentValuesMax: 10,
  });
  const problemOf = (args: unknown) => {
    const result = read(args, limits);
    return result.ok ? 'none' : result.problem;
  };
  expect(problemOf({ a: { b: { c: 1 } } })).toBe('none');
  expect(problemOf({ a: { b: { c: {} } } })).toBe(
    'arguments: they are nested deeper than 3 levels',
  );
  expect(problemOf([1, 2, 3, 4, 5, 6, 7, 8, 9])).toBe('none');
  expect(problemOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toMatch('more than 10 values');
  expect(problemOf({ text: 'é'.repeat(50) })).toMatch('larger than 100 bytes');
  expect(problemOf({ ['k'.repeat(120)]: 1 })).toMatch('larger than 100 bytes');
  expect(problemOf(`{"a":"${'x'.repeat(200)}"}`)).toMatch('larger than 100 bytes');
});

test('a value that contains itself is too deep, and one that cannot be read is refused', () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  expect(read(cycle)).toMatchObject({ ok: false });
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  expect(read({ proxy })).toMatchObject({ ok: false, problem: 'arguments: reading them failed' });
});

test('never throws, whatever comes', () => {
  fc.assert(
    fc.property(fc.anything({ withMap: true, withNullPrototype: true }), (args) => {
      expect(typeof read(args).ok).toBe('boolean');
    }),
  );
});
