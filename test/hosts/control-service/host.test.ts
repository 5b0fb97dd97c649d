/** The control-service host end to end over the stub: turns, calls, identity, and what has no route. */
import { expect, test } from 'vitest';
import { tool } from '../../../src/tools/index.ts';
import { namespace } from '../../../src/tools/namespace.ts';
import { callNamedTools, gate, openScene } from './scene.ts';

const quick = tool({ name: 'quick', description: 'Quick.', execute: () => 'quick' });

for (const epochs of [true, false]) {
  const server = epochs ? 'our own service' : 'a codex-manager server';

  test(`S9 on ${server} a turn is served by signals and ends by its frame`, async () => {
    const { mesh, stub, moving } = await openScene({ epochs, script: callNamedTools });
    const session = await moving(mesh.createSession({ tools: [quick] }));
    const result = await moving(session.sendAndHandle('quick'));
    expect(result).toMatchObject({ status: 'completed', reply: 'quick' });
    expect(result.dispatches[0]).toMatchObject({ source: 'signal', outcome: 'answered' });
    expect(stub.answers).toEqual([
      {
        requestId: expect.any(String),
        sessionId: session.id,
        asked: {},
        body: { response: { success: true, contentItems: [{ type: 'inputText', text: 'quick' }] } },
      },
    ]);
    // Neither the list nor the whole session was read for it.
    expect(stub.requestsTo(/tool-calls$/, 'GET')).toEqual([]);
    expect(stub.requestsTo(/^\/sessions\/[^/]+$/, 'GET')).toEqual([]);
  });

  test(`B10 Q48 on ${server} the two frames of a call are one call`, async () => {
    const { mesh, stub, moving, clock } = await openScene({ epochs });
    const { hold, starts, release } = gate();
    const session = await moving(mesh.createSession({ tools: [hold] }));
    await moving(session.send('go'));
    stub.call(session.id, 'hold', { a: 1 });
    await clock.advance(5);
    expect(starts).toEqual([{ a: 1 }]);
    expect(mesh.stats.repeated).toBe(0);
    release();
    await clock.advance(10);
    expect(stub.answers).toHaveLength(1);
  });

  test(`B10 S8 on ${server} a call whose first frame was lost comes by its second`, async () => {
    const { mesh, stub, moving, clock } = await openScene({ epochs });
    stub.lose = ({ type }) => type === 'app_server.request.item.tool.call';
    const session = await moving(mesh.createSession({ tools: [quick] }));
    await moving(session.send('go'));
    stub.call(session.id, 'quick');
    await clock.advance(10);
    expect(stub.answers).toHaveLength(1);
  });

  test(`B104 Q1 on ${server} a call that is delivered again is the same call`, async () => {
    const { mesh, stub, moving, clock } = await openScene({ epochs });
    const { hold, starts, release } = gate();
    const session = await moving(mesh.createSession({ tools: [hold] }));
    await moving(session.send('go'));
    const requestId = stub.call(session.id, 'hold');
    await clock.advance(5);
    stub.deliver(requestId);
    await clock.advance(5);
    release();
    await clock.advance(10);
    expect(starts).toHaveLength(1);
    expect(mesh.stats.repeated).toBe(1);
    expect(stub.answers).toHaveLength(1);
  });
}

test('B1 B2 the words that create a session are those of the wire', async () => {
  const { mesh, stub, moving } = await openScene({ epochs: false });
  const settings = { cwd: '/srv/work', approvalPolicy: 'never', sandbox: 'read-only' } as const;
  await moving(mesh.createSession({ ...settings, title: 'team-x', tools: [quick] }));
  const [created] = stub.requestsTo(/^\/sessions$/, 'POST');
  expect(created!.body).toEqual({
    cwd: '/srv/work',
    approvalPolicy: 'never',
    filesystemSandbox: 'read-only',
    dynamicTools: [{ name: 'quick', description: 'Quick.', inputSchema: quick.inputSchema }],
  });
  expect(stub.requestsTo(/rename$/)[0]!.body).toEqual({ title: 'team-x' });
});

test('B17 a session without tools is created without the field', async () => {
  const { mesh, stub, moving } = await openScene({ epochs: false });
  await moving(mesh.createSession());
  expect(stub.requestsTo(/^\/sessions$/, 'POST')[0]!.body).toEqual({});
});

test('B2 a codex-manager server is not given namespaces', async () => {
  const { mesh, stub, moving } = await openScene({ epochs: false });
  const tickets = namespace('tickets', { description: 'Tickets.', tools: [quick] });
  const refused = moving(mesh.createSession({ tools: [tickets] }));
  await expect(refused).rejects.toMatchObject({ code: 'host_unsupported' });
  await expect(refused).rejects.toThrow(/flat tools/);
  expect(stub.requestsTo(/^\/sessions$/)).toEqual([]);
  const own = await openScene({ epochs: true });
  await own.moving(own.mesh.createSession({ tools: [tickets] }));
  expect(own.stub.requestsTo(/^\/sessions$/, 'POST')[0]!.body).toMatchObject({
    dynamicTools: [{ type: 'namespace', name: 'tickets', tools: [{ name: 'quick' }] }],
  });
});

test('what the contract has no route for is an error of its own', async () => {
  const { mesh, moving } = await openScene();
  const session = await moving(mesh.createSession({ tools: [quick] }));
  await expect(moving(mesh.forkSession(session.id))).rejects.toMatchObject({
    code: 'host_unsupported',
  });
  await expect(moving(mesh.createSession({ instructions: 'Be brief.' }))).rejects.toMatchObject({
    code: 'host_unsupported',
  });
});

test('B3 what the service says no to is told with its words', async () => {
  const { mesh, stub, moving } = await openScene({ epochs: false });
  stub.fault = ({ path }) =>
    path === '/sessions'
      ? {
          status: 400,
          body: {
            status: 'error',
            code: 'invalid_request',
            message: 'request validation failed',
            issues: [{ path: ['dynamicTools', 0, 'name'], message: 'too small' }],
          },
        }
      : undefined;
  const refused = moving(mesh.createSession({ tools: [quick] }));
  await expect(refused).rejects.toMatchObject({ code: 'request_refused' });
  await expect(refused).rejects.toThrow(
    /HTTP 400 invalid_request: .*dynamicTools.0.name: too small/,
  );
});

test('a turn that failed says why', async () => {
  const { mesh, stub, moving, clock } = await openScene();
  const session = await moving(mesh.createSession());
  const turn = session.sendAndHandle('go');
  await clock.advance(10);
  stub.endTurn(session.id, { status: 'failed', error: 'no quota' });
  expect(await moving(turn)).toMatchObject({ status: 'failed', error: 'no quota', reply: null });
});

test('B11 Q32 a call ends with its turn, and its handler is told', async () => {
  const { mesh, stub, moving, clock } = await openScene();
  const { hold, release } = gate();
  const session = await moving(mesh.createSession({ tools: [hold] }));
  const turn = session.sendAndHandle('go');
  await clock.advance(10);
  stub.call(session.id, 'hold');
  await clock.advance(10);
  await moving(session.interrupt());
  const { status, dispatches } = await moving(turn);
  expect(status).toBe('interrupted');
  expect(dispatches[0]).toMatchObject({ outcome: 'cancelled', code: 'call_cancelled' });
  release();
  await clock.advance(10);
  expect(stub.answers).toEqual([]);
});

test('a call of a turn that is over is not taken when it is told of again, though it is forgotten', async () => {
  const limits = { ledgerCallsMax: 1, ledgerSessionCallsMin: 1 };
  const { mesh, stub, moving, clock } = await openScene({ limits });
  let starts = 0;
  const count = tool({ name: 'count', description: 'Counts.', execute: () => String(++starts) });
  const session = await moving(mesh.createSession({ tools: [count] }));
  await moving(session.send('go'));
  const told = stub.signalOf(stub.call(session.id, 'count'));
  await clock.advance(5);
  stub.call(session.id, 'count');
  await clock.advance(5);
  stub.endTurn(session.id);
  await clock.advance(10);
  stub.publish('app_server.request.item.tool.call', session.id, told);
  await clock.advance(10);
  expect(starts).toBe(2);
});

test('B11 a call that somebody else answered is withdrawn', async () => {
  const { mesh, stub, moving, clock, events } = await openScene();
  const { hold } = gate();
  const session = await moving(mesh.createSession({ tools: [hold] }));
  await moving(session.send('go'));
  const requestId = stub.call(session.id, 'hold');
  await clock.advance(10);
  stub.handle({
    method: 'POST',
    path: `/tool-calls/${requestId}/response`,
    body: { response: { success: true, contentItems: [] } },
    token: null,
    headers: {},
  });
  await clock.advance(10);
  expect(events.find(({ type }) => type === 'call.settled')).toMatchObject({
    outcome: 'cancelled',
  });
});

test('steering adds to the turn that runs', async () => {
  const { mesh, stub, moving } = await openScene();
  const session = await moving(mesh.createSession());
  await moving(session.send('go'));
  await moving(session.steer('and hurry'));
  expect(stub.sessions.get(session.id)!.turns[0]!.texts).toEqual(['go', 'and hurry']);
});

test('B15 Q34 a session that is deleted elsewhere fails, whoever is told', async () => {
  const { mesh, stub, moving, clock } = await openScene();
  const session = await moving(mesh.createSession());
  const turn = session.sendAndHandle('go');
  await clock.advance(10);
  stub.deleteSession(session.id);
  await expect(moving(turn)).rejects.toMatchObject({
    code: 'session_failed',
    cause: { code: 'session_deleted' },
  });
  expect(mesh.sessions()).toEqual([]);
});

test('B14 closing a session keeps it, or deletes it', async () => {
  const { mesh, stub, moving } = await openScene();
  const kept = await moving(mesh.createSession());
  const deleted = await moving(mesh.createSession());
  await moving(kept.close());
  await moving(deleted.close({ delete: true }));
  expect([...stub.sessions.keys()]).toEqual([kept.id]);
});

test('Q23 20.7-10 a session is taken up again with its pending calls, without a tool list', async () => {
  const { mesh, stub, moving, clock } = await openScene();
  const session = await moving(mesh.createSession({ tools: [quick] }));
  await moving(session.send('go'));
  await moving(session.close({ graceMs: 1 }));
  const again = stub.sessions.get(session.id)!;
  again.turns[0]!.status = 'inProgress';
  stub.call(session.id, 'quick');
  const before = stub.requests.length;
  const resumed = await moving(mesh.resumeSession(session.id, { tools: [quick] }));
  await clock.advance(20);
  expect(resumed.turnId).toBe(again.turns[0]!.id);
  expect(stub.answers).toHaveLength(1);
  const bodies = stub.requests.slice(before).map(({ body }) => JSON.stringify(body));
  expect(bodies.some((body) => body.includes('dynamicTools'))).toBe(false);
});

test('a session that is taken up while it is held leaves nothing of before', async () => {
  const { mesh, host, moving, clock } = await openScene();
  const session = await moving(mesh.createSession());
  await moving(session.send('go'));
  const timers = clock.pendingTimers;
  await moving(host.resume(session.id, {}));
  expect(session.turnId).not.toBeNull();
  expect(clock.pendingTimers).toBe(timers);
});

test('B15 a session that does not exist is unknown, also where the service answers 500', async () => {
  for (const epochs of [true, false]) {
    const { mesh, moving } = await openScene({ epochs });
    await expect(moving(mesh.resumeSession('nobody'))).rejects.toMatchObject({
      code: 'session_unknown',
    });
  }
});

test('Q35 a failed read is no proof that a session is gone; several in a row are', async () => {
  const { mesh, host, stub, moving } = await openScene({ epochs: false });
  const { id } = await moving(mesh.createSession({ tools: [quick] }));
  let failing = 1;
  stub.fault = ({ method, path }) => {
    const isRead = method === 'GET' && path === `/sessions/${id}`;
    return isRead && failing-- > 0 ? { status: 500, body: { status: 'error' } } : undefined;
  };
  const read = () => moving(host.requests.read(id));
  await expect(read()).rejects.toMatchObject({ code: 'request_refused' });
  await expect(read()).resolves.toBeDefined();
  failing = 5;
  for (let count = 0; count < 4; count += 1) {
    await expect(read()).rejects.toMatchObject({ code: 'request_refused' });
  }
  expect(mesh.session(id)).toBeDefined();
  await expect(read()).rejects.toMatchObject({ code: 'session_unknown' });
  expect(mesh.session(id)).toBeUndefined();
});

test('Q28 a session that nobody waits for any more is deleted again', async () => {
  const { mesh, stub, moving, clock } = await openScene();
  const giveUp = new AbortController();
  const opening = mesh.createSession({ signal: giveUp.signal });
  await clock.advance(1);
  giveUp.abort(new Error('changed my mind'));
  await expect(moving(opening)).rejects.toThrow('changed my mind');
  await clock.advance(50);
  expect(stub.requestsTo(/./, 'DELETE')).toHaveLength(1);
  expect(stub.sessions.size).toBe(0);
});
