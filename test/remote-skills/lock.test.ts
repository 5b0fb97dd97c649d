/** The dispatch lock: signals or polling, one of them at a time. */
import { expect, test } from 'vitest';
import type { SkillDraft } from '../../src/remote-skills/draft.ts';
import { openTurn } from './scene.ts';
import { echoSkill } from './skills.ts';

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
