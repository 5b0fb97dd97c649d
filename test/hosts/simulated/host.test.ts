import { describe, expect, test } from 'vitest';
import type { ScriptStep } from '../../../src/hosts/simulated/script.ts';
import { simulatedHost } from '../../../src/hosts/simulated/host.ts';
import { begun, callOnce, opened, pick, startedWorld, text, world } from './world.ts';

describe('resuming', () => {
  test('delivers unanswered calls again with the same ids, after the reply', async () => {
    const made = await begun(callOnce);
    made.signals.splice(0);
    const resuming = made.host.resume(made.sessionId, {});
    expect(made.signals).toEqual([]);
    await resuming;
    await made.settle();
    expect(pick(made.signals)).toEqual(made.requested);
  });

  test('a session that was let go hears of its running turn again, and keeps its tools', async () => {
    const steps: ScriptStep[] = [];
    const made = await begun((step) => {
      steps.push(step);
      return callOnce(step, AbortSignal.abort());
    });
    await made.host.release(made.sessionId, 'keep');
    made.factory.redeliver(made.sessionId);
    made.signals.splice(0);
    await made.host.resume(made.sessionId, { instructions: 'Be long.' });
    await made.settle();
    expect(made.heard()).toEqual(['turn.started', 'call.requested']);
    void made.host.answer(made.requested[0]!, text('x'));
    await made.settle();
    await made.host.startTurn(made.sessionId, 'again');
    await made.settle();
    expect(steps.at(-1)).toMatchObject({
      turn: 1,
      tools: ['one', 'two'],
      instructions: 'Be brief.',
    });
  });

  test.each(['resume', 'fork'] as const)('%s of an unknown session is refused', async (way) => {
    const { host } = await startedWorld(callOnce);
    const refused = way === 'resume' ? host.resume('nobody', {}) : host.fork('nobody');
    await expect(refused).rejects.toMatchObject({ code: 'session_unknown' });
    await expect(host.startTurn('nobody', 'x')).rejects.toMatchObject({ code: 'session_unknown' });
    await expect(host.pendingCalls('nobody')).rejects.toMatchObject({ code: 'session_unknown' });
  });

  test('a fork has the tools and the history, and its own turns', async () => {
    const steps: ScriptStep[] = [];
    const made = await begun((step) => {
      steps.push(step);
      return { text: 'ok' };
    });
    const { sessionId } = await made.host.fork(made.sessionId);
    expect(sessionId).not.toBe(made.sessionId);
    await made.host.startTurn(sessionId, 'in the fork');
    await made.settle();
    expect(steps.at(-1)).toMatchObject({ sessionId, turn: 1, tools: ['one', 'two'] });
  });

  test.each(['archive', 'delete'] as const)(
    'a session to %s ends its turn and is gone',
    async (fate) => {
      const made = await begun(callOnce);
      made.signals.splice(0);
      await made.host.release(made.sessionId, fate);
      expect(made.heard()).toEqual(['call.withdrawn', 'turn.ended']);
      await expect(made.host.resume(made.sessionId, {})).rejects.toMatchObject({
        code: 'session_unknown',
      });
    },
  );
});

describe('faults', () => {
  test('a withheld call is listed and never signalled until it is delivered again', async () => {
    const made = await startedWorld(() => ({ calls: [{ tool: 'one' }, { tool: 'two' }] }));
    const sessionId = await opened(made);
    const deliverAll = made.factory.withhold(({ tool: name }) => name === 'two');
    await made.host.startTurn(sessionId, 'go');
    await made.settle();
    expect(made.calls().map(({ tool: name }) => name)).toEqual(['one']);
    expect(await made.host.pendingCalls(sessionId)).toMatchObject([
      { tool: 'one' },
      { tool: 'two' },
    ]);
    made.signals.splice(0);
    made.factory.redeliver(sessionId);
    expect(made.calls()).toMatchObject([{ tool: 'one' }]);
    deliverAll();
    deliverAll();
    made.factory.redeliver(sessionId);
    expect(made.calls().map(({ tool: name }) => name)).toEqual(['one', 'one', 'two']);
  });

  test('a lost session is gone at once, or when the link returns', async () => {
    const made = await startedWorld(callOnce);
    const [a, b] = [await opened(made), await opened(made)];
    made.factory.loseSession(a);
    expect(made.signals).toMatchObject([
      { type: 'session.gone', sessionId: a, cause: { code: 'session_unknown' } },
    ]);
    made.factory.dropLink();
    made.factory.loseSession(b);
    made.signals.splice(0);
    made.factory.restoreLink();
    await made.settle();
    expect(made.signals.slice(1)).toMatchObject([{ type: 'session.gone', sessionId: b }]);
  });

  test('a failed host says so last and refuses everything', async () => {
    const made = await begun(callOnce, { latencyMs: 5 });
    const listing = made.host.pendingCalls(made.sessionId);
    made.signals.splice(0);
    made.factory.fail();
    made.factory.fail();
    await expect(listing).rejects.toMatchObject({ code: 'host_failed' });
    await expect(made.host.open({}, [])).rejects.toMatchObject({ code: 'host_failed' });
    expect(made.host.answer(made.requested[0]!, text('x'))).toEqual({ type: 'unlinked' });
    await made.env.clock.runUntilIdle();
    expect(made.heard()).toEqual(['host.lost', 'host.failed']);
  });
});

describe('requests', () => {
  test('never answer within the call that made them', async () => {
    const made = await startedWorld(() => ({ text: 'ok' }));
    const sessionId = await opened(made);
    const starting = made.host.startTurn(sessionId, 'go');
    expect(made.signals).toEqual([]);
    await starting;
    await made.settle();
    expect(made.heard()).toEqual(['turn.started', 'turn.ended']);
  });

  test('take their latency, and the reply that accepts a turn comes before its signals', async () => {
    const made = await startedWorld(() => ({ text: 'ok' }), { latencyMs: 10, stepMs: 100 });
    const sessionId = await opened(made);
    const log: unknown[] = [];
    const since = made.env.clock.monotonic();
    const at = () => made.env.clock.monotonic() - since;
    made.context.emit = ({ type }) => log.push([type, at()]);
    void made.host.startTurn(sessionId, 'go').then(() => log.push(['accepted', at()]));
    await made.env.clock.runUntilIdle();
    expect(log).toEqual([
      ['accepted', 20],
      ['turn.started', 20],
      ['turn.ended', 120],
    ]);
  });

  test('end with the reason of their signal, and leave no timer', async () => {
    const made = await startedWorld(callOnce, { latencyMs: 10 });
    const caller = new AbortController();
    const opening = made.host.open({}, [], caller.signal);
    await made.settle();
    caller.abort(new Error('never mind'));
    await expect(opening).rejects.toThrow('never mind');
    expect(made.env.clock.pendingTimers).toBe(0);
  });

  test('to open more sessions than the limit are refused', async () => {
    const made = await startedWorld(callOnce, { limits: { sessionsMax: 1 } });
    await opened(made);
    await expect(made.host.open({}, [])).rejects.toMatchObject({ code: 'sessions_full' });
  });

  test('before the start are refused', async () => {
    const made = world(callOnce);
    await expect(made.host.open({}, [])).rejects.toMatchObject({ code: 'stream_closed' });
    made.factory.dropLink();
    made.factory.restart();
    expect(await made.host.start()).toEqual({ name: 'simulated host', codex: null });
    expect(await made.host.start()).toEqual({ name: 'simulated host', codex: null });
    expect(made.heard()).toEqual(['host.online']);
  });
});

describe('closing', () => {
  test('ends everything at once, twice, and leaves nothing behind', async () => {
    const made = await begun(() => ({ calls: [{ tool: 'one' }] }), {
      latencyMs: 10,
      restartMs: 10,
    });
    made.factory.restart();
    await made.env.clock.runUntilIdle();
    const listing = made.host.pendingCalls(made.sessionId);
    const starting = made.host.startTurn(made.sessionId, 'go');
    await made.env.clock.advance(15);
    made.factory.dropLink();
    made.signals.splice(0);
    const closing = Promise.all([made.host.close(), made.host.close()]);
    await expect(listing).rejects.toMatchObject({ code: 'stream_closed' });
    await expect(starting).rejects.toMatchObject({ code: 'mesh_closed' });
    await expect(made.host.open({}, [])).rejects.toMatchObject({ code: 'mesh_closed' });
    await closing;
    expect(made.env.clock.pendingTimers).toBe(0);
    for (const act of ['dropLink', 'restoreLink', 'restart', 'fail'] as const) made.factory[act]();
    await made.env.clock.runUntilIdle();
    expect(made.signals).toEqual([]);
  });

  test('frees the host for a next mesh, which finds the threads in a new epoch', async () => {
    const made = await begun(callOnce);
    expect(() => made.factory(made.context)).toThrow(/no other mesh uses/);
    await made.host.close();
    const next = made.factory(made.context);
    await next.start();
    made.signals.splice(0);
    await next.resume(made.sessionId, {});
    expect(await next.pendingCalls(made.sessionId)).toEqual([]);
    await next.startTurn(made.sessionId, 'go on');
    await made.settle();
    expect(made.calls()).toMatchObject([{ requestId: 0, callId: 'call_2_1' }]);
    expect(made.calls()[0]!.epoch).not.toBe(made.requested[0]!.epoch);
  });

  test('a control of a host that no mesh uses is refused', () => {
    expect(() => simulatedHost(callOnce).dropLink()).toThrow(/a host that a mesh uses/);
  });
});

/** What a host says in a story with two losses, a restart and an answer. */
async function story(): Promise<string> {
  const made = await begun(callOnce, { latencyMs: 3, stepMs: 7, restartMs: 11 });
  made.factory.dropLink();
  made.factory.restoreLink();
  await made.env.clock.runUntilIdle();
  void made.host.answer(made.requested[0]!, text('x'));
  made.factory.restart();
  await made.env.clock.runUntilIdle();
  return JSON.stringify(made.signals);
}

test('two runs of the same story are the same, to the id', async () => {
  expect(await story()).toBe(await story());
});
