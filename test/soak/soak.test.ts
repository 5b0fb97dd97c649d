/** When a run over seeds has shown what it was to show: nothing broken, and everything planned has happened. */
import { expect, test } from 'vitest';
import { systemEnv } from '../../src/env.ts';
import { presets, type FaultPlan } from '../../src/soak/fault-plan.ts';
import type { ScenarioWishes } from '../../src/soak/sim/scenario.ts';
import { hasHeld, soakSimulated } from '../../src/soak/soak.ts';

const soak = (seed: number, seeds: number, wishes: ScenarioWishes) =>
  soakSimulated({ seed, seeds, wishes, clock: systemEnv.clock });

test('one seed of a preset is asked for what had its occasions in it, not for all that was drawn', async () => {
  let partial = 0;
  for (let seed = 1; seed <= 12; seed += 1) {
    const report = await soak(seed, 1, { faults: presets.default });
    const faults: FaultPlan = report.last?.scenario.faults ?? {};
    const happened = Object.keys(report.faultCounts);
    if (happened.length < Object.keys(faults).length) partial += 1;
    expect({ seed, missing: report.missing, held: hasHeld(report) }).toEqual({
      seed,
      missing: [],
      held: true,
    });
  }
  expect(partial).toBeGreaterThan(0);
});

test('faults that were named one by one have to happen', async () => {
  const wishes = { topology: 'socket', durationMs: 2_000, isWhole: true } as const;
  const report = await soak(1, 1, { ...wishes, faults: { restart: 3_600_000 } });
  expect(report.missing).toEqual(['restart']);
  expect(hasHeld(report)).toBe(false);
});

test('faults that were named have to happen, also where the seed draws a world without them', async () => {
  const wishes = { topology: 'child', isWhole: true } as const;
  const report = await soak(1, 1, { ...wishes, faults: { drop: 0.05 } });
  expect({ missing: report.missing, held: hasHeld(report) }).toEqual({
    missing: ['drop'],
    held: false,
  });
});

test('of many seeds every fault that one of them holds has to happen', async () => {
  const report = await soak(1, 2, { faults: presets.harsh, durationMs: 1_000 });
  expect(report.failures).toBe(0);
  expect(report.missing.length).toBeGreaterThan(0);
  expect(hasHeld(report)).toBe(false);
});

test('a run without a call shows nothing', async () => {
  const report = await soak(1, 1, { calls: 0, faults: {} });
  expect({ calls: report.calls, held: hasHeld(report) }).toEqual({ calls: 0, held: false });
});
