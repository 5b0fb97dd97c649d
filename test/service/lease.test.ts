/** Leases, under a clock that a test moves; and what they mean for answers over HTTP. */
import { expect, test } from 'vitest';
import { resolveLimits } from '../../src/limits.ts';
import { Leases } from '../../src/service/lease.ts';
import { virtualClock } from '../../src/testing/index.ts';
import { openStream } from './client.ts';
import {
  answerOf,
  callNamedTools,
  fakeScene,
  newSession,
  pendingCalls,
  timedEnv,
} from './scene.ts';

function leases(limits = {}) {
  const clock = virtualClock();
  return { clock, leases: new Leases(clock, resolveLimits(limits)) };
}

/** The lease itself, of somebody who gets it. */
function taken(result: ReturnType<Leases['take']>) {
  if ('type' in result) throw new Error(`not taken: ${result.type}`);
  return result;
}

test('one holder at a time; its fence renews, nobody else may', async () => {
  const { clock, leases: all } = leases();
  const first = taken(all.take('s', { holder: 'a' }));
  expect(first).toMatchObject({ holder: 'a', expiresAt: clock.now() + 30_000 });
  expect(all.take('s', { holder: 'b' })).toMatchObject({
    type: 'conflict',
    lease: { holder: 'a' },
  });
  // A second process of the same name is somebody else.
  expect(all.take('s', { holder: 'a' })).toMatchObject({ type: 'conflict' });
  expect(all.take('s', { holder: 'b', fence: first.fence })).toMatchObject({ type: 'conflict' });
  await clock.advance(20_000);
  const renewed = taken(all.take('s', { holder: 'a', fence: first.fence, ttlMs: 40_000 }));
  expect(renewed).toEqual({ ...first, expiresAt: clock.now() + 40_000 });
  // Another session is another lease.
  expect(taken(all.take('t', { holder: 'b' })).fence).toBeGreaterThan(first.fence);
  expect(all.held).toBe(2);
});

test('whoever knows the nonce of a lease has it, also where its fence never arrived', () => {
  const { leases: all } = leases();
  const first = taken(all.take('s', { holder: 'a', nonce: 'n1' }));
  expect(taken(all.take('s', { holder: 'a', nonce: 'n1' })).fence).toBe(first.fence);
  expect(taken(all.take('s', { holder: 'a', nonce: 'n1', fence: 1 })).fence).toBe(first.fence);
  for (const other of [{ nonce: 'n2' }, {}]) {
    expect(all.take('s', { holder: 'a', ...other })).toMatchObject({ type: 'conflict' });
  }
  expect(all.take('s', { holder: 'b', nonce: 'n1' })).toMatchObject({ type: 'conflict' });
});

test('a lease without a nonce is not renewed by the lack of one', () => {
  const { leases: all } = leases();
  taken(all.take('s', { holder: 'a' }));
  expect(all.take('s', { holder: 'a', nonce: 'n1' })).toMatchObject({ type: 'conflict' });
});

test('a lease ends by time, and the next holder gets a larger fence', async () => {
  const { clock, leases: all } = leases();
  const first = taken(all.take('s', { holder: 'a', ttlMs: 5_000 }));
  await clock.advance(4_999);
  expect(all.take('s', { holder: 'b' })).toMatchObject({ type: 'conflict' });
  await clock.advance(1);
  const second = taken(all.take('s', { holder: 'b' }));
  expect(second.fence).toBeGreaterThan(first.fence);
  expect(all.findConflict('s', first.fence)).toMatchObject({ lease: { holder: 'b' } });
  expect(all.findConflict('s', second.fence)).toBeNull();
});

test('a holder that was overtaken may not answer, not even when its successor is gone', async () => {
  const { clock, leases: all } = leases();
  const first = taken(all.take('s', { holder: 'a', ttlMs: 5_000 }));
  await clock.advance(5_000);
  // Nobody took over: whoever held it last may still answer, and so may anybody without a lease.
  expect(all.findConflict('s', first.fence)).toBeNull();
  expect(all.findConflict('s', null)).toBeNull();
  const second = taken(all.take('s', { holder: 'b' }));
  expect(all.findConflict('s', null)).toMatchObject({ lease: { holder: 'b' } });
  expect(all.release('s', second.fence)).toEqual({ type: 'released' });
  expect(all.findConflict('s', first.fence)).toEqual({ type: 'conflict', lease: null });
  expect(all.findConflict('s', null)).toBeNull();
});

test('fences grow across a restart, and while the wall clock goes back', async () => {
  const clock = virtualClock();
  const limits = resolveLimits();
  const before = taken(new Leases(clock, limits).take('s', { holder: 'a' }));
  await clock.advance(1_000);
  const all = new Leases(clock, limits);
  const after = taken(all.take('s', { holder: 'a' }));
  expect(after.fence).toBeGreaterThan(before.fence);
  clock.jump(-3_600_000);
  expect(taken(all.take('t', { holder: 'b' })).fence).toBeGreaterThan(after.fence);
});

test('a wall clock that jumps neither ends a lease nor prolongs it', async () => {
  const { clock, leases: all } = leases();
  taken(all.take('s', { holder: 'a', ttlMs: 10_000 }));
  clock.jump(3_600_000);
  expect(all.take('s', { holder: 'b' })).toMatchObject({ type: 'conflict' });
  clock.jump(-7_200_000);
  await clock.advance(10_000);
  taken(all.take('s', { holder: 'b' }));
});

test('the time of a lease is held between its bounds', () => {
  const { clock, leases: all } = leases();
  const short = taken(all.take('s', { holder: 'a', ttlMs: 1 }));
  expect(short.expiresAt).toBe(clock.now() + 1_000);
  const long = taken(all.take('t', { holder: 'a', ttlMs: 10 ** 9 }));
  expect(long.expiresAt).toBe(clock.now() + 600_000);
});

test('only the holder gives a lease back, and only once', () => {
  const { leases: all } = leases();
  expect(all.release('s', 1)).toEqual({ type: 'none' });
  const { fence } = taken(all.take('s', { holder: 'a' }));
  expect(all.release('s', fence + 1)).toMatchObject({ type: 'conflict' });
  expect(all.release('s', fence)).toEqual({ type: 'released' });
  expect(all.release('s', fence)).toEqual({ type: 'none' });
});

test('leases that are over make room, those that are held do not', async () => {
  const { clock, leases: all } = leases({ leasesMax: 2 });
  taken(all.take('s', { holder: 'a', ttlMs: 1_000 }));
  taken(all.take('t', { holder: 'a' }));
  expect(all.take('u', { holder: 'a' })).toEqual({ type: 'full' });
  await clock.advance(1_000);
  taken(all.take('u', { holder: 'a' }));
  expect(all.held).toBe(2);
});

test('over HTTP: while a lease is held, an answer without its fence is refused', async () => {
  const env = timedEnv();
  const { client, service } = await fakeScene(callNamedTools, { env });
  const id = await newSession(client);
  const path = `/api/sessions/${id}/lease`;
  const sent = client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  await env.clock.advance(0);
  await sent;
  const [{ requestId }] = await pendingCalls(client, id);

  const first = await client.post(path, { holder: 'worker-1' });
  expect(first).toMatchObject({
    status: 200,
    body: { status: 'ok', lease: { holder: 'worker-1' } },
  });
  const { fence, expiresAt } = first.body.lease;
  expect(expiresAt).toBe(env.clock.now() + 30_000);
  expect(await client.post(path, { holder: 'worker-2' })).toMatchObject({
    status: 409,
    body: { status: 'conflict', code: 'leased', holder: 'worker-1', expiresAt },
  });
  const answer = (given?: string) =>
    client.post(`/api/tool-calls/${requestId}/response`, answerOf('x'), {
      headers: given === undefined ? {} : { 'x-sessionmesh-fence': given },
    });
  const leased = { status: 'conflict', code: 'leased', requestId, holder: 'worker-1', expiresAt };
  for (const given of [undefined, '1', 'nonsense', `${fence}1`]) {
    expect(await answer(given)).toMatchObject({ status: 409, body: leased });
  }
  // The holder stops working, and somebody takes over.
  await env.clock.advance(30_000);
  const second = await client.post(path, { holder: 'worker-2', ttlMs: 60_000 });
  expect(second.body.lease.fence).toBeGreaterThan(fence);
  expect((await answer(String(fence))).body).toMatchObject({ code: 'leased', holder: 'worker-2' });
  // What the lost holder left is there for the next one, wherever it looks.
  expect(await pendingCalls(client, id)).toMatchObject([{ requestId }]);
  const stream = await openStream(service, { query: `?threadId=${id}` });
  expect((await stream.of('tool_call_requested')).payload.requestId).toBe(requestId);
  expect((await answer(String(second.body.lease.fence))).status).toBe(200);
  expect((await client.delete(path, { fence })).status).toBe(409);
  expect(await client.delete(path, { fence: second.body.lease.fence })).toMatchObject({
    status: 200,
    body: { status: 'ok', sessionId: id },
  });
  expect(await client.delete(path, { fence: second.body.lease.fence })).toMatchObject({
    status: 404,
    body: { status: 'not_found', sessionId: id },
  });
});

test('over HTTP: a lease needs a session and a holder', async () => {
  const { client } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  expect((await client.post('/api/sessions/nobody/lease', { holder: 'a' })).status).toBe(404);
  expect((await client.post(`/api/sessions/${id}/lease`, {})).status).toBe(400);
  expect((await client.post(`/api/sessions/${id}/lease`, { holder: ' ' })).status).toBe(400);
  await client.delete(`/api/sessions/${id}`);
  expect((await client.post(`/api/sessions/${id}/lease`, { holder: 'a' })).status).toBe(410);
});

test('over HTTP: a heartbeat keeps a lease, and one that is given back leaves the calls to anybody', async () => {
  const env = timedEnv();
  const { client } = await fakeScene(callNamedTools, { env });
  const id = await newSession(client);
  const sent = client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  await env.clock.advance(0);
  await sent;
  const [{ requestId }] = await pendingCalls(client, id);
  const path = `/api/sessions/${id}/lease`;
  const { fence } = (await client.post(path, { holder: 'a', ttlMs: 3_000 })).body.lease;
  for (let beat = 0; beat < 5; beat += 1) {
    await env.clock.advance(2_000);
    const renewed = await client.post(path, { holder: 'a', ttlMs: 3_000, fence });
    expect(renewed.body.lease).toEqual({ holder: 'a', fence, expiresAt: env.clock.now() + 3_000 });
  }
  const plain = () => client.post(`/api/tool-calls/${requestId}/response`, answerOf('x'));
  expect((await plain()).body).toMatchObject({ status: 'conflict', code: 'leased', holder: 'a' });
  expect((await client.delete(path, { fence })).status).toBe(200);
  expect((await plain()).status).toBe(200);
});
