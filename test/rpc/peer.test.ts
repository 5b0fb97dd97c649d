/** The JSON-RPC peer: both sides ask, own requests are windowed, retried and timed, closing settles all. */
import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { isSessionMeshError, SessionMeshError } from '../../src/errors.ts';
import { defaultLimits } from '../../src/limits.ts';
import { createMemoryPair } from '../../src/rpc/memory.ts';
import { rpcErrorOf, type RpcRequest } from '../../src/rpc/message.ts';
import { Peer } from '../../src/rpc/peer.ts';
import { createFakeEnv } from './fake-env.ts';
import { createPeerFixture } from './peer-fixture.ts';

const failureOf = (promise: Promise<unknown>): Promise<SessionMeshError> =>
  promise.then(
    () => expect.unreachable(),
    (reason: unknown) => reason as SessionMeshError,
  );

/** Answers each request, a microtask later, with twice its value. */
const doubling = (peer: () => Peer) => (request: RpcRequest) => {
  const { value } = request.params as { value: number };
  queueMicrotask(() => peer().respond(request.id, value * 2));
  return true;
};

test('both sides ask and answer, over one stream and at the same time', async () => {
  const env = createFakeEnv();
  const limits = defaultLimits;
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const [near, far] = createMemoryPair(env, limits);
  const rest = { env, limits, logger, onNotification() {}, onClose() {} };
  const one: Peer = new Peer({ ...rest, transport: near, onRequest: doubling(() => one) });
  const two: Peer = new Peer({ ...rest, transport: far, onRequest: doubling(() => two) });
  const values = Array.from({ length: 300 }, (_, value) => value);
  const doubled = values.map((value) => value * 2);
  expect(await Promise.all(values.map((value) => one.request('double', { value })))).toEqual(
    doubled,
  );
  expect(await Promise.all(values.map((value) => two.request('double', { value })))).toEqual(
    doubled,
  );
  expect(one.stats).toMatchObject({ requests: 300, responses: 300, inFlight: 0, queued: 0 });
  await one.close();
  expect(env.timers).toBe(0);
});

test('messages carry an integer id, always params, and never a jsonrpc member', async () => {
  const { peer, sentText, settle, say } = createPeerFixture();
  const answer = peer.request('initialize');
  peer.notify('initialized');
  await settle();
  expect(sentText).toEqual([
    '{"id":1,"method":"initialize","params":{}}',
    '{"method":"initialized","params":{}}',
  ]);
  say({ jsonrpc: 'whatever', id: 1, result: { ok: true }, extra: [] });
  expect(await answer).toEqual({ ok: true });
});

test('an answer repeats the id with its JSON type, the falsy ones too', async () => {
  const { say, settle, sentText } = createPeerFixture(({ peer }) => ({
    onRequest: ({ id }) => {
      peer.respond(id, undefined);
      return true;
    },
  }));
  for (const id of [0, '0', '', -7, 'a"b\\', Number.MAX_SAFE_INTEGER]) say({ id, method: 'm' });
  await settle();
  expect(sentText).toEqual([
    '{"id":0,"result":null}',
    '{"id":"0","result":null}',
    '{"id":"","result":null}',
    '{"id":-7,"result":null}',
    String.raw`{"id":"a\"b\\","result":null}`,
    '{"id":9007199254740991,"result":null}',
  ]);
});

test('a request is handed over at once and may be answered whenever, in any order', async () => {
  const taken: RpcRequest[] = [];
  const { peer, say, settle, sent } = createPeerFixture(() => ({
    onRequest: (request) => taken.push(request) > 0,
  }));
  say({ id: 5, method: 'item/tool/call', params: { n: 1 } });
  say({ id: 6, method: 'item/tool/call', params: { n: 2 } });
  // A re-delivery: the same id again is the same question again.
  say({ id: 5, method: 'item/tool/call', params: { n: 1 } });
  await settle();
  expect(sent).toEqual([]);
  expect(taken.map(({ id, params }) => [id, params])).toEqual([
    [5, { n: 1 }],
    [6, { n: 2 }],
    [5, { n: 1 }],
  ]);
  peer.respondError(6, { code: 7, message: 'no', data: { why: 1 } });
  peer.respond(5, ['yes']);
  await settle();
  expect(sent).toEqual([
    { id: 6, error: { code: 7, message: 'no', data: { why: 1 } } },
    { id: 5, result: ['yes'] },
  ]);
});

test('a request nobody handles, and one whose handling throws, are answered with an error', async () => {
  const { peer, say, settle, sent, logged } = createPeerFixture(() => ({
    onRequest: ({ method }) => {
      if (method === 'broken') throw new Error('a secret detail');
      return false;
    },
    onNotification: () => {
      throw new Error('a secret detail');
    },
  }));
  say({ id: 1, method: 'unheard/of' });
  say({ id: 2, method: 'broken' });
  say({ method: 'broken' });
  await settle();
  expect(sent).toEqual([
    { id: 1, error: { code: -32601, message: 'Method not found' } },
    { id: 2, error: { code: -32603, message: 'Internal error' } },
  ]);
  expect(peer.stats).toMatchObject({ requestsUnhandled: 1, callbackFailures: 2 });
  expect(logged.map(({ level, fields }) => [level, fields])).toEqual([
    ['error', { method: 'broken', error: 'a secret detail' }],
    ['error', { method: 'broken', error: 'a secret detail' }],
  ]);
});

test('a refusal rejects with the code, message and data the other side gave', async () => {
  const { peer, say } = createPeerFixture();
  const answer = peer.request('turn/start');
  const message = `Invalid request: ${'unknown variant '.repeat(100)}`;
  say({ id: 1, error: { code: -32600, message, data: { max: 3 } } });
  const error = await failureOf(answer);
  expect(error.code).toBe('request_refused');
  expect(error.message).toContain('-32600 Invalid request');
  expect(error.message.length).toBeLessThan(500);
  expect(rpcErrorOf(error)).toMatchObject({ code: -32600, message, data: { max: 3 } });
  expect(rpcErrorOf(new SessionMeshError('stream_closed'))).toBeNull();
});

test('at most so many own requests are in flight, the others follow in order', async () => {
  const limits = { requestsInFlightMax: 2, requestsQueuedMax: 2 };
  const { peer, say, settle, sent } = createPeerFixture(undefined, limits);
  const answers = Promise.allSettled(['a', 'b', 'c', 'd'].map((method) => peer.request(method)));
  const overloaded = await failureOf(peer.request('e'));
  expect(overloaded).toMatchObject({ code: 'overloaded', retryable: true });
  await settle();
  expect(sent.map(({ method }) => method)).toEqual(['a', 'b']);
  expect(peer.stats).toMatchObject({ inFlight: 2, queued: 2 });
  say({ id: 2, result: 'b' });
  await settle();
  expect(sent.map(({ method }) => method)).toEqual(['a', 'b', 'c']);
  say({ id: 1, error: { code: 1, message: 'no' } });
  await settle();
  expect(sent.map(({ method }) => method)).toEqual(['a', 'b', 'c', 'd']);
  say({ id: 3, result: 'c' });
  say({ id: 4, result: 'd' });
  expect((await answers).map(({ status }) => status)).toEqual([
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
  expect(peer.stats).toMatchObject({ inFlight: 0, queued: 0 });
});

test('the line of waiting requests is bounded in size too', async () => {
  const limits = { requestsInFlightMax: 1, sendBufferBytesMax: 1_000 };
  const { peer, say, settle, hangUp } = createPeerFixture(undefined, limits);
  const ask = (chars: number, signal?: AbortSignal) =>
    failureOf(peer.request('m', { text: 'x'.repeat(chars) }, signal ? { signal } : {}));
  const controller = new AbortController();
  const first = peer.request('m');
  const second = ask(600);
  expect((await ask(600)).code).toBe('overloaded');
  expect(peer.stats).toMatchObject({ inFlight: 1, queued: 1 });
  // Room is given back by leaving the line at either end.
  say({ id: 1, result: 'first' });
  expect(await first).toBe('first');
  const third = ask(600, controller.signal);
  expect((await ask(600)).code).toBe('overloaded');
  controller.abort('enough');
  expect(await third).toBe('enough');
  const fourth = ask(600);
  await settle();
  expect(peer.stats).toMatchObject({ inFlight: 1, queued: 1 });
  hangUp();
  expect((await second).code).toBe('stream_closed');
  expect((await fourth).code).toBe('stream_closed');
});

test('a request without an answer fails at its deadline and makes room', async () => {
  const { peer, env, settle, say, sent } = createPeerFixture(undefined, { requestsInFlightMax: 1 });
  const first = failureOf(peer.request('dropped', {}, { timeoutMs: 100 }));
  const queued = failureOf(peer.request('behind', {}, { timeoutMs: 50 }));
  const last = peer.request('last');
  env.advance(50);
  expect(await queued).toMatchObject({ code: 'request_timeout', facts: { found: 'it queued' } });
  env.advance(50);
  expect(await first).toMatchObject({ code: 'request_timeout', facts: { found: 'none' } });
  await settle();
  expect(sent.map(({ id, method }) => [id, method])).toEqual([
    [1, 'dropped'],
    [2, 'last'],
  ]);
  // What comes too late is counted, and does not answer anybody else.
  say({ id: 1, result: 'late' });
  say({ id: 2, result: 'in time' });
  expect(await last).toBe('in time');
  expect(peer.stats).toMatchObject({ timeouts: 2, responses: 1, garbage: { response_late: 1 } });
});

test('the default deadline is the limit', async () => {
  const { peer, env } = createPeerFixture(undefined, { requestTimeoutMs: 1_000 });
  const answer = failureOf(peer.request('m'));
  env.advance(999);
  expect(peer.stats.inFlight).toBe(1);
  env.advance(1);
  expect((await answer).code).toBe('request_timeout');
});

test('an abort removes a request wherever it is, with the reason of the signal', async () => {
  const { peer, env, settle, say, sent } = createPeerFixture(undefined, { requestsInFlightMax: 2 });
  const controllers = Array.from({ length: 4 }, () => new AbortController());
  const reasons = controllers.map(({ signal }, n) =>
    failureOf(peer.request(`r${n}`, {}, { signal })),
  );
  await settle();
  say({ id: 2, error: { code: -32001, message: 'Server overloaded; retry later.' } });
  await settle();
  // r0 is in flight, r1 is backing off, r2 and r3 wait in line.
  for (const n of [2, 1, 0]) controllers[n]!.abort(`stop ${n}`);
  expect(await Promise.all(reasons.slice(0, 3))).toEqual(['stop 0', 'stop 1', 'stop 2']);
  await settle();
  expect(sent.map(({ method }) => method)).toEqual(['r0', 'r1', 'r3']);
  env.advance(10_000);
  say({ id: 1, result: null });
  await settle();
  expect(peer.stats).toMatchObject({ inFlight: 1, queued: 0, garbage: { response_late: 1 } });
  controllers[3]!.abort('stop 3');
  expect(await reasons[3]).toBe('stop 3');
  expect(await failureOf(peer.request('m', {}, { signal: AbortSignal.abort('before') }))).toBe(
    'before',
  );
});

test('a request that is over leaves no listener at its signal', async () => {
  const { peer, env, say, hangUp } = createPeerFixture();
  const { signal } = new AbortController();
  const answered = peer.request('m', {}, { signal });
  const late = failureOf(peer.request('m', {}, { signal, timeoutMs: 1 }));
  const lost = failureOf(peer.request('m', {}, { signal }));
  expect(getEventListeners(signal, 'abort')).toHaveLength(3);
  say({ id: 1, result: null });
  await answered;
  env.advance(1);
  await late;
  hangUp();
  await lost;
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('a request refused as overloaded is sent again, later and later, and keeps its place', async () => {
  const limits = {
    requestsInFlightMax: 1,
    overloadAttemptsMax: 4,
    overloadBackoffBaseMs: 100,
    overloadBackoffCapMs: 250,
  };
  const { peer, env, settle, say, sent } = createPeerFixture(undefined, limits);
  env.jitter = 0.999;
  const busy = { code: -32001, message: 'Server overloaded; retry later.' };
  const answer = peer.request('thread/start', { n: 1 });
  let behind: Promise<unknown> | undefined;
  await settle();
  for (const [attempt, waitMs] of [100, 200, 250].entries()) {
    say({ id: attempt + 1, error: busy });
    await settle();
    // Asked while the first one backs off, this must not overtake it.
    behind ??= peer.request('behind');
    env.advance(waitMs - 1);
    await settle();
    expect(sent).toHaveLength(attempt + 1);
    env.advance(1);
    await settle();
    expect(sent).toHaveLength(attempt + 2);
  }
  expect(sent.at(-1)).toEqual({ id: 4, method: 'thread/start', params: { n: 1 } });
  expect(peer.stats).toMatchObject({ inFlight: 1, queued: 1, overloadRetries: 3 });
  say({ id: 4, error: busy });
  const error = await failureOf(answer);
  expect(error).toMatchObject({ code: 'overloaded', retryable: true });
  expect(rpcErrorOf(error)).toMatchObject(busy);
  await settle();
  expect(sent.at(-1)).toMatchObject({ id: 5, method: 'behind' });
  say({ id: 5, result: 1 });
  expect(await behind).toBe(1);
});

test('closing rejects everything that waits, with the cause, and everything after it', async () => {
  const fixture = createPeerFixture(undefined, { requestsInFlightMax: 2 });
  const { peer, env, settle, say, closes } = fixture;
  const pending = Array.from({ length: 5 }, (_, n) => failureOf(peer.request(`r${n}`)));
  await settle();
  say({ id: 1, error: { code: -32001, message: 'busy' } });
  await settle();
  const cause = new SessionMeshError('mesh_closed');
  await peer.close(cause);
  expect(await Promise.all(pending)).toEqual(pending.map(() => cause));
  expect(closes).toEqual([cause]);
  expect(env.timers).toBe(0);
  const closed = expect.objectContaining({ code: 'stream_closed', cause });
  expect(await failureOf(peer.request('m'))).toEqual(closed);
  expect(() => peer.notify('m')).toThrow(closed);
  expect(() => peer.respond(1, null)).toThrow(closed);
  expect(peer.stats).toMatchObject({ inFlight: 0, queued: 0, bufferedBytes: 0 });
});

test('the end of the stream rejects what is pending and is reported once', async () => {
  const { peer, hangUp, settle, closes } = createPeerFixture(() => ({
    onClose: () => {
      throw new Error('in the callback');
    },
  }));
  const answer = failureOf(peer.request('m'));
  hangUp();
  expect(isSessionMeshError(await answer, 'stream_closed')).toBe(true);
  await settle();
  await peer.close();
  expect(closes).toHaveLength(1);
  expect(peer.stats.callbackFailures).toBe(1);
});

test('a request too long for a frame fails alone', async () => {
  const { peer, say } = createPeerFixture(undefined, { frameBytesMax: 1_000 });
  const tooLong = { text: 'x'.repeat(1_000) };
  expect((await failureOf(peer.request('m', tooLong))).code).toBe('frame_too_long');
  const next = peer.request('next');
  say({ id: 2, result: 1 });
  expect(await next).toBe(1);
});

test('a long line of requests that cannot be sent fails as a whole, without nesting', async () => {
  const limits = { frameBytesMax: 100, requestsInFlightMax: 1 };
  const { peer, say, settle, sent } = createPeerFixture(undefined, limits);
  const first = peer.request('first');
  const tooLong = { text: 'x'.repeat(100) };
  const behind = Array.from({ length: 9_000 }, () => failureOf(peer.request('m', tooLong)));
  const last = peer.request('last');
  say({ id: 1, result: 1 });
  expect(await first).toBe(1);
  expect(new Set((await Promise.all(behind)).map(({ code }) => code))).toEqual(
    new Set(['frame_too_long']),
  );
  await settle();
  say({ id: sent.at(-1)!['id'], result: 2 });
  expect(await last).toBe(2);
});
