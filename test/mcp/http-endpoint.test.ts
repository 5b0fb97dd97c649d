/** What reaches a served HTTP endpoint without being a well-behaved client. */
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { serveTools, type ServeToolsOptions } from '../../src/mcp/index.ts';
import { tool } from '../../src/tools/index.ts';

const ping = tool({ name: 'ping', description: 'Answers.', execute: () => 'pong' });

/** A tool that runs until it may go on, and how to wait for its start. */
function holding() {
  const { promise: pause, resolve: go } = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const hold = tool({
    name: 'hold',
    description: 'Waits.',
    execute: () => {
      begun.resolve();
      return pause;
    },
  });
  return { hold, begun: begun.promise, go };
}

async function serve(options: Partial<ServeToolsOptions> = {}, token: string | null = 'secret') {
  const serving = await serveTools([ping], { transport: { kind: 'http', token }, ...options });
  onTestFinished(() => serving.close());
  return { url: serving.url!, port: Number(new URL(serving.url!).port) };
}

/** One raw request: `fetch` does not let its Host header be chosen. */
async function ask(
  url: string,
  headers: Record<string, string>,
  { method = 'POST', body = '' }: { method?: string; body?: string } = {},
) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const message = request(url, { method, headers }, resolve);
    message.on('error', reject);
    message.end(body);
  });
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'raw', version: '1' },
  },
});

const json = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};
const authorized = { ...json, authorization: 'Bearer secret' };

test.each([
  ['a rebound name', { host: 'evil.test' }, 403],
  ['another port', { host: '127.0.0.1:1' }, 403],
  ['a page of another origin', { origin: 'http://evil.test' }, 403],
  ['a page of another port', { origin: 'http://localhost:1' }, 403],
  ['a page without an origin', { origin: 'null' }, 403],
  ['no token', { authorization: '' }, 401],
  ['a wrong token', { authorization: 'Bearer secrets' }, 401],
  ['a token of another kind', { authorization: 'Basic secret' }, 401],
])('%s is turned away', async (_, headers, status) => {
  const { url } = await serve();
  const answer = await ask(url, { ...authorized, ...headers }, { body: initialize });
  expect(answer.status).toBe(status);
  expect(answer.body).not.toContain('jsonrpc');
  expect(answer.headers['www-authenticate']).toBe(status === 401 ? 'Bearer' : undefined);
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
});

test('the loopback names pass, with and without an origin', async () => {
  const { url, port } = await serve();
  for (const name of ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]']) {
    const host = `${name}:${port}`;
    expect((await ask(url, { ...authorized, host }, { body: initialize })).status).toBe(200);
    const origin = `http://localhost:${port}`;
    expect((await ask(url, { ...authorized, host, origin }, { body: initialize })).status).toBe(
      200,
    );
  }
});

test('without authorization anybody on the machine passes, pages of other origins still do not', async () => {
  const { url } = await serve({}, null);
  expect((await ask(url, json, { body: initialize })).status).toBe(200);
  const answer = await ask(url, { ...json, origin: 'http://evil.test' }, { body: initialize });
  expect(answer.status).toBe(403);
});

test('other paths, methods, media types and bodies are refused', async () => {
  const { url } = await serve({ limits: { mcpRequestBytesMax: 1_000 } });
  const other = url.replace('/mcp', '/');
  expect((await ask(other, authorized, { body: initialize })).status).toBe(404);
  expect((await ask(url, authorized, { method: 'PUT' })).status).toBe(405);
  expect((await ask(url, authorized, { method: 'GET' })).status).toBe(400);
  expect((await ask(url, authorized, { body: 'no json' })).status).toBe(400);
  const plain = { ...authorized, 'content-type': 'text/plain' };
  expect((await ask(url, plain, { body: initialize })).status).toBe(415);
  const long = initialize.replace('raw', 'r'.repeat(2_000));
  expect((await ask(url, authorized, { body: long })).status).toBe(413);
});

test('a session that is unknown or over is said to be, so that the client begins a new one', async () => {
  const { url } = await serve();
  const opened = await ask(url, authorized, { body: initialize });
  const session = { ...authorized, 'mcp-session-id': String(opened.headers['mcp-session-id']) };
  const list = JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/list' });
  expect((await ask(url, session, { body: list })).body).toContain('"ping"');
  expect((await ask(url, session, { method: 'DELETE' })).status).toBe(200);
  expect((await ask(url, session, { body: list })).status).toBe(404);
  const unknown = { ...authorized, 'mcp-session-id': 'nobody' };
  expect((await ask(url, unknown, { body: list })).status).toBe(404);
  expect((await ask(url, authorized, { body: list })).status).toBe(400);
});

test('beyond the bound of sessions the longest unused one has to go, unless it works', async () => {
  const { hold, begun, go } = holding();
  await using serving = await serveTools([hold], {
    transport: { kind: 'http', token: null },
    limits: { mcpSessionsMax: 2 },
  });
  const url = serving.url!;
  const open = async () => {
    const { headers, status } = await ask(url, json, { body: initialize });
    return { status, headers: { ...json, 'mcp-session-id': String(headers['mcp-session-id']) } };
  };
  const list = JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/list' });
  const [first, second] = [await open(), await open()];
  const call = JSON.stringify({
    jsonrpc: '2.0',
    id: 3,
    method: 'tools/call',
    params: { name: 'hold', arguments: {} },
  });
  const working = ask(url, first.headers, { body: call });
  await begun;
  const third = await open();
  expect(third.status).toBe(200);
  expect((await ask(url, second.headers, { body: list })).status).toBe(404);
  go();
  expect((await working).body).toContain('returned nothing');
  expect((await ask(url, third.headers, { body: list })).status).toBe(200);
});

test('when all sessions work, one more client is asked to come again', async () => {
  const { hold, begun, go } = holding();
  await using serving = await serveTools([hold], {
    transport: { kind: 'http', token: null },
    limits: { mcpSessionsMax: 1 },
  });
  const url = serving.url!;
  const opened = await ask(url, json, { body: initialize });
  const session = { ...json, 'mcp-session-id': String(opened.headers['mcp-session-id']) };
  const call = '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"hold"}}';
  const working = ask(url, session, { body: call });
  await begun;
  expect((await ask(url, json, { body: initialize })).status).toBe(503);
  go();
  await working;
});
