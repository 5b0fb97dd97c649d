/** The real Codex behind a WebSocket: its connection breaks, it is restarted, it refuses us. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { appServer } from '../../../src/hosts/app-server/index.ts';
import type { Script } from '../../../src/hosts/simulated/script.ts';
import { openRelay } from '../../relay.ts';
import { codexWorld, hostTool, isRunning } from './codex.ts';
import { textOutput, watchHost } from './watcher.ts';

const callsOnce: Script = ({ text, results }) => {
  if (results.length > 0) return { text: results.map(({ output }) => output).join(' ') };
  return text.startsWith('call')
    ? { calls: [{ tool: 'one' }, { tool: 'two' }] }
    : { text: `you said ${text}` };
};

const tools = [hostTool('one'), hostTool('two')];

test('calls that are pending when the socket breaks come again with the same ids', async () => {
  await using world = await codexWorld(callsOnce);
  await using server = await world.listen();
  const wire = await openRelay(server.url);
  await using watched = watchHost(appServer({ url: `ws://${wire.name}` }));
  const { host } = watched;
  expect(await host.start()).toMatchObject({
    name: `codex app-server at ws://${wire.name}/`,
    codex: '0.169.0',
  });
  const { sessionId } = await host.open(world.settings, tools);
  const { turnId } = await host.startTurn(sessionId, 'call both');
  await watched.until('call.requested', () => watched.all('call.requested').length === 2);
  const calls = watched.all('call.requested').map(({ call }) => call);
  const [answeredBefore, pending] = [calls[0]!, calls[1]!];
  expect(host.answer(answeredBefore, textOutput(answeredBefore.tool))).toEqual({
    type: 'answered',
  });

  wire.cut();
  await watched.until('host.lost');
  expect(host.answer(pending, textOutput('later'))).toEqual({ type: 'unlinked' });
  wire.mend();
  await watched.until('session.resumed');
  await watched.until('call.requested', () => watched.all('call.requested').length > 2);
  const again = watched
    .all('call.requested')
    .slice(2)
    .map(({ call }) => call);
  expect(again).toContainEqual(pending);
  expect(new Set(watched.all('host.online').map(({ epoch }) => epoch)).size).toBe(1);
  expect(watched.all('call.withdrawn')).toEqual([]);
  // The first answer may have been on its way when the socket broke; the ledger would send it again.
  for (const call of again) await host.answer(call, textOutput(call.tool));
  expect(await watched.turnEnded(turnId)).toMatchObject({ reply: 'one two' });
});

test('a turn that ended while the socket was down is told first, then the session is back', async () => {
  await using world = await codexWorld(callsOnce);
  await using server = await world.listen();
  const wire = await openRelay(server.url);
  await using watched = watchHost(appServer({ url: `ws://${wire.name}` }));
  await using other = watchHost(appServer({ url: server.url }), {
    answer: ({ tool }) => textOutput(tool),
  });
  const { host } = watched;
  await Promise.all([host.start(), other.host.start()]);
  const { sessionId } = await host.open(world.settings, tools);
  const { turnId } = await host.startTurn(sessionId, 'call both');
  await watched.until('call.requested', () => watched.all('call.requested').length === 2);
  wire.cut();
  await watched.until('host.lost');
  await other.host.resume(sessionId, world.settings);
  await other.turnEnded(turnId);
  wire.mend();
  await watched.until('session.resumed');
  const told = watched.types().filter((type) => /withdrawn|ended|resumed/.test(type));
  expect(told).toEqual(['call.withdrawn', 'call.withdrawn', 'turn.ended', 'session.resumed']);
  expect(watched.all('turn.ended')).toMatchObject([{ status: 'completed', reply: 'one two' }]);
});

test('a turn whose answer was lost with the socket is found in the thread', async () => {
  await using world = await codexWorld(callsOnce);
  await using server = await world.listen();
  const wire = await openRelay(server.url);
  await using watched = watchHost(appServer({ url: `ws://${wire.name}` }));
  const { host } = watched;
  await host.start();
  const { sessionId } = await host.open(world.settings, tools);
  // The model is asked, so the turn has landed; the socket breaks before anybody looks at the answer.
  const starting = host.startTurn(sessionId, 'hello');
  while (world.model.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
  wire.drop();
  const { turnId } = await starting;
  expect(await watched.turnEnded(turnId)).toMatchObject({ reply: 'you said hello' });
  expect(world.model.requests).toHaveLength(1);
});

test('a server that was restarted is another epoch, and its interrupted turns are told', async () => {
  await using world = await codexWorld(callsOnce);
  const first = await world.listen();
  const wire = await openRelay(first.url);
  await using watched = watchHost(appServer({ url: `ws://${wire.name}` }));
  const { host } = watched;
  await host.start();
  const { sessionId } = await host.open(world.settings, tools);
  const { turnId } = await host.startTurn(sessionId, 'call both');
  const { call } = await watched.until('call.requested');
  wire.cut();
  await first.kill();
  await using second = await world.listen();
  wire.lead(second.url);
  wire.mend();
  expect(await watched.turnEnded(turnId)).toMatchObject({ status: 'interrupted' });
  await watched.until('session.resumed');
  expect(new Set(watched.all('host.online').map(({ epoch }) => epoch)).size).toBe(2);
  expect(watched.all('call.withdrawn').map((signal) => signal.call)).toContainEqual(call);
  expect(host.answer(call, textOutput('stale'))).toMatchObject({ type: 'abandoned' });
  const next = await host.startTurn(sessionId, 'hello');
  expect(await watched.turnEnded(next.turnId)).toMatchObject({ reply: 'you said hello' });
  await host.close();
  expect(isRunning(second.pid)).toBe(true);
});

test('a second mesh on the same server sees a pending call under the same five ids', async () => {
  await using world = await codexWorld(callsOnce);
  await using server = await world.listen();
  const first = watchHost(appServer({ url: server.url }));
  await first.host.start();
  const { sessionId } = await first.host.open(world.settings, tools);
  const { turnId } = await first.host.startTurn(sessionId, 'call both');
  await first.until('call.requested', () => first.all('call.requested').length === 2);
  await first.host.close();
  await using second = watchHost(appServer({ url: server.url }), {
    answer: ({ tool }) => textOutput(tool),
  });
  await second.host.start();
  await second.host.resume(sessionId, world.settings);
  expect(await second.turnEnded(turnId)).toMatchObject({ reply: 'one two' });
  const calls = (watched: typeof first) =>
    watched
      .all('call.requested')
      .map(({ call }) => call)
      .toSorted((one, other) => Number(one.requestId) - Number(other.requestId));
  expect(calls(second)).toEqual(calls(first));
});

test('a Unix socket is as good, also one that is not there yet', async () => {
  await using world = await codexWorld(callsOnce);
  const path = join(world.home.path, 'codex.sock');
  await using watched = watchHost(appServer({ url: `ws+unix://${path}:/` }), {
    answer: ({ tool }) => textOutput(tool),
  });
  const starting = watched.host.start();
  await using server = await world.listen(`unix://${path}`);
  expect(await starting).toMatchObject({ codex: '0.169.0' });
  expect(isRunning(server.pid)).toBe(true);
  const { sessionId } = await watched.host.open(world.settings, tools);
  const { turnId } = await watched.host.startTurn(sessionId, 'call both');
  expect(await watched.turnEnded(turnId)).toMatchObject({ reply: 'one two' });
});

test('refused credentials fail the host at once', async () => {
  await using world = await codexWorld(callsOnce);
  const tokenFile = join(world.home.path, 'token');
  await writeFile(tokenFile, 'correct');
  await using server = await world.listen('ws://127.0.0.1:0', [
    '--ws-auth',
    'capability-token',
    '--ws-token-file',
    tokenFile,
  ]);
  await using refused = watchHost(appServer({ url: server.url, token: 'wrong' }));
  await expect(refused.host.start()).rejects.toMatchObject({ code: 'host_unauthorized' });
  expect(refused.types()).toEqual(['host.failed']);
  await using accepted = watchHost(appServer({ url: server.url, token: 'correct' }));
  expect(await accepted.host.start()).toMatchObject({ codex: '0.169.0' });
});
