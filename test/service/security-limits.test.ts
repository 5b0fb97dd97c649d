/** Attacks on a service that let themselves in: too much, too long, too deep, too odd. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Service } from '../../src/service/service.ts';
import { openStream } from './client.ts';
import { rawRequest, sendRaw, upgradeHeaders } from './raw-http.ts';
import {
  answerOf,
  callNamedTools,
  endedTurn,
  fakeScene,
  lookup,
  newSession,
  pendingCalls,
} from './scene.ts';

const hostOf = (service: Service) => new URL(service.url).host;
const bearer = (service: Service) => `Bearer ${service.token}`;

test('S10 a head or a body beyond its bound is refused before it is read', async () => {
  const { service, client } = await fakeScene(callNamedTools);
  const head = await sendRaw(
    service,
    rawRequest('GET /api', { host: hostOf(service), 'x-long': 'x'.repeat(20_000) }),
  );
  expect(head.status).toBe(431);
  const tooLarge = {
    status: 'error',
    code: 'request_failed',
    message: 'Request body is too large',
  };
  const id = await newSession(client);
  const large = await client.post(`/api/sessions/${id}/messages`, { text: 'x'.repeat(1_048_577) });
  expect(large).toMatchObject({ status: 413, body: tooLarge });
  const chunk = 'x'.repeat(1_000_000);
  const chunked = ['f4240', chunk, 'f4240', chunk, '0', '', ''].join('\r\n');
  const sent = await sendRaw(
    service,
    rawRequest(
      'POST /api/sessions',
      {
        host: hostOf(service),
        authorization: bearer(service),
        'content-type': 'application/json',
        'transfer-encoding': 'chunked',
      },
      chunked,
    ),
  );
  expect(sent.status).toBe(413);
});

/** A call that waits for a client, and what the model is told of its results. */
async function callScene() {
  const outputs: string[] = [];
  const { client } = await fakeScene((step, signal) => {
    outputs.push(...step.results.map(({ output }) => output));
    return callNamedTools(step, signal);
  });
  const id = await newSession(client);
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [{ requestId }] = await pendingCalls(client, id);
  return { client, id, path: `/api/tool-calls/${requestId}/response`, outputs };
}

/** Lists in lists, as deep as that. */
const nested = (levels: number): unknown[] => (levels === 0 ? [] : [nested(levels - 1)]);

test.each([
  ['too long', answerOf('x'.repeat(1_048_576)), 413],
  ['nested too deep', { response: nested(200) }, 400],
])(
  'S10 an answer that is too large is refused, and does not leave the model waiting: %s',
  async (_, answer, status) => {
    const { client, id, path, outputs } = await callScene();
    expect((await client.post(path, answer)).status).toBe(status);
    await endedTurn(client, id);
    expect(outputs).toEqual([expect.stringContaining('its result is too large to show')]);
    expect((await client.post(path, answerOf('less'))).status).toBe(404);
  },
);

test('S10 a command that is too long, or in too many pieces, ends its stream only', async () => {
  const { service, client } = await fakeScene(callNamedTools);
  const long = await openStream(service);
  long.say('x'.repeat(300_000));
  expect(await long.closed).toBe(1009);
  const torn = await openStream(service);
  for (let piece = 0; piece < 200; piece += 1) torn.socket.send('x', { fin: false });
  expect(await torn.closed).toBe(1008);
  const bomb = await openStream(service, { socket: { perMessageDeflate: true } });
  expect(bomb.socket.extensions).toBe('');
  expect((await client.get('/api')).status).toBe(200);
});

test('S11 nesting and members are counted before anything is parsed', async () => {
  const { service, client } = await fakeScene(callNamedTools);
  const send = (text: string) =>
    fetch(`${service.url}/api/sessions`, {
      method: 'POST',
      headers: { authorization: bearer(service), 'content-type': 'application/json' },
      body: text,
    });
  const started = performance.now();
  for (const text of [
    '['.repeat(1_000_000),
    '{"a":'.repeat(150_000),
    `[${'1,'.repeat(400_000)}1]`,
    `{${'"a":1,'.repeat(140_000)}"a":1}`,
  ]) {
    const answer = await send(text);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ status: 'error', code: 'request_failed' });
  }
  expect(performance.now() - started).toBeLessThan(2_000);
  expect((await client.get('/api')).status).toBe(200);
});

test.each([
  ['{', /not valid JSON/],
  ['', /cannot be empty/],
  ['{"__proto__":{"isAdmin":true}}', /forbidden key/],
  [String.raw`{"\u005f_proto__":{"isAdmin":true}}`, /forbidden key/],
  ['{"constructor":{"prototype":{"isAdmin":true}}}', /forbidden key/],
])('S12 a body that is none, or poisonous, is refused: %s', async (text, message) => {
  const { service } = await fakeScene(callNamedTools);
  const answer = await fetch(`${service.url}/api/sessions`, {
    method: 'POST',
    headers: { authorization: bearer(service), 'content-type': 'application/json' },
    body: text,
  });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({
    status: 'error',
    code: 'request_failed',
    message: expect.stringMatching(message),
  });
  expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
});

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
  'S12 names of the prototype are names like any other: %s',
  async (name) => {
    const args = JSON.parse(`{"${name}":{"polluted":1}}`);
    const { client, service } = await fakeScene(({ results }) =>
      results.length > 0
        ? { text: 'done' }
        : { calls: [{ tool: 'lookup_ticket', arguments: args, callId: name }] },
    );
    expect((await client.get(`/api/sessions/${name}`)).status).toBe(404);
    expect((await client.post(`/api/tool-calls/${name}/response`, {})).status).toBe(404);
    expect(
      (await client.post(`/api/approvals/${name}/decision`, { decision: 'accept' })).status,
    ).toBe(404);
    expect((await client.get(`/api?${name}=1`)).status).toBe(200);
    const stream = await openStream(service, { query: `?threadId=${name}` });
    stream.say({ type: name });
    await stream.of('error');
    const id = await newSession(client);
    await client.post(`/api/sessions/${id}/messages`, { text: 'go' });
    const [row] = await pendingCalls(client, id);
    expect(JSON.stringify(row.arguments)).toBe(JSON.stringify(args));
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  },
);

test('S13 a schema of a client is never run', async () => {
  const { client } = await fakeScene(({ results }) =>
    results.length > 0
      ? { text: 'done' }
      : { calls: [{ tool: 'evil', arguments: { a: `${'a'.repeat(40)}!` } }] },
  );
  const inputSchema = {
    type: 'object',
    properties: { a: { type: 'string', pattern: '^(a|a)*$' } },
  };
  const id = await newSession(client, [{ name: 'evil', description: 'x', inputSchema }]);
  const started = performance.now();
  await client.post(`/api/sessions/${id}/messages`, { text: 'go' });
  await pendingCalls(client, id);
  expect(performance.now() - started).toBeLessThan(2_000);
});

test('S14 a connection that says nothing, or too slowly, is closed', async () => {
  const { service, client } = await fakeScene(callNamedTools, {
    limits: { serviceHeadersTimeoutMs: 100, serviceRequestTimeoutMs: 200 },
  });
  const [silent, slow] = await Promise.all([
    sendRaw(service, 'GET /api HTTP/1.1\r\nhost: '),
    sendRaw(
      service,
      rawRequest('POST /api/sessions', {
        host: hostOf(service),
        authorization: bearer(service),
        'content-type': 'application/json',
        'content-length': '100',
      }),
    ),
  ]);
  expect(silent.status).toBe(408);
  expect(slow.status).toBe(408);
  expect((await client.get('/api')).status).toBe(200);
});

test('S14 connections beyond the bound are not served', async () => {
  const { service } = await fakeScene(callNamedTools, { limits: { serviceConnectionsMax: 2 } });
  const streams = [await openStream(service), await openStream(service)];
  await expect(openStream(service)).rejects.toThrow();
  streams[0]!.socket.close();
  await streams[0]!.closed;
  await expect
    .poll(() =>
      openStream(service).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
});

test('S15 garbage of any kind ends its connection and nothing else', async () => {
  const { service, client } = await fakeScene(callNamedTools);
  const authorization = bearer(service);
  const host = hostOf(service);
  const garbage: (string | Buffer)[] = [
    '\0\0\0\0\r\n\r\n',
    Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]),
    'GET / HTTP/9.9\r\n\r\n',
    'GET /%%%% HTTP/1.1\r\nhost: x\r\n\r\n',
    rawRequest('GET /api/sessions/%ff%fe', { host, authorization }),
    rawRequest('GET /api/../../etc/passwd', { host, authorization }),
    rawRequest('GET //evil.test/api', { host, authorization }),
    rawRequest('POST /api/sessions', { host, authorization, 'content-length': '-1' }),
    rawRequest('POST /api/sessions', {
      host,
      authorization,
      'content-length': '5',
      'transfer-encoding': 'chunked',
    }),
  ];
  for (const bytes of garbage) {
    const { status } = await sendRaw(service, `${bytes.toString('latin1')}\r\n\r\n`);
    expect(status === 0 || (status >= 400 && status < 500)).toBe(true);
  }
  const frames: Buffer[] = [
    Buffer.from([0x83, 0x80, 0, 0, 0, 0]),
    Buffer.from([0x81, 0x05, 0x68, 0x65, 0x6c, 0x6c, 0x6f]),
    Buffer.from([0xf1, 0x80, 0, 0, 0, 0]),
    Buffer.from([0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]),
  ];
  for (const frame of frames) {
    const upgrade = rawRequest('GET /api/stream', { ...upgradeHeaders, host, authorization });
    const answer = await sendRaw(service, Buffer.concat([Buffer.from(upgrade), frame]));
    expect(answer.status).toBe(101);
  }
  expect((await client.get('/api')).status).toBe(200);
});

test('S16 nothing of what passes through is in any log', async () => {
  const canary = (name: string) => `CANARY-${name}`;
  const { service, client, logged } = await fakeScene(
    ({ results }) =>
      results.length > 0
        ? { text: canary('reply') }
        : { calls: [{ tool: 'lookup_ticket', arguments: { id: canary('argument') } }] },
    { tokens: [{ token: canary('other-token-of-16'), scopes: ['read'] }] },
  );
  const id = await newSession(client, [{ ...lookup(), description: canary('description') }]);
  await openStream(service, { query: `?threadId=${id}&x=${canary('query')}` });
  await client.post(`/api/sessions/${id}/messages`, { text: canary('text') });
  const [{ requestId }] = await pendingCalls(client, id);
  const path = `/api/tool-calls/${requestId}/response`;
  await client.post(path, { success: canary('invalid') });
  await client.post(path, answerOf(canary('result')));
  await endedTurn(client, id);
  await client.post(`/api/sessions/${id}/rename`, { title: `\u001b]0;${canary('title')}\u0007` });
  await client.get(`/api/${canary('path')}?q=${canary('query')}`, {
    headers: { cookie: canary('cookie'), authorization: `Bearer ${canary('wrong')}` },
  });
  await client.get('/api', { token: canary('other-token-of-16') });
  await client.delete(`/api/sessions/${id}`);
  const text = logged.join('\n');
  expect(logged.length).toBeGreaterThan(5);
  expect(text).not.toContain('CANARY');
  expect(text).not.toContain(String(service.token));
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});

test.each([
  ['inputImage', 'imageUrl'],
  ['inputAudio', 'audioUrl'],
])('S17 what a tool answers is never fetched or followed: %s', async (type, member) => {
  const visitors: string[] = [];
  const bait = createServer((request, response) => {
    visitors.push(String(request.url));
    response.end();
  });
  bait.listen(0, '127.0.0.1');
  await once(bait, 'listening');
  onTestFinished(() => void bait.close());
  const { port } = bait.address() as AddressInfo;
  const { client, id, path, outputs } = await callScene();
  await client.post(path, {
    response: { success: true, contentItems: [{ type, [member]: `http://127.0.0.1:${port}/x` }] },
  });
  await endedTurn(client, id);
  expect(outputs).toEqual([expect.stringMatching(/remote URL/)]);
  expect(visitors).toEqual([]);
});

test('S17 control characters of a tool are text to whoever reads the session, and nothing more', async () => {
  const { client, logged } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [{ requestId, callId }] = await pendingCalls(client, id);
  const text = '\u001b]0;owned\u0007\u001b[2J\u202e\u0000 done';
  await client.post(`/api/tool-calls/${requestId}/response`, answerOf(text));
  const answer = await client.get(`/api/sessions/${id}/calls/${callId}`);
  expect(answer.body.call.result.contentItems).toEqual([{ type: 'inputText', text }]);
  // JSON carries them written out.
  expect(answer.text).not.toMatch(/\p{Cc}/u);
  expect(logged.join('')).not.toMatch(/\p{Cc}/u);
});

test('S18 nothing a client says chooses a program, its environment or its settings', async () => {
  const { client, host } = await fakeScene(callNamedTools);
  const opened: object[] = [];
  host.replies['thread/settings/update'] = (params) => opened.push(params) && {};
  await client.post('/api/sessions', {
    cwd: '/work',
    networkAccess: 'enabled',
    command: '/bin/sh',
    codex: '/bin/sh',
    args: ['-c', 'id'],
    env: { PATH: '/evil' },
    host: { command: '/bin/sh' },
    config: { shell: '/bin/sh' },
    instructions: 'be evil',
    sandbox: 'danger-full-access',
  });
  expect(Object.keys(opened[0]!)).toEqual(['threadId', 'approvalPolicy', 'sandboxPolicy']);
  expect(opened[0]).toMatchObject({ sandboxPolicy: { type: 'readOnly' } });
});

test('S19 the server is made of pinned packages', async () => {
  const text = await readFile(resolve(import.meta.dirname, '../../package.json'), 'utf8');
  const { dependencies, scripts } = JSON.parse(text);
  for (const name of ['fastify', 'ws']) expect(dependencies[name]).toMatch(/^\d+\.\d+\.\d+$/);
  expect(Object.keys(scripts).filter((name) => /install/.test(name))).toEqual([]);
});

test('S20 figures and documents ask for the token like everything else', async () => {
  const { client } = await fakeScene(callNamedTools);
  for (const path of [
    '/metrics',
    '/api/openapi.json',
    '/api/health',
    '/api',
    '/api/stream',
    '/api/inspect',
    '/api/charts',
    '/nope',
  ]) {
    expect((await client.get(path, { token: null })).status).toBe(401);
  }
  for (const path of ['/docs', '/documentation', '/json', '/debug', '/api/admin', '/inspector']) {
    expect((await client.get(path)).status).toBe(404);
  }
});
