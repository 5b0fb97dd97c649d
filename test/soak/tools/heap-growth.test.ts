import { expect, test } from 'vitest';
import { looksOf, steadyGrowth } from '../../../src/soak/tools/heap-growth.ts';

const seen = (...kilobytes: number[]) =>
  kilobytes.map((kilobyte, index) => ({ calls: (index + 1) * 100, bytes: kilobyte * 1_000 }));

test('what is kept of every call is growth', () => {
  expect(steadyGrowth(seen(5_000, 5_200, 5_390, 5_610, 5_800))).toBe(1_900_000);
});

test('one look that is off hides no growth', () => {
  expect(steadyGrowth(seen(5_000, 5_450, 5_400, 5_610, 5_800))).toBeGreaterThan(750_000);
});

test('growth that does not go on is none', () => {
  // A cache that is full, code that is compiled late, a collector that is late.
  expect(steadyGrowth(seen(5_000, 5_900, 6_500, 6_500, 6_490))).toBe(0);
  expect(steadyGrowth(seen(5_000, 4_900, 4_890, 7_600, 7_700))).toBe(0);
  expect(steadyGrowth([])).toBe(0);
});

test('growth that is much at one time only counts as little', () => {
  expect(steadyGrowth(seen(5_000, 5_010, 9_000, 9_020, 9_040))).toBe(200_000);
});

test('the beginning of a run is not looked at, and a short one not at all', () => {
  expect(looksOf(1_000)).toEqual([300, 450, 600, 750, 900]);
  expect(looksOf(400)).toHaveLength(5);
  expect(looksOf(300)).toEqual([]);
});
