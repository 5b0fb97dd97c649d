import { expect, test } from 'vitest';
import { resolveLimits } from '../../src/limits.ts';
import { checkFor } from '../../src/tools/validator.ts';

const limits = resolveLimits({ validatorsMax: 2 });
const check = (key: string) => checkFor({ type: 'string' }, key, limits);

test('one schema is compiled once; the least recently used is dropped', () => {
  const first = check('a');
  const second = check('b');
  expect(check('a')).toBe(first);
  check('c');
  expect(check('a')).toBe(first);
  expect(check('b')).not.toBe(second);
  expect(check('a')).toBe(first);
});

test('a dropped validator that somebody holds still works', () => {
  const held = check('held');
  for (const key of ['x', 'y', 'z']) check(key);
  expect([held('text'), held(5).length]).toEqual([[], 1]);
});
