/** The process behind a host: how it starts, why it died, and that nothing of it stays. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { systemEnv } from '../../src/env.ts';
import { appServer } from '../../src/hosts/app-server/index.ts';
import { spawnCodex } from '../../src/hosts/app-server/spawn.ts';
import type { SpawnedAppServer } from '../../src/hosts/app-server/options.ts';
import { resolveLimits } from '../../src/limits.ts';
import { isRunning } from '../hosts/app-server/codex.ts';
import { watchHost } from '../hosts/app-server/watcher.ts';

const limits = resolveLimits({ childExitMs: 600, restartsMax: 2, reconnectBackoffBaseMs: 1 });

/** A child that runs this JavaScript. */
const running = (script: string): SpawnedAppServer => ({
  command: process.execPath,
  args: ['-e', script],
});

const start = (script: string) => spawnCodex(running(script), systemEnv, limits);

/** Starts a helper of its own in the same group, says its process id, and hears no one. */
const stubborn = `
  process.on('SIGTERM', () => {});
  const { pid } = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e3)']);
  console.log(pid);
  setInterval(() => {}, 1e3);
`;

const lineOf = async (stream: NodeJS.ReadableStream): Promise<string> => {
  const [chunk] = (await once(stream, 'data')) as [Buffer];
  return chunk.toString().trim();
};

/** A signal that was sent takes a moment to arrive. */
async function whenGone(pid: number): Promise<void> {
  while (isRunning(pid)) await new Promise((resolve) => setImmediate(resolve));
}

async function failedStart(options: SpawnedAppServer) {
  await using watched = watchHost(appServer(options), { limits });
  const error = await watched.host.start().catch((thrown: unknown) => thrown);
  return { error, attempts: watched.logged.length + 1 };
}

test('a program that ends at once is tried again within bounds, then said why', async () => {
  const { error, attempts } = await failedStart(
    running('console.error("\\u001b[31mno such model\\u001b[0m\\n"); process.exit(3)'),
  );
  expect(error).toMatchObject({ code: 'host_start_failed' });
  expect(error).toHaveProperty(
    'message',
    expect.stringContaining('at last: it exited with code 3: no such model'),
  );
  expect(attempts).toBe(limits.restartsMax + 1);
});

test('what is no Codex is given up at once', async () => {
  const notFound = { error: expect.objectContaining({ code: 'codex_not_found' }), attempts: 1 };
  expect(await failedStart({ command: '/no/such/program' })).toEqual(notFound);
  expect(await failedStart({ command: 'no-such-program-anywhere' })).toEqual(notFound);
  expect(await failedStart({ ...running(''), cwd: '/no/such/folder' })).toEqual({
    error: expect.objectContaining({ code: 'option_invalid' }),
    attempts: 1,
  });
  const answersNonsense = `process.stdin.on('data', () => console.log('{"id":1,"result":5}'))`;
  expect(await failedStart(running(answersNonsense))).toEqual({
    error: expect.objectContaining({ code: 'protocol_invalid' }),
    attempts: 1,
  });
});

test('options of both kinds at once are refused', () => {
  const both = { url: 'ws://127.0.0.1:1', cwd: '/tmp' };
  expect(() => appServer(both)).toThrow(
    expect.objectContaining({
      code: 'option_invalid',
      message: expect.stringContaining('url and cwd'),
    }),
  );
});

test('a child that hears no one is killed in time, with all that it started', async () => {
  const listeners = process.listenerCount('exit');
  const child = await start(stubborn);
  const helper = Number(await lineOf(child.stdout));
  expect(isRunning(helper)).toBe(true);
  const begunMs = performance.now();
  await Promise.all([child.close(), child.close()]);
  expect(performance.now() - begunMs).toBeLessThan(limits.childExitMs + 400);
  expect(isRunning(child.pid)).toBe(false);
  await whenGone(helper);
  expect(child.ending).toBe('it was ended by SIGKILL');
  expect(process.listenerCount('exit')).toBe(listeners);
});

test('a child that ends by itself takes what it started with it', async () => {
  const child = await start(`${stubborn} process.stdin.once('data', () => process.exit(0))`);
  const helper = Number(await lineOf(child.stdout));
  child.stdin.write('now');
  await child.exited;
  expect(child.ending).toBe('it exited with code 0');
  await whenGone(helper);
  await child.close();
});

test('its last words are kept, within a bound', async () => {
  const bytes = limits.childStderrBytesMax * 3;
  const child = await start(
    `process.stderr.write('x'.repeat(${bytes}) + '\\nthe end\\n\\n', () => process.exit(1))`,
  );
  await child.exited;
  expect(child.ending).toBe('it exited with code 1: the end');
  const long = await start(`process.stderr.write('y'.repeat(${bytes}))`);
  await long.exited;
  expect(long.ending?.length).toBeLessThan(limits.childStderrBytesMax + 100);
});

test.each([
  ['exits', 'process.exit(0)'],
  ['is killed', 'process.kill(process.pid, "SIGKILL")'],
])('a parent that %s leaves no child behind', async (_how, end) => {
  const hearsItsStdin = `process.stdin.on('end', () => process.exit(0)).resume()`;
  const child = end.includes('SIGKILL') ? hearsItsStdin : 'setInterval(() => {}, 1e3)';
  const parent = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { startChild } = await import(${JSON.stringify(import.meta.resolve('../../src/rpc/child.ts'))});
       const { systemEnv } = await import(${JSON.stringify(import.meta.resolve('../../src/env.ts'))});
       const { defaultLimits } = await import(${JSON.stringify(import.meta.resolve('../../src/limits.ts'))});
       const child = await startChild({
         program: { command: process.execPath, args: ['-e', ${JSON.stringify(child)}] },
         env: systemEnv,
         limits: defaultLimits,
       });
       console.log(child.pid);
       process.stdin.once('data', () => ${end});`,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const pid = Number(await lineOf(parent.stdout));
  expect(isRunning(pid)).toBe(true);
  parent.stdin.write('now');
  await once(parent, 'close');
  await whenGone(pid);
});
