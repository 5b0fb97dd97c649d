/** Dispatch of remote skills: the lock, the answer pipeline and its records, and the ten invariants. */
import { expect, test, vi } from 'vitest';
import type { SkillDraft } from '../../src/remote-skills/draft.ts';
import { openTurn, callNamedTools, openClient } from './scene.ts';

function echoSkill() {
  const echo = vi.fn((input: Readonly<Record<string, unknown>>) => input.text ?? null);
  const register = (draft: SkillDraft) => draft.register('echo', echo);
  return { echo, register };
}

function heldSkill() {
  const doors: ((value: unknown) => void)[] = [];
  const aborted: unknown[] = [];
  const held = vi.fn(
    (_: unknown, call: { signal: AbortSignal }) =>
      new Promise((resolve) => {
        call.signal.addEventListener('abort', () => aborted.push(call.signal.reason));
        doors.push(resolve);
      }),
  );
  const register = (draft: SkillDraft) => draft.register('held', held);
  return {
    held,
    aborted,
    register,
    release: (value: unknown = 'released') => doors.shift()?.(value),
  };
}

const reply = (status: number, body: object) => ({ status, body });

// B80–B85: the lock

test('B80 the first actionable call takes the lock for its source', async () => {
  const { register } = echoSkill();
  const { stub, skills, signal, moving } = await openTurn(register);
  expect(skills.dispatchMode()).toBeNull();
  const id = stub.call(skills.sessionId, 'echo', { text: 'a' });
  await moving(skills.respondToSignal(signal(id)));
  expect(skills.dispatchMode()).toBe('signal');
  skills.resetDispatchMode();
  stub.call(skills.sessionId, 'echo', { text: 'b' });
  await moving(skills.drainPendingCalls());
  expect(skills.dispatchMode()).toBe('polling');
});

test('B81 a drain while signals hold the lock is a conflict', async () => {
  const { echo, register } = echoSkill();
  const { stub, skills, signal, moving } = await openTurn(register);
  await moving(skills.respondToSignal(signal(stub.call(skills.sessionId, 'echo'))));
  const id = stub.call(skills.sessionId, 'echo');
  const before = echo.mock.calls.length;
  const drain = moving(skills.drainPendingCalls());
  await expect(drain).rejects.toMatchObject({ code: 'dispatch_conflict' });
  await expect(drain).rejects.toThrow(/dispatch mode conflict.*'signal'.*'polling'/);
  await expect(moving(skills.respondToPendingCall(stub.rowOf(id)))).rejects.toMatchObject({
    code: 'dispatch_conflict',
  });
  expect(echo).toHaveBeenCalledTimes(before);
  expect(stub.answers).toHaveLength(1);
});

test('B81 a signal while polling holds the lock is a conflict', async () => {
  const { echo, register } = echoSkill();
  const { stub, skills, signal, moving } = await openTurn(register);
  stub.call(skills.sessionId, 'echo');
  await moving(skills.drainPendingCalls());
  const conflict = moving(skills.respondToSignal(signal(stub.call(skills.sessionId, 'echo'))));
  await expect(conflict).rejects.toThrow(/'polling'.*'signal'/);
  expect(echo).toHaveBeenCalledTimes(1);
});

test('B82 a reset frees the lock at once and always, and nothing runs twice after it', async () => {
  const { echo, register } = echoSkill();
  const { stub, skills, signal, moving } = await openTurn(register);
  const given = signal(stub.call(skills.sessionId, 'echo'));
  await moving(skills.respondToSignal(given));
  skills.resetDispatchMode();
  expect(skills.dispatchMode()).toBeNull();
  expect(await moving(skills.respondToSignal(given))).toMatchObject({
    submissionStatus: 'local_duplicate',
  });
  skills.resetDispatchMode();
  skills.resetDispatchMode();
  expect(echo).toHaveBeenCalledTimes(1);
});

test('B83 what is not actionable leaves the lock alone', async () => {
  const { register } = echoSkill();
  const { stub, skills, signal, moving } = await openTurn(register);
  await moving(skills.drainPendingCalls());
  const given = signal(stub.call(skills.sessionId, 'echo'));
  const foreign = { ...given, session: { id: 'other' } };
  const noTool = { ...given, params: { tool: ' ' } };
  const noCall = { ...given, eventType: 'app_server.turn.started' };
  for (const each of [foreign, noTool, noCall]) {
    expect(await skills.respondToSignal(each)).toBeNull();
  }
  for (const row of [null, 7, {}, { tool: '  ' }, { tool: 'echo', threadId: 'other' }]) {
    expect(await skills.respondToPendingCall(row)).toBeNull();
  }
  skills.matchesSignal(given);
  skills.list();
  skills.dynamicTools();
  skills.instructionText();
  expect(skills.dispatchMode()).toBeNull();
});

test('B84 unknown tools, failing handlers, missing ids and duplicates take the lock', async () => {
  const register = (draft: SkillDraft) =>
    draft.register('bad', () => {
      throw new Error('boom');
    });
  const { stub, skills, signal, moving } = await openTurn(register);
  for (const tool of ['bad', 'nobody']) {
    skills.resetDispatchMode();
    await moving(skills.respondToSignal(signal(stub.call(skills.sessionId, tool))));
    expect(skills.dispatchMode()).toBe('signal');
  }
  skills.resetDispatchMode();
  const given = { ...signal(stub.call(skills.sessionId, 'bad')), requestId: null };
  await moving(skills.respondToSignal(given));
  expect(skills.dispatchMode()).toBe('signal');
});

test('B85 all handles of a session see the same lock', async () => {
  const { register } = echoSkill();
  const { client, stub, skills, signal, moving } = await openTurn(register);
  await moving(skills.respondToSignal(signal(stub.call(skills.sessionId, 'echo'))));
  expect(client.remoteSkills.session(skills.sessionId).dispatchMode()).toBe('signal');
});

// B74–B79 and Q9: whose signal it is

test('B75 B76 a signal is for the session it names; one that names none is for nobody (Q9)', async () => {
  const { client } = await openClient();
  const me = client.remoteSkills.session('me');
  const base = {
    eventType: 'app_server.request.item.tool.call',
    method: null,
    signalType: null,
    receivedAt: null,
    requestId: 1,
    session: null,
    context: {},
    params: { tool: 'x' },
  };
  const cases: [object, boolean][] = [
    [{}, false],
    [{ session: { id: 'me' } }, true],
    [{ session: { id: ' me ' } }, true],
    [{ session: { id: 'other' }, context: { threadId: 'me' } }, false],
    [{ session: { id: '  ' }, context: { threadId: 'me' } }, true],
    [{ session: { id: 5 }, context: { threadId: 'other' } }, false],
    [{ context: { threadId: 'other' } }, false],
    [{ params: { tool: 'x', threadId: 'other' } }, false],
    [{ params: { tool: 'x', threadId: 'me' } }, true],
  ];
  for (const [fields, matches] of cases) {
    expect([fields, me.matchesSignal({ ...base, ...fields })]).toEqual([fields, matches]);
  }
});

// B86–B101: the pipeline

test('B93 a call that is handled has a record with all its fields', async () => {
  const { register } = echoSkill();
  const { stub, skills, signal, moving } = await openTurn(register);
  const id = stub.call(skills.sessionId, 'echo', { text: 'hi' }, 'call_x');
  expect(await moving(skills.respondToSignal(signal(id)))).toEqual({
    handled: true,
    tool: 'echo',
    arguments: { text: 'hi' },
    requestId: Number(id),
    callId: 'call_x',
    responsePayload: { success: true, contentItems: [{ type: 'inputText', text: 'hi' }] },
    result: 'hi',
    error: null,
    submissionStatus: 'ok',
    submissionCode: null,
    submissionAttempts: 1,
    submissionIdempotent: false,
    outcome: 'answered',
  });
});

test('B88 7, "7" and " 7 " are one id; the record shows it as it came', async () => {
  const { echo, register } = echoSkill();
  const { stub, skills, signal, moving } = await openTurn(register);
  const given = signal(stub.call(skills.sessionId, 'echo'));
  const id = given.requestId;
  expect((await moving(skills.respondToSignal(given)))!.requestId).toBe(id);
  const spaced = ` ${id} `;
  const again = await moving(skills.respondToSignal({ ...given, requestId: spaced }));
  expect(again).toMatchObject({ submissionStatus: 'local_duplicate', requestId: spaced });
  expect(echo).toHaveBeenCalledTimes(1);
});

test('B89 Q18 a call without an id is reported, and its handler does not run', async () => {
  const { echo, register } = echoSkill();
  const { stub, skills, signal, moving } = await openTurn(register);
  const given = signal(stub.call(skills.sessionId, 'echo'));
  for (const requestId of [null, '  '] as const) {
    const dispatch = await moving(skills.respondToSignal({ ...given, requestId }));
    expect(dispatch).toMatchObject({
      handled: false,
      submissionStatus: 'no_request_id',
      submissionAttempts: 0,
      requestId,
    });
  }
  expect(echo).not.toHaveBeenCalled();
});

test('B90 Q1 a duplicate gets the stored outcome: no second run, no second submission', async () => {
  const { echo, register } = echoSkill();
  const { stub, skills, signal, moving, answersTo } = await openTurn(register);
  const id = stub.call(skills.sessionId, 'echo', { text: 'once' });
  const given = signal(id);
  await moving(skills.respondToSignal(given));
  expect(await moving(skills.respondToSignal(given))).toMatchObject({
    handled: true,
    result: 'once',
    responsePayload: { success: true },
    submissionStatus: 'local_duplicate',
    submissionIdempotent: true,
    submissionAttempts: 0,
  });
  expect(echo).toHaveBeenCalledTimes(1);
  expect(answersTo(id)).toHaveLength(1);
});

test('B91 an unknown tool is answered with a failure that names it', async () => {
  const { stub, skills, signal, moving } = await openTurn(() => {});
  const dispatch = await moving(
    skills.respondToSignal(signal(stub.call(skills.sessionId, 'nobody'))),
  );
  expect(dispatch).toMatchObject({ handled: false, submissionStatus: 'ok', result: null });
  expect(dispatch!.error).toContain('nobody');
  expect(stub.answers[0]!.body.response.success).toBe(false);
});

test('B92 Q42 a handler that throws is answered; its words stay here', async () => {
  const register = (draft: SkillDraft) =>
    draft.register('bad', () => {
      throw new Error('password is hunter2');
    });
  const { stub, skills, signal, moving } = await openTurn(register);
  const dispatch = await moving(skills.respondToSignal(signal(stub.call(skills.sessionId, 'bad'))));
  expect(dispatch).toMatchObject({
    handled: false,
    error: 'password is hunter2',
    submissionStatus: 'ok',
  });
  expect(JSON.stringify(stub.answers)).not.toContain('hunter2');
});

test('B94 Q17 an answer that is not taken is reported; a handler error is not overwritten', async () => {
  const { register } = echoSkill();
  const both = (draft: SkillDraft) => {
    register(draft);
    draft.register('bad', () => {
      throw new Error('boom');
    });
  };
  const { stub, skills, signal, moving } = await openTurn(both);
  stub.fault = ({ path }) =>
    path.startsWith('/tool-calls') ? reply(500, { status: 'error', requestId: '0' }) : undefined;
  const failed = await moving(skills.respondToSignal(signal(stub.call(skills.sessionId, 'echo'))));
  expect(failed).toMatchObject({
    handled: false,
    submissionStatus: 'error',
    submissionAttempts: 3,
    outcome: null,
  });
  expect(failed!.error).toContain('status=error');
  const thrown = await moving(skills.respondToSignal(signal(stub.call(skills.sessionId, 'bad'))));
  expect(thrown).toMatchObject({ error: 'boom', submissionStatus: 'error' });
});

for (const [name, status, body, expected] of [
  [
    'ok',
    200,
    { status: 'ok' },
    { submissionStatus: 'ok', handled: true, submissionIdempotent: false },
  ],
  [
    'not_found',
    404,
    { status: 'not_found' },
    {
      submissionStatus: 'not_found',
      handled: true,
      submissionIdempotent: true,
      outcome: 'abandoned',
    },
  ],
  [
    'conflict in_flight',
    409,
    { status: 'conflict', code: 'in_flight' },
    {
      submissionStatus: 'conflict',
      submissionCode: 'in_flight',
      submissionIdempotent: true,
      handled: true,
    },
  ],
  [
    'another conflict',
    409,
    { status: 'conflict', code: 'leased', holder: 'two' },
    {
      submissionStatus: 'conflict',
      submissionCode: 'leased',
      handled: false,
      submissionAttempts: 1,
    },
  ],
  [
    'error',
    500,
    { status: 'error' },
    { submissionStatus: 'error', handled: false, submissionAttempts: 3 },
  ],
  ['malformed', 200, {}, { submissionStatus: 'malformed', handled: false, submissionAttempts: 3 }],
  ['503', 503, {}, { submissionStatus: 'exception', handled: false, submissionAttempts: 3 }],
] as const) {
  test(`B97 ${name} is classified`, async () => {
    const { register } = echoSkill();
    const { stub, skills, signal, moving } = await openTurn(register);
    stub.fault = ({ path }) => (path.startsWith('/tool-calls') ? reply(status, body) : undefined);
    const given = signal(stub.call(skills.sessionId, 'echo'));
    expect(await moving(skills.respondToSignal(given))).toMatchObject(expected);
  });
}

test('B99 attempts are 50 ms and 100 ms apart, with the same bytes', async () => {
  const { register } = echoSkill();
  const { stub, skills, signal, answersTo, clock } = await openTurn(register);
  const id = stub.call(skills.sessionId, 'echo');
  stub.fault = ({ path }) =>
    path.startsWith('/tool-calls') ? reply(500, { status: 'error' }) : undefined;
  const responding = skills.respondToSignal(signal(id));
  const counts: number[] = [];
  for (let step = 0; step < 18; step += 1) {
    await clock.advance(10);
    counts.push(answersTo(id).length);
  }
  expect([counts[3], counts[7], counts[13], counts[17]]).toEqual([1, 2, 2, 3]);
  expect(await responding).toMatchObject({ submissionAttempts: 3 });
  expect(new Set(answersTo(id).map(({ body }) => JSON.stringify(body))).size).toBe(1);
});

test('B100 an attempt that fails and one that does not: handled with two', async () => {
  const { register } = echoSkill();
  const { stub, skills, signal, moving } = await openTurn(register);
  const faults = [reply(500, { status: 'error' })];
  stub.fault = ({ path }) => (path.startsWith('/tool-calls') ? faults.shift() : undefined);
  const given = signal(stub.call(skills.sessionId, 'echo'));
  expect(await moving(skills.respondToSignal(given))).toMatchObject({
    handled: true,
    submissionStatus: 'ok',
    submissionAttempts: 2,
  });
});

test('B96 Q19 options are checked before anything runs', async () => {
  const { echo, register } = echoSkill();
  const { stub, skills, signal, moving } = await openTurn(register);
  const given = signal(stub.call(skills.sessionId, 'echo'));
  const bad = { maxSubmitAttempts: Number('three') };
  await expect(skills.respondToSignal(given, bad)).rejects.toMatchObject({
    code: 'option_invalid',
  });
  expect(echo).not.toHaveBeenCalled();
  stub.fault = ({ path }) =>
    path.startsWith('/tool-calls') ? reply(500, { status: 'error' }) : undefined;
  for (const [maxSubmitAttempts, made] of [
    [0, 1],
    [-5, 1],
    [2.9, 2],
  ] as const) {
    const other = signal(stub.call(skills.sessionId, 'echo'));
    const options = { maxSubmitAttempts, retryDelaySeconds: -1 };
    expect(await moving(skills.respondToSignal(other, options))).toMatchObject({
      submissionAttempts: made,
    });
  }
});

test('an answer that is refused for its size is replaced, and that is no success', async () => {
  const { register } = echoSkill();
  const { stub, skills, signal, moving } = await openTurn(register);
  const faults = [reply(413, { status: 'error', code: 'request_failed' })];
  stub.fault = ({ path }) => (path.startsWith('/tool-calls') ? faults.shift() : undefined);
  const dispatch = await moving(
    skills.respondToSignal(signal(stub.call(skills.sessionId, 'echo', { text: 'hi' }))),
  );
  expect(dispatch).toMatchObject({ handled: false, result: 'hi', submissionAttempts: 2 });
  expect(dispatch!.error).toContain('413');
  expect(stub.answers[0]!.body.response.success).toBe(false);
});

// B104–B112

test('B104 Q2 two deliveries in parallel are one run and one submission', async () => {
  const { held, register, release } = heldSkill();
  const { stub, skills, signal, clock, answersTo } = await openTurn(register);
  const id = stub.call(skills.sessionId, 'held');
  const both = Promise.all([
    skills.respondToSignal(signal(id)),
    skills.respondToSignal(signal(id)),
  ]);
  await clock.advance(10);
  release();
  await clock.advance(20);
  expect((await both).map((each) => each!.submissionStatus)).toEqual(['ok', 'local_duplicate']);
  expect(held).toHaveBeenCalledTimes(1);
  expect(answersTo(id)).toHaveLength(1);
});

test('B106 calls run side by side', async () => {
  const { held, register, release } = heldSkill();
  const { stub, skills, clock } = await openTurn(register);
  for (let call = 0; call < 3; call += 1) stub.call(skills.sessionId, 'held');
  const drain = skills.drainPendingCalls();
  await clock.advance(10);
  expect(held).toHaveBeenCalledTimes(3);
  for (let call = 0; call < 3; call += 1) release(call);
  await clock.advance(20);
  expect((await drain).map(({ result }) => result)).toEqual([0, 1, 2]);
});

test('B108 B110 a drain handles the rows of the list in its order and skips what is none', async () => {
  const { register } = echoSkill();
  const { stub, skills, moving } = await openTurn(register);
  const ids = ['a', 'b'].map((text) => stub.call(skills.sessionId, 'echo', { text }));
  const rows = ids.map((id) => stub.rowOf(id));
  stub.fault = ({ path }) =>
    path.endsWith('/tool-calls')
      ? reply(200, { data: [7, { ...rows[0], tool: ' ' }, ...rows, { ...rows[0], threadId: 'x' }] })
      : undefined;
  const dispatches = await moving(skills.drainPendingCalls());
  expect(dispatches.map(({ result, requestId }) => [result, requestId])).toEqual([
    ['a', ids[0]],
    ['b', ids[1]],
  ]);
});

test('B109 lists of gone and system sessions are empty, anything else is an error', async () => {
  const { register } = echoSkill();
  const cases = [
    [reply(403, { status: 'error', code: 'system_session' }), []],
    [reply(200, { data: [] }), []],
  ] as const;
  for (const [given, expected] of cases) {
    const { stub, skills, moving } = await openTurn(register);
    stub.fault = ({ path }) => (path.endsWith('/tool-calls') ? given : undefined);
    expect(await moving(skills.drainPendingCalls())).toEqual(expected);
  }
  const { stub, skills, moving } = await openTurn(register);
  stub.fault = ({ path }) => (path.endsWith('/tool-calls') ? reply(200, { rows: [] }) : undefined);
  await expect(moving(skills.drainPendingCalls())).rejects.toThrow(/data list/);
});

test('B111 a call that fails does not stop the drain', async () => {
  const { register } = echoSkill();
  const both = (draft: SkillDraft) => {
    draft.register('bad', () => {
      throw new Error('boom');
    });
    register(draft);
  };
  const { stub, skills, moving } = await openTurn(both);
  stub.call(skills.sessionId, 'bad');
  stub.call(skills.sessionId, 'echo', { text: 'fine' });
  const dispatches = await moving(skills.drainPendingCalls());
  expect(dispatches).toMatchObject([{ error: 'boom' }, { handled: true, result: 'fine' }]);
});

test('B112 what is listed although it was handled gets the same answer again, not a second run', async () => {
  const { echo, register } = echoSkill();
  const { stub, skills, moving, answersTo } = await openTurn(register);
  const id = stub.call(skills.sessionId, 'echo', { text: 'once' });
  const row = stub.pending.get(id)!;
  await moving(skills.drainPendingCalls());
  stub.pending.set(id, row);
  expect(await moving(skills.drainPendingCalls())).toMatchObject([
    { submissionStatus: 'local_duplicate', result: 'once' },
  ]);
  expect(echo).toHaveBeenCalledTimes(1);
  expect(stub.pending.size).toBe(0);
  const bodies = answersTo(id).map(({ body }) => JSON.stringify(body));
  expect(bodies).toHaveLength(2);
  expect(bodies[0]).toBe(bodies[1]);
});

// 20.7: the invariants of a system without the defects

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
