/** The wire as it was captured, held by a service on the real Codex. */
import { expect, test } from 'vitest';
import type { Script } from '../../src/testing/index.ts';
import { openStream, type Json } from './client.ts';
import {
  answerOf,
  callNamedTools,
  codexScene,
  endedTurn,
  lookup,
  newSession,
  pendingCalls,
} from './scene.ts';

const seconds = expect.any(Number);

test('a session is made, and read at once', async () => {
  const { client } = await codexScene(callNamedTools);
  const created = await client.post('/api/sessions', {
    cwd: '/tmp',
    approvalPolicy: 'never',
    dynamicTools: [lookup()],
  });
  expect(created.status).toBe(200);
  const { session, thread } = created.body;
  const id = session.sessionId;
  expect(session).toEqual({
    sessionId: id,
    title: 'New chat',
    materialized: false,
    modelProvider: 'scripted',
    approvalPolicy: 'never',
    sessionControls: {
      model: null,
      approvalPolicy: 'never',
      networkAccess: 'restricted',
      filesystemSandbox: 'read-only',
      settings: {},
    },
    createdAt: seconds,
    updatedAt: seconds,
    cwd: '/tmp',
    source: 'vscode',
    projectId: null,
  });
  expect(Number.isInteger(session.createdAt)).toBe(true);
  expect(thread).toMatchObject({
    id,
    sessionId: id,
    preview: '',
    modelProvider: 'scripted',
    createdAt: session.createdAt,
    updatedAt: session.updatedAt,
    cwd: '/tmp',
    source: 'vscode',
    status: { type: 'idle' },
    turns: [],
  });
  const read = await client.get(`/api/sessions/${id}`);
  expect(read.status).toBe(200);
  expect(read.body).toMatchObject({
    session: { ...session, materialized: true },
    thread: { id, turns: [] },
    transcript: [],
  });
  // Codex lists no thread that nobody has said anything in.
  const list = async () => (await client.get('/api/sessions')).body.data;
  expect(await list()).toEqual([{ ...session, status: { type: 'idle' } }]);
  await client.post(`/api/sessions/${id}/messages`, { text: 'hello' });
  await endedTurn(client, id);
  expect(await list()).toMatchObject([{ sessionId: id, materialized: true }]);
});

test('a turn with a call, from its message to its transcript', async () => {
  const { client } = await codexScene(callNamedTools);
  const id = await newSession(client);
  const sent = await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  expect(sent.status).toBe(202);
  const { turnId } = sent.body;
  expect(sent.body).toEqual({ status: 'accepted', sessionId: id, turnId });
  const [row] = await pendingCalls(client, id);
  expect(row).toMatchObject({ threadId: id, turnId, tool: 'lookup_ticket', status: 'pending' });

  const pending = (await client.get(`/api/sessions/${id}`)).body;
  expect(pending.thread).toMatchObject({ status: { type: 'active', activeFlags: [] } });
  expect(pending.thread.turns).toMatchObject([{ id: turnId, status: 'inProgress', error: null }]);
  expect(pending.transcript).toMatchObject([
    { turnId, role: 'user', type: 'userMessage', content: 'lookup_ticket', status: 'complete' },
    {
      messageId: row.callId,
      turnId,
      role: 'system',
      type: 'dynamicToolCall',
      content: '[dynamicToolCall]',
      status: 'streaming',
    },
    {
      messageId: `tool-call-${row.requestId}`,
      turnId,
      role: 'system',
      type: 'tool_call.request',
      content: 'Tool call requested: lookup_ticket',
      status: 'complete',
    },
  ]);

  await client.post(`/api/tool-calls/${row.requestId}/response`, answerOf('ENG-1 is open'));
  const { thread, transcript } = await endedTurn(client, id);
  expect(thread.turns[0]).toMatchObject({ id: turnId, status: 'completed', error: null });
  expect(thread.turns[0].items).toMatchObject([
    { type: 'userMessage' },
    {
      type: 'dynamicToolCall',
      id: row.callId,
      status: 'completed',
      contentItems: [{ type: 'inputText', text: 'ENG-1 is open' }],
      success: true,
    },
    { type: 'agentMessage', text: 'ENG-1 is open' },
  ]);
  expect(transcript.map(({ type }: Json) => type)).toEqual([
    'userMessage',
    'dynamicToolCall',
    'tool_call.resolved',
    'agentMessage',
  ]);
  const reply = transcript.at(-1);
  expect(reply).toEqual({
    messageId: expect.any(String),
    turnId,
    role: 'assistant',
    type: 'agentMessage',
    content: 'ENG-1 is open',
    status: 'complete',
    startedAt: expect.any(Number),
    completedAt: expect.any(Number),
  });
  for (const { startedAt, details } of transcript) {
    expect(Number.isInteger(startedAt)).toBe(true);
    expect(details === undefined || typeof details === 'string').toBe(true);
  }
});

test('the frames of a turn, and how many they are', async () => {
  const calls = 20;
  const script: Script = ({ results }) =>
    results.length >= calls ? { text: 'done' } : { calls: [{ tool: 'lookup_ticket' }] };
  const { service, client } = await codexScene(script);
  const id = await newSession(client);
  const stream = await openStream(service, { query: `?threadId=${id}` });
  stream.say({ type: 'subscribe', threadId: id });
  await client.post(`/api/sessions/${id}/messages`, { text: 'go' });
  for (let count = 0; count < calls; count += 1) {
    await stream.until(() => stream.all('tool_call_requested').length > count);
    const { requestId } = stream.all('tool_call_requested')[count].payload;
    await client.post(`/api/tool-calls/${requestId}/response`, answerOf('x'.repeat(1_000)));
  }
  const completed = await stream.of('app_server.turn.completed');
  expect(completed.payload).toMatchObject({
    source: 'app_server',
    signalType: 'notification',
    method: 'turn/completed',
    context: { threadId: id },
    params: { threadId: id, turn: { status: 'completed', items: [{ text: 'done' }] } },
    session: { id, title: 'New chat', projectId: null },
  });
  const begun = stream.frames.findIndex(({ type }) => type === 'app_server.turn.started');
  const frames = stream.frames.slice(begun);
  expect(frames.length / calls).toBeLessThanOrEqual(4);
  const bytes = frames.reduce((sum, frame) => sum + JSON.stringify(frame).length, 0);
  expect(bytes / calls).toBeLessThan(4_000);
  expect(new Set(stream.types())).toEqual(
    new Set([
      'ready',
      'app_server.thread.status.changed',
      'app_server.turn.started',
      'app_server.item.started',
      'app_server.item.completed',
      'app_server.request.item.tool.call',
      'tool_call_requested',
      'tool_call_resolved',
      'app_server.turn.completed',
      'app_server.warning',
    ]),
  );
});

test('reading a session, again and again, uses nothing that Codex is going to drop', async () => {
  const { service, client } = await codexScene(callNamedTools, { notifications: 'all' });
  const id = await newSession(client);
  const stream = await openStream(service);
  await client.post(`/api/sessions/${id}/messages`, { text: 'hello', dynamicTools: [lookup()] });
  await stream.of('app_server.turn.completed');
  await endedTurn(client, id);
  await client.post(`/api/sessions/${id}/resume`, { dynamicTools: [lookup()] });
  await stream.settle();
  expect(stream.all('app_server.deprecation_notice')).toEqual([]);
  expect(stream.all('app_server.thread.token_usage.updated').length).toBeGreaterThan(0);
  expect(stream.all('notification').length).toBeGreaterThan(0);
});

test('a second message during a call is part of its turn, and the call is not shown again', async () => {
  const { service, client } = await codexScene(callNamedTools);
  const id = await newSession(client);
  const stream = await openStream(service, { query: `?threadId=${id}` });
  const path = `/api/sessions/${id}/messages`;
  const first = await client.post(path, { text: 'lookup_ticket', dynamicTools: [lookup()] });
  await stream.of('tool_call_requested');
  const second = await client.post(path, { text: 'and hurry', dynamicTools: [lookup()] });
  expect(second).toMatchObject({ status: 202, body: { turnId: first.body.turnId } });
  const [{ requestId }] = await pendingCalls(client, id);
  await client.post(`/api/tool-calls/${requestId}/response`, answerOf('fine'));
  await endedTurn(client, id);
  expect(stream.all('tool_call_requested')).toHaveLength(1);
});

test('a turn costs the model requests of its steps, and no session appears that nobody made', async () => {
  const asked: string[] = [];
  const { service, client } = await codexScene((step, signal) => {
    asked.push(step.text);
    return callNamedTools(step, signal);
  });
  const stream = await openStream(service);
  const id = await newSession(client);
  await client.post(`/api/sessions/${id}/messages`, { text: 'hello' });
  await endedTurn(client, id);
  expect(asked).toEqual(['hello']);
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [{ requestId }] = await pendingCalls(client, id);
  await client.post(`/api/tool-calls/${requestId}/response`, answerOf('x'));
  await stream.until(() => stream.all('app_server.turn.completed').length === 2);
  expect(asked).toHaveLength(3);
  expect(stream.all('app_server.thread.started').map(({ threadId }) => threadId)).toEqual([id]);
  expect((await client.get('/api/sessions')).body.data).toHaveLength(1);
});

test('text of every language arrives whole, in both directions and however long', async () => {
  const { client } = await codexScene(callNamedTools);
  const id = await newSession(client);
  const words = 'žluťoučký 漢字 🧑‍🚀 \u2028 é';
  const text = Array.from({ length: 8_000 }, (_, index) => `${index} ${words}`).join('\n');
  await client.post(`/api/sessions/${id}/messages`, { text: `lookup_ticket ${words}` });
  const [{ requestId }] = await pendingCalls(client, id);
  const answered = await client.post(`/api/tool-calls/${requestId}/response`, answerOf(text));
  expect(answered.status).toBe(200);
  const { transcript, thread } = await endedTurn(client, id);
  expect(transcript[0].content).toBe(`lookup_ticket ${words}`);
  expect(thread.turns[0].items[1].contentItems).toEqual([{ type: 'inputText', text }]);
  expect(transcript.at(-1).content).not.toContain('\ufffd');
});

test('calls of one response wait together, and each has its own answer', async () => {
  const { client } = await codexScene(callNamedTools);
  const names = ['a', 'b', 'c'];
  const id = await newSession(client, names.map(lookup));
  await client.post(`/api/sessions/${id}/messages`, { text: 'a b c' });
  const calls = await pendingCalls(client, id, 3);
  expect(new Set(calls.map(({ requestId }) => requestId)).size).toBe(3);
  for (const { requestId, tool } of calls.toReversed()) {
    await client.post(`/api/tool-calls/${requestId}/response`, answerOf(`answer ${tool}`));
  }
  const { transcript } = await endedTurn(client, id);
  expect(transcript.at(-1).content).toBe('answer a | answer b | answer c');
});

test('a turn that fails says why, on the stream and when it is read', async () => {
  const { service, client } = await codexScene(() => ({ fail: 'the model is out of order' }));
  const id = await newSession(client);
  const stream = await openStream(service, { query: `?threadId=${id}` });
  await client.post(`/api/sessions/${id}/messages`, { text: 'hello' });
  const { payload } = await stream.of('app_server.turn.completed');
  expect(payload.params.turn).toMatchObject({
    status: 'failed',
    error: { message: expect.stringContaining('out of order') },
  });
  const { thread } = await endedTurn(client, id);
  expect(thread.turns[0]).toMatchObject({
    status: 'failed',
    error: { message: expect.stringContaining('out of order') },
  });
});

test('an interrupted turn takes its call back before it ends', async () => {
  const { service, client } = await codexScene(callNamedTools);
  const id = await newSession(client);
  const stream = await openStream(service, { query: `?threadId=${id}` });
  const sent = await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [{ requestId }] = await pendingCalls(client, id);
  const interrupted = await client.post(`/api/sessions/${id}/interrupt`, {});
  expect(interrupted.body).toEqual({ status: 'ok', sessionId: id, turnId: sent.body.turnId });
  const completed = await stream.of('app_server.turn.completed');
  expect(completed.payload.params.turn.status).toBe('interrupted');
  const resolved = await stream.of('tool_call_resolved');
  expect(resolved.payload).toEqual({ requestId, status: 'expired', success: false });
  expect(resolved.seq).toBeLessThan(completed.seq);
  const late = await client.post(`/api/tool-calls/${requestId}/response`, answerOf('late'));
  expect(late.status).toBe(404);
  await client.post(`/api/sessions/${id}/messages`, { text: 'still there?' });
  const { transcript } = await endedTurn(client, id);
  expect(transcript.at(-1).content).toBe('said: still there?');
});

test('a session is named, deleted with a call under way, and gone', async () => {
  const { service, client } = await codexScene(callNamedTools);
  const id = await newSession(client);
  const renamed = await client.post(`/api/sessions/${id}/rename`, { title: 'team-x' });
  expect(renamed.body).toMatchObject({ status: 'ok', session: { sessionId: id, title: 'team-x' } });
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  await pendingCalls(client, id);
  const stream = await openStream(service, { query: `?threadId=${id}` });
  const deleted = await client.delete(`/api/sessions/${id}`);
  expect(deleted).toMatchObject({
    status: 200,
    body: { status: 'ok', sessionId: id, title: 'team-x', deletedFileCount: 1 },
  });
  await stream.of('session_deleted');
  expect(stream.all('tool_call_resolved')).toMatchObject([{ payload: { status: 'expired' } }]);
  expect((await client.get(`/api/sessions/${id}`)).status).toBe(410);
  const listed = await client.get('/api/sessions');
  expect(listed.body.data).toEqual([]);
});

test('what commands of a session may do follows its messages', async () => {
  const script: Script = ({ results, text }) =>
    results.length > 0
      ? { text: String(results[0]?.output) }
      : { calls: [{ tool: 'exec_command', arguments: { cmd: text } }] };
  const { service, client } = await codexScene(script, {
    config: { features: { shell_tool: true } },
  });
  const { body } = await client.post('/api/sessions', { cwd: '/tmp' });
  const id = body.session.sessionId;
  const path = `/api/sessions/${id}`;
  const stream = await openStream(service, { query: `?threadId=${id}` });

  await client.post(`${path}/messages`, { text: 'touch first' });
  const { payload } = await stream.of('approval');
  expect(payload).toEqual({
    approvalId: expect.any(String),
    method: 'item/commandExecution/requestApproval',
    threadId: id,
    turnId: expect.any(String),
    itemId: expect.any(String),
    summary: expect.stringContaining('touch first'),
    details: expect.objectContaining({ threadId: id }),
    createdAt: expect.any(String),
    status: 'pending',
  });
  expect((await client.get(`${path}/approvals`)).body).toEqual({ data: [payload] });
  const { approvalId } = payload;
  const late = await openStream(service, { query: `?threadId=${id}` });
  expect(await late.of('approval')).toMatchObject({ payload, redelivered: true });
  const decided = await client.post(`/api/approvals/${approvalId}/decision`, {
    decision: 'decline',
  });
  expect(decided).toMatchObject({
    status: 200,
    body: { status: 'ok', approvalId, threadId: id },
  });
  expect((await stream.of('approval_resolved')).payload).toEqual({
    approvalId,
    status: 'resolved',
    decision: 'decline',
    scope: 'turn',
  });
  const declined = await endedTurn(client, id);
  expect(declined.transcript.at(-1).content).toContain('rejected by user');
  const again = await client.post(`/api/approvals/${approvalId}/decision`, { decision: 'accept' });
  expect(again).toMatchObject({ status: 404, body: { status: 'not_found', approvalId } });

  // From here on nobody is asked.
  await client.post(`${path}/messages`, { text: 'echo fine', approvalPolicy: 'never' });
  await stream.until(() => stream.all('app_server.turn.completed').length === 2);
  expect(stream.all('approval')).toHaveLength(1);
  expect((await client.get(path)).body.transcript.at(-1).content).toContain('fine');
  expect((await client.get(`${path}/session-controls`)).body.controls.approvalPolicy).toBe('never');
});

test('how Codex is, is said in full', async () => {
  const { client } = await codexScene(callNamedTools);
  await expect
    .poll(async () => (await client.get('/api/health')).body.codex.pid)
    .toEqual(expect.any(Number));
  const { body } = await client.get('/api/health');
  expect(body).toEqual({
    status: 'ok',
    service: 'api',
    codex: { running: true, pid: expect.any(Number), initialized: true, version: '0.169.0' },
    orchestratorQueue: {
      enabled: false,
      queued: 0,
      running: 0,
      completed: 0,
      failed: 0,
      canceled: 0,
      projects: 0,
    },
    auth: { hasOpenAiApiKey: false, codexHomeAuthFile: false, likelyUnauthenticated: true },
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
  });
});
