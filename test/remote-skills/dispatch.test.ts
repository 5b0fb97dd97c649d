/** Whose a call is, how it is answered, and the record of it. */
import { expect, test } from 'vitest';
import type { SkillDraft } from '../../src/remote-skills/draft.ts';
import { openClient, openTurn } from './scene.ts';
import { echoSkill, heldSkill } from './skills.ts';

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

test('B74 B77 only a request to call a tool by its name is a call', async () => {
  const { echo, register } = echoSkill();
  const { stub, skills, signal, moving } = await openTurn(register);
  const given = signal(stub.call(skills.sessionId, 'echo', { text: 'a' }, 'call_1'));
  const params = Object(given.params);
  for (const other of [
    { eventType: 'tool_call_requested' },
    { params: null },
    { params: [] },
    { params: { ...params, tool: 7 } },
    { params: { ...params, tool: '  ' } },
  ]) {
    expect(await skills.respondToSignal({ ...given, ...other })).toBeNull();
  }
  expect(echo).not.toHaveBeenCalled();
  // What is not looked at may be anything.
  const odd = { ...given, signalType: 'odd', method: null, params: { ...params, tool: ' echo ' } };
  expect(await moving(skills.respondToSignal(odd))).toMatchObject({
    tool: 'echo',
    callId: 'call_1',
    arguments: { text: 'a' },
  });
});

test('B77 a call without arguments, or with an id that says nothing, has null in their place', async () => {
  const { register } = echoSkill();
  const { stub, skills, signal, moving } = await openTurn(register);
  stub.lose = () => true;
  const row = stub.pending.get(stub.call(skills.sessionId, 'echo'))!;
  const { tool, threadId, turnId } = row;
  const params = { tool, threadId, turnId, callId: ' ' };
  Object.assign(row, { callId: null, details: params });
  const bare = signal(row.requestId);
  expect(await moving(skills.respondToSignal(bare))).toMatchObject({
    arguments: null,
    callId: null,
    handled: true,
  });
});

test('B78 B79 a row is for the session it names, or for the one it is handed to', async () => {
  const { echo, register } = echoSkill();
  const { stub, skills, moving } = await openTurn(register);
  const row = stub.rowOf(stub.call(skills.sessionId, 'echo', { text: 'a' }));
  for (const other of [{ ...row, threadId: 'other' }, { ...row, tool: null }, [row], 'row']) {
    expect(await skills.respondToPendingCall(other)).toBeNull();
  }
  const spaced = { ...row, threadId: ` ${skills.sessionId} ` };
  expect(await moving(skills.respondToPendingCall(spaced))).toMatchObject({ result: 'a' });
  const next = stub.rowOf(stub.call(skills.sessionId, 'echo', { text: 'b' }));
  const unnamed = { ...next, threadId: null };
  expect(await moving(skills.respondToPendingCall(unnamed))).toMatchObject({ result: 'b' });
  expect(echo).toHaveBeenCalledTimes(2);
});

test('B87 what is for another session does nothing at all', async () => {
  const { echo, register } = echoSkill();
  const { stub, skills, signal } = await openTurn(register);
  const given = signal(stub.call(skills.sessionId, 'echo'));
  const before = stub.requests.length;
  expect(await skills.respondToSignal({ ...given, session: { id: 'other' } })).toBeNull();
  expect(echo).not.toHaveBeenCalled();
  expect(stub.requests).toHaveLength(before);
  expect(skills.dispatchMode()).toBeNull();
});

test('B102 Q6 what a client keeps of its calls is bounded, and no call runs again for that', async () => {
  const { echo, register } = echoSkill();
  const limits = { clientCallsKeptMax: 4 };
  const { stub, skills, signal, moving } = await openTurn(register, { limits });
  const signals = Array.from({ length: 40 }, () => signal(stub.call(skills.sessionId, 'echo')));
  for (const each of signals) await moving(skills.respondToSignal(each));
  for (const each of signals.toReversed()) {
    expect(await moving(skills.respondToSignal(each))).toMatchObject({
      submissionStatus: 'local_duplicate',
    });
  }
  expect(echo).toHaveBeenCalledTimes(40);
  expect(stub.answers).toHaveLength(40);
});

test('B103 Q5 a call of an earlier number in another turn is another call', async () => {
  const { echo, register } = echoSkill();
  const { stub, skills, signal, moving, clock } = await openTurn(register);
  const first = stub.call(skills.sessionId, 'echo', { text: 'first' });
  expect(await moving(skills.respondToSignal(signal(first)))).toMatchObject({ result: 'first' });
  stub.restart();
  await clock.advance(2_000);
  await moving(skills.send('again'));
  const second = stub.call(skills.sessionId, 'echo', { text: 'second' });
  expect(second).toBe(first);
  expect(await moving(skills.respondToSignal(signal(second)))).toMatchObject({
    handled: true,
    result: 'second',
    submissionStatus: 'ok',
  });
  expect(echo).toHaveBeenCalledTimes(2);
  expect(stub.answers.map(({ asked }) => asked)).toEqual([{ text: 'first' }, { text: 'second' }]);
});
