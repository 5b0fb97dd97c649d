/** Draining: one pass over the calls that the service lists. */
import { expect, test } from 'vitest';
import type { SkillDraft } from '../../src/remote-skills/draft.ts';
import { openTurn } from './scene.ts';
import { echoSkill, heldSkill, reply } from './skills.ts';

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

test('B107 Q7 a drain that meets a call whose handler runs joins it under auto, and is a conflict otherwise', async () => {
  for (const dispatch of ['auto', 'strict'] as const) {
    const { held, register, release } = heldSkill();
    const { stub, skills, signal, clock, moving } = await openTurn(register, { dispatch });
    const responding = skills.respondToSignal(signal(stub.call(skills.sessionId, 'held')));
    await clock.advance(10);
    const draining = skills.drainPendingCalls();
    if (dispatch === 'strict') {
      await expect(moving(draining)).rejects.toMatchObject({ code: 'dispatch_conflict' });
    }
    release('once');
    expect(await moving(responding)).toMatchObject({ handled: true, result: 'once' });
    if (dispatch === 'auto') expect(await draining).toMatchObject([{ result: 'once' }]);
    expect(held).toHaveBeenCalledTimes(1);
    expect(stub.answers).toHaveLength(1);
  }
});

test('B124 a list that fails is the error of the drain', async () => {
  const { echo, register } = echoSkill();
  const { stub, skills, moving } = await openTurn(register);
  stub.call(skills.sessionId, 'echo');
  stub.fault = ({ path }) =>
    path.endsWith('/tool-calls')
      ? reply(500, { status: 'error', code: 'internal_error' })
      : undefined;
  await expect(moving(skills.drainPendingCalls())).rejects.toMatchObject({
    code: 'request_refused',
  });
  expect(echo).not.toHaveBeenCalled();
  expect(skills.dispatchMode()).toBeNull();
});

test('Q52 a call that is listed again is counted and told', async () => {
  const { register } = echoSkill();
  const { client, stub, skills, moving, events } = await openTurn(register);
  const id = stub.call(skills.sessionId, 'echo');
  const row = stub.pending.get(id)!;
  await moving(skills.drainPendingCalls());
  expect(client.stats).toMatchObject({ repeated: 0, unconfirmed: 0 });
  stub.pending.set(id, row);
  await moving(skills.drainPendingCalls());
  expect(client.stats).toMatchObject({ repeated: 1, unconfirmed: 0 });
  expect(events.find(({ type }) => type === 'call.repeated')).toMatchObject({ source: 'polling' });
  expect(events.filter(({ type }) => type === 'call.settled')).toHaveLength(1);
});
