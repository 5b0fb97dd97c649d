/** A runtime that is killed at any moment loses no outcome that was acknowledged. */
import { expect, test } from 'vitest';
import { runKillLoop } from '../../../src/soak/real/index.ts';

test('a few rounds of kill -9', { timeout: 60_000 }, async () => {
  const rounds: number[] = [];
  const onRound = (round: number) => void rounds.push(round);
  const { verdict, deaths } = await runKillLoop({ rounds: 4, sessions: 4, seed: 3, onRound });
  expect(rounds).toEqual([1, 2, 3, 4]);
  expect({ result: verdict.result, reasons: verdict.reasons, deaths }).toEqual({
    result: 'held',
    reasons: [],
    deaths: [],
  });
  const checked = new Map(verdict.invariants.map((one) => [one.invariant, one.checked]));
  expect(checked.get('I8')).toBeGreaterThan(20);
  expect(checked.get('I1')).toBeGreaterThan(100);
});
