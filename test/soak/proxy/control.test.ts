/** The control API: what it does, and whom it lets in. */
import { once } from 'node:events';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { ProxyRegistry, startProxyControl } from '../../../src/soak/proxy/index.ts';

async function scene(token?: string | null) {
  const registry = new ProxyRegistry({}, 3);
  const control = await startProxyControl({ registry, ...(token === undefined ? {} : { token }) });
  const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    await control.close();
    await registry.close();
    server.close();
  });
  const { port } = server.address() as { port: number };
  const ask = async (method: string, path: string, body?: unknown, headers = {}) => {
    const authorization =
      control.token === null ? {} : { authorization: `Bearer ${control.token}` };
    const sent = request(new URL(path, control.url), {
      method,
      headers: { ...authorization, ...headers },
      agent: false,
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = await once(sent, 'response');
    const answer = await text(response);
    return { status: response.statusCode, body: answer === '' ? null : JSON.parse(answer) };
  };
  return { registry, ask, upstream: `127.0.0.1:${port}` };
}

test('proxies and toxics are made, changed and removed', async () => {
  const { ask, registry, upstream } = await scene();
  expect(await ask('GET', '/version')).toMatchObject({ status: 200 });
  const made = await ask('POST', '/proxies', { name: 'db', listen: '127.0.0.1:0', upstream });
  expect(made).toMatchObject({ status: 201, body: { name: 'db', enabled: true, toxics: [] } });
  const toxics = '/proxies/db/toxics';
  const asked = { type: 'latency', attributes: { latency: 100 }, toxicity: 0.5 };
  expect(await ask('POST', toxics, asked)).toEqual({
    status: 200,
    body: {
      name: 'latency_downstream',
      type: 'latency',
      stream: 'downstream',
      toxicity: 0.5,
      attributes: { latency: 100, jitter: 0 },
    },
  });
  expect(await ask('POST', toxics, asked)).toMatchObject({ status: 409 });
  const change = { attributes: { jitter: 7 } };
  expect(await ask('PATCH', `${toxics}/latency_downstream`, change)).toMatchObject({
    status: 200,
    body: { toxicity: 0.5, attributes: { latency: 100, jitter: 7 } },
  });
  expect(registry.find('db')?.toxics.current).toHaveLength(1);
  expect(await ask('DELETE', `${toxics}/latency_downstream`)).toMatchObject({ status: 204 });
  expect(await ask('GET', toxics)).toEqual({ status: 200, body: [] });
  await ask('POST', toxics, { type: 'drop', stream: 'upstream' });
  expect(await ask('POST', '/proxies/db', { enabled: false })).toMatchObject({
    body: { enabled: false },
  });
  expect(await ask('POST', '/reset')).toMatchObject({ status: 204 });
  expect(await ask('GET', '/proxies')).toMatchObject({
    body: { db: { enabled: true, toxics: [] } },
  });
  expect(await ask('DELETE', '/proxies/db')).toMatchObject({ status: 204 });
  expect(await ask('GET', '/proxies/db')).toMatchObject({ status: 404 });
});

test.each([
  [{ type: 'frogs' }, /frogs/],
  [{ type: 'latency', attributes: { latancy: 1 } }, /latancy/],
  [{ type: 'latency', attributes: { latency: -1 } }, /-1/],
  [{ type: 'drop', toxicity: 2 }, /0 to 1/],
  [{ type: 'drop', stream: 'sideways' }, /sideways/],
  [{ type: 'drop', name: '../x' }, /name/],
  [[], /object/],
])('a toxic that is none is refused: %j', async (asked, reason) => {
  const { ask, upstream } = await scene();
  await ask('POST', '/proxies', { name: 'db', listen: '127.0.0.1:0', upstream });
  const { status, body } = await ask('POST', '/proxies/db/toxics', asked);
  expect([status, body.error]).toEqual([400, expect.stringMatching(reason)]);
});

test('nobody is let in without the token, or from a page, or under a foreign name', async () => {
  const { ask } = await scene();
  const none = { authorization: '' };
  expect(await ask('GET', '/proxies', undefined, none)).toMatchObject({ status: 401 });
  const wrong = { authorization: 'Bearer wrong' };
  expect(await ask('GET', '/proxies', undefined, wrong)).toMatchObject({ status: 401 });
  const page = { origin: 'null' };
  expect(await ask('GET', '/proxies', undefined, page)).toMatchObject({ status: 403 });
  const rebound = { host: 'evil.test' };
  expect(await ask('GET', '/proxies', undefined, rebound)).toMatchObject({ status: 403 });
  const long = { name: 'x'.repeat(70_000) };
  expect(await ask('POST', '/proxies', long)).toMatchObject({ status: 413 });
});

test('a token can be given, or none asked for; more proxies than the bound are refused', async () => {
  expect((await (await scene('a-token-of-mine')).ask('GET', '/proxies')).status).toBe(200);
  const { ask, upstream } = await scene(null);
  for (const name of ['a', 'b', 'c']) {
    const made = await ask('POST', '/proxies', { name, listen: '127.0.0.1:0', upstream });
    expect(made.status).toBe(201);
  }
  const more = await ask('POST', '/proxies', { name: 'd', listen: '127.0.0.1:0', upstream });
  expect(more).toMatchObject({ status: 400, body: { error: expect.stringMatching(/at most 3/) } });
});
