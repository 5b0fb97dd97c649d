/** How sessions of remote skills end: closed, deleted, with their scope, with their client. */
import { expect, test } from 'vitest';
import { callNamedTools, echo, openClient, openSession } from './scene.ts';

test('B127 B128 B130 closing unbinds, and deletes if asked to', async () => {
  const { client, skills, stub, moving } = await openSession();
  const { sessionId } = skills;
  expect(await moving(client.remoteSkills.closeSession(sessionId))).toEqual({
    sessionId,
    cleared: 1,
    deleted: false,
  });
  expect(skills.list()).toEqual([]);
  expect(stub.requestsTo(/./, 'DELETE')).toEqual([]);
  const deleted = client.remoteSkills.closeSession(sessionId, { deleteSession: true });
  expect(await moving(deleted)).toMatchObject({
    cleared: 0,
    deleted: true,
    deleteResponse: { status: 'ok', sessionId },
  });
  const gone = client.remoteSkills.closeSession(sessionId, { deleteSession: true });
  expect(await moving(gone)).toMatchObject({
    deleted: true,
    deleteResponse: { status: 'deleted' },
  });
  const unknown = client.remoteSkills.closeSession('nobody', { deleteSession: true });
  expect(await moving(unknown)).toMatchObject({
    deleted: false,
    deleteResponse: { status: 'not_found' },
  });
});

test('B129 a delete that fails is passed over, or told', async () => {
  const { client, skills, stub, moving } = await openSession();
  const { sessionId } = skills;
  stub.fault = ({ method }) => (method === 'DELETE' ? { status: 500, body: {} } : undefined);
  const ignored = client.remoteSkills.closeSession(sessionId, { deleteSession: true });
  expect(await moving(ignored)).toEqual({ sessionId, cleared: 1, deleted: false });
  const told = client.remoteSkills.closeSession(sessionId, {
    deleteSession: true,
    ignoreCleanupErrors: false,
  });
  await expect(moving(told)).rejects.toMatchObject({ code: 'request_refused' });
});

test('B131 Q31 a handle of a closed session refuses calls', async () => {
  const { client, skills, stub, moving } = await openSession({ script: undefined as never });
  await moving(skills.send('go'));
  const row = stub.rowOf(stub.call(skills.sessionId, 'echo'));
  await moving(client.remoteSkills.closeSession(skills.sessionId, { graceMs: 1 }));
  await expect(moving(skills.respondToPendingCall(row))).rejects.toMatchObject({
    code: 'session_unknown',
  });
  expect(stub.requests.some(({ path }) => path.startsWith('/tool-calls/'))).toBe(false);
});

test('B133 B134 a scope creates a session and deletes it, or keeps it', async () => {
  const { client, stub, env, moving } = await openClient({ script: callNamedTools });
  const use = async (keepSession: boolean) => {
    const life = await client.remoteSkills.lifecycle({ register: echo, keepSession });
    await using scope = life;
    expect(scope.created).toMatchObject({ session: { sessionId: scope.sessionId } });
    return (await scope.skills.sendAndHandle('echo', { injectSkills: false })).assistantReply;
  };
  expect(await moving(use(false))).toBe('echoed');
  expect(stub.sessions.size).toBe(0);
  expect(await moving(use(true))).toBe('echoed');
  expect(stub.sessions.size).toBe(1);
  expect(stub.requestsTo(/resume/)).toEqual([]);
  void env;
});

test('B133 an error in the scope is told after the session was deleted', async () => {
  const { client, stub, moving } = await openClient();
  const use = async () => {
    await using life = await client.remoteSkills.lifecycle({ register: echo });
    throw new RangeError(`in ${life.sessionId}`);
  };
  await expect(moving(use())).rejects.toThrow(RangeError);
  expect(stub.sessions.size).toBe(0);
});

test('closing a client unbinds its sessions, which stay, and ends its stream', async () => {
  const { client, skills, stub, moving, clock } = await openSession();
  const running = client.stream.runForever();
  await moving(client.close());
  await running;
  await moving(client.close());
  expect(client.stream.state).toBe('closed');
  expect(stub.sessions.has(skills.sessionId)).toBe(true);
  expect(stub.sockets.size).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});

test('under auto a turn that the mesh serves by itself is told all the same', async () => {
  const { skills, moving } = await openSession({ dispatch: 'auto' });
  const { dispatches, assistantReply } = await moving(
    skills.sendAndHandle('echo', { injectSkills: false }),
  );
  expect(assistantReply).toBe('echoed');
  expect(dispatches).toMatchObject([
    { handled: true, result: 'echoed', submissionStatus: 'ok', submissionAttempts: 1 },
  ]);
});
