/** Sessions over HTTP: what may be said, what is answered, and what is refused with a reason. */
import { expect, test } from 'vitest';
import { SessionMeshError } from '../../src/errors.ts';
import { openStream, type Json } from './client.ts';
import { refuses } from './fake-host.ts';
import {
  answerOf,
  callNamedTools,
  endedTurn,
  fakeScene,
  invalid,
  lookup,
  missing,
  newSession,
  pendingCalls,
} from './scene.ts';

test('a session is made without a body, with one, and with everything', async () => {
  const { service, client } = await fakeScene(callNamedTools);
  const bare = await fetch(`${service.url}/api/sessions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.token}` },
  });
  expect(bare.status).toBe(200);
  expect(bare.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(bare.headers.get('keep-alive')).toBe('timeout=72');
  const { session } = (await bare.json()) as Json;
  expect(session).toEqual({
    sessionId: expect.any(String),
    title: 'New chat',
    materialized: false,
    modelProvider: 'fake',
    approvalPolicy: 'untrusted',
    sessionControls: {
      model: null,
      approvalPolicy: 'untrusted',
      networkAccess: 'restricted',
      filesystemSandbox: 'read-only',
      settings: {},
    },
    createdAt: 1_795_225_404,
    updatedAt: 1_795_225_405,
    cwd: '/work',
    source: 'vscode',
    projectId: null,
  });
  expect((await client.post('/api/sessions', {})).status).toBe(200);
  const full = await client.post('/api/sessions', {
    cwd: '/srv/work',
    model: 'm',
    approvalPolicy: 'never',
    networkAccess: 'enabled',
    filesystemSandbox: 'workspace-write',
    dynamicTools: [lookup()],
    unknown: 'is passed over',
  });
  expect(full.body.session.sessionControls).toEqual({
    model: 'm',
    approvalPolicy: 'never',
    networkAccess: 'enabled',
    filesystemSandbox: 'workspace-write',
    settings: {},
  });
});

const tool = lookup();
const without = ({ name, ...rest }: Json, key: string) =>
  key === 'name'
    ? rest
    : Object.fromEntries(Object.entries({ name, ...rest }).filter(([k]) => k !== key));

test.each([
  ['tagged as a function', [{ type: 'function', ...tool }]],
  ['with members that Codex does not know', [{ ...tool, strict: true, deferLoading: true }]],
  ['an empty schema', [{ ...tool, inputSchema: {} }]],
  ['a schema with nullable', [{ ...tool, inputSchema: { properties: { a: { nullable: true } } } }]],
  ['blanks around its words', [{ ...tool, name: ' lookup_ticket ', description: ' x ' }]],
  ['128 of them', Array.from({ length: 128 }, (_, index) => ({ ...tool, name: `t${index}` }))],
  ['none', []],
])('tools are taken: %s', async (_, dynamicTools) => {
  const { client } = await fakeScene(callNamedTools);
  expect((await client.post('/api/sessions', { dynamicTools })).status).toBe(200);
});

test.each<[string, unknown[], object]>([
  [
    'no description',
    [without(tool, 'description')],
    missing(['dynamicTools', 0, 'description'], 'string'),
  ],
  ['no name', [without(tool, 'name')], missing(['dynamicTools', 0, 'name'], 'string')],
  [
    'no schema',
    [without(tool, 'inputSchema')],
    missing(['dynamicTools', 0, 'inputSchema'], 'record'),
  ],
  [
    'a blank name',
    [{ ...tool, name: '  ' }],
    { code: 'too_small', minimum: 1, path: ['dynamicTools', 0, 'name'] },
  ],
  [
    '129 of them',
    Array.from({ length: 129 }, (_, index) => ({ ...tool, name: `t${index}` })),
    { code: 'too_big', maximum: 128, path: ['dynamicTools'] },
  ],
  [
    'a namespace without tools',
    [{ type: 'namespace', name: 'n', description: 'd' }],
    missing(['dynamicTools', 0, 'tools'], 'array'),
  ],
])('tools are refused with the place and the reason: %s', async (_, dynamicTools, issue) => {
  const { client } = await fakeScene(callNamedTools);
  expect(await client.post('/api/sessions', { dynamicTools })).toMatchObject(invalid(issue));
});

test.each([
  ['a name that Codex refuses', [{ ...tool, name: 'bad name!' }], 'tool name is invalid'],
  ['two of one name', [tool, tool], 'tool name is used twice'],
  ['a schema without end', [{ ...tool, inputSchema: deep(50) }], /schema|nested deeper/],
])('tools that could not work are refused with a reason: %s', async (_, dynamicTools, reason) => {
  const { client } = await fakeScene(callNamedTools);
  const refused = await client.post('/api/sessions', { dynamicTools });
  expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  const [issue] = refused.body.issues;
  expect(issue.path).toEqual(['dynamicTools', dynamicTools.length - 1]);
  expect(issue.message).toMatch(reason);
});

test('what is not known of a tool is left out, whatever it is, and so is a byte order mark', async () => {
  const { service } = await fakeScene(callNamedTools);
  const dynamicTools = [
    { ...lookup(), type: null },
    { ...lookup('other'), type: 5 },
  ];
  const made = await fetch(`${service.url}/api/sessions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.token}`, 'content-type': 'application/json' },
    body: `\uFEFF${JSON.stringify({ dynamicTools })}`,
  });
  expect(made.status).toBe(200);
});

test('a tool that Codex would run its own in place of is taken, and passed over', async () => {
  const { client } = await fakeScene(callNamedTools);
  const dynamicTools = [{ ...tool, name: 'exec_command' }, lookup()];
  const { status, body } = await client.post('/api/sessions', { dynamicTools });
  expect(status).toBe(200);
  const turn = await client.post(`/api/sessions/${body.session.sessionId}/messages`, {
    text: 'lookup_ticket',
    dynamicTools,
  });
  expect(turn.status).toBe(202);
});

function deep(levels: number): object {
  return levels === 0 ? {} : { properties: { a: deep(levels - 1) } };
}

test('tools in a namespace are called by both names', async () => {
  const { client, host } = await fakeScene(({ results }) =>
    results.length > 0
      ? { text: String(results[0]?.output) }
      : { calls: [{ tool: 'lookup_ticket', namespace: 'crm' }] },
  );
  const { deferLoading, ...member } = { ...lookup(), deferLoading: true };
  const id = await newSession(client, [
    {
      type: 'namespace',
      name: 'crm',
      description: 'Tickets.',
      tools: [{ ...member, deferLoading }],
    },
  ]);
  await client.post(`/api/sessions/${id}/messages`, { text: 'go' });
  const [row] = await pendingCalls(client, id);
  expect(row).toMatchObject({ tool: 'lookup_ticket', details: { namespace: 'crm' } });
  await client.post(`/api/tool-calls/${row.requestId}/response`, answerOf('ENG-1'));
  await endedTurn(client, id);
  expect(host.threads.size).toBe(1);
});

test('settings that Codex refuses leave no session behind', async () => {
  const { client, host } = await fakeScene(callNamedTools);
  host.replies['thread/settings/update'] = () => {
    throw refuses('network access is not allowed here');
  };
  const refused = await client.post('/api/sessions', { networkAccess: 'enabled' });
  expect(refused).toMatchObject({
    status: 400,
    body: {
      status: 'error',
      code: 'invalid_params',
      message: 'codex rpc error -32600: network access is not allowed here',
    },
  });
  expect(host.threads.size).toBe(0);
});

test('nobody has such a session: each route says so, with the one body', async () => {
  const { client } = await fakeScene(callNamedTools);
  const ids = ['nope', '01a1fbc5-c3bf-72a2-b589-ce8d3ad8b8fe', '%F0%9F%98%80', '..%2f..%2fetc'];
  for (const id of ids) {
    const path = `/api/sessions/${id}`;
    const sessionId = decodeURIComponent(id);
    const gone = { status: 404, body: { status: 'not_found', sessionId } };
    expect(await client.get(path)).toMatchObject(gone);
    expect(await client.post(`${path}/messages`, { text: 'x' })).toMatchObject(gone);
    expect(await client.post(`${path}/rename`, { title: 'x' })).toMatchObject(gone);
    expect(await client.post(`${path}/resume`)).toMatchObject(gone);
    expect(await client.post(`${path}/interrupt`)).toMatchObject(gone);
    expect(await client.delete(path)).toMatchObject(gone);
    expect(await client.get(`${path}/session-controls`)).toMatchObject(gone);
    expect(await client.get(`${path}/settings`)).toMatchObject(gone);
    for (const list of ['tool-calls', 'approvals', 'tool-input']) {
      expect(await client.get(`${path}/${list}`)).toMatchObject({
        status: 200,
        body: { data: [] },
      });
    }
  }
});

test('a deleted session stays deleted, and everybody is told', async () => {
  const { service, client } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  await client.post(`/api/sessions/${id}/rename`, { title: 'team-x' });
  const stream = await openStream(service);
  const path = `/api/sessions/${id}`;
  expect(await client.delete(path)).toMatchObject({
    status: 200,
    body: { status: 'ok', sessionId: id, title: 'team-x', deletedFileCount: 1 },
  });
  const { payload } = await stream.of('session_deleted');
  const gone = { status: 410, body: payload };
  expect(payload).toEqual({
    status: 'deleted',
    sessionId: id,
    title: 'team-x',
    message: 'This chat was permanently deleted and is no longer available.',
    deletedAt: expect.any(String),
  });
  expect(await client.get(path)).toMatchObject(gone);
  expect(await client.delete(path)).toMatchObject(gone);
  expect(await client.post(`${path}/messages`, { text: 'x' })).toMatchObject(gone);
  expect(await client.post(`${path}/rename`, { title: 'x' })).toMatchObject(gone);
  expect(await client.post(`${path}/resume`)).toMatchObject(gone);
  expect(await client.post(`${path}/interrupt`)).toMatchObject(gone);
  for (const list of ['tool-calls', 'approvals', 'tool-input']) {
    expect(await client.get(`${path}/${list}`)).toMatchObject(gone);
  }
});

test('a turn is interrupted once; without one that is a conflict', async () => {
  const { client } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  const path = `/api/sessions/${id}/interrupt`;
  const idle = { status: 409, body: { status: 'no_active_turn', sessionId: id } };
  expect(await client.post(path)).toMatchObject(idle);
  const { body } = await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  await pendingCalls(client, id);
  expect(await client.post(path, { turnId: 'another' })).toMatchObject(idle);
  expect(await client.post(path, { turnId: body.turnId })).toMatchObject({
    status: 200,
    body: { status: 'ok', sessionId: id, turnId: body.turnId },
  });
  expect((await endedTurn(client, id)).thread.turns.at(-1).status).toBe('interrupted');
  expect(await client.post(path, {})).toMatchObject(idle);
});

test('sessions are listed page by page', async () => {
  const { client, host } = await fakeScene(callNamedTools);
  const ids = [await newSession(client), await newSession(client)];
  const { status, body } = await client.get('/api/sessions?archived=false&limit=2&cursor=c');
  expect(status).toBe(200);
  expect(body).toMatchObject({ nextCursor: null, archived: false });
  expect(body.data.map(({ sessionId }: Json) => sessionId)).toEqual(ids);
  expect(host.asked.at(-1)).toEqual({
    method: 'thread/list',
    params: { archived: false, limit: 2, cursor: 'c' },
  });
  expect((await client.get('/api/sessions?limit=0')).status).toBe(400);
  expect((await client.get('/api/sessions?limit=201')).status).toBe(400);
  expect((await client.get('/api/sessions?limit=many')).status).toBe(400);
  expect(
    (await client.get('/api/sessions?archived=true&includeSystemOwned=true')).body,
  ).toMatchObject({
    archived: true,
  });
});

test('sessions that nobody has used yet are listed too, but not those that are gone', async () => {
  const { client, host } = await fakeScene(callNamedTools);
  const ids = [await newSession(client), await newSession(client), await newSession(client)];
  host.replies['thread/list'] = () => ({ data: [], nextCursor: null });
  host.threads.delete(ids[1]!);
  const listed = async (query = '') => {
    const { body } = await client.get(`/api/sessions${query}`);
    return body.data.map(({ sessionId, materialized }: Json) => [sessionId, materialized]);
  };
  expect(await listed()).toEqual([
    [ids[2], false],
    [ids[0], false],
  ]);
  expect(await listed('?cursor=c')).toEqual([]);
  expect(await listed('?archived=true')).toEqual([]);
  await client.post(`/api/sessions/${ids[0]}/messages`, { text: 'hello' });
  expect(await listed()).toEqual([[ids[2], false]]);
});

test('a session that is read again and again asks Codex only when something happened', async () => {
  const { client, host } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  const reads = () => host.asked.filter(({ method }) => method === 'thread/turns/list').length;
  const read = () => client.get(`/api/sessions/${id}`);
  const [first] = await Promise.all([read(), read(), read()]);
  const before = reads();
  for (let count = 0; count < 5; count += 1) expect((await read()).text).toBe(first.text);
  expect(reads()).toBe(before);
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [{ requestId }] = await pendingCalls(client, id);
  const { body } = await read();
  expect(body.transcript.map(({ type }: Json) => type)).toContain('tool_call.request');
  expect(body.transcript.map(({ type, status }: Json) => `${type} ${status}`)).toContain(
    'dynamicToolCall streaming',
  );
  await client.post(`/api/tool-calls/${requestId}/response`, answerOf('x'));
  const ended = await endedTurn(client, id);
  expect(ended.transcript.map(({ type }: Json) => type)).toContain('tool_call.resolved');
});

test.each([
  [new SessionMeshError('request_timeout'), 504, 'codex_timeout'],
  [new SessionMeshError('stream_closed'), 503, 'codex_unavailable'],
  [new SessionMeshError('overloaded'), 429, 'overloaded'],
  [refuses('no such method', -32_601), 501, 'method_not_supported'],
  [refuses('not logged in'), 401, 'auth_required'],
  [refuses('thread x already has an active writer'), 409, 'invalid_state'],
  [refuses('bad params', -32_602), 400, 'invalid_params'],
  [refuses('something else', -32_000), 500, 'codex_error'],
])('what goes wrong with Codex has a status and a code: %s', async (error, status, code) => {
  const { client, host } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  host.replies['thread/name/set'] = () => {
    throw error;
  };
  const failed = await client.post(`/api/sessions/${id}/rename`, { title: 'x' });
  expect(failed).toMatchObject({
    status,
    body: { status: 'error', code, message: expect.any(String), details: { sessionId: id } },
  });
});

test('what Codex refuses says which request that was', async () => {
  const { client, host } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  host.replies['thread/name/set'] = () => {
    const { cause } = refuses('bad params', -32_602);
    throw new SessionMeshError('request_refused', { expected: 'thread/name/set', cause });
  };
  const failed = await client.post(`/api/sessions/${id}/rename`, { title: 'x' });
  expect(failed.body.details).toEqual({ method: 'thread/name/set', sessionId: id });
});

test('a fault of ours says nothing of itself, and is logged', async () => {
  const { client, host, logged } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  host.replies['thread/read'] = () => {
    throw new TypeError('secret detail');
  };
  expect(await client.get(`/api/sessions/${id}`)).toMatchObject({
    status: 500,
    body: { status: 'error', code: 'internal_error', message: 'internal server error' },
  });
  expect(logged.join('\n')).toContain('secret detail');
});

test('settings of extensions are none', async () => {
  const { client } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  expect((await client.get(`/api/sessions/${id}/settings`)).body).toEqual({
    status: 'ok',
    sessionId: id,
    scope: 'session',
    settings: {},
  });
});
