/** Leases: one client answers for a session at a time, and an answer of an earlier one is turned away. */
import { expect, test } from 'vitest';
import { virtualEnv } from '../../../src/testing/virtual-clock.ts';
import { tool } from '../../../src/tools/index.ts';
import { gate, makeStub, openScene } from './scene.ts';

const quick = tool({ name: 'quick', description: 'Quick.', execute: () => 'quick' });

test('Q46 a lease is taken with the session, renewed, sent with answers and given back', async () => {
  const { mesh, stub, moving, clock } = await openScene({
    options: { holder: 'worker-1', lease: { ttlMs: 3_000 } },
  });
  const session = await moving(mesh.createSession({ tools: [quick] }));
  const { fence } = stub.leases.get(session.id)!;
  await clock.advance(10_000);
  expect(stub.leases.get(session.id)).toMatchObject({ holder: 'worker-1', fence });
  expect(stub.leases.get(session.id)!.expiresAt).toBeGreaterThan(clock.now());
  await moving(session.send('go'));
  stub.call(session.id, 'quick');
  await clock.advance(20);
  const [answer] = stub.requestsTo(/^\/tool-calls/);
  expect(answer!.headers).toMatchObject({ 'x-sessionmesh-fence': String(fence) });
  expect(stub.answers).toHaveLength(1);
  stub.endTurn(session.id);
  await moving(session.close());
  expect(stub.leases.size).toBe(0);
});

test('without a holder no lease is taken', async () => {
  const { mesh, stub, moving } = await openScene();
  await moving(mesh.createSession());
  expect(stub.requestsTo(/lease/)).toEqual([]);
});

test('a codex-manager server has no leases, and that is said', async () => {
  const { mesh, stub, moving } = await openScene({
    epochs: false,
    options: { holder: 'worker-1' },
  });
  await expect(moving(mesh.createSession())).rejects.toMatchObject({ code: 'host_unsupported' });
  expect(stub.sessions.size).toBe(0);
});

test('Q46 a session that somebody else holds is opened when that lease ends, or not at all', async () => {
  const env = virtualEnv(1);
  const stub = makeStub({ env });
  const first = await openScene({ env, stub, options: { holder: 'one', lease: { ttlMs: 5_000 } } });
  const session = await first.moving(first.mesh.createSession({ tools: [quick] }));
  const second = await openScene({ env, stub, options: { holder: 'two' } });
  const resuming = second.moving(second.mesh.resumeSession(session.id, { tools: [quick] }));
  await expect(resuming).rejects.toMatchObject({ code: 'session_leased' });
  await expect(resuming).rejects.toThrow(/one/);
  await first.moving(first.mesh.close());
  await second.moving(second.mesh.resumeSession(session.id, { tools: [quick] }));
  expect(stub.leases.get(session.id)).toMatchObject({ holder: 'two' });
});

test('a lease that ran out while we were away is taken anew, and the answer goes with the new fence', async () => {
  const { mesh, stub, moving, clock, events } = await openScene({
    options: { holder: 'one', lease: { ttlMs: 3_000 } },
  });
  const { hold, starts, release } = gate();
  const session = await moving(mesh.createSession({ tools: [hold] }));
  await moving(session.send('go'));
  stub.call(session.id, 'hold');
  await clock.advance(20);
  stub.leases.set(session.id, { holder: 'one', fence: 99, expiresAt: clock.now() + 200 });
  release();
  await clock.advance(100);
  expect(starts).toHaveLength(1);
  expect(events.find(({ type }) => type === 'call.settled')).toMatchObject({
    outcome: expect.stringMatching(/abandoned|cancelled/),
  });
});

test('Q46 a session that was lost to somebody else is served no more, and says who has it', async () => {
  const { mesh, stub, moving, clock, typesOf } = await openScene({
    options: { holder: 'one', lease: { ttlMs: 3_000 } },
  });
  const { hold, release } = gate();
  const session = await moving(mesh.createSession({ tools: [hold] }));
  await moving(session.send('go'));
  stub.call(session.id, 'hold');
  await clock.advance(20);
  stub.leases.set(session.id, { holder: 'two', fence: 99, expiresAt: clock.now() + 60_000 });
  await clock.advance(1_100);
  expect(mesh.session(session.id)).toBeUndefined();
  await expect(session.send('more')).rejects.toMatchObject({
    code: 'session_failed',
    cause: { code: 'session_leased', message: expect.stringContaining('two') },
  });
  expect(typesOf()).toContain('session.failed');
  release();
  await clock.advance(1_000);
  expect(stub.answers).toEqual([]);
});

test('an answer that is fenced off while the lease is still ours is sent again at once', async () => {
  const { mesh, stub, moving, clock } = await openScene({
    options: { holder: 'one', lease: { ttlMs: 30_000 } },
  });
  const { hold, release } = gate();
  const session = await moving(mesh.createSession({ tools: [hold] }));
  await moving(session.send('go'));
  stub.call(session.id, 'hold');
  await clock.advance(20);
  // The service forgot the lease and gives a new one.
  stub.leases.clear();
  let isFirst = true;
  stub.fault = ({ path }) => {
    if (!path.startsWith('/tool-calls') || !isFirst) return undefined;
    isFirst = false;
    return { status: 409, body: { status: 'conflict', code: 'leased', requestId: 'x' } };
  };
  release();
  await clock.advance(50);
  expect(stub.answers).toHaveLength(1);
  const fences = stub
    .requestsTo(/^\/tool-calls/)
    .map(({ headers }) => headers['x-sessionmesh-fence']);
  expect(new Set(fences).size).toBe(2);
});

test('a call of a session that somebody else holds is abandoned, and the log says who', async () => {
  const { mesh, stub, moving, clock, events } = await openScene();
  const { hold, release } = gate();
  const session = await moving(mesh.createSession({ tools: [hold] }));
  await moving(session.send('go'));
  stub.call(session.id, 'hold');
  await clock.advance(20);
  stub.leases.set(session.id, { holder: 'two', fence: 1, expiresAt: clock.now() + 60_000 });
  release();
  await clock.advance(50);
  expect(events.find(({ type }) => type === 'call.settled')).toMatchObject({
    outcome: 'abandoned',
    submissions: 1,
  });
});

test('Q46 two who serve one session in turn run each call once', async () => {
  const env = virtualEnv(1);
  const stub = makeStub({ env });
  const first = await openScene({ env, stub, options: { holder: 'one', lease: { ttlMs: 3_000 } } });
  const one = gate();
  const two = gate();
  const session = await first.moving(first.mesh.createSession({ tools: [one.hold] }));
  await first.moving(session.send('go'));
  stub.call(session.id, 'hold');
  await env.clock.advance(20);
  const second = await openScene({ env, stub, options: { holder: 'two' } });
  const resuming = second.mesh.resumeSession(session.id, { tools: [two.hold] });
  await env.clock.advance(3_000);
  expect(two.starts).toEqual([]);
  one.release();
  await env.clock.advance(20);
  await first.moving(first.mesh.close());
  await second.moving(resuming);
  expect(stub.answers).toHaveLength(1);
  expect([one.starts.length, two.starts.length]).toEqual([1, 0]);
});

test('a lease that was lost while the stream was down ends the session, and is not taken back', async () => {
  const { mesh, stub, moving, clock } = await openScene({
    options: { holder: 'one', lease: { ttlMs: 60_000 } },
  });
  const session = await moving(mesh.createSession({ tools: [quick] }));
  stub.leases.set(session.id, { holder: 'two', fence: 99, expiresAt: clock.now() + 1_000 });
  stub.dropStreams();
  await clock.advance(5_000);
  expect(mesh.session(session.id)).toBeUndefined();
  expect(stub.leases.get(session.id)).toMatchObject({ holder: 'two' });
});

test('a lease that is given back while it is being renewed stays given back', async () => {
  const { mesh, stub, moving, clock } = await openScene({
    options: { holder: 'one', lease: { ttlMs: 3_000 } },
  });
  const session = await moving(mesh.createSession({ tools: [quick] }));
  const renewals = () => stub.requestsTo(/lease/).length;
  const before = renewals();
  while (renewals() === before) await clock.advance(1);
  await moving(session.close());
  const after = renewals();
  await clock.advance(10_000);
  expect(renewals()).toBe(after);
  expect(stub.leases.size).toBe(0);
});

test('a lease whose reply was lost after the service has restarted is not taken for somebody else’s', async () => {
  const { mesh, stub, moving, clock, typesOf } = await openScene({
    options: { holder: 'one', lease: { ttlMs: 3_000 } },
  });
  const session = await moving(mesh.createSession({ tools: [quick] }));
  stub.leases.clear();
  let isFirst = true;
  stub.fault = ({ path }) => {
    if (!path.endsWith('/lease') || !isFirst) return undefined;
    isFirst = false;
    return 'silence-after';
  };
  stub.restartStream();
  await clock.advance(200);
  stub.dropStreams();
  await clock.advance(5_000);
  expect(typesOf()).not.toContain('session.failed');
  expect(mesh.session(session.id)).toBe(session);
  expect(stub.leases.get(session.id)).toMatchObject({ holder: 'one' });
});

test('a session that could not be taken up in time leaves nothing that the next attempt trips over', async () => {
  const { mesh, stub, moving, clock } = await openScene({
    options: { holder: 'one', lease: { ttlMs: 30_000 } },
  });
  const session = await moving(mesh.createSession({ tools: [quick] }));
  await moving(session.close());
  stub.isDeaf = true;
  const gaveUp = new AbortController();
  const first = mesh.resumeSession(session.id, { tools: [quick], signal: gaveUp.signal });
  await clock.advance(100);
  gaveUp.abort(new Error('enough'));
  await expect(first).rejects.toThrow('enough');
  stub.isDeaf = false;
  const again = await moving(mesh.resumeSession(session.id, { tools: [quick] }));
  await clock.advance(10_000);
  expect(stub.leases.get(session.id)).toMatchObject({ holder: 'one' });
  await moving(again.send('go'));
  stub.call(session.id, 'quick');
  await clock.advance(20);
  expect(stub.answers).toHaveLength(1);
});
