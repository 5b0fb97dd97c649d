/** Attacks on a service, each named after what it tries. */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { startService, type Service } from '../../src/service/service.ts';
import { openStream, type Client } from './client.ts';
import { openViewer, redeem } from './inspection/viewer.ts';
import { rawRequest, sendRaw, upgradeHeaders } from './raw-http.ts';
import {
  answerOf,
  callNamedTools,
  endedTurn,
  fakeScene,
  newSession,
  pendingCalls,
} from './scene.ts';

const hostOf = (service: Service) => new URL(service.url).host;
const bearer = (service: Service) => `Bearer ${service.token}`;

test.each(['0.0.0.0', '::', '192.168.0.10', 'example.test'])(
  'S1 a service that other machines reach has a token, or does not start: %s',
  async (address) => {
    await expect(startService({ address, port: 0, token: null })).rejects.toMatchObject({
      code: 'option_invalid',
    });
  },
);

test('S1 unless told otherwise it listens on loopback only, also without a token', async () => {
  const { service } = await fakeScene(callNamedTools);
  expect(service.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const open = await fakeScene(callNamedTools, { token: null });
  expect(open.service.token).toBeNull();
  expect((await open.client.get('/api')).status).toBe(200);
  await openStream(open.service);
});

test('S2 nothing but the two probes is answered without the token', async () => {
  const { service, client } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  const tried: [string | undefined, number][] = [
    [undefined, 401],
    ['', 401],
    ['Bearer', 401],
    ['Bearer ', 401],
    ['Bearer wrong-token-of-length-43-wrong-token-of-le', 401],
    [`Basic ${service.token}`, 401],
    [String(service.token), 401],
    [`Bearer ${service.token}x`, 401],
    [`Bearer ${String(service.token).slice(0, -1)}`, 401],
    [`bearer ${service.token}`, 200],
    [`Bearer ${service.token}`, 200],
  ];
  for (const [authorization, status] of tried) {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const answer = await client.get(`/api/sessions/${id}`, { token: null, headers });
    expect([authorization, answer.status]).toEqual([authorization, status]);
    if (status !== 401) continue;
    expect(answer.body).toMatchObject({ status: 'error', code: 'auth_required' });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  }
  expect((await client.get('/healthz', { token: null })).body).toEqual({ status: 'ok' });
  expect((await client.get('/readyz', { token: null })).status).toBe(200);
});

test('S2 each start has a token of its own, long enough not to be guessed', async () => {
  const one = await fakeScene(callNamedTools);
  const two = await fakeScene(callNamedTools);
  expect(one.service.token).toMatch(/^[\w-]{43}$/);
  expect(two.service.token).not.toBe(one.service.token);
});

test('S3 a request under another name is refused, whatever its token (DNS rebinding)', async () => {
  const { service } = await fakeScene(callNamedTools);
  const { port } = new URL(service.url);
  const authorization = bearer(service);
  const names: [string, number][] = [
    ['evil.test', 403],
    [`evil.test:${port}`, 403],
    ['127.0.0.1', 403],
    [`127.0.0.1:${Number(port) + 1}`, 403],
    [`127.0.0.1.evil.test:${port}`, 403],
    [`localhost:${port}@evil.test`, 403],
    [`127.0.0.1:${port}`, 200],
    [`LOCALHOST:${port}`, 200],
    [`[::1]:${port}`, 200],
  ];
  for (const [host, status] of names) {
    const answer = await sendRaw(service, rawRequest('GET /api', { host, authorization }));
    expect([host, answer.status]).toEqual([host, status]);
    if (status === 200) continue;
    const headers = { ...upgradeHeaders, host, authorization };
    const upgrade = await sendRaw(service, rawRequest('GET /api/stream', headers));
    expect([host, upgrade.status]).toEqual([host, status]);
  }
  const none = await sendRaw(service, rawRequest('GET /api', { authorization }));
  expect(none.status).toBe(400);
  const absolute = rawRequest(`GET http://evil.test/api`, { host: 'evil.test', authorization });
  expect((await sendRaw(service, absolute)).status).toBe(403);
});

test.each(['null', 'https://evil.test', 'file://', 'http://localhost', 'chrome-extension://x'])(
  'S4 a page may not call, not even with the token: %s',
  async (origin) => {
    const { service, client } = await fakeScene(callNamedTools);
    for (const path of ['/api', '/healthz', '/api/nope']) {
      const answer = await client.get(path, { headers: { origin } });
      expect(answer).toMatchObject({ status: 403, body: { code: 'origin_refused' } });
    }
    // What a browser sends without asking first: no body, no header of its own.
    const made = await client.post('/api/sessions', undefined, { headers: { origin } });
    expect(made.status).toBe(403);
    await expect(openStream(service, { headers: { origin } })).rejects.toThrow('403');
  },
);

test('S4 a page that was named may', async () => {
  const origin = 'http://127.0.0.1:5173';
  const { service, client } = await fakeScene(callNamedTools, { origins: [origin] });
  expect((await client.get('/api', { headers: { origin } })).status).toBe(200);
  expect((await client.get('/api', { headers: { origin: `${origin}0` } })).status).toBe(403);
  await openStream(service, { headers: { origin } });
});

test('S5 an upgrade is refused before it happens', async () => {
  const { service } = await fakeScene(callNamedTools);
  const host = hostOf(service);
  const authorization = bearer(service);
  const upgrade = (line: string, headers: Record<string, string>) =>
    sendRaw(service, rawRequest(line, { ...upgradeHeaders, host, ...headers }));
  const refused: [string, Record<string, string>, number][] = [
    ['GET /api/stream', {}, 401],
    [`GET /api/stream?token=${service.token}`, {}, 401],
    [`GET /api/stream?access_token=${service.token}`, {}, 401],
    ['GET /api/stream', { authorization: 'Bearer nonsense-nonsense-nonsense' }, 401],
    ['GET /api/stream', { authorization, origin: 'https://evil.test' }, 403],
    ['GET /api/nope', { authorization }, 404],
    ['GET /', { authorization }, 404],
    ['GET /api/stream', { authorization, 'sec-websocket-version': '7' }, 400],
    ['GET /api/stream', { authorization, 'sec-websocket-key': 'short' }, 400],
    ['POST /api/stream', { authorization }, 405],
  ];
  for (const [line, headers, status] of refused) {
    const answer = await upgrade(line, headers);
    expect([line, headers, answer.status]).toEqual([line, headers, status]);
    expect(answer.head).not.toContain('101');
  }
});

test('S6 there are no CORS headers, and OPTIONS is no route', async () => {
  const { service, client } = await fakeScene(callNamedTools);
  const answer = await client.get('/api');
  expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual(
    [],
  );
  const preflight = await fetch(`${service.url}/api/sessions`, {
    method: 'OPTIONS',
    headers: { authorization: bearer(service), 'access-control-request-method': 'POST' },
  });
  expect(preflight.status).toBe(404);
});

test.each([
  'text/plain',
  'text/plain; charset=application/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/jsonp',
  '',
])('S6 a body that a browser may send without asking is not read: "%s"', async (type) => {
  const { service } = await fakeScene(callNamedTools);
  const body = '{"cwd":"/"}';
  const answer = await sendRaw(
    service,
    rawRequest(
      'POST /api/sessions',
      {
        host: hostOf(service),
        authorization: bearer(service),
        'content-length': String(body.length),
        ...(type === '' ? {} : { 'content-type': type }),
      },
      body,
    ),
  );
  expect(answer.status).toBe(415);
  expect(JSON.parse(answer.body)).toMatchObject({ status: 'error', code: 'request_failed' });
});

test('S7 saying that one is local is no authentication', async () => {
  const { client } = await fakeScene(callNamedTools);
  for (const name of ['x-forwarded-for', 'x-real-ip', 'forwarded', 'x-client-ip']) {
    const headers = { [name]: name === 'forwarded' ? 'for=127.0.0.1' : '127.0.0.1' };
    expect((await client.get('/api', { token: null, headers })).status).toBe(401);
  }
});

test('S8 a token that is taken away is dead at once, with its streams', async () => {
  const scoped = { token: 'a-token-of-somebody-else', scopes: ['read' as const] };
  const { service, client } = await fakeScene(callNamedTools, { tokens: [scoped] });
  const before = service.token;
  const [mine, theirs] = [
    await openStream(service),
    await openStream(service, { token: scoped.token }),
  ];
  const next = { token: 'the-next-token-of-this-service', scopes: ['read' as const] };
  await service.replaceTokens([next, scoped]);
  expect(await mine.closed).toBe(1008);
  await theirs.settle();
  expect(service.token).toBe(next.token);
  expect((await client.get('/api', { token: before })).status).toBe(401);
  expect((await client.get('/api', { token: next.token })).status).toBe(200);
  await expect(openStream(service, { token: before })).rejects.toThrow('401');
  // A token that is good for less from now on is another one.
  await service.replaceTokens([next, { ...scoped, sessions: ['s'] }]);
  expect(await theirs.closed).toBe(1008);
});

test('S8 a page that was opened with a token that is taken away sees nothing more', async () => {
  const { service } = await fakeScene(callNamedTools);
  const { cookie } = await redeem(service.pageUrl());
  const viewer = await openViewer(service.url, cookie);
  await viewer.of('snapshot');
  const closed = once(viewer.socket, 'close');
  await service.replaceTokens([{ token: 'the-next-token-of-this-service', scopes: ['read'] }]);
  expect((await closed)[0]).toBe(1008);
  await expect(openViewer(service.url, cookie)).rejects.toThrow('401');
});

async function scopedScene() {
  const scene = await fakeScene(callNamedTools);
  const [own, foreign] = [await newSession(scene.client), await newSession(scene.client)];
  const everything = {
    token: String(scene.service.token),
    scopes: ['read', 'respond', 'manage'] as const,
  };
  const reader = { token: 'reads-its-own-session', sessions: [own], scopes: ['read'] as const };
  const worker = {
    token: 'answers-its-own-session',
    sessions: [own],
    scopes: ['read', 'respond'] as const,
  };
  const manager = {
    token: 'manages-its-own-session',
    sessions: [own],
    scopes: ['read', 'respond', 'manage'] as const,
  };
  await scene.service.replaceTokens([everything, reader, worker, manager]);
  return { ...scene, own, foreign, reader, worker, manager };
}

test('S9 a session of somebody else is answered like one that nobody has', async () => {
  const { client, service, own, foreign, manager } = await scopedScene();
  const token = manager.token;
  await client.post(`/api/sessions/${foreign}/messages`, { text: 'lookup_ticket' });
  const [{ requestId }] = await pendingCalls(client, foreign);
  const compare = async (ask: (id: string) => ReturnType<Client['get']>) => {
    const [theirs, nobodys] = [await ask(foreign), await ask('nobody')];
    expect(theirs.status).toBe(nobodys.status);
    expect(theirs.text.replaceAll(foreign, 'ID')).toBe(nobodys.text.replaceAll('nobody', 'ID'));
  };
  const path = (id: string) => `/api/sessions/${id}`;
  const large = answerOf('x'.repeat(1_048_576));
  await client.post(`/api/tool-calls/${requestId}/response`, large, { token });
  expect(await pendingCalls(client, foreign)).toHaveLength(1);
  await compare((id) => client.get(path(id), { token }));
  await compare((id) => client.delete(path(id), undefined, { token }));
  await compare((id) => client.post(`${path(id)}/messages`, { text: 'x' }, { token }));
  await compare((id) => client.post(`${path(id)}/rename`, { title: 'x' }, { token }));
  await compare((id) => client.post(`${path(id)}/interrupt`, {}, { token }));
  await compare((id) => client.post(`${path(id)}/resume`, {}, { token }));
  await compare((id) => client.post(`${path(id)}/lease`, { holder: 'x' }, { token }));
  const parts = ['tool-calls', 'approvals', 'tool-input', 'session-controls', 'settings', 'calls'];
  for (const part of [...parts, 'calls/x']) {
    await compare((id) => client.get(`${path(id)}/${part}`, { token }));
  }
  const answered = await client.post(`/api/tool-calls/${requestId}/response`, answerOf('stolen'), {
    token,
  });
  expect(answered).toMatchObject({ status: 404, body: { status: 'not_found', requestId } });
  expect((await client.get('/api/sessions', { token })).body.data).toHaveLength(1);
  const stream = await openStream(service, { token });
  stream.say({ type: 'subscribe', threadIds: [own, foreign] });
  await client.post(`/api/tool-calls/${requestId}/response`, answerOf('x'));
  await endedTurn(client, foreign);
  await client.delete(path(foreign));
  expect((await client.get(path(foreign), { token })).status).toBe(404);
  await stream.settle();
  expect(stream.types()).toEqual(['ready', 'pong']);
});

test('S9 a token is good for what it says and no more', async () => {
  const { client, own, reader, worker, manager } = await scopedScene();
  const path = `/api/sessions/${own}`;
  await client.post(`${path}/messages`, { text: 'lookup_ticket' });
  const [{ requestId }] = await pendingCalls(client, own);
  const answer = (token: string) =>
    client.post(`/api/tool-calls/${requestId}/response`, answerOf('x'), { token });
  expect((await client.get(path, reader)).status).toBe(200);
  expect(await answer(reader.token)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  expect((await client.post(`${path}/lease`, { holder: 'x' }, reader)).status).toBe(403);
  expect((await client.post(`${path}/messages`, { text: 'x' }, worker)).status).toBe(403);
  expect((await client.delete(path, undefined, worker)).status).toBe(403);
  expect(
    (await client.post('/api/approvals/x/decision', { decision: 'accept' }, worker)).status,
  ).toBe(403);
  expect((await client.post('/api/sessions', {}, manager)).status).toBe(403);
  expect((await answer(worker.token)).status).toBe(200);
  expect((await client.post(`${path}/rename`, { title: 'x' }, manager)).status).toBe(200);
});

test.each([
  ['too short', { token: 'short', scopes: ['read'] }],
  ['with a blank', { token: 'a token with blanks in it', scopes: ['read'] }],
  ['with a line feed', { token: 'a-token-with-a-line\nfeed', scopes: ['read'] }],
  ['good for something unknown', { token: 'a-token-of-sixteen', scopes: ['everything'] }],
])('S9 a token that is %s is refused at the start', async (_, token) => {
  const tokens = [token as never];
  await expect(startService({ port: 0, tokens })).rejects.toMatchObject({ code: 'option_invalid' });
});
