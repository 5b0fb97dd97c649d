/** `--history` and `--inspect`: whoever watches a run gets all of it, and cannot hurt it. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { openWitness } from '../../src/cli/witness.ts';
import { silentLogger } from '../../src/logger.ts';
import { commandsIn } from './service-commands.ts';

const opened = {
  type: 'session.opened',
  sessionId: 's-1',
  title: null,
  tools: ['look_up'],
  resumed: false,
  at: 5,
} as const;

async function newFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'witness-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, 'run.jsonl');
}

test('a history file holds what happened once the witness is closed', async () => {
  const history = await newFile();
  const witness = await openWitness({ history }, 'team', silentLogger);
  witness.onMeshEvent(opened);
  await witness[Symbol.asyncDispose]();
  const [header, first] = (await readFile(history, 'utf8')).trim().split('\n');
  expect(JSON.parse(header!)).toMatchObject({ type: 'history.began', source: 'team' });
  const { at, ...event } = opened;
  expect(JSON.parse(first!)).toMatchObject({ seq: 1, at, event: { type: 'mesh', event } });
});

test('a file that exists is refused before anything runs, and left as it is', async () => {
  const history = await newFile();
  const first = await openWitness({ history }, 'team', silentLogger);
  first.begin();
  await first[Symbol.asyncDispose]();
  const before = await readFile(history, 'utf8');
  const again = openWitness({ history }, 'team', silentLogger);
  await expect(again).rejects.toMatchObject({ code: 'history_open_failed' });
  expect(await readFile(history, 'utf8')).toBe(before);
});

test('a start that fails leaves no file in the way of the next one', async () => {
  const history = await newFile();
  const started = { type: 'mesh.started', host: 'h', codex: null, at: 4 } as const;
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const witness = await openWitness({ history }, 'serve', silentLogger);
    witness.onMeshEvent(started);
    await witness[Symbol.asyncDispose]();
    expect(existsSync(history)).toBe(false);
  }
});

test.each([
  ['team', ['--codex', '/nope'], /codex_not_found/],
  ['serve', ['--port', '0', '--tools', 'nope.ts'], /option_invalid/],
])('%s that does not start can be started again with the same history', async (name, args, why) => {
  const history = await newFile();
  const command = [name, ...args, '--history', history];
  const { code, stderr } = await commandsIn(dirname(history)).run(command);
  expect(code).toBe(1);
  expect(stderr).toMatch(why);
  expect(existsSync(history)).toBe(false);
});

test('an inspector is told of the sessions as actors', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => {
    server.close();
  });
  await once(server, 'listening');
  const inspect = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await using witness = await openWitness({ inspect }, 'team', silentLogger);
  witness.onMeshEvent(opened);
  const [socket] = await once(server, 'connection');
  const [message] = await once(socket, 'message');
  expect(JSON.parse(String(message))).toMatchObject({ type: '@xstate.actor', sessionId: 's-1' });
});

test('nobody watches unless it is asked for', async () => {
  await using witness = await openWitness({}, 'team', silentLogger);
  expect(() => witness.onMeshEvent(opened)).not.toThrow();
});
