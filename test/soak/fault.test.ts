/** The table of faults leaves no row of the catalogue out, in either tier. */
import { expect, test } from 'vitest';
import {
  catalogueRows,
  coveredElsewhere,
  faultKinds,
  invariants,
  type FaultKind,
} from '../../src/soak/fault.ts';
import { formatFaults, parseDuration, parseFaults, presets } from '../../src/soak/fault-plan.ts';

const kinds: readonly FaultKind[] = faultKinds;

for (const tier of ['sim', 'real'] as const) {
  test(`every row of the catalogue is injected by the ${tier} tier, or says what covers it`, () => {
    const missing = catalogueRows.filter(
      (row) =>
        !kinds.some(({ rows, tiers }) => rows.includes(row) && tiers.includes(tier)) &&
        !coveredElsewhere.some((entry) => entry.row === row && entry.tier === tier),
    );
    expect(missing).toEqual([]);
  });

  test(`no row is said to be covered elsewhere that the ${tier} tier injects`, () => {
    const twice = coveredElsewhere.filter(
      (entry) =>
        entry.tier === tier &&
        kinds.some(({ rows, tiers }) => rows.includes(entry.row) && tiers.includes(tier)),
    );
    // A clock that jumps is one half of its row, standing still the other.
    expect(twice.map(({ row }) => row)).toEqual(tier === 'real' ? ['F15'] : []);
  });
}

test('every fault names rows and invariants that exist, and is put to the test by a preset', () => {
  for (const { name, rows, invariants: tested, tiers } of kinds) {
    expect(rows.every((row) => catalogueRows.includes(row))).toBe(true);
    expect(tested.every((invariant) => invariant in invariants)).toBe(true);
    const isPlanned = Object.values(presets).some((plan) => name in plan);
    expect({ name, isPlanned }).toEqual({ name, isPlanned: tiers.includes('sim') });
  }
  expect(new Set(kinds.map(({ name }) => name)).size).toBe(kinds.length);
});

test('a plan is read from text and written back', () => {
  const plan = parseFaults('drop=0.05, duplicate=0.02,restart=30s');
  expect(plan).toEqual({ drop: 0.05, duplicate: 0.02, restart: 30_000 });
  expect(parseFaults(formatFaults(plan))).toEqual(plan);
  for (const preset of Object.values(presets)) {
    expect(parseFaults(formatFaults(preset))).toEqual(preset);
  }
});

test.each([['drop=2'], ['drop='], ['restart=soon'], ['restart=0s'], ['flood=0.1'], ['=1']])(
  'refuses %s',
  (text) => {
    expect(() => parseFaults(text)).toThrow(expect.objectContaining({ code: 'option_invalid' }));
  },
);

test('durations have units', () => {
  expect(['250ms', '30s', '5m', '1h', '40'].map(parseDuration)).toEqual([
    250, 30_000, 300_000, 3_600_000, 40,
  ]);
});
