/** Messages, the turns they begin, and what they set. */
import { expect, test } from 'vitest';
import { fakeHost, refuses } from './fake-host.ts';
import {
  answerOf,
  callNamedTools,
  endedTurn,
  fakeScene,
  invalid,
  missing,
  newSession,
  pendingCalls,
} from './scene.ts';

test.each<[string, unknown, object]>([
  ['no text', {}, missing(['text'], 'string')],
  ['a blank text', { text: '   ' }, { code: 'too_small', path: ['text'] }],
  [
    'a text that is none',
    { text: 7 },
    { code: 'invalid_type', expected: 'string', path: ['text'] },
  ],
  [
    'a policy nobody knows',
    { text: 'x', approvalPolicy: 'maybe' },
    { code: 'invalid_value', path: ['approvalPolicy'] },
  ],
  ['no object', [], { code: 'invalid_type', expected: 'object', path: [] }],
])('a message is refused: %s', async (_, body, issue) => {
  const { client } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  expect(await client.post(`/api/sessions/${id}/messages`, body)).toMatchObject(invalid(issue));
});

test('a message begins a turn; while one runs it becomes part of it', async () => {
  const seen: string[][] = [];
  const { client } = await fakeScene((step, signal) => {
    seen.push([step.text, ...step.steers]);
    return callNamedTools(step, signal);
  });
  const id = await newSession(client);
  const path = `/api/sessions/${id}/messages`;
  const first = await client.post(path, { text: ' lookup_ticket ' });
  expect(first).toMatchObject({ status: 202, body: { status: 'accepted', sessionId: id } });
  const [{ requestId }] = await pendingCalls(client, id);
  const [second, third] = await Promise.all([
    client.post(path, { text: 'and hurry' }),
    client.post(path, { text: 'please' }),
  ]);
  expect(second.body.turnId).toBe(first.body.turnId);
  expect(third.body.turnId).toBe(first.body.turnId);
  await client.post(`/api/tool-calls/${requestId}/response`, answerOf('x'));
  await endedTurn(client, id);
  expect(seen.at(-1)).toEqual(['lookup_ticket', 'and hurry', 'please']);
});

test('a message that meets the end of a turn is sent again, and not lost', async () => {
  const { client, host } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  const path = `/api/sessions/${id}/messages`;
  await client.post(path, { text: 'lookup_ticket' });
  const [{ requestId }] = await pendingCalls(client, id);
  let refused = 0;
  host.faults.steer = () => {
    refused += 1;
    // Codex has ended the turn, and does not say so before the refusal is here.
    if (refused === 2) void client.post(`/api/tool-calls/${requestId}/response`, answerOf('x'));
    throw refuses('no active turn to steer');
  };
  const sent = await client.post(path, { text: 'one more thing' });
  expect(sent.status).toBe(202);
  expect(refused).toBeGreaterThanOrEqual(2);
  const { thread } = await endedTurn(client, id);
  expect(thread.turns).toHaveLength(2);
  expect(thread.turns[1].id).toBe(sent.body.turnId);
});

test.each([
  ['does not list yet', () => []],
  ['lists as interrupted', (id: string) => [{ id, items: [], status: 'interrupted' }]],
])('a turn that Codex %s is in progress all the same', async (_, listed) => {
  const { client, host } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  const list = host.replies['thread/turns/list']!;
  const { body } = await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  host.replies['thread/turns/list'] = () => ({ data: listed(body.turnId) });
  await pendingCalls(client, id);
  const turns = async () => (await client.get(`/api/sessions/${id}`)).body.thread.turns;
  expect(await turns()).toMatchObject([{ id: body.turnId, status: 'inProgress', items: [] }]);
  host.replies['thread/turns/list'] = list;
  await client.post(`/api/sessions/${id}/interrupt`);
  expect(await turns()).toMatchObject([{ id: body.turnId, status: 'interrupted' }]);
});

test.each([
  ['not yet', () => []],
  ['as interrupted', (id: string) => [{ id, items: [], status: 'interrupted' }]],
])('a turn that has ended and that Codex lists %s is read until it is right', async (_, early) => {
  const { client, host } = await fakeScene(() => ({ fail: 'out of order' }));
  const id = await newSession(client);
  const list = host.replies['thread/turns/list']!;
  const { body } = await client.post(`/api/sessions/${id}/messages`, { text: 'go' });
  let reads = 0;
  host.replies['thread/turns/list'] = (params) =>
    ++reads < 3 ? { data: early(body.turnId) } : list(params);
  const { thread } = await endedTurn(client, id);
  expect(thread.turns).toMatchObject([{ id: body.turnId, status: 'failed' }]);
  expect(reads).toBeGreaterThanOrEqual(3);
});

test('a turn that Codex never lists as it ended is shown as it was told', async () => {
  const { client, host } = await fakeScene(callNamedTools, {
    limits: { turnListAttemptsMax: 2, turnListRetryMs: 1 },
  });
  const id = await newSession(client);
  const { body } = await client.post(`/api/sessions/${id}/messages`, { text: 'go' });
  const turn = { id: body.turnId, items: [], status: 'interrupted' };
  host.replies['thread/turns/list'] = () => ({ data: [turn] });
  const { thread } = await endedTurn(client, id);
  expect(thread.turns).toMatchObject([{ id: body.turnId, status: 'completed' }]);
});

test('messages sent at once are taken one after the other, and none is lost', async () => {
  const { client } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  const sent = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      client.post(`/api/sessions/${id}/messages`, { text: `message ${index}` }),
    ),
  );
  expect(sent.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 202));
});

test('messages beyond the bound are refused, and may be sent again', async () => {
  const host = fakeHost(callNamedTools, { latencyMs: 50 });
  const { client } = await fakeScene(callNamedTools, {
    fake: host,
    limits: { sessionMessagesQueuedMax: 2 },
  });
  const id = await newSession(client);
  const sent = await Promise.all(
    Array.from({ length: 8 }, () => client.post(`/api/sessions/${id}/messages`, { text: 'x' })),
  );
  const refused = sent.filter(({ status }) => status !== 202);
  expect(refused.length).toBeGreaterThan(0);
  for (const { status, body, headers } of refused) {
    expect(status).toBe(429);
    expect(body).toMatchObject({ status: 'error', code: 'overloaded' });
    expect(headers.get('retry-after')).toBe('1');
  }
});

test('what a message sets stays set, is told to Codex once, and again after Codex restarted', async () => {
  const { client, host } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  const send = async (body: object) => {
    await client.post(`/api/sessions/${id}/messages`, { text: 'x', ...body });
    await endedTurn(client, id);
  };
  const updates = () =>
    host.asked
      .filter(({ method }) => method === 'thread/settings/update')
      .map(({ params }) => params);
  await send({});
  expect(updates()).toEqual([]);
  await send({ model: 'm', filesystemSandbox: 'workspace-write', networkAccess: 'enabled' });
  await send({ effort: 'high' });
  const settings = {
    threadId: id,
    model: 'm',
    approvalPolicy: 'never',
    sandboxPolicy: {
      type: 'workspaceWrite',
      writableRoots: [],
      networkAccess: true,
      excludeTmpdirEnvVar: false,
      excludeSlashTmp: false,
    },
  };
  expect(updates()).toEqual([settings, { threadId: id, effort: 'high' }]);
  host.controls.restart();
  await expect.poll(async () => (await client.get('/readyz')).status).toBe(200);
  await send({});
  expect(updates().slice(2)).toEqual([settings]);
  const { body } = await client.get(`/api/sessions/${id}/session-controls`);
  expect(body).toMatchObject({
    status: 'ok',
    sessionId: id,
    controls: { model: 'm', filesystemSandbox: 'workspace-write', networkAccess: 'enabled' },
    defaults: { model: null, approvalPolicy: 'untrusted' },
    defaultsEditable: false,
    defaultLockReason: expect.any(String),
  });
});

test('a policy that Codex no longer has is refused with a reason', async () => {
  const { client } = await fakeScene(callNamedTools);
  const refused = await client.post('/api/sessions', { approvalPolicy: 'on-failure' });
  expect(refused.status).toBe(400);
  expect(refused.body.message).toContain('which Codex no longer has');
});
