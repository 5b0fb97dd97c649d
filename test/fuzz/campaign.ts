/**
 * How long the fuzz tests look. Within the suite it is a slice that takes seconds; `npm run fuzz` gives each
 * of them `SESSIONMESH_FUZZ_SECONDS`, and also watches that memory stays bounded.
 */
import fc from 'fast-check';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'vitest';

const secondsEach = Number(process.env.SESSIONMESH_FUZZ_SECONDS ?? 0);

/** More than the runs of a slice could keep, and far less than a leak of minutes. */
const heapGrowthBytesMax = 48 * 1024 * 1024;

/** The time a test of a campaign may take, in milliseconds. */
export const campaignTimeoutMs = secondsEach * 1_000 + 30_000;

function collectGarbage(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
  return process.memoryUsage().heapUsed;
}

/** Runs `property` for the slice's `runs`, or in rounds of so many for as long as the campaign goes on. */
export async function runCampaign<Case>(
  property: fc.IAsyncProperty<Case> | fc.IProperty<Case>,
  runs: number,
): Promise<void> {
  // Once through, so that caches and compiled code are not taken for a leak.
  await fc.assert(property, { numRuns: Math.min(runs, 20) });
  const before = collectGarbage();
  const endMs = performance.now() + secondsEach * 1_000;
  do await fc.assert(property, { numRuns: runs });
  while (performance.now() < endMs);
  expect(collectGarbage() - before).toBeLessThan(heapGrowthBytesMax);
}
