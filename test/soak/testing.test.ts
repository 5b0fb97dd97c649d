/** The simulator as tests of other people use it. */
import { expect, test } from 'vitest';
import { simulateSeed } from 'sessionmesh/testing';

const wishes = { topology: 'service', calls: 5, faults: { cut: 5_000, drop: 0.05 } } as const;

test('a seed is played by its number, the same way each time', async () => {
  const first = await simulateSeed(42, wishes);
  expect(first.findings).toEqual([]);
  expect(first.scenario).toMatchObject({ seed: 42, topology: 'service', calls: 5 });
  expect(first.calls).toBeGreaterThan(0);
  expect((await simulateSeed(42, wishes)).traceHash).toBe(first.traceHash);
  expect((await simulateSeed(43, wishes)).traceHash).not.toBe(first.traceHash);
});

test('wishes that contradict each other are refused', async () => {
  await expect(simulateSeed(1, { topology: 'child', runtimes: 2 })).rejects.toMatchObject({
    code: 'option_invalid',
  });
});
