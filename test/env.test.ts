/** What the seam itself promises. */
import { expect, test } from 'vitest';
import { systemEnv } from '../src/env.ts';

test('an id is no option of a command, and does not come again', () => {
  const ids = Array.from({ length: 10_000 }, () => systemEnv.id());
  expect(ids.filter((id) => !/^[0-9A-Za-z]{21}$/.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
});
