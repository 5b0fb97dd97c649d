/** Threats to exactly one start and exactly one answer: repeats, drops, restarts, silence, closing. */
import { expect, onTestFinished, test, vi } from 'vitest';
import type { HostCall, HostContext } from '../../src/hosts/host.ts';
import { simulatedHost } from '../../src/hosts/simulated/host.ts';
import type { MeshEvent } from '../../src/mesh/event.ts';
import { startMesh } from '../../src/mesh/start-mesh.ts';
import { virtualEnv } from '../../src/testing/virtual-clock.ts';
import { tool } from '../../src/tools/index.ts';
import { callNamedTools, openScene } from './scene.ts';

function gate() {
  const doors: ((value: string) => void)[] = [];
  const execute = vi.fn(() => new Promise<string>((resolve) => doors.push(resolve)));
  const hold = tool({ name: 'hold', description: 'Holds until it is let go.', execute });
  return { hold, execute, release: (text = 'released') => doors.shift()?.(text) };
}

test('a call delivered again while it runs joins the running one', async () => {
  const { mesh, host, clock } = await openScene();
  const { hold, execute, release } = gate();
  const session = await mesh.createSession({ tools: [hold] });
  const turn = session.sendAndHandle('hold');
  await clock.advance(1);
  host.redeliver(session.id);
  host.redeliver(session.id);
  await clock.advance(1);
  release();
  const { dispatches, reply } = await turn;
  expect(execute).toHaveBeenCalledTimes(1);
  expect(reply).toBe('released');
  expect(dispatches[0]).toMatchObject({ deliveries: 3, outcome: 'answered' });
  expect(mesh.stats.repeated).toBe(2);
});

test('a call delivered again after its answer was lost gets the same answer, not a second run', async () => {
  let lost = 0;
  const answers: string[] = [];
  const { mesh, host, clock } = await openScene({
    answerFault: (_, output) => {
      answers.push(JSON.stringify(output));
      lost += 1;
      return lost === 1 ? { type: 'answered' } : undefined;
    },
  });
  const { hold, execute, release } = gate();
  const session = await mesh.createSession({ tools: [hold] });
  const turn = session.sendAndHandle('hold');
  await clock.advance(1);
  release();
  await clock.advance(1);
  host.redeliver(session.id);
  expect((await turn).reply).toBe('released');
  expect(execute).toHaveBeenCalledTimes(1);
  expect(answers).toHaveLength(2);
  expect(answers[0]).toBe(answers[1]);
});

test('something else under the key of a call is refused and told of, and is not run', async () => {
  const env = virtualEnv(1);
  const told: MeshEvent[] = [];
  const calls: HostCall[] = [];
  let context: HostContext | undefined;
  const open = simulatedHost(callNamedTools);
  const mesh = await startMesh({
    host: (given) => {
      const emit: HostContext['emit'] = (signal) => {
        if (signal.type === 'call.requested') calls.push(signal.call);
        given.emit(signal);
      };
      context = { ...given, emit };
      return open(context);
    },
    env,
    onEvent: (event) => told.push(event),
  });
  onTestFinished(() => mesh.close());
  const { hold, execute, release } = gate();
  const session = await mesh.createSession({ tools: [hold] });
  const turn = session.sendAndHandle('hold');
  await env.clock.advance(1);
  context?.emit({ type: 'call.requested', call: { ...calls[0]!, arguments: { other: true } } });
  release();
  await turn;
  expect(execute).toHaveBeenCalledTimes(1);
  const declined = told.filter(({ type }) => type === 'call.declined');
  expect(declined).toMatchObject([{ code: 'call_key_reused', callId: calls[0]!.callId }]);
});

test('a handler that ends while the link is lost is answered after the reconnect', async () => {
  const { mesh, host, clock, typesOf } = await openScene();
  const { hold, execute, release } = gate();
  const session = await mesh.createSession({ tools: [hold] });
  const turn = session.sendAndHandle('hold');
  await clock.advance(1);
  host.dropLink();
  await clock.advance(1);
  expect(session.dispatchMode).toBe('neutral');
  release();
  await clock.advance(10);
  expect(mesh.stats.unconfirmed).toBe(1);
  host.restoreLink();
  await clock.advance(10);
  expect((await turn).reply).toBe('released');
  expect(execute).toHaveBeenCalledTimes(1);
  expect(session.dispatchMode).toBe('signal');
  expect(typesOf()).toContain('host.lost');
  expect(mesh.stats.unconfirmed).toBe(0);
});

test('a host that lists calls while its stream is down is served by polling', async () => {
  const { mesh, host, clock } = await openScene({ listsWhileLost: true });
  const quick = tool({ name: 'quick', description: 'Quick.', execute: () => 'quick' });
  const session = await mesh.createSession({ tools: [quick] });
  host.dropLink();
  await clock.advance(1);
  expect(session.dispatchMode).toBe('polling');
  const turn = session.send('quick');
  await clock.advance(5_000);
  await turn;
  host.restoreLink();
  await clock.advance(10);
  expect(session.dispatchMode).toBe('signal');
  expect(mesh.stats.ledger.finished).toBe(1);
});

test('a stream that falls silent is noticed and made up for', async () => {
  const { mesh, host, clock } = await openScene();
  const quick = tool({ name: 'quick', description: 'Quick.', execute: () => 'quick' });
  const session = await mesh.createSession({ tools: [quick] });
  const deliverAgain = host.withhold();
  const turn = session.sendAndHandle('quick');
  await clock.advance(10_000);
  const { dispatches, reply } = await turn;
  expect(reply).toBe('quick');
  expect(dispatches[0]).toMatchObject({ source: 'polling', outcome: 'answered' });
  deliverAgain();
  expect((await session.sendAndHandle('quick')).dispatches[0]).toMatchObject({ source: 'signal' });
});

test('when the server restarts, its open calls are over: aborted, never answered into the new one', async () => {
  const { mesh, host, clock } = await openScene();
  const { hold, execute, release } = gate();
  const session = await mesh.createSession({ tools: [hold] });
  const turn = session.sendAndHandle('hold');
  await clock.advance(1);
  host.restart();
  await clock.advance(10);
  const { status, dispatches } = await turn;
  expect(status).toBe('interrupted');
  expect(dispatches[0]).toMatchObject({ outcome: 'cancelled' });
  release('stale');
  await clock.advance(10);
  expect(mesh.stats.late).toBe(1);

  const next = session.sendAndHandle('hold');
  await clock.advance(1);
  release('fresh');
  expect((await next).reply).toBe('fresh');
  expect(execute).toHaveBeenCalledTimes(2);
});

test('an answer the host refuses is replaced by a small one, once', async () => {
  let attempts = 0;
  const { mesh } = await openScene({
    answerFault: () => {
      attempts += 1;
      return attempts === 1 ? { type: 'refused', reason: 'too big' } : undefined;
    },
  });
  const big = tool({ name: 'big', description: 'Big.', execute: () => 'x'.repeat(100) });
  const session = await mesh.createSession({ tools: [big] });
  const { dispatches, reply } = await session.sendAndHandle('big');
  expect(attempts).toBe(2);
  expect(reply).not.toContain('xxx');
  expect(dispatches[0]).toMatchObject({ outcome: 'answered', submissions: 2 });
});

test('a troubled host gets the same bytes again until it takes them', async () => {
  const bodies = new Set<string>();
  let attempts = 0;
  const { mesh, clock } = await openScene({
    asyncAnswers: true,
    answerFault: (_, output) => {
      bodies.add(JSON.stringify(output));
      attempts += 1;
      return attempts < 6 ? { type: 'again', reason: 'busy' } : undefined;
    },
  });
  const execute = vi.fn(() => ({ n: 1 }));
  const quick = tool({ name: 'quick', description: 'Quick.', execute });
  const session = await mesh.createSession({ tools: [quick] });
  const turn = session.sendAndHandle('quick');
  await clock.advance(30_000);
  expect((await turn).dispatches[0]).toMatchObject({ outcome: 'answered', submissions: 6 });
  expect(execute).toHaveBeenCalledTimes(1);
  expect(bodies.size).toBe(1);
});

test('strict: a drain while signals hold the lock is a conflict until it is reset', async () => {
  const { mesh, host, clock } = await openScene({ dispatch: 'strict' });
  const { hold, execute, release } = gate();
  const session = await mesh.createSession({ tools: [hold] });
  await session.send('hold');
  await clock.advance(1);
  expect(session.dispatchMode).toBe('signal');
  const stop = host.withhold();
  await expect(session.drainPendingCalls()).rejects.toMatchObject({ code: 'dispatch_conflict' });
  await expect(session.drainPendingCalls()).rejects.toThrow(/'signal'.*'polling'/);
  session.resetDispatchMode();
  expect(session.dispatchMode).toBe('neutral');
  await session.drainPendingCalls();
  expect(session.dispatchMode).toBe('polling');
  expect(execute).toHaveBeenCalledTimes(1);
  stop();
  release();
});

test('strict: sendAndHandle holds the lock for polling and says so when it cannot', async () => {
  const { mesh, clock } = await openScene({ dispatch: 'strict' });
  const quick = tool({ name: 'quick', description: 'Quick.', execute: () => 'quick' });
  const session = await mesh.createSession({ tools: [quick] });
  const turn = session.sendAndHandle('quick');
  await clock.advance(3_000);
  expect((await turn).dispatches[0]).toMatchObject({ source: 'polling' });
  expect(session.dispatchMode).toBe('polling');
  session.resetDispatchMode();
  await session.send('quick');
  await clock.advance(10);
  expect(session.dispatchMode).toBe('signal');
  await expect(session.sendAndHandle('quick')).rejects.toMatchObject({ code: 'dispatch_conflict' });
});

test('a resumed session takes the calls that waited for it', async () => {
  const { mesh, clock } = await openScene();
  const { hold, release } = gate();
  const session = await mesh.createSession({ tools: [hold] });
  await session.send('hello');
  await clock.advance(5);
  await session.close();
  expect(mesh.sessions()).toEqual([]);
  const quick = tool({ name: 'hold', description: 'Quick now.', execute: () => 'quick' });
  const again = await mesh.resumeSession(session.id, { tools: [quick] });
  expect((await again.sendAndHandle('hold')).reply).toBe('quick');
  release();
});

test('closing lets running handlers finish within the grace, then aborts them', async () => {
  const { mesh, clock } = await openScene();
  const { hold, release } = gate();
  const patient = await mesh.createSession({ tools: [hold] });
  const first = patient.sendAndHandle('hold');
  await clock.advance(1);
  const closing = patient.close({ graceMs: 1_000 });
  await clock.advance(500);
  release('in time');
  await clock.advance(1);
  await closing;
  expect((await first).dispatches[0]).toMatchObject({ outcome: 'answered', code: null });
  expect(mesh.stats).toMatchObject({ running: 0, sessions: 0 });

  const stubborn = await mesh.createSession({ tools: [hold] });
  const second = stubborn.sendAndHandle('hold');
  await clock.advance(1);
  const aborted = stubborn.close({ graceMs: 1_000 });
  await clock.advance(1_001);
  await aborted;
  expect(await second).toMatchObject({
    status: 'interrupted',
    dispatches: [{ outcome: 'cancelled', code: 'call_cancelled' }],
  });
  expect(mesh.stats).toMatchObject({ running: 0, waiting: 0, unconfirmed: 0, sessions: 0 });
  await expect(stubborn.send('hello')).rejects.toMatchObject({ code: 'session_closed' });
});

test('a session that is lost on the host fails alone', async () => {
  const { mesh, host, clock, events } = await openScene({ script: callNamedTools });
  const lost = await mesh.createSession();
  const other = await mesh.createSession();
  host.loseSession(lost.id);
  await clock.advance(1);
  const failed = events.find((event) => event.type === 'session.failed');
  expect(failed?.fault.message).toMatch(/^session has failed: found no such session/);
  await expect(lost.sendAndHandle('hello')).rejects.toMatchObject({ code: 'session_failed' });
  expect((await other.sendAndHandle('hello')).status).toBe('completed');
  expect(mesh.sessions()).toEqual([other]);
});

test('when the host has failed, everything says so and nothing hangs', async () => {
  const { mesh, host, clock } = await openScene();
  const { hold } = gate();
  const session = await mesh.createSession({ tools: [hold] });
  const turn = expect(session.sendAndHandle('hold')).rejects.toMatchObject({
    code: 'session_failed',
  });
  await clock.advance(1);
  host.fail();
  await clock.advance(1);
  await turn;
  await expect(mesh.createSession()).rejects.toMatchObject({ code: 'host_failed' });
  await mesh.close();
  await expect(mesh.createSession()).rejects.toMatchObject({ code: 'mesh_closed' });
});

test('a closed mesh leaves no timer behind', async () => {
  const { mesh, clock } = await openScene();
  const { hold } = gate();
  const session = await mesh.createSession({ tools: [hold] });
  const turn = session.sendAndHandle('hold');
  await clock.advance(1);
  const closed = mesh.close({ graceMs: 10 });
  await clock.advance(20);
  await closed;
  expect((await turn).status).toBe('interrupted');
  expect(clock.pendingTimers).toBe(0);
});
