/** Messages and turns of remote skills. */
import { expect, test } from 'vitest';
import { openClient, openSession } from './scene.ts';

const messages = (requests: readonly { path: string; body: unknown }[]) =>
  requests.filter(({ path }) => path.endsWith('/messages')).map(({ body }) => body);

test('B113 B115 a message is sent with the skills in words, and takes no lock', async () => {
  const { skills, stub, moving } = await openSession({ script: undefined as never });
  const accepted = await moving(skills.send('hello'));
  expect(accepted).toMatchObject({ status: 'accepted', sessionId: skills.sessionId });
  expect(messages(stub.requests)).toEqual([{ text: skills.injectRequest('hello') }]);
  expect(skills.dispatchMode()).toBeNull();
});

test('B114 Q10 the tool list is never sent unasked', async () => {
  const { skills, stub, moving } = await openSession({ script: undefined as never });
  await moving(skills.send('hello', { injectSkills: false, model: 'large', effort: 'high' }));
  await moving(skills.send('hello', { injectSkills: false, dynamicTools: [] }));
  expect(messages(stub.requests)).toEqual([
    { text: 'hello', model: 'large', effort: 'high' },
    { text: 'hello', dynamicTools: [] },
  ]);
});

test('B3 what the service says no to is handed on, or thrown', async () => {
  const { skills, stub, moving, client } = await openSession({ script: undefined as never });
  for (const [status, body] of [
    [400, { status: 'error', code: 'invalid_request' }],
    [403, { status: 'error', code: 'system_session' }],
  ] as const) {
    stub.fault = ({ path }) => (path.endsWith('/messages') ? { status, body } : undefined);
    expect(await moving(skills.send('hello'))).toEqual(body);
  }
  stub.fault = ({ path }) =>
    path.endsWith('/messages')
      ? { status: 409, body: { status: 'error', code: 'invalid_state', message: 'no rollout' } }
      : undefined;
  await expect(moving(skills.send('hello'))).rejects.toThrow(/HTTP 409 invalid_state: no rollout/);
  stub.fault = () => undefined;
  const unknown = client.remoteSkills.session('nobody');
  expect(await moving(unknown.send('hello'))).toMatchObject({ status: 'not_found' });
});

test('B119 B120 B122 a turn is sent, served and told', async () => {
  const { skills, stub, moving } = await openSession();
  const result = await moving(skills.sendAndHandle('echo', { injectSkills: false }));
  expect(result).toMatchObject({
    sessionId: skills.sessionId,
    turnId: stub.sessions.get(skills.sessionId)!.turns[0]!.id,
    accepted: { status: 'accepted' },
    status: 'completed',
    assistantReply: 'echoed',
    detail: { thread: { id: skills.sessionId } },
  });
  expect(result.dispatches).toMatchObject([{ handled: true, tool: 'echo', result: 'echoed' }]);
  expect(skills.dispatchMode()).toBe('polling');
});

test('X15 Q36 a turn costs few reads: the stream says when to look', async () => {
  const { skills, stub, moving } = await openSession();
  await moving(skills.sendAndHandle('echo', { injectSkills: false }));
  expect(stub.requestsTo(/^\/sessions\/[^/]+$/, 'GET')).toHaveLength(1);
  expect(stub.requestsTo(/tool-calls$/, 'GET').length).toBeLessThanOrEqual(4);
});

test('B124 Q35 a turn is served without its stream, and past failing requests', async () => {
  const { skills, stub, moving } = await openSession();
  stub.streamsDown = true;
  stub.dropStreams();
  let requests = 0;
  stub.fault = ({ method }) =>
    method === 'GET' && (requests += 1) % 2 === 0 ? 'reset' : undefined;
  const result = await moving(skills.sendAndHandle('echo', { injectSkills: false }));
  expect(result).toMatchObject({ status: 'completed', assistantReply: 'echoed' });
});

test('B116 Q8 what is wrong is found before the lock is taken and anything is sent', async () => {
  const { skills, stub, moving } = await openSession();
  const before = stub.requests.length;
  for (const options of [
    { timeoutSeconds: 0 },
    { intervalSeconds: -1 },
    { terminalStatuses: [' '] },
    { terminalStatuses: [7 as unknown as string] },
    { maxSubmitAttempts: Number.NaN },
  ]) {
    await expect(moving(skills.sendAndHandle('echo', options))).rejects.toMatchObject({
      code: 'option_invalid',
    });
  }
  expect(skills.dispatchMode()).toBeNull();
  expect(stub.requests).toHaveLength(before);
});

test('B116 while signals hold the lock nothing is sent', async () => {
  const { skills, stub, moving, clock } = await openSession({ script: undefined as never });
  await moving(skills.send('go'));
  const id = stub.call(skills.sessionId, 'echo');
  const { requestId, ...payload } = stub.signalOf(id);
  await moving(
    skills.respondToSignal({ ...payload, requestId: requestId as number, receivedAt: null }),
  );
  const before = stub.requests.length;
  await expect(moving(skills.sendAndHandle('echo'))).rejects.toThrow(/'signal'.*'polling'/);
  expect(stub.requests).toHaveLength(before);
  await clock.advance(1);
});

test('B118 Q8 a message that is not taken: why, and the lock is free again', async () => {
  const { skills, stub, moving } = await openSession();
  for (const [status, body, code] of [
    [400, { status: 'error', code: 'invalid_request', message: 'no text' }, 'request_refused'],
    [202, { status: 'accepted' }, 'protocol_invalid'],
  ] as const) {
    stub.fault = ({ path }) => (path.endsWith('/messages') ? { status, body } : undefined);
    await expect(moving(skills.sendAndHandle('echo'))).rejects.toMatchObject({ code });
    expect(skills.dispatchMode()).toBeNull();
  }
});

test('B121 a failed turn is a result; a reply that is required and missing is an error', async () => {
  const { skills, moving } = await openSession({ script: () => ({ fail: 'no quota' }) });
  expect(await moving(skills.sendAndHandle('echo'))).toMatchObject({
    status: 'failed',
    assistantReply: null,
  });
  const required = moving(skills.sendAndHandle('echo', { requireAssistantReply: true }));
  await expect(required).rejects.toMatchObject({ code: 'wait_over' });
});

test('B123 Q33 the deadline is kept and the turn is interrupted; what was dispatched was told', async () => {
  const { skills, stub, moving, clock } = await openSession({ script: undefined as never });
  const told: unknown[] = [];
  const startMs = clock.monotonic();
  const sending = skills.sendAndHandle('echo', {
    timeoutSeconds: 2,
    intervalSeconds: 0.2,
    onDispatch: ({ result }) => told.push(result),
  });
  await clock.advance(50);
  stub.call(skills.sessionId, 'echo', { text: 'done before' });
  await expect(moving(sending)).rejects.toMatchObject({ code: 'turn_timeout' });
  expect(clock.monotonic() - startMs).toBeLessThan(2_200);
  expect(told).toEqual(['done before']);
  expect(stub.sessions.get(skills.sessionId)!.turns[0]!.status).toBe('interrupted');
});

test('B125 Q34 a session that is deleted ends the wait at once', async () => {
  const { skills, stub, moving, clock } = await openSession({ script: undefined as never });
  const sending = skills.sendAndHandle('echo');
  await clock.advance(50);
  stub.deleteSession(skills.sessionId);
  const startMs = clock.monotonic();
  await expect(moving(sending)).rejects.toMatchObject({ code: 'session_failed' });
  expect(clock.monotonic() - startMs).toBeLessThan(1_000);
});

test('Q37 a slow handler delays neither other calls nor the end of the turn', async () => {
  const { client, stub, moving, clock } = await openClient();
  const started: unknown[] = [];
  const { skills } = await moving(
    client.remoteSkills.createSession({
      register: (draft) =>
        draft.register('wait', ({ ms }) => {
          started.push(ms);
          return new Promise((resolve) => clock.setTimeout(() => resolve(ms), Number(ms)));
        }),
    }),
  );
  const sending = skills.sendAndHandle('go');
  await clock.advance(20);
  for (const ms of [5_000, 10, 10]) stub.call(skills.sessionId, 'wait', { ms });
  await clock.advance(100);
  expect(started).toHaveLength(3);
  expect(stub.answers).toHaveLength(2);
  await clock.advance(5_000);
  expect(stub.answers).toHaveLength(3);
  stub.endTurn(skills.sessionId, { reply: 'all done' });
  expect((await moving(sending)).dispatches).toHaveLength(3);
});

test('B117 statuses in which no turn ends can be waited for, too', async () => {
  const { skills, stub, moving, clock } = await openSession({ script: undefined as never });
  const sending = skills.sendAndHandle('go', { terminalStatuses: [' Needs_Review ', ''] });
  await clock.advance(50);
  stub.sessions.get(skills.sessionId)!.turns[0]!.status = 'needs_review';
  expect(await moving(sending)).toMatchObject({ status: 'needs_review', assistantReply: null });
});

test('an abort ends the wait with its reason', async () => {
  const { skills, moving, clock } = await openSession({ script: undefined as never });
  const stop = new AbortController();
  const sending = skills.sendAndHandle('go', { signal: stop.signal });
  await clock.advance(50);
  stop.abort(new Error('enough'));
  await expect(moving(sending)).rejects.toThrow('enough');
});

test('B126 the reply is the last complete text of the assistant in that turn', async () => {
  const { skills, stub, moving, clock } = await openSession({ script: undefined as never });
  const sending = skills.sendAndHandle('go');
  await clock.advance(20);
  const { turns, transcript } = stub.sessions.get(skills.sessionId)!;
  const row = (content: string, more: object = {}) => ({
    turnId: turns[0]!.id,
    role: 'assistant',
    status: 'complete',
    content,
    ...more,
  });
  transcript.push(
    row('interim'),
    row('  the last  '),
    row('  '),
    row('not yet', { status: 'streaming' }),
  );
  transcript.push(row('a tool', { role: 'system' }), row('another turn', { turnId: 'other' }));
  stub.endTurn(skills.sessionId);
  expect(await moving(sending)).toMatchObject({ assistantReply: 'the last', status: 'completed' });
});

test('B121 a turn that ends without a reply has none, unless one is required', async () => {
  const { skills, stub, moving, clock } = await openSession({ script: undefined as never });
  for (const requireAssistantReply of [false, true]) {
    const sending = skills.sendAndHandle('go', { requireAssistantReply });
    await clock.advance(20);
    stub.endTurn(skills.sessionId);
    if (requireAssistantReply) {
      await expect(moving(sending)).rejects.toMatchObject({ code: 'wait_over' });
    } else expect(await moving(sending)).toMatchObject({ assistantReply: null });
  }
});
