/** A short run on real processes for each topology: every planned fault happens, and everything holds. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openHistory } from '../../../src/history/reader.ts';
import { createChecker } from '../../../src/soak/check/checker.ts';
import { parseFaults } from '../../../src/soak/fault-plan.ts';
import { runReal, type RealOptions, type RealPhase } from '../../../src/soak/real/index.ts';

/** What must have been put to the test, and held. */
const wanted = ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I8', 'I9', 'I10', 'G4', 'G9'];

async function run(options: RealOptions) {
  const folder = await mkdtemp(join(tmpdir(), 'soak-real-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const history = join(folder, 'history.jsonl');
  const phases = new Set<RealPhase>();
  const onProgress: RealOptions['onProgress'] = ({ phase }) => void phases.add(phase);
  const result = await runReal({ ...options, history, onProgress });
  const { verdict, starts, deaths } = result;
  expect({ result: verdict.result, reasons: verdict.reasons, deaths }).toEqual({
    result: 'held',
    reasons: [],
    deaths: [],
  });
  const held = verdict.invariants.filter(({ result: one }) => one === 'held');
  expect(held.map(({ invariant }) => invariant)).toEqual(expect.arrayContaining(wanted));
  expect(starts.lines).toBe(starts.told);
  expect(starts.lines).toBeGreaterThan(100);
  expect([...phases]).toEqual(expect.arrayContaining(['chaos', 'quiet', 'ending']));
  // What was written is what was checked.
  const reading = await openHistory([await readFile(history)]);
  const checker = createChecker(reading.header);
  for await (const record of reading.records) checker.push(record);
  const { result: again, records } = checker.verdict();
  expect(again).toBe('held');
  expect(records).toBeGreaterThanOrEqual(verdict.records);
  return result;
}

test('runtimes on a Codex, by TCP, a Unix socket and pipes', { timeout: 60_000 }, async () => {
  const faults = parseFaults(
    'duplicate=0.05,garbage=0.02,truncate=0.02,cut=600ms,herd=1500ms,slow-reader=2s,burst=0.05,' +
      'overload=0.05,restart=2s,crash=1500ms,handler-throw=0.05,stranger=0.03,drain=1s,interrupt=1s',
  );
  const result = await run({ durationMs: 7_000, sessions: 6, faults, seed: 2 });
  expect(result.verdict.faults.every(({ happened }) => happened > 0)).toBe(true);
  expect(result.recovery.count).toBeGreaterThan(0);
  expect(result.skipped).toEqual([]);
});

test('runtimes on a control service, which is hurt and killed', { timeout: 60_000 }, async () => {
  const faults = parseFaults(
    'drop=0.1,lose-reply=0.05,duplicate=0.05,reorder=0.05,cut=1s,restart=3s,crash=3s,stall=3s,refuse=0.1',
  );
  const result = await run({
    topology: 'service',
    durationMs: 8_000,
    sessions: 4,
    faults,
    seed: 5,
  });
  expect(result.skipped).toEqual(['refuse']);
});
