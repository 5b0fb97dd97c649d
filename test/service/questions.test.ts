/** Approvals and questions: shown to people, decided once, and granted by nobody's silence. */
import { expect, test } from 'vitest';
import { tool } from '../../src/tools/index.ts';
import { openStream } from './client.ts';
import { callNamedTools, endedTurn, fakeScene, newSession } from './scene.ts';

const command = 'item/commandExecution/requestApproval';

async function questionScene() {
  const scene = await fakeScene(callNamedTools);
  const id = await newSession(scene.client);
  const stream = await openStream(scene.service, { query: `?threadId=${id}` });
  const ended = new AbortController();
  /** Codex asks; resolves with what it is answered. */
  const ask = (method: string, params: object = {}): Promise<unknown> => {
    const given = { threadId: id, turnId: 't', itemId: 'i', ...params };
    const question = { method, sessionId: id, turnId: 't', params: given };
    return Promise.resolve(scene.host.hooks().onQuestion(question, ended.signal));
  };
  return { ...scene, id, stream, ask, end: () => ended.abort() };
}

const permissions = { network: { enabled: true }, fileSystem: null };

test.each([
  [command, { decision: 'accept' }, { decision: 'accept' }],
  [command, { decision: 'accept', scope: 'session' }, { decision: 'acceptForSession' }],
  [command, { decision: 'decline', scope: 'session' }, { decision: 'decline' }],
  [command, { decision: 'cancel' }, { decision: 'cancel' }],
  ['item/fileChange/requestApproval', { decision: 'accept' }, { decision: 'accept' }],
  [
    'item/permissions/requestApproval',
    { decision: 'accept', scope: 'session' },
    { permissions: { network: { enabled: true } }, scope: 'session' },
  ],
  ['item/permissions/requestApproval', { decision: 'decline' }, { permissions: {}, scope: 'turn' }],
  ['execCommandApproval', { decision: 'accept' }, { decision: 'approved' }],
  [
    'applyPatchApproval',
    { decision: 'accept', scope: 'session' },
    { decision: 'approved_for_session' },
  ],
  [
    'applyPatchApproval',
    { decision: 'decline' },
    { decision: { denied: { rejection: expect.any(String) } } },
  ],
  ['execCommandApproval', { decision: 'cancel' }, { decision: 'abort' }],
])('%s decided as %o is answered to Codex as %o', async (method, body, expected) => {
  const { client, id, stream, ask } = await questionScene();
  const answer = ask(method, { permissions, command: ['rm', '-rf', '/'] });
  const { payload } = await stream.of('approval');
  const decided = await client.post(`/api/approvals/${payload.approvalId}/decision`, body);
  expect(decided.body).toEqual({ status: 'ok', approvalId: payload.approvalId, threadId: id });
  expect(await answer).toEqual(expected);
  const { payload: resolved } = await stream.of('approval_resolved');
  expect(resolved).toMatchObject({ status: 'resolved', decision: body.decision });
});

test('an approval is a row until it is decided, and decided once', async () => {
  const { client, id, stream, ask } = await questionScene();
  const answer = ask(command, { command: 'rm -rf /' });
  const signal = await stream.of('app_server.request.item.command_execution.request_approval');
  const { payload } = await stream.of('approval');
  expect(signal.payload).toMatchObject({ requestId: payload.approvalId, method: command });
  expect(payload).toEqual({
    approvalId: expect.stringMatching(/^[\w-]+\.\d+$/),
    method: command,
    threadId: id,
    turnId: 't',
    itemId: 'i',
    summary: 'Command approval requested: rm -rf /',
    details: { threadId: id, turnId: 't', itemId: 'i', command: 'rm -rf /' },
    createdAt: expect.any(String),
    status: 'pending',
  });
  const list = `/api/sessions/${id}/approvals`;
  expect((await client.get(list)).body.data).toEqual([payload]);
  expect((await client.get(`/api/sessions/${id}/tool-input`)).body.data).toEqual([]);
  const path = `/api/approvals/${payload.approvalId}/decision`;
  expect((await client.post(path, { decision: 'maybe' })).status).toBe(400);
  const both = await Promise.all([
    client.post(path, { decision: 'accept' }),
    client.post(path, { decision: 'decline' }),
  ]);
  expect(both.map(({ status }) => status)).toEqual(expect.arrayContaining([200, 404]));
  expect(await answer).toEqual({ decision: both[0].status === 200 ? 'accept' : 'decline' });
  expect((await client.get(list)).body.data).toEqual([]);
});

test('an approval that Codex waits for no longer is taken back', async () => {
  const { client, stream, ask, end } = await questionScene();
  const answer = ask(command);
  const { payload } = await stream.of('approval');
  end();
  expect(await answer).toBeUndefined();
  expect((await stream.of('approval_resolved')).payload).toEqual({
    approvalId: payload.approvalId,
    status: 'expired',
  });
  const late = await client.post(`/api/approvals/${payload.approvalId}/decision`, {
    decision: 'accept',
  });
  expect(late.status).toBe(404);
});

test.each([
  [
    'answers',
    { answers: { q1: { answers: ['Blue'] } } },
    { answers: { q1: { answers: ['Blue'] } } },
  ],
  [
    'a whole response',
    { response: { answers: {}, more: 1 }, answers: {} },
    { answers: {}, more: 1 },
  ],
  ['no answer', {}, { answers: {} }],
])('a question is answered with %s', async (_, given, expected) => {
  const { client, id, stream, ask } = await questionScene();
  const questions = [{ id: 'q1', question: 'Which colour?' }];
  const answer = ask('item/tool/requestUserInput', { questions });
  const { payload } = await stream.of('tool_user_input_requested');
  expect((await client.get(`/api/sessions/${id}/tool-input`)).body.data).toEqual([payload]);
  expect(payload).toMatchObject({ details: { questions }, summary: 'User input requested' });
  const { requestId } = payload;
  const path = `/api/tool-input/${requestId}/decision`;
  expect((await client.post(path, { decision: 'accept', answers: { q1: 'Blue' } })).status).toBe(
    400,
  );
  const decided = await client.post(path, { decision: 'accept', ...given });
  expect(decided.body).toEqual({ status: 'ok', requestId, threadId: id });
  expect(await answer).toEqual(expected);
  expect((await stream.of('tool_user_input_resolved')).payload).toMatchObject({
    requestId,
    status: 'resolved',
    decision: 'accept',
  });
  const again = await client.post(path, { decision: 'accept' });
  expect(again).toMatchObject({ status: 404, body: { status: 'not_found', requestId } });
  // An approval's route is not for it, and the other way round.
  expect(
    (await client.post(`/api/approvals/${requestId}/decision`, { decision: 'accept' })).status,
  ).toBe(404);
});

test('a question that is declined has no answer, whatever else is said', async () => {
  const { client, stream, ask } = await questionScene();
  const answer = ask('item/tool/requestUserInput');
  const { requestId } = (await stream.of('tool_user_input_requested')).payload;
  await client.post(`/api/tool-input/${requestId}/decision`, {
    decision: 'decline',
    answers: { q1: { answers: ['x'] } },
  });
  expect(await answer).toEqual({ answers: {} });
});

test.each([
  'currentTime/read',
  'attestation/generate',
  'mcpServer/elicitation/request',
  'new/thing',
])('what is none of a client’s business is left to the host: %s', async (method) => {
  const { stream, ask } = await questionScene();
  expect(await ask(method)).toBeUndefined();
  await stream.settle();
  expect(stream.types()).toEqual(['ready', 'pong']);
});

test('a tool of this process that asks first is approved over HTTP', async () => {
  const rm = tool({
    name: 'rm',
    description: 'Removes.',
    approval: 'always',
    execute: () => 'gone',
  });
  const { service, client } = await fakeScene(
    ({ results }) =>
      results.length > 0 ? { text: String(results.at(-1)?.output) } : { calls: [{ tool: 'rm' }] },
    { tools: [rm] },
  );
  const id = await newSession(client, []);
  const stream = await openStream(service, { query: `?threadId=${id}` });
  const path = `/api/sessions/${id}`;

  await client.post(`${path}/messages`, { text: 'go' });
  const first = (await stream.of('approval')).payload;
  expect(first).toMatchObject({
    method: 'item/tool/call',
    threadId: id,
    summary: 'Tool approval requested: rm',
    details: { tool: 'rm', arguments: {} },
  });
  await client.post(`/api/approvals/${first.approvalId}/decision`, { decision: 'accept' });
  expect(JSON.stringify((await endedTurn(client, id)).transcript)).toContain('gone');

  await client.post(`${path}/messages`, { text: 'go' });
  const second = await stream.until(
    (frame) => frame.type === 'approval' && frame.payload.approvalId !== first.approvalId,
  );
  await client.post(`/api/approvals/${second.payload.approvalId}/decision`, {
    decision: 'decline',
  });
  await expect
    .poll(async () => JSON.stringify((await client.get(path)).body.transcript))
    .toContain('it was not approved');

  await client.post(`${path}/messages`, { text: 'go' });
  await stream.until(() => stream.all('approval').length === 3);
  await client.post(`${path}/interrupt`);
  await stream.until(
    (frame) => frame.type === 'approval_resolved' && frame.payload.status === 'expired',
  );
  expect((await client.get(`${path}/approvals`)).body.data).toEqual([]);
});
