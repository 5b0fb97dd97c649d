/** What the commands say when something is wrong: what, and what to do about it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import {
  callNamedTools,
  fakeScene,
  lookup,
  newSession,
  pendingCalls,
  scratchFolder,
} from '../service/scene.ts';
import { commandsIn, stateFileIn } from './service-commands.ts';

// Each test starts several processes, one after the other.
vi.setConfig({ testTimeout: 60_000 });

test.each([['sessions', 'ls'], ['calls', 'ls'], ['tail'], ['top', '--once']])(
  'without a service, `%s` says where it looked and how to start one',
  async (...args) => {
    const home = await scratchFolder();
    const { code, stdout, stderr } = await commandsIn(home).run(args.filter(Boolean));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`no service is running: found no ${stateFileIn(home)}`);
    expect(stderr).toContain('start one with `sessionmesh serve`');
  },
);

test('a service that is gone is told from one that never was', async () => {
  const home = await scratchFolder();
  const url = 'http://127.0.0.1:9';
  const state = { url, pid: 1, tokenFile: null, startedAt: new Date(0).toISOString() };
  await writeFile(stateFileIn(home), JSON.stringify(state));
  const { code, stderr } = await commandsIn(home).run(['sessions', 'ls']);
  expect(code).toBe(1);
  expect(stderr).toContain(`nothing that answers at ${url} (from ${stateFileIn(home)})`);
});

async function scene() {
  const home = await scratchFolder();
  return { ...(await fakeScene(callNamedTools, { stateDir: home })), home, ...commandsIn(home) };
}

test('a token that is refused', async () => {
  const { run, home } = await scene();
  await writeFile(join(home, 'old'), 'not-this-one');
  for (const args of [['sessions', 'ls'], ['tail']]) {
    const { code, stderr } = await run([...args, '--token-file', 'old']);
    expect(code).toBe(1);
    expect(stderr).toContain('[host_unauthorized]');
    expect(stderr).not.toContain('not-this-one');
  }
  expect((await run(['top', '--token-file', 'nowhere'])).stderr).toContain('correct --token-file');
});

test('a call of a session that somebody else holds', async () => {
  const { run, client } = await scene();
  const id = await newSession(client, [lookup()]);
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  await pendingCalls(client, id);
  await client.post(`/api/sessions/${id}/lease`, { holder: 'worker-1' });
  const { code, stderr } = await run(['calls', 'answer', '1', '--text', 'open']);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /leased to somebody else: found worker-1 until 20\d\d-.*\[session_leased\]/,
  );
});

test('one of several refusals does not keep the others from being closed', async () => {
  const { run, client } = await scene();
  const id = await newSession(client);
  const { code, stdout, stderr } = await run(['sessions', 'close', 'zzz', id, '--delete']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: `deleted ${id}\n` });
  expect(stderr).toContain('no such session');
});

test.each([
  [['sessions', 'close', 'x'], 'expected --archive or --delete'],
  [['sessions', 'send', 'x', ' '], 'expected something to say'],
  [['calls', 'answer', '1'], 'expected an answer: --text'],
  [['calls', 'answer', '1', '--json-output', '{'], 'expected JSON in --json-output'],
  [['calls', 'answer', '1', '--text', 'a', '--failure', 'b'], 'cannot be used with'],
  [['calls', 'ls', '--all'], 'expected --session with --all'],
  [['tail', '--count', '0'], 'a whole number above zero'],
  [['serve', '--port', 'abc'], 'expected --port to be a number from 0 to 65535, found abc'],
])('what makes no sense is refused before anything is asked: %j', async (args, said) => {
  const { code, stderr } = await commandsIn(await scratchFolder()).run(args);
  expect(code).toBe(1);
  expect(stderr).toContain(said);
});
