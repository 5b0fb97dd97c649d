/** The real Codex is killed, and comes back. */
import { expect, test } from 'vitest';
import type { Script } from '../../../src/hosts/simulated/script.ts';
import { codexWorld, hostTool, isRunning } from './codex.ts';
import { textOutput } from './watcher.ts';

const callsOnce: Script = ({ text, results, tools }) => {
  if (results.length > 0) return { text: results[0]!.output };
  if (text.startsWith('call')) return { calls: [{ tool: 'look_up' }] };
  return { text: tools.filter((tool) => tool !== 'request_user_input').join() };
};

test('a Codex killed in mid-turn is started again, and the session goes on with its tools', async () => {
  await using world = await codexWorld(callsOnce);
  await using watched = await world.startHost();
  const { host, pidNow } = watched;
  const { sessionId } = await host.open(world.settings, [hostTool('look_up')]);
  const idle = await host.open(world.settings, [hostTool('other')]);
  const { turnId } = await host.startTurn(sessionId, 'call');
  const { call } = await watched.until('call.requested');
  const killed = pidNow();
  process.kill(killed, 'SIGKILL');

  const lost = await watched.until('host.lost');
  expect(lost.epoch).toBe(call.epoch);
  expect(lost.cause.message).toContain('it was ended by SIGKILL');
  expect(host.answer(call, textOutput('for nobody'))).toMatchObject({ type: 'abandoned' });
  expect(await watched.turnEnded(turnId)).toMatchObject({ status: 'interrupted', reply: null });
  await watched.until('session.resumed', (signal) => signal.sessionId === sessionId);
  await watched.until('session.resumed', (signal) => signal.sessionId === idle.sessionId);
  expect(isRunning(killed)).toBe(false);
  const epochs = watched.all('host.online').map(({ epoch }) => epoch);
  expect(new Set(epochs).size).toBe(2);
  const order = watched
    .types()
    .filter((type) => /lost|online|withdrawn|ended/.test(type) || type === 'session.resumed');
  expect(order.slice(0, 4)).toEqual(['host.online', 'host.lost', 'call.withdrawn', 'host.online']);
  expect(order.indexOf('turn.ended')).toBeGreaterThan(3);

  // The next call has the request id of the lost one, and is not mistaken for it.
  const next = await host.startTurn(sessionId, 'call');
  const again = await watched.until(
    'call.requested',
    (signal) => signal.call.turnId === next.turnId,
  );
  expect(again.call.requestId).toBe(call.requestId);
  expect(again.call.epoch).toBe(epochs[1]);
  expect(host.answer(call, textOutput('stale'))).toMatchObject({ type: 'abandoned' });
  expect(host.answer(again.call, textOutput('fresh'))).toEqual({ type: 'answered' });
  expect(await watched.turnEnded(next.turnId)).toMatchObject({ reply: 'fresh' });
  const other = await host.startTurn(idle.sessionId, 'which tools?');
  expect(await watched.turnEnded(other.turnId)).toMatchObject({ reply: 'other' });
});

test('a turn that is started while Codex is down begins once it is back', async () => {
  await using world = await codexWorld(callsOnce);
  await using watched = await world.startHost();
  const { sessionId } = await watched.host.open(world.settings, [hostTool('look_up')]);
  process.kill(watched.pidNow(), 'SIGKILL');
  await watched.until('host.lost');
  const { turnId } = await watched.host.startTurn(sessionId, 'which tools?');
  expect(await watched.turnEnded(turnId)).toMatchObject({ reply: 'look_up' });
});

test('a turn that went down with Codex is lost, and is not sent twice', async () => {
  await using world = await codexWorld(callsOnce);
  await using watched = await world.startHost();
  const { host, pidNow } = watched;
  const { sessionId } = await host.open(world.settings, [hostTool('look_up')]);
  const starting = host.startTurn(sessionId, 'call');
  process.kill(pidNow(), 'SIGKILL');
  await expect(starting).rejects.toMatchObject({ code: 'turn_lost', retryable: true });
  const { turnId } = await host.startTurn(sessionId, 'which tools?');
  expect(await watched.turnEnded(turnId)).toMatchObject({ reply: 'look_up' });
  // The lost one never reached the model.
  const texts = world.model.requests.map(({ step }) => step?.text);
  expect(texts).toEqual(['which tools?']);
});

test('a Codex that dies again and again is given up, and says why', async () => {
  await using world = await codexWorld(callsOnce);
  await using watched = await world.startHost({ limits: { restartsMax: 2 } });
  for (const count of [1, 2, 3]) {
    await watched.until('host.online', () => watched.all('host.online').length === count);
    process.kill(watched.pidNow(), 'SIGKILL');
    await watched.until('host.lost', () => watched.all('host.lost').length === count);
  }
  const { cause } = await watched.until('host.failed');
  expect(cause).toMatchObject({ code: 'host_failed' });
  expect(cause.message).toContain('at most 2 restarts within 60000 ms');
  expect(cause.message).toContain('it was ended by SIGKILL');
  await expect(watched.host.open(world.settings, [])).rejects.toMatchObject({
    code: 'host_failed',
  });
  expect(watched.pidNow()).toBe(0);
});
