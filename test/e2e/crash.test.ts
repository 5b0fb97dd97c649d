/** kill -9 at each point of a call's life: the effect at most once, the answer never lost. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import type { Script } from '../../src/hosts/simulated/script.ts';
import { checkJournal } from '../../src/ledger/sqlite/check.ts';
import { listeningCodex } from './real-codex.ts';

const script: Script = ({ results }) =>
  results[0] ? { text: `the model saw: ${results[0].output}` } : { calls: [{ tool: 'effect' }] };

async function work(args: readonly string[]) {
  const worker = join(import.meta.dirname, 'crash-worker.ts');
  const child = spawn(process.execPath, ['--conditions=sessionmesh-source', worker, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await exited;
  return { stdout: stdout.trim(), stderr, signal: child.signalCode };
}

async function crashAndRecover(point: string) {
  const folder = await mkdtemp(join(tmpdir(), 'sessionmesh-crash-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { url } = await listeningCodex(script);
  const first = await work([url, folder, point, 'new']);
  expect(first.signal).toBe('SIGKILL');
  const resumed = point === 'repeatable' ? `repeatable ${first.stdout}` : first.stdout;
  const second = await work([url, folder, 'none', resumed]);
  expect(second.stderr).toBe('');
  const path = join(folder, 'starts');
  const starts = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  const { problems, open } = checkJournal(join(folder, 'ledger.sqlite'));
  expect({ problems, open }).toEqual({ problems: [], open: 0 });
  return { starts, reply: second.stdout };
}

test.each([
  ['before intent', ['1'], /the model saw: effect done/],
  ['after intent', [], /the model saw: .*not known/],
  ['after effect', ['1'], /the model saw: .*not known/],
  ['after outcome', ['1'], /the model saw: effect done/],
  // The answer may have reached Codex before the process died; then the turn went on without us.
  ['after send', ['1'], /the model saw: effect done|the turn was over/],
  ['repeatable', ['1', '2'], /the model saw: effect done/],
])('killed %s', async (point, starts, reply) => {
  expect(await crashAndRecover(point)).toEqual({ starts, reply: expect.stringMatching(reply) });
});
