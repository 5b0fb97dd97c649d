/** The examples of remote skills, run as their readers run them. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** Rejects unless the example ends with exit code 0. */
async function runExample(name: string) {
  const options = ['--conditions=sessionmesh-source', 'examples/run.ts', name];
  return run(process.execPath, options, { cwd: root, timeout: 60_000 });
}

test('remote-worker: a worker is killed in the middle of a call, and nothing is lost or done twice', async () => {
  const { stdout } = await runExample('remote-worker');
  expect(stdout).toMatch(/killed it in the middle of a call; the book has: one, two/);
  expect(stdout).toMatch(/the book has: one, two, three, four, five\n/);
  expect(stdout).toMatch(/nothing was lost, and nothing was written twice\n$/);
}, 60_000);

test('remote-skills: the facade by polling, by signals, and a session that ends with its scope', async () => {
  const { stdout } = await runExample('remote-skills');
  expect(stdout).toContain('completed It says: {"id": "ENG-1234", "status": "open"}');
  expect(stdout).toContain('It says: ENG-1234 is closed');
}, 60_000);
