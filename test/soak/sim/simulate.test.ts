/** A slice of what the simulator runs by the thousand: the same seed is the same run, and nothing breaks. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { invariants } from '../../../src/soak/check/verdict.ts';
import { presets } from '../../../src/soak/fault-plan.ts';
import { readRegression } from '../../../src/soak/sim/regression.ts';
import { drawScenario } from '../../../src/soak/sim/scenario.ts';
import { simulate } from '../../../src/soak/sim/simulate.ts';

test('the same seed has the same trace and the same history, another one has others', async () => {
  const run = (seed: number) => simulate(drawScenario(seed, { faults: presets.default }));
  for (const seed of [2, 3, 5]) {
    const [one, other] = [await run(seed), await run(seed)];
    expect(other.traceHash).toBe(one.traceHash);
    expect(other.history.records).toEqual(one.history.records);
  }
  expect((await run(7)).traceHash).not.toBe((await run(8)).traceHash);
});

const slices = {
  default: 60,
  mild: 30,
  harsh: 20,
  'restart-storm': 20,
  'slow-disk': 20,
  'split-brain': 30,
  'noisy-neighbour': 30,
};

for (const [preset, seeds] of Object.entries(slices)) {
  test(`nothing breaks under ${preset}`, async () => {
    const plan = presets[preset as keyof typeof presets];
    let calls = 0;
    for (let seed = 1; seed <= seeds; seed += 1) {
      const result = await simulate(drawScenario(seed, { faults: plan }));
      const { findings } = result;
      calls += result.calls;
      expect({ seed, findings }).toEqual({ seed, findings: [] });
    }
    expect(calls).toBeGreaterThan(10 * seeds);
  }, 30_000);
}

test('the simulations put every invariant to the test', async () => {
  const unseen = new Set<string>(Object.keys(invariants));
  for (const preset of ['default', 'noisy-neighbour', 'split-brain'] as const) {
    for (let seed = 1; seed <= 40; seed += 1) {
      const { verdict } = await simulate(drawScenario(seed, { faults: presets[preset] }));
      for (const { invariant, checked } of verdict.invariants) {
        if (checked > 0) unseen.delete(invariant);
      }
    }
  }
  expect([...unseen]).toEqual([]);
}, 30_000);

const folder = join(import.meta.dirname, '../regressions');
const cases = readdirSync(folder).filter((name) => name.endsWith('.json'));

test.each(cases)('what once broke holds: %s', async (name) => {
  const scenario = readRegression(readFileSync(join(folder, name), 'utf8'));
  expect((await simulate(scenario)).findings).toEqual([]);
});
