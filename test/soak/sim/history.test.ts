/** What a simulation writes down puts to the test what its checker can check, and its worlds reach nothing real. */
import { expect, test } from 'vitest';
import type { HistoryEvent } from '../../../src/history/record.ts';
import { readHistory } from '../../../src/history/reader.ts';
import { check } from '../../../src/soak/check/checker.ts';
import { presets } from '../../../src/soak/fault-plan.ts';
import { SimProcess } from '../../../src/soak/sim/process.ts';
import { drawScenario } from '../../../src/soak/sim/scenario.ts';
import { simulate } from '../../../src/soak/sim/simulate.ts';
import { World } from '../../../src/soak/sim/world.ts';

test('a history with crashes tells of bounds, levels, ledgers and logs, and all of it holds', async () => {
  const { history, findings } = await simulate(
    drawScenario(3, {
      topology: 'service',
      ledger: 'sync',
      runtimes: 1,
      faults: presets['slow-disk'],
    }),
  );
  expect(findings).toEqual([]);
  const { invariants } = check(history);
  const resultOf = new Map(invariants.map(({ invariant, result }) => [invariant, result]));
  for (const invariant of ['I1', 'I2', 'I5', 'I8', 'I9'] as const) {
    expect([invariant, resultOf.get(invariant)]).toEqual([invariant, 'held']);
  }
});

test.each(Object.entries(presets))(
  'whoever reads the history of a run under %s judges it as the run itself did',
  async (_, faults) => {
    for (let seed = 301; seed <= 330; seed += 1) {
      const { history, verdict } = await simulate(drawScenario(seed, { faults }));
      const lines = [history.header, ...history.records].map((line) => `${JSON.stringify(line)}\n`);
      expect(check(await readHistory([lines.join('')]))).toEqual(verdict);
    }
  },
  30_000,
);

test('what only the simulation saw broken stands in its history', async () => {
  const scenario = drawScenario(1, { faults: presets.mild });
  const { history, findings } = await simulate(scenario, (fail) => {
    fail(new Error('somebody handles no rejection'));
    return () => {};
  });
  expect(findings).toContainEqual({
    invariant: 'I6',
    what: expect.stringContaining('somebody handles no rejection'),
  });
  expect(check(history).violations).toHaveLength(findings.length);
});

test('a fault is planned where it happened, or where it was to happen and did not', async () => {
  const namesOf = (type: HistoryEvent['type'], events: readonly HistoryEvent[]) =>
    new Set(
      events.flatMap((event) => (event.type === type && 'fault' in event ? [event.fault] : [])),
    );
  for (const seed of [2, 5, 11]) {
    const { history, verdict } = await simulate(drawScenario(seed, { faults: presets.default }));
    const events = history.records.map(({ event }) => event);
    const planned = namesOf('world.fault.planned', events);
    const happened = namesOf('world.fault.began', events);
    expect([...happened].filter((name) => !planned.has(name))).toEqual([]);
    expect(verdict.reasons).toEqual([]);
  }
});

test('the program of a simulated process reaches no file, no network and no process', () => {
  const { seam } = new SimProcess(new World(1), 'sealed');
  const sealed = expect.objectContaining({ code: 'env_sealed' });
  expect(() => seam.files.existsSync('/')).toThrow(sealed);
  expect(() => void seam.network.fetch('http://localhost')).toThrow(sealed);
  expect(() => seam.processes.kill(1, 'SIGTERM')).toThrow(sealed);
});
