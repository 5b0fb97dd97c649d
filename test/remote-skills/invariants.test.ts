/** The ten invariants of a system without the defects of its model. */
import { expect, test } from 'vitest';
import { callNamedTools, openTurn } from './scene.ts';
import { echoSkill, heldSkill, reply } from './skills.ts';

test('20.7-1 a handler starts once per call, whatever brings the call', async () => {
  const { held, register, release } = heldSkill();
  const { stub, skills, signal, clock } = await openTurn(register);
  const id = stub.call(skills.sessionId, 'held');
  void skills.respondToSignal(signal(id));
  await clock.advance(5);
  stub.deliver(id);
  stub.dropStreams();
  await clock.advance(200);
  void skills.respondToSignal(signal(id));
  release();
  await clock.advance(50);
  expect(held).toHaveBeenCalledTimes(1);
  expect(stub.answers).toHaveLength(1);
});

test('20.7-2 an answer is submitted until it is taken, after the attempts that somebody waited for', async () => {
  const { echo, register } = echoSkill();
  const { stub, skills, signal, moving, clock } = await openTurn(register);
  stub.fault = ({ path }) =>
    path.startsWith('/tool-calls') ? reply(500, { status: 'error' }) : undefined;
  const id = stub.call(skills.sessionId, 'echo', { text: 'kept' });
  const given = signal(id);
  expect(await moving(skills.respondToSignal(given))).toMatchObject({
    handled: false,
    outcome: null,
  });
  stub.fault = () => undefined;
  await clock.advance(10_000);
  expect(stub.answers).toHaveLength(1);
  expect(echo).toHaveBeenCalledTimes(1);
  expect(await moving(skills.respondToSignal(given))).toMatchObject({
    submissionStatus: 'local_duplicate',
    outcome: 'answered',
  });
});

test('20.7-3 in_flight is not the end: the call that is pending again is answered', async () => {
  const { register } = echoSkill();
  const { stub, skills, signal, clock } = await openTurn(register);
  const faults = [
    reply(409, { status: 'conflict', code: 'in_flight' }),
    reply(500, { status: 'error' }),
  ];
  stub.fault = ({ path }) => (path.startsWith('/tool-calls') ? faults.shift() : undefined);
  const responding = skills.respondToSignal(signal(stub.call(skills.sessionId, 'echo')));
  await clock.advance(5_000);
  expect(await responding).toMatchObject({ submissionStatus: 'ok', submissionAttempts: 3 });
  expect(stub.answers).toHaveLength(1);
});

test('20.7-4 a call whose frames were lost reaches whoever handles signals', async () => {
  const { register } = echoSkill();
  const { client, stub, skills, clock } = await openTurn(register);
  const stop = new AbortController();
  const redelivered: unknown[] = [];
  client.stream.onEvent('app_server.request.item.tool.call', ({ payload }) =>
    redelivered.push(Object(payload).redelivered),
  );
  client.stream.onAppServerRequest('item.tool.call', (signal) => skills.respondToSignal(signal));
  void client.stream.runForever({ threadId: skills.sessionId, signal: stop.signal });
  await clock.advance(10);
  stub.lose = () => true;
  stub.call(skills.sessionId, 'echo', { text: 'lost' });
  await clock.advance(6_000);
  expect(stub.answers).toHaveLength(1);
  expect(redelivered).toEqual([true]);
  // And one that came while the stream was down.
  stub.lose = () => false;
  stub.streamsDown = true;
  stub.dropStreams();
  await clock.advance(100);
  stub.call(skills.sessionId, 'echo', { text: 'late' });
  stub.streamsDown = false;
  await clock.advance(11_000);
  expect(stub.answers).toHaveLength(2);
  expect(skills.dispatchMode()).toBe('signal');
  stop.abort();
});

test('20.7-5 under auto, signals and polling go together', async () => {
  const { echo, register } = echoSkill();
  const { stub, skills, signal, moving, clock } = await openTurn(register, { dispatch: 'auto' });
  const first = signal(stub.call(skills.sessionId, 'echo'));
  await moving(skills.respondToSignal(first));
  stub.call(skills.sessionId, 'echo');
  await moving(skills.drainPendingCalls());
  await clock.advance(50);
  expect(stub.answers).toHaveLength(2);
  expect(echo).toHaveBeenCalledTimes(2);
});

test('20.7-6 every call ends in one outcome that can be seen', async () => {
  const { held, register, release } = heldSkill();
  const { stub, skills, signal, clock, events } = await openTurn(register);
  const ids = [1, 2, 3].map(() => stub.call(skills.sessionId, 'held'));
  const all = Promise.all(ids.map((id) => skills.respondToSignal(signal(id))));
  await clock.advance(10);
  release();
  stub.expire(ids[1]!);
  await clock.advance(20);
  stub.endTurn(skills.sessionId);
  await clock.advance(20);
  expect((await all).map((each) => each!.outcome)).toEqual(['answered', 'cancelled', 'cancelled']);
  expect(events.filter(({ type }) => type === 'call.settled')).toHaveLength(3);
  expect(held).toHaveBeenCalledTimes(3);
});

test('20.7-7 a request that names no session reaches no handler', async () => {
  const { echo, register } = echoSkill();
  const { client, stub, skills, clock } = await openTurn(register);
  client.stream.onAppServerRequest('item.tool.call', (signal) => skills.respondToSignal(signal));
  void client.stream.runForever();
  await clock.advance(10);
  const payload = { params: { tool: 'echo' }, requestId: 7, session: null, context: {} };
  stub.publish('app_server.request.item.tool.call', null, payload, true);
  await clock.advance(20);
  expect(echo).not.toHaveBeenCalled();
});

test('20.7-8 turn end, expiry and close abort the handler; its late result is dropped', async () => {
  const { aborted, register, release } = heldSkill();
  const { client, stub, skills, signal, clock, moving } = await openTurn(register);
  const expired = stub.call(skills.sessionId, 'held');
  const other = stub.call(skills.sessionId, 'held');
  const both = Promise.all([expired, other].map((id) => skills.respondToSignal(signal(id))));
  await clock.advance(10);
  stub.expire(expired);
  await clock.advance(10);
  expect(aborted).toHaveLength(1);
  await moving(client.remoteSkills.closeSession(skills.sessionId, { graceMs: 10 }));
  expect(aborted).toHaveLength(2);
  await both;
  release('too late');
  release('too late');
  await clock.advance(50);
  expect(JSON.stringify(stub.answers)).not.toContain('too late');
});

test('20.7-9 a session that closes lets running handlers finish, and takes no new calls', async () => {
  const { register, release } = heldSkill();
  const { client, stub, skills, signal, clock, moving } = await openTurn(register);
  const id = stub.call(skills.sessionId, 'held');
  const responding = skills.respondToSignal(signal(id));
  await clock.advance(10);
  const late = signal(stub.call(skills.sessionId, 'held'));
  const closing = client.remoteSkills.closeSession(skills.sessionId, { graceMs: 1_000 });
  await clock.advance(10);
  await expect(skills.respondToSignal(late)).rejects.toMatchObject({
    code: expect.stringMatching(/session_(closed|unknown)/),
  });
  release('in time');
  expect(await moving(responding)).toMatchObject({ handled: true, result: 'in time' });
  expect(await moving(closing)).toMatchObject({ cleared: 1, deleted: false });
});

test('20.7-10 handlers are bound to an existing session without a tool list', async () => {
  const { register } = echoSkill();
  const { client, stub, skills, moving } = await openTurn(register);
  await moving(client.remoteSkills.closeSession(skills.sessionId));
  stub.sessions.get(skills.sessionId)!.turns[0]!.status = 'inProgress';
  stub.call(skills.sessionId, 'echo', { text: 'again' });
  const before = stub.requests.length;
  const bound = await moving(client.remoteSkills.resumeSession(skills.sessionId, { register }));
  expect(await moving(bound.drainPendingCalls())).toMatchObject([{ result: 'again' }]);
  expect(JSON.stringify(stub.requests.slice(before))).not.toContain('dynamicTools');
});

test('a turn is served from beginning to end by the stream alone', async () => {
  const { register } = echoSkill();
  const { client, skills, moving, stub } = await openTurn(register, { script: callNamedTools });
  void stub;
  client.stream.onAppServerRequest('item.tool.call', (signal) => skills.respondToSignal(signal));
  void client.stream.runForever({ threadId: skills.sessionId });
  await moving(client.stream.ready());
  const { assistantReply } = await moving(
    client.wait.sendMessageAndWaitReply({ sessionId: skills.sessionId, text: 'echo' }),
  );
  expect(assistantReply).toBe('null');
});
