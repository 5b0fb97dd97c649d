import { describe, expect, test } from 'vitest';
import { begun, callOnce, opened, startedWorld, text } from './world.ts';

describe('a lost link', () => {
  test('is said at once, and everything that needs it is refused', async () => {
    const made = await begun(callOnce);
    const [call] = made.requested;
    made.signals.splice(0);
    made.factory.dropLink();
    expect(made.signals).toMatchObject([
      { type: 'host.lost', epoch: call!.epoch, cause: { code: 'stream_closed' } },
    ]);
    expect(made.host.answer(call!, text('x'))).toEqual({ type: 'unlinked' });
    const refusals = [
      made.host.pendingCalls(made.sessionId),
      made.host.open({}, []),
      made.host.resume(made.sessionId, {}),
      made.host.interrupt(made.sessionId, made.turnId),
      made.host.release(made.sessionId, 'archive'),
    ];
    for (const refused of refusals) {
      await expect(refused).rejects.toMatchObject({ code: 'stream_closed' });
    }
    await expect(made.host.startTurn(made.sessionId, 'x')).rejects.toMatchObject({
      code: 'turn_lost',
    });
  });

  test('that returns in the same epoch resumes each session and delivers its calls again', async () => {
    const made = await begun(callOnce);
    const [call] = made.requested;
    made.factory.dropLink();
    made.signals.splice(0);
    made.factory.restoreLink();
    await made.settle();
    expect(made.signals).toEqual([
      { type: 'host.online', epoch: call!.epoch },
      { type: 'session.resumed', sessionId: made.sessionId },
      { type: 'call.requested', call },
    ]);
    expect(made.host.answer(call!, text('x'))).toEqual({ type: 'answered' });
  });

  test('brings what was missed before it says that the session is resumed', async () => {
    const made = await begun(callOnce, { stepMs: 50 });
    void made.host.answer(made.requested[0]!, text('x'));
    made.factory.dropLink();
    made.signals.splice(0);
    await made.env.clock.runUntilIdle();
    expect(made.signals).toEqual([]);
    made.factory.restoreLink();
    await made.settle();
    expect(made.heard()).toEqual(['host.online', 'turn.ended', 'session.resumed']);
  });

  test('keeps a bounded number of missed signals, the newest', async () => {
    const made = await begun(() => ({ text: 'ok' }), {
      listsWhileLost: true,
      limits: { missedSignalsMax: 3 },
    });
    made.factory.dropLink();
    for (let n = 0; n < 4; n++) {
      await made.host.startTurn(made.sessionId, `turn ${n}`);
      await made.settle();
    }
    made.signals.splice(0);
    made.factory.restoreLink();
    await made.settle();
    expect(made.heard()).toEqual([
      'host.online',
      'turn.ended',
      'turn.started',
      'turn.ended',
      'session.resumed',
    ]);
  });

  test('lets requests and answers through where the host lists while lost', async () => {
    const made = await begun(callOnce, { listsWhileLost: true });
    expect(made.host.listsWhileLost).toBe(true);
    made.factory.dropLink();
    made.signals.splice(0);
    const [call] = await made.host.pendingCalls(made.sessionId);
    expect(call).toEqual(made.requested[0]);
    expect(made.host.answer(call!, text('polled'))).toEqual({ type: 'answered' });
    await made.settle();
    expect(made.signals).toEqual([]);
    made.factory.restoreLink();
    await made.settle();
    expect(made.ends()).toMatchObject([{ reply: 'polled' }]);
  });

  test('keeps what happens on a session that was opened meanwhile', async () => {
    const made = await startedWorld(callOnce, { listsWhileLost: true });
    made.factory.dropLink();
    const sessionId = await opened(made);
    await made.host.startTurn(sessionId, 'go');
    await made.settle();
    expect(made.signals).toEqual([]);
    made.factory.restoreLink();
    await made.settle();
    expect(made.heard()).toEqual([
      'host.online',
      'turn.started',
      'session.resumed',
      'call.requested',
    ]);
  });

  test('resumes a few sessions at a time', async () => {
    const made = await startedWorld(callOnce, { latencyMs: 10, limits: { resumesInFlightMax: 2 } });
    for (let n = 0; n < 5; n++) await opened(made);
    made.factory.dropLink();
    made.factory.restoreLink();
    const resumedAt: number[] = [];
    made.context.emit = (signal) => {
      if (signal.type === 'session.resumed') resumedAt.push(made.env.clock.monotonic());
    };
    const start = made.env.clock.monotonic();
    await made.env.clock.runUntilIdle();
    expect(resumedAt.map((at) => at - start)).toEqual([20, 20, 40, 40, 60]);
  });

  test('that breaks again while it resumes starts over', async () => {
    const made = await startedWorld(callOnce, { latencyMs: 10, limits: { resumesInFlightMax: 1 } });
    for (let n = 0; n < 3; n++) await opened(made);
    made.factory.dropLink();
    made.factory.restoreLink();
    await made.env.clock.advance(25);
    expect(made.heard()).toEqual(['host.lost', 'host.online', 'session.resumed']);
    made.factory.dropLink();
    await made.env.clock.runUntilIdle();
    made.factory.restoreLink();
    await made.env.clock.runUntilIdle();
    expect(made.heard().filter((type) => type === 'session.resumed')).toHaveLength(3);
  });
});

describe('a turn whose acceptance was not heard', () => {
  const slow = { latencyMs: 10 };

  test('counts as accepted if it landed', async () => {
    const made = await startedWorld(() => ({ text: 'ok' }), slow);
    const sessionId = await opened(made);
    const starting = made.host.startTurn(sessionId, 'go');
    await made.env.clock.advance(15);
    made.factory.dropLink();
    await made.env.clock.advance(100);
    made.signals.splice(0);
    made.factory.restoreLink();
    await made.env.clock.runUntilIdle();
    const { turnId } = await starting;
    expect(made.signals.slice(1)).toMatchObject([
      { type: 'turn.started', turnId },
      { type: 'turn.ended', turnId, status: 'completed' },
      { type: 'session.resumed' },
    ]);
  });

  test('is lost if it never arrived', async () => {
    let asked = 0;
    const made = await startedWorld(() => ({ text: `${asked++}` }), slow);
    const sessionId = await opened(made);
    const starting = made.host.startTurn(sessionId, 'go');
    await made.env.clock.advance(5);
    made.factory.dropLink();
    made.factory.restoreLink();
    await Promise.all([
      expect(starting).rejects.toMatchObject({ code: 'turn_lost', retryable: true }),
      made.env.clock.runUntilIdle(),
    ]);
    expect(asked).toBe(0);
  });

  test('is lost if it landed and the server restarted', async () => {
    const made = await startedWorld(() => ({ text: 'ok' }), slow);
    const sessionId = await opened(made);
    const starting = made.host.startTurn(sessionId, 'go');
    await made.env.clock.advance(15);
    made.factory.restart();
    await Promise.all([
      expect(starting).rejects.toMatchObject({ code: 'turn_lost' }),
      made.env.clock.runUntilIdle(),
    ]);
  });

  test('rejects when the caller gives up waiting for the link', async () => {
    const made = await startedWorld(() => ({ text: 'ok' }), slow);
    const sessionId = await opened(made);
    const caller = new AbortController();
    const starting = made.host.startTurn(sessionId, 'go', caller.signal);
    await made.env.clock.advance(15);
    made.factory.dropLink();
    await made.settle();
    caller.abort(new Error('enough'));
    await expect(starting).rejects.toThrow('enough');
  });
});

describe('a restart', () => {
  test('ends the epoch: turns interrupted, calls withdrawn and never sent again', async () => {
    const made = await begun(callOnce);
    const [call] = made.requested;
    made.signals.splice(0);
    made.factory.restart();
    expect(made.heard()).toEqual(['host.lost']);
    await made.settle();
    expect(made.signals).toMatchObject([
      { type: 'host.online', epoch: expect.not.stringMatching(call!.epoch) },
      { type: 'call.withdrawn', call },
      { type: 'turn.ended', turnId: made.turnId, status: 'interrupted' },
      { type: 'session.resumed', sessionId: made.sessionId },
    ]);
    expect(await made.host.pendingCalls(made.sessionId)).toEqual([]);
  });

  test('counts request ids from 0 again, and a stale answer never reaches the new call', async () => {
    const made = await begun(callOnce);
    const [stale] = made.requested;
    made.factory.restart();
    await made.settle();
    made.signals.splice(0);
    await made.host.startTurn(made.sessionId, 'again');
    await made.settle();
    const [fresh] = made.calls();
    expect(fresh!.requestId).toBe(stale!.requestId);
    expect(fresh!.epoch).not.toBe(stale!.epoch);
    expect(made.host.answer(stale!, text('stale'))).toMatchObject({ type: 'abandoned' });
    expect(made.host.answer(fresh!, text('fresh'))).toEqual({ type: 'answered' });
    await made.settle();
    expect(made.ends()).toMatchObject([{ reply: 'fresh' }]);
  });

  test('behind a lost link makes the answers of its past epoch worthless at once', async () => {
    const made = await begun(callOnce);
    made.factory.dropLink();
    expect(made.host.answer(made.requested[0]!, text('x'))).toEqual({ type: 'unlinked' });
    made.factory.restart();
    await made.settle();
    expect(made.host.answer(made.requested[0]!, text('x'))).toMatchObject({ type: 'abandoned' });
  });

  test('takes its time, and stays out of reach while the link is down', async () => {
    const made = await begun(callOnce, { restartMs: 100, listsWhileLost: true });
    made.factory.restart();
    made.factory.restart();
    made.factory.dropLink();
    expect(made.host.answer(made.requested[0]!, text('x'))).toEqual({ type: 'unlinked' });
    await expect(made.host.pendingCalls(made.sessionId)).rejects.toMatchObject({
      code: 'stream_closed',
    });
    made.factory.restoreLink();
    made.factory.dropLink();
    made.signals.splice(0);
    await made.env.clock.advance(100);
    expect(made.signals).toEqual([]);
    expect(made.host.answer(made.requested[0]!, text('x'))).toMatchObject({ type: 'abandoned' });
    expect(await made.host.pendingCalls(made.sessionId)).toEqual([]);
    made.factory.restoreLink();
    await made.settle();
    expect(made.heard()).toEqual([
      'host.online',
      'call.withdrawn',
      'turn.ended',
      'session.resumed',
    ]);
  });
});
