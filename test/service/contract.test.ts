/**
 * The wire as it was captured, word by word: what clients of old compare with, written out here and
 * never taken from the sources.
 */
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Answer, Json } from './client.ts';
import { openStream } from './client.ts';
import {
  answerOf,
  callNamedTools,
  endedTurn,
  fakeScene,
  lookup,
  newSession,
  pendingCalls,
} from './scene.ts';

const exactly = ({ status, body }: Answer, expected: { status: number; body: unknown }) =>
  expect({ status, body }).toEqual(expected);

async function callScene() {
  const scene = await fakeScene(callNamedTools);
  const id = await newSession(scene.client);
  await scene.client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [{ requestId }] = await pendingCalls(scene.client, id);
  return { ...scene, id, requestId, path: `/api/tool-calls/${requestId}/response` };
}

test('every JSON answer has the headers of old, and no others that matter', async () => {
  const { client } = await fakeScene(callNamedTools);
  for (const path of ['/api', '/api/nope', '/api/sessions/nobody', '/healthz']) {
    const { headers, text } = await client.get(path);
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
    expect(headers.get('date')).toMatch(/GMT$/);
    expect(headers.get('connection')).toBe('keep-alive');
    expect(headers.get('keep-alive')).toBe('timeout=72');
    expect(headers.get('server')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
  }
});

test('a route that is none has a body of its own form', async () => {
  const { client } = await fakeScene(callNamedTools);
  exactly(await client.get('/api/nope?x=1'), {
    status: 404,
    body: { message: 'Route GET:/api/nope?x=1 not found', error: 'Not Found', statusCode: 404 },
  });
  exactly(await client.post('/api/commands/exec', { command: ['id'] }), {
    status: 404,
    body: {
      message: 'Route POST:/api/commands/exec not found',
      error: 'Not Found',
      statusCode: 404,
    },
  });
});

test('bodies that cannot be read, and those that do not fit', async () => {
  const { client, service, path } = await callScene();
  const send = async (text: string): Promise<Answer> => {
    const response = await fetch(service.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${service.token}`, 'content-type': 'application/json' },
      body: text,
    });
    const { status, headers } = response;
    const body: Json = await response.json();
    return { status, headers, body, text: '' };
  };
  const refused = (message: string) => ({ status: 'error', code: 'request_failed', message });
  exactly(await send('{'), {
    status: 400,
    body: refused("Body is not valid JSON but content-type is set to 'application/json'"),
  });
  exactly(await send(''), {
    status: 400,
    body: refused("Body cannot be empty when content-type is set to 'application/json'"),
  });
  exactly(await client.post(path, { success: 'yes' }), {
    status: 400,
    body: {
      status: 'error',
      code: 'invalid_request',
      message: 'request validation failed',
      issues: [
        {
          expected: 'boolean',
          code: 'invalid_type',
          path: ['success'],
          message: 'Invalid input: expected boolean, received string',
        },
      ],
    },
  });
  const audio = { contentItems: [{ type: 'inputAudio', audioUrl: 'data:audio/wav;base64,' }] };
  expect(await client.post(path, audio)).toMatchObject({
    status: 400,
    body: {
      code: 'invalid_request',
      issues: [{ note: 'No matching discriminator', path: ['contentItems', 0, 'type'] }],
    },
  });
  exactly(await client.post(path, answerOf('x'.repeat(1_048_576))), {
    status: 413,
    body: refused('Request body is too large'),
  });
});

test('an answer to a call, and everything that may be said of it', async () => {
  const { client, id, requestId, path } = await callScene();
  exactly(await client.post('/api/tool-calls/999999/response', answerOf('x')), {
    status: 404,
    body: { status: 'not_found', requestId: '999999' },
  });
  exactly(await client.post(path, answerOf('x')), {
    status: 200,
    body: { status: 'ok', requestId, threadId: id },
  });
  exactly(await client.post(path, answerOf('x')), {
    status: 404,
    body: { status: 'not_found', requestId },
  });
});

test('a sound reaches Codex in a whole response', async () => {
  const { client } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [{ requestId, callId }] = await pendingCalls(client, id);
  const response = {
    success: true,
    contentItems: [{ type: 'inputAudio', audioUrl: 'data:audio/wav;base64,UklGRg==' }],
  };
  const answered = await client.post(`/api/tool-calls/${requestId}/response`, { response });
  expect(answered.status).toBe(200);
  const { body } = await client.get(`/api/sessions/${id}/calls/${callId}`);
  expect(body.call).toMatchObject({ outcome: 'answered', result: response });
});

test('what is said of a session as such', async () => {
  const { client } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  const controls = {
    model: null,
    approvalPolicy: 'never',
    networkAccess: 'restricted',
    filesystemSandbox: 'read-only',
    settings: {},
  };
  const summary = (title: string, materialized: boolean) => ({
    sessionId: id,
    title,
    materialized,
    modelProvider: 'fake',
    approvalPolicy: 'never',
    sessionControls: controls,
    createdAt: 1_795_225_404,
    updatedAt: 1_795_225_405,
    cwd: '/work',
    source: 'vscode',
    projectId: null,
  });
  exactly(await client.post(`/api/sessions/${id}/rename`, { title: 'team-x' }), {
    status: 200,
    body: { status: 'ok', session: summary('team-x', true) },
  });
  exactly(await client.get('/api/sessions?limit=1'), {
    status: 200,
    body: {
      data: [{ ...summary('team-x', true), status: { type: 'idle' } }],
      nextCursor: null,
      archived: false,
    },
  });
  exactly(await client.get(`/api/sessions/${id}/session-controls`), {
    status: 200,
    body: {
      status: 'ok',
      sessionId: id,
      controls,
      defaults: { ...controls, approvalPolicy: 'untrusted' },
      defaultsEditable: false,
      defaultLockReason: 'the defaults of this service are fixed',
    },
  });
  const resumed = await client.post(`/api/sessions/${id}/resume`, { dynamicTools: [lookup()] });
  exactly(resumed, {
    status: 200,
    body: {
      session: summary('team-x', true),
      thread: expect.objectContaining({ id, name: 'team-x', turns: [] }),
    },
  });
  const { body } = await client.get(`/api/sessions/${id}`);
  expect(Object.keys(body)).toEqual(['session', 'thread', 'transcript']);
  exactly(await client.get(`/api/sessions/${id}/approvals`), { status: 200, body: { data: [] } });
  exactly(await client.get(`/api/sessions/${id}/tool-input`), { status: 200, body: { data: [] } });
});

test('what the service says of itself', async () => {
  const { client } = await fakeScene(callNamedTools);
  exactly(await client.get('/api'), {
    status: 200,
    body: { name: expect.any(String), version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
  });
});

test('a message that says which tools there are resumes nothing, and pastes nothing into its text', async () => {
  const seen: string[] = [];
  const { client, host } = await fakeScene((step, signal) => {
    seen.push(step.text);
    return callNamedTools(step, signal);
  });
  const id = await newSession(client);
  const path = `/api/sessions/${id}/messages`;
  const asked = host.asked.length;
  await client.post(path, { text: 'lookup_ticket', dynamicTools: [lookup()] });
  const [row] = await pendingCalls(client, id);
  await client.post(path, { text: 'more', dynamicTools: [lookup()] });
  expect(host.asked.slice(asked).map(({ method }) => method)).not.toContain('thread/resume');
  expect(await pendingCalls(client, id)).toEqual([row]);
  await client.post(`/api/tool-calls/${row.requestId}/response`, answerOf('x'));
  await endedTurn(client, id);
  expect(seen[0]).toBe('lookup_ticket');
});

test('the handshake of a stream says what it has to and no more', async () => {
  const { service } = await fakeScene(callNamedTools);
  const socket = new WebSocket(`${service.url.replace('http', 'ws')}/api/stream`, {
    headers: { authorization: `Bearer ${service.token}` },
    perMessageDeflate: true,
  });
  onTestFinished(() => socket.terminate());
  const [{ statusCode, headers }] = await once(socket, 'upgrade');
  expect(statusCode).toBe(101);
  expect(Object.keys(headers).toSorted()).toEqual([
    'connection',
    'sec-websocket-accept',
    'upgrade',
  ]);
});

test('a stream begins with ready, and its client’s farewell is returned', async () => {
  const { service, client } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  const stream = await openStream(service, { query: `?threadId=${id}` });
  expect(stream.frames[0]).toEqual({
    type: 'ready',
    threadId: id,
    epoch: service.epoch,
    seq: expect.any(Number),
  });
  stream.say({ type: 'subscribe', threadId: id });
  stream.say({ type: 'unsubscribe' });
  await stream.settle();
  // Neither is acknowledged.
  expect(stream.types()).toEqual(['ready', 'pong']);
  stream.socket.close(1000);
  expect(await stream.closed).toBe(1000);
});
