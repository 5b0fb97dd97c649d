/** `sessionmesh ... | head`: a real process whose output nobody reads any more. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname;

/** Runs a command whose output nobody reads; what it complains of, and how it ended. */
async function runUnread(args: readonly string[]) {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let complaints = '';
  child.stderr.on('data', (chunk) => (complaints += chunk));
  const [code] = await once(child, 'close');
  return { code, complaints };
}

test('a command ends without a word when nobody reads it', async () => {
  expect(await runUnread(['chart', 'session'])).toEqual({ code: 141, complaints: '' });
});

test('one that goes on until it is interrupted takes it for that', async () => {
  const { complaints } = await runUnread(['proxy', '--upstream', '127.0.0.1:1', '--json']);
  expect(complaints).not.toMatch(/EPIPE|Unhandled|\bat /);
});
