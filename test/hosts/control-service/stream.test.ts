/** The stream: drops, silence, gaps, filters, tokens. A call is late by a bound, never lost, never twice. */
import { expect, test } from 'vitest';
import { tool } from '../../../src/tools/index.ts';
import { virtualEnv } from '../../../src/testing/virtual-clock.ts';
import { callNamedTools, gate, openScene } from './scene.ts';
import { StubService } from './stub-service.ts';

const quick = tool({ name: 'quick', description: 'Quick.', execute: () => 'quick' });

for (const epochs of [true, false]) {
  const server = epochs ? 'our own service' : 'a codex-manager server';

  test(`S20 X2 Q24 on ${server} a call that came while the stream was down is taken after it is back`, async () => {
    const { mesh, stub, moving, clock, typesOf } = await openScene({ epochs });
    const { hold, starts, release } = gate();
    const session = await moving(mesh.createSession({ tools: [hold] }));
    await moving(session.send('go'));
    stub.streamsDown = true;
    stub.dropStreams();
    await clock.advance(5);
    expect(session.dispatchMode).toBe('polling');
    stub.call(session.id, 'hold');
    stub.streamsDown = false;
    await clock.advance(11_000);
    expect(starts).toHaveLength(1);
    release();
    await clock.advance(50);
    expect(stub.answers).toHaveLength(1);
    expect(session.dispatchMode).toBe('signal');
    expect(typesOf()).toEqual(expect.arrayContaining(['host.lost', 'host.online']));
  });

  test(`Q24 on ${server} polling goes on for as long as the stream is down`, async () => {
    const { mesh, stub, moving, clock } = await openScene({ epochs });
    const session = await moving(mesh.createSession({ tools: [quick] }));
    await moving(session.send('go'));
    stub.streamsDown = true;
    stub.dropStreams();
    for (let call = 1; call <= 3; call += 1) {
      await clock.advance(10_000);
      stub.call(session.id, 'quick');
      await clock.advance(3_000);
      expect(stub.answers).toHaveLength(call);
    }
    expect(session.dispatchMode).toBe('polling');
  });

  test(`X2 on ${server} a turn that ends while the stream is down is found by a read`, async () => {
    const { mesh, stub, moving, clock } = await openScene({ epochs });
    const session = await moving(mesh.createSession());
    const turn = session.sendAndHandle('go');
    await clock.advance(10);
    stub.streamsDown = true;
    stub.dropStreams();
    stub.endTurn(session.id, { reply: 'done' });
    expect(await moving(turn)).toMatchObject({ status: 'completed', reply: 'done' });
    expect(stub.requestsTo(/^\/sessions\/[^/]+$/, 'GET')).toHaveLength(1);
  });

  test(`X2 on ${server} a turn that ended during a gap is told before its session counts as resumed`, async () => {
    const { mesh, stub, moving, clock, typesOf } = await openScene({
      epochs,
      limits: { turnReadMinMs: 20_000 },
    });
    const session = await moving(mesh.createSession());
    const turn = session.sendAndHandle('go');
    await clock.advance(10);
    stub.streamsDown = true;
    stub.dropStreams();
    stub.endTurn(session.id, { reply: 'done' });
    await clock.advance(50);
    stub.streamsDown = false;
    expect(await moving(turn)).toMatchObject({ status: 'completed', reply: 'done' });
    expect(typesOf().filter((type) => type === 'turn.ended')).toHaveLength(1);
  });
}

test('X2 where frames have numbers, a new stream goes on where the last one ended', async () => {
  const { mesh, stub, moving, clock } = await openScene();
  const session = await moving(mesh.createSession());
  const turn = session.sendAndHandle('go');
  await clock.advance(10);
  stub.dropStreams();
  stub.endTurn(session.id, { reply: 'done' });
  expect(await moving(turn)).toMatchObject({ reply: 'done' });
  // The replay told it: the whole session was not read.
  expect(stub.requestsTo(/^\/sessions\/[^/]+$/, 'GET')).toEqual([]);
});

test('X2 where the service kept too few frames, what may be missing is read', async () => {
  const { mesh, stub, moving, clock } = await openScene();
  const session = await moving(mesh.createSession());
  const turn = session.sendAndHandle('go');
  await clock.advance(10);
  stub.dropStreams();
  stub.endTurn(session.id, { reply: 'done' });
  stub.framesKept = 1;
  stub.publish('app_server.warning', session.id, {});
  expect(await moving(turn)).toMatchObject({ reply: 'done' });
  expect(stub.requestsTo(/^\/sessions\/[^/]+$/, 'GET')).toHaveLength(1);
});

test('X2 a stream that is told it lags makes up for it at once', async () => {
  const { mesh, stub, moving, clock } = await openScene();
  const session = await moving(mesh.createSession({ tools: [quick] }));
  const turn = session.sendAndHandle('go');
  await clock.advance(10);
  stub.lose = () => true;
  stub.call(session.id, 'quick');
  await clock.advance(10);
  expect(stub.answers).toEqual([]);
  stub.lose = () => false;
  for (const socket of stub.sockets) {
    socket.send(JSON.stringify({ type: 'lagged', from: 1, to: 2 }));
  }
  await clock.advance(10);
  expect(stub.answers).toHaveLength(1);
  stub.endTurn(session.id);
  await moving(turn);
});

test('X8 20.7-4 a stream that falls silent is noticed, and its calls are found', async () => {
  const { mesh, stub, moving, clock } = await openScene();
  const session = await moving(mesh.createSession({ tools: [quick] }));
  const turn = session.sendAndHandle('go');
  await clock.advance(10);
  stub.lose = () => true;
  stub.call(session.id, 'quick');
  await clock.advance(6_000);
  expect(stub.answers).toHaveLength(1);
  stub.endTurn(session.id, { reply: 'done' });
  await clock.advance(31_000);
  expect(await moving(turn)).toMatchObject({ reply: 'done' });
  expect(stub.requestsTo(/^\/sessions\/[^/]+$/, 'GET').length).toBeLessThanOrEqual(2);
});

test('X15 reads of a silent turn are few', async () => {
  const { mesh, stub, moving, clock } = await openScene();
  const session = await moving(mesh.createSession());
  await moving(session.send('go'));
  await clock.advance(10 * 60_000);
  expect(stub.requestsTo(/^\/sessions\/[^/]+$/, 'GET').length).toBeLessThanOrEqual(20);
});

test('S18 S19 X1 the backoff grows while streams break at once, and begins anew after one that lasted', async () => {
  let connections = 0;
  const { stub, clock } = await openScene({
    observer: { onState: (state) => void (connections += Number(state === 'online')) },
  });
  const within = async (ms: number) => {
    const before = connections;
    stub.dropStreams();
    await clock.advance(ms);
    return connections > before;
  };
  // Full jitter up to 100, 200, 400 … 10,000 ms: ten streams that break at once take much longer than ten that last.
  const startMs = clock.monotonic();
  for (let drop = 0; drop < 10; drop += 1) {
    while (!(await within(50)));
  }
  expect(clock.monotonic() - startMs).toBeGreaterThan(2_000);
  await clock.advance(6_000);
  for (let drop = 0; drop < 10; drop += 1) {
    expect(await within(150)).toBe(true);
    await clock.advance(6_000);
  }
});

// Whom a stream follows

test('X12 our own service is asked for the open sessions and no others', async () => {
  const { mesh, stub, moving, clock } = await openScene();
  const [one, two] = [await moving(mesh.createSession()), await moving(mesh.createSession())];
  const [socket] = stub.sockets;
  expect([...socket!.filter!]).toEqual([one.id, two.id]);
  await moving(one.close());
  await clock.advance(1);
  expect([...socket!.filter!]).toEqual([two.id]);
});

test('S12 S2 X12 a codex-manager server is asked for one session, or for all', async () => {
  const { mesh, stub, moving } = await openScene({ epochs: false });
  const one = await moving(mesh.createSession());
  const [socket] = stub.sockets;
  expect([...socket!.filter!]).toEqual([one.id]);
  await moving(mesh.createSession());
  expect(socket!.filter).toBeNull();
});

test('B87 calls of sessions that are open elsewhere are left alone', async () => {
  const { mesh, stub, moving, clock } = await openScene({ epochs: false });
  await moving(mesh.createSession({ tools: [quick] }));
  await moving(mesh.createSession({ tools: [quick] }));
  stub.handle({ method: 'POST', path: '/sessions', body: {}, token: null, headers: {} });
  const foreign = [...stub.sessions.keys()].at(-1)!;
  stub.handle({
    method: 'POST',
    path: `/sessions/${foreign}/messages`,
    body: { text: 'go' },
    token: null,
    headers: {},
  });
  stub.call(foreign, 'quick');
  await clock.advance(100);
  expect(stub.answers).toEqual([]);
  expect(mesh.stats.strays).toBe(0);
});

test('B12 Q9 a call that names no session is nobody’s', async () => {
  const { mesh, stub, moving, clock } = await openScene({ epochs: false });
  const session = await moving(mesh.createSession({ tools: [quick] }));
  await moving(session.send('go'));
  const params = { tool: 'quick', callId: 'c', turnId: session.turnId };
  const payload = { params, requestId: 77, session: null, context: {} };
  stub.publish('app_server.request.item.tool.call', null, payload, true);
  await clock.advance(20);
  expect(stub.requestsTo(/tool-calls/)).toEqual([]);
});

// Credentials

test('S11 X7 a token that is refused is read once more, and everybody waits for it', async () => {
  let token = 'old';
  let reads = 0;
  const { mesh, stub, moving } = await openScene({
    script: callNamedTools,
    options: {
      token: () => {
        reads += 1;
        return token;
      },
    },
  });
  stub.token = 'new';
  token = 'new';
  const sessions = await moving(
    Promise.all([1, 2, 3].map(() => mesh.createSession({ tools: [quick] }))),
  );
  expect(sessions).toHaveLength(3);
  expect(reads).toBe(2);
  expect((await moving(sessions[0]!.sendAndHandle('quick'))).reply).toBe('quick');
});

test.each([
  ['is read yet again', 1, 'made'],
  ['is refused where that happens too often', 2, 'host_unauthorized'],
])('a token that is replaced while it is read %s', async (_what, replacedMax, becomes) => {
  let reads = 0;
  let replace = (_read: number): void => {};
  const token = () => {
    replace((reads += 1));
    return `token-${reads}`;
  };
  const { mesh, stub, moving } = await openScene({
    options: { token },
    limits: { tokensTriedMax: 3 },
  });
  // What was read first is refused from now on, and what is read next is out of date by then.
  replace = (read) => {
    const isReplaced = read - 1 <= replacedMax;
    stub.token = `token-${isReplaced ? read + 1 : read}`;
  };
  stub.token = 'another';
  const made = mesh.createSession().then(
    () => 'made',
    ({ code }) => code,
  );
  expect(await moving(made)).toBe(becomes);
  expect(reads).toBe(3);
});

test('a token that stays refused fails the host, loudly and once', async () => {
  const { mesh, stub, moving, clock, typesOf } = await openScene({ options: { token: 'old' } });
  const session = await moving(mesh.createSession());
  stub.token = 'new';
  await expect(moving(mesh.createSession())).rejects.toMatchObject({ code: 'host_unauthorized' });
  await clock.advance(10);
  expect(mesh.session(session.id)).toBeUndefined();
  expect(typesOf().filter((type) => type === 'host.failed')).toHaveLength(1);
  const before = stub.requests.length;
  await clock.advance(60_000);
  expect(stub.requests).toHaveLength(before);
});

test('401 of Codex, which is not logged in, is not about our token', async () => {
  const { mesh, stub, moving } = await openScene({ options: { token: 'old' } });
  stub.fault = ({ path }) =>
    path.endsWith('/messages')
      ? { status: 401, body: { status: 'error', code: 'auth_required', message: 'log in' } }
      : undefined;
  const session = await moving(mesh.createSession());
  await expect(moving(session.send('go'))).rejects.toMatchObject({ code: 'request_refused' });
  expect(mesh.session(session.id)).toBe(session);
});

test('a service that cannot be reached is given up after the connect timeout', async () => {
  const env = virtualEnv(1);
  const stub = new StubService();
  stub.streamsDown = true;
  const opening = openScene({ env, stub, limits: { connectTimeoutMs: 2_000 } });
  await expect(opening).rejects.toMatchObject({ code: 'host_unreachable' });
  expect(env.clock.monotonic()).toBeLessThan(15_000);
  expect(env.clock.pendingTimers).toBe(0);
});

test('a service that was reached once is tried for ever', async () => {
  const { mesh, stub, moving, clock } = await openScene({ script: callNamedTools });
  const session = await moving(mesh.createSession({ tools: [quick] }));
  stub.streamsDown = true;
  stub.fault = () => 'refused';
  stub.dropStreams();
  await clock.advance(60 * 60_000);
  stub.streamsDown = false;
  stub.fault = () => undefined;
  await clock.advance(11_000);
  expect((await moving(session.sendAndHandle('quick'))).reply).toBe('quick');
});
