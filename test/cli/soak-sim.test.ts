/** `sessionmesh soak` in a simulation. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runSimSoak } from '../../src/cli/soak-sim.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soak-sim-'));
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});

afterEach(async () => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  await rm(folder, { recursive: true });
});

test('the history of the run is written to a new file', async () => {
  const history = join(folder, 'run.jsonl');
  await runSimSoak({ seed: 1, preset: 'mild', history });
  const [header = ''] = (await readFile(history, 'utf8')).split('\n');
  expect(JSON.parse(header)).toMatchObject({ type: 'history.began', seed: 1 });
});

test('a history that is there is never overwritten', async () => {
  const history = join(folder, 'run.jsonl');
  await writeFile(history, 'evidence\n');
  const run = runSimSoak({ seed: 1, preset: 'mild', history });
  await expect(run).rejects.toMatchObject({ code: 'history_open_failed' });
  expect(await readFile(history, 'utf8')).toBe('evidence\n');
});
