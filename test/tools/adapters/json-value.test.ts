/** Plain data in and out, without loss of what JSON can say and without a way into prototypes. */
import { expect, test } from 'vitest';
import { readJson, writeJson } from '../../../src/tools/adapters/json-text.ts';
import {
  checkJsonDepth,
  dataOf,
  jsonOf,
  type JsonValue,
} from '../../../src/tools/adapters/json-value.ts';
import { isSessionMeshError } from '../../../src/errors.ts';

const codeOf = (act: () => unknown): string | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    return isSessionMeshError(error) ? error.code : String(error);
  }
};

test('plain data becomes JSON as JSON.stringify would write it', () => {
  const data = { b: 1, a: [1.5, -0, 1e21, 12n, null, true, 'é'], gone: undefined };
  expect(writeJson(jsonOf(data))).toBe('{"b":1,"a":[1.5,0,1e+21,12,null,true,"é"]}');
});

test('what is no JSON is refused by name', () => {
  for (const data of [undefined, () => 0, Symbol('x'), Number.NaN, [undefined], { a: Infinity }]) {
    expect(codeOf(() => jsonOf(data))).toBe('json_invalid');
  }
});

test('a cycle and too deep data are refused instead of exhausting the stack', () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  expect(codeOf(() => jsonOf(cycle))).toBe('json_invalid');
  let deep: unknown = 0;
  for (let level = 0; level < 100_000; level += 1) deep = [deep];
  expect(codeOf(() => jsonOf(deep))).toBe('json_invalid');
});

test('a hand-made deep value is noticed', () => {
  let deep: JsonValue = 'end';
  for (let level = 0; level < 127; level += 1) deep = [deep];
  expect(codeOf(() => checkJsonDepth(deep))).toBeUndefined();
  expect(codeOf(() => checkJsonDepth([deep]))).toBe('json_invalid');
});

test('a __proto__ key stays an ordinary key and pollutes nothing', () => {
  const read = readJson('{"__proto__":{"polluted":true},"a":1}');
  const data = read.ok ? dataOf(read.value) : undefined;
  expect(Object.keys(data as object)).toEqual(['__proto__', 'a']);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect(writeJson(jsonOf(data))).toBe('{"__proto__":{"polluted":true},"a":1}');
});
