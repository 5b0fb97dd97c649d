/** The outcome table of a submission: what each reply means for the call, and that no handler runs twice. */
import { expect, test } from 'vitest';
import { tool } from '../../../src/tools/index.ts';
import { gate, openScene, type SceneOptions } from './scene.ts';
import type { Fault, StubRequest } from './stub-wire.ts';

const isAnswer = ({ path }: StubRequest) => path.startsWith('/tool-calls/');

/** One call of `hold`, answered by `released`, whose submissions meet these faults one after the other. */
async function submit(faults: (Fault | undefined)[], options: SceneOptions = {}) {
  const scene = await openScene(options);
  const { mesh, stub, moving, clock, events } = scene;
  const { hold, starts, release } = gate();
  const session = await moving(mesh.createSession({ tools: [hold] }));
  await moving(session.send('go'));
  const requestId = stub.call(session.id, 'hold');
  await clock.advance(10);
  stub.fault = (request) => (isAnswer(request) ? faults.shift() : undefined);
  release();
  const settled = () => events.find(({ type }) => type === 'call.settled');
  return {
    ...scene,
    session,
    requestId,
    starts,
    settled,
    attempts: () => stub.requests.filter(isAnswer),
  };
}

const error500 = { status: 500, body: { status: 'error', requestId: '0' } };
const inFlight = { status: 409, body: { status: 'conflict', code: 'in_flight', requestId: '0' } };
const notFound = { status: 404, body: { status: 'not_found', requestId: '0' } };

test('B97 200 ok ends the call as answered', async () => {
  const { clock, settled, attempts } = await submit([]);
  await clock.advance(50);
  expect(settled()).toMatchObject({ outcome: 'answered', submissions: 1 });
  expect(attempts()).toHaveLength(1);
});

for (const [name, fault] of [
  ['500', error500],
  ['503', { status: 503, body: { status: 'error' } }],
  ['502 of a proxy', { status: 502, body: '<html>bad gateway</html>' }],
  ['a reset connection', 'reset'],
  ['a refused connection', 'refused'],
  ['200 without a status', { status: 200, body: {} }],
  ['200 with no body at all', { status: 200, body: null }],
] as const) {
  test(`B99 Q3 Q38 ${name} is tried again with the same bytes until it is taken`, async () => {
    const { clock, settled, attempts, starts } = await submit([fault, fault, fault, fault]);
    await clock.advance(30_000);
    expect(settled()).toMatchObject({ outcome: 'answered', submissions: 5 });
    expect(new Set(attempts().map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(starts).toHaveLength(1);
  });
}

test('Q4 409 in_flight is asked again within 100 ms to 2 s, not taken for an answer', async () => {
  const faults = Array.from({ length: 6 }, () => inFlight);
  const { clock, settled, attempts, stub, requestId } = await submit(faults);
  await clock.advance(95);
  expect(attempts()).toHaveLength(1);
  await clock.advance(15_000);
  expect(attempts()).toHaveLength(7);
  expect(settled()).toMatchObject({ outcome: 'answered', submissions: 7 });
  expect(stub.answers[0]!.requestId).toBe(requestId);
});

test('B105 Q4 409 in_flight, and then the call is pending again: it is answered after all', async () => {
  const { clock, stub, attempts } = await submit([inFlight, error500]);
  await clock.advance(10_000);
  expect(stub.answers).toHaveLength(1);
  expect(attempts()).toHaveLength(3);
});

test('Q16 404 at the first attempt: the call is abandoned, not answered', async () => {
  const { clock, stub, settled, attempts } = await submit([notFound]);
  stub.pending.clear();
  await clock.advance(10_000);
  expect(settled()).toMatchObject({ outcome: 'abandoned', submissions: 1 });
  expect(attempts()).toHaveLength(1);
});

for (const [name, fault] of [
  ['a 409 of ours', inFlight],
  ['a 500 of ours', error500],
  ['a timeout of ours', 'silence-after'],
  ['a reset of ours', 'reset-after'],
] as const) {
  test(`Q16 Q26 404 after ${name}: the answer is taken to have arrived`, async () => {
    const reply = typeof fault === 'object' ? notFound : undefined;
    const { clock, settled, starts, stub } = await submit([fault, reply], {
      limits: { requestTimeoutMs: 500 },
    });
    stub.lose = ({ type }) => type === 'tool_call_resolved';
    await clock.advance(10_000);
    expect(settled()).toMatchObject({ outcome: 'answered', submissions: 2 });
    expect(starts).toHaveLength(1);
  });
}

test('Q16 404 after a connection that was never made is a first attempt', async () => {
  const { clock, settled } = await submit(['refused', notFound]);
  await clock.advance(10_000);
  expect(settled()).toMatchObject({ outcome: 'abandoned' });
});

test('B97 404 of a path that is no route says nothing of the call', async () => {
  const noRoute = { status: 404, body: { message: 'Route not found', statusCode: 404 } };
  const { clock, settled } = await submit([noRoute]);
  await clock.advance(10_000);
  expect(settled()).toMatchObject({ outcome: 'answered', submissions: 2 });
});

test('B9 410 abandons the call and ends the session', async () => {
  const { clock, settled, mesh } = await submit([{ status: 410, body: { status: 'deleted' } }]);
  await clock.advance(100);
  expect(settled()).toMatchObject({ outcome: expect.stringMatching(/abandoned|cancelled/) });
  expect(mesh.sessions()).toEqual([]);
});

for (const status of [400, 413]) {
  test(`Q20 ${status} is answered once more, with a small failure`, async () => {
    const refused = { status, body: { status: 'error', code: 'request_failed' } };
    const { clock, stub, attempts, starts } = await submit([refused]);
    await clock.advance(10_000);
    expect(attempts()).toHaveLength(2);
    expect(stub.answers[0]!.body.response).toMatchObject({ success: false });
    expect(starts).toHaveLength(1);
  });
}

test('Q20 400 for the small failure, too: the call is refused and nothing is sent any more', async () => {
  const refused = { status: 400, body: { status: 'error' } };
  const { clock, stub, settled, attempts } = await submit([refused, refused]);
  stub.pending.clear();
  await clock.advance(60_000);
  expect(settled()).toMatchObject({ outcome: 'refused', submissions: 2 });
  expect(attempts()).toHaveLength(2);
});

test('B9 429 pauses every request for as long as the service asks', async () => {
  const slow = { status: 429, body: { status: 'error' }, retryAfterMs: 3_000 };
  const { clock, settled, attempts, mesh, stub, session } = await submit([slow]);
  await clock.advance(10);
  expect(attempts()).toHaveLength(1);
  const before = stub.requests.length;
  const reading = mesh.session(session.id)!.drainPendingCalls();
  await clock.advance(2_900);
  expect(stub.requests).toHaveLength(before);
  await clock.advance(500);
  await reading;
  expect(attempts()).toHaveLength(2);
  expect(settled()).toMatchObject({ outcome: 'answered' });
});

test('Q39 an answer above the limit of the service is not sent; a small one is', async () => {
  const { mesh, stub, moving, clock } = await openScene();
  const large = tool({
    name: 'large',
    description: 'Says much.',
    execute: () =>
      [{ type: 'inputImage', imageUrl: `data:image/png;base64,${'A'.repeat(1_100_000)}` }] as const,
  });
  const session = await moving(mesh.createSession({ tools: [large] }));
  await moving(session.send('go'));
  stub.call(session.id, 'large');
  await clock.advance(50);
  expect(stub.requestsTo(/^\/tool-calls/)).toHaveLength(1);
  expect(stub.answers[0]!.body.response).toMatchObject({ success: false });
  expect(JSON.stringify(stub.answers[0]!.body)).toContain('too large');
});

test('a turn that ends before the reply to its last answer: the answer counts', async () => {
  const { clock, stub, settled, session } = await submit(['silence-after']);
  await clock.advance(10);
  stub.endTurn(session.id, { reply: 'thanks' });
  await clock.advance(500);
  expect(settled()).toBeUndefined();
  await clock.advance(600);
  expect(settled()).toMatchObject({ outcome: 'answered' });
  expect(session.turnId).toBeNull();
});

test('B6 Q22 a request id is put into the path as it is meant', async () => {
  const { mesh, stub, moving, clock } = await openScene();
  const quick = tool({ name: 'quick', description: 'Quick.', execute: () => 'quick' });
  const session = await moving(mesh.createSession({ tools: [quick] }));
  await moving(session.send('go'));
  stub.lose = () => true;
  const row = stub.pending.get(stub.call(session.id, 'quick'))!;
  stub.pending.clear();
  stub.pending.set('../a?b', { ...row, requestId: '../a?b', native: '../a?b' });
  stub.lose = () => false;
  stub.deliver('../a?b');
  await clock.advance(20);
  expect(stub.requestsTo(/^\/tool-calls/)[0]!.path).toBe('/tool-calls/..%2Fa%3Fb/response');
  expect(stub.answers[0]!.requestId).toBe('../a?b');
});

// Request ids that are given twice

test('B103 Q5 after a restart an answer does not reach the new call of the same number', async () => {
  const { mesh, stub, moving, clock, events } = await openScene({ epochs: false });
  const { hold, starts, release } = gate();
  const session = await moving(mesh.createSession({ tools: [hold] }));
  await moving(session.send('first'));
  expect(stub.call(session.id, 'hold', { for: 'first' })).toBe('0');
  await clock.advance(10);
  stub.streamsDown = true;
  stub.restart();
  await moving(session.interrupt());
  await clock.advance(10);
  stub.handle({
    method: 'POST',
    path: `/sessions/${session.id}/messages`,
    body: { text: 'second' },
    token: null,
    headers: {},
  });
  await clock.advance(1);
  expect(stub.call(session.id, 'hold', { for: 'second' })).toBe('0');
  release('the answer to the first');
  await clock.advance(3_000);
  expect(stub.answers).toEqual([]);
  stub.streamsDown = false;
  await clock.advance(12_000);
  expect(starts).toEqual([{ for: 'first' }, { for: 'second' }]);
  release('the answer to the second');
  await clock.advance(3_000);
  expect(stub.answers).toHaveLength(1);
  expect(JSON.stringify(stub.answers[0]!.body)).toContain('the answer to the second');
  expect(events.filter(({ type }) => type === 'call.settled')).toMatchObject([
    { outcome: 'cancelled' },
    { outcome: 'answered' },
  ]);
});

test('Q5 an old answer that waits is not sent to the new call of its number, whoever notices first', async () => {
  const { stub, session, clock, attempts, settled } = await submit(
    Array.from({ length: 100 }, () => error500),
    { epochs: false },
  );
  await clock.advance(10);
  expect(attempts().length).toBeGreaterThan(0);
  stub.fault = () => undefined;
  stub.lose = () => true;
  stub.streamsDown = true;
  stub.restart();
  stub.handle({
    method: 'POST',
    path: `/sessions/${session.id}/messages`,
    body: { text: 'second' },
    token: null,
    headers: {},
  });
  await clock.advance(1);
  stub.call(session.id, 'hold', { for: 'second' });
  await clock.advance(20_000);
  expect(settled()).toMatchObject({ outcome: expect.stringMatching(/abandoned|cancelled/) });
  expect(stub.answers).toEqual([]);
});

test('Q5 a new start of our own service ends the calls of the one before', async () => {
  const { mesh, stub, moving, clock, events } = await openScene();
  const { hold, release } = gate();
  const session = await moving(mesh.createSession({ tools: [hold] }));
  const turn = session.sendAndHandle('go');
  await clock.advance(10);
  stub.call(session.id, 'hold');
  await clock.advance(10);
  stub.restart();
  const { status } = await moving(turn);
  expect(status).toBe('interrupted');
  release();
  await clock.advance(1_000);
  expect(stub.answers).toEqual([]);
  expect(events.find(({ type }) => type === 'call.settled')).toMatchObject({
    outcome: 'cancelled',
  });
});

test('Q5 a call of the new start is answered while the old stream still counts as up', async () => {
  const { mesh, stub, moving, clock, events } = await openScene();
  const { hold, starts, release } = gate();
  const session = await moving(mesh.createSession({ tools: [hold] }));
  // The old stream has fallen silent: nobody says that there is a new start.
  stub.sockets.clear();
  stub.streamsDown = true;
  stub.restart();
  await moving(session.send('go'));
  const requestId = stub.call(session.id, 'hold');
  const drained = session.drainPendingCalls();
  await clock.advance(50);
  expect(starts).toHaveLength(1);
  release();
  await moving(drained);
  await clock.advance(100);
  expect(stub.answers).toMatchObject([{ requestId }]);
  expect(events.find(({ type }) => type === 'call.settled')).toMatchObject({
    outcome: 'answered',
  });
});

test('Q5 a call of a start that has ended is not sent to the next one', async () => {
  const { stub, clock, attempts, settled } = await submit(
    Array.from({ length: 100 }, () => error500),
  );
  await clock.advance(10);
  stub.fault = () => undefined;
  stub.restart();
  await clock.advance(20_000);
  expect(attempts().every(({ path }) => path.includes('start-0'))).toBe(true);
  expect(settled()).toMatchObject({ outcome: expect.stringMatching(/abandoned|cancelled/) });
  expect(stub.answers).toEqual([]);
});
