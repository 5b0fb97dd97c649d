/** The WebSocket transport where it differs from the others: handshake, credentials, heartbeat, framing. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from 'node:net';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';
import { expect, onTestFinished, test } from 'vitest';
import { defaultLimits, type Limits } from '../../src/limits.ts';
import { connectWebSocket } from '../../src/rpc/websocket.ts';
import { createFakeEnv } from './fake-env.ts';
import { createRecorder } from './recorder.ts';

const limits: Limits = { ...defaultLimits, frameBytesMax: 10_000 };

/** Listens until the test is over and returns the port. */
async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

/** A server that upgrades everybody; `accepted` resolves with its first socket and request. */
async function serve(options: ServerOptions = {}) {
  const http = createServer();
  const server = new WebSocketServer({ server: http, ...options });
  const accepted = new Promise<{ socket: WebSocket; request: IncomingMessage }>((resolve) =>
    server.once('connection', (socket, request) => resolve({ socket, request })),
  );
  return { url: `ws://127.0.0.1:${await listen(http)}`, accepted };
}

/** A server that answers the upgrade with plain HTTP. */
async function refuse(status: number, headers: Record<string, string> = {}): Promise<string> {
  const server = createServer();
  server.on('upgrade', (_request, socket) => {
    const lines = Object.entries({ ...headers, Connection: 'close' });
    const head = [`HTTP/1.1 ${status} No`, ...lines.map(([name, value]) => `${name}: ${value}`)];
    socket.end(`${head.join('\r\n')}\r\n\r\n`);
  });
  return `ws://127.0.0.1:${await listen(server)}`;
}

/** What a promise that must reject was rejected with. */
const failureOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.unreachable(),
    (reason: unknown) => reason as Error,
  );

async function open(url: string, env = createFakeEnv()) {
  const transport = await connectWebSocket({ url, env, limits });
  const recorder = createRecorder();
  transport.start(recorder);
  return { transport, recorder, env };
}

test('the token travels in the Authorization header only, with no Origin and no extension', async () => {
  const { url, accepted } = await serve({ perMessageDeflate: true });
  const env = createFakeEnv();
  const transport = await connectWebSocket({ url: `${url}/rpc?x=1`, token: 's3cret', env, limits });
  const { request } = await accepted;
  expect(request.headers.authorization).toBe('Bearer s3cret');
  expect(request.url).toBe('/rpc?x=1');
  expect(request.headers).not.toHaveProperty('origin');
  expect(request.headers).not.toHaveProperty('sec-websocket-extensions');
  const elsewhere = { ...request.headers, authorization: '' };
  expect(JSON.stringify(elsewhere)).not.toContain('s3cret');
  await transport.close();
  expect(env.timers).toBe(0);
});

test.for([
  [401, 'host_unauthorized'],
  [403, 'host_unauthorized'],
  [503, 'host_unreachable'],
  [200, 'host_unreachable'],
] as const)('an upgrade answered with %i rejects with %s', async ([status, code]) => {
  const env = createFakeEnv();
  const url = await refuse(status);
  const attempt = connectWebSocket({ url: `${url}/?q=private`, token: 's3cret', env, limits });
  const error = await failureOf(attempt);
  expect(error).toMatchObject({ code });
  expect(error.message).toContain(String(status));
  expect(error.message).not.toMatch(/s3cret|private/);
  expect(env.timers).toBe(0);
});

test('a redirect is not followed: the token stays with the host it is for', async () => {
  const other = await serve();
  let visited = false;
  void other.accepted.then(() => (visited = true));
  const url = await refuse(302, { Location: other.url });
  const attempt = connectWebSocket({ url, token: 's3cret', env: createFakeEnv(), limits });
  await expect(attempt).rejects.toMatchObject({ code: 'host_unreachable' });
  expect(visited).toBe(false);
});

test('a refused connection, and a Unix socket that is not there, are unreachable', async () => {
  const server = createTcpServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  for (const url of [`ws://127.0.0.1:${port}`, 'ws+unix:///nowhere/at-all.sock:/']) {
    const attempt = connectWebSocket({ url, env: createFakeEnv(), limits });
    await expect(attempt).rejects.toMatchObject({ code: 'host_unreachable', retryable: true });
  }
});

test('a server that accepts and says nothing is given up at the deadline', async () => {
  const env = createFakeEnv();
  const silent = createTcpServer();
  const port = await listen(silent);
  const attempt = connectWebSocket({ url: `ws://127.0.0.1:${port}`, env, limits });
  const refused = expect(attempt).rejects.toMatchObject({ code: 'host_unreachable' });
  const [socket] = (await once(silent, 'connection')) as [Socket];
  const gone = once(socket.resume(), 'close');
  env.advance(limits.connectTimeoutMs);
  await refused;
  await gone;
  expect(env.timers).toBe(0);
});

test('an abort ends the handshake with the reason of the signal', async () => {
  const env = createFakeEnv();
  const silent = createTcpServer();
  const port = await listen(silent);
  const controller = new AbortController();
  const url = `ws://127.0.0.1:${port}`;
  const attempt = connectWebSocket({ url, env, limits }, controller.signal);
  const refused = expect(attempt).rejects.toBe('enough');
  const [socket] = (await once(silent, 'connection')) as [Socket];
  const gone = once(socket.resume(), 'close');
  controller.abort('enough');
  await refused;
  await gone;
  expect(env.timers).toBe(0);
  await expect(connectWebSocket({ url, env, limits }, controller.signal)).rejects.toBe('enough');
});

test.for([
  'http://127.0.0.1:1',
  'not a url',
  'ws://user:s3cret@127.0.0.1:1',
  'ws://127.0.0.1:1/#part',
])('the url %s is refused, without showing credentials', async (url) => {
  const attempt = connectWebSocket({ url, env: createFakeEnv(), limits });
  const error = await failureOf(attempt);
  expect(error).toMatchObject({ code: 'option_invalid' });
  expect(error.message).not.toContain('s3cret');
});

test('a token that no header can carry is refused, without showing it', async () => {
  const url = 'ws://127.0.0.1:1';
  const attempt = connectWebSocket({ url, token: 's3cret\n', env: createFakeEnv(), limits });
  const error = await failureOf(attempt);
  expect(error).toMatchObject({ code: 'option_invalid' });
  expect(`${error.message} ${String(error.cause)}`).not.toContain('s3cret');
});

test('it speaks over a Unix socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rpc-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const http = createServer();
  const server = new WebSocketServer({ server: http });
  http.listen(join(folder, 'rpc.sock'));
  onTestFinished(() => void http.close());
  server.on('connection', (socket) =>
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
  );
  const { transport, recorder } = await open(`ws+unix://${join(folder, 'rpc.sock')}:/`);
  transport.send('{"over":"unix"}');
  await recorder.until(() => recorder.frames.length > 0);
  expect(recorder.frames).toEqual(['{"over":"unix"}']);
  await transport.close();
});

test('frames that come right behind the handshake are not lost', async () => {
  const { url, accepted } = await serve();
  void accepted.then(({ socket }) => socket.send('{"first":1}'));
  const transport = await connectWebSocket({ url, env: createFakeEnv(), limits });
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  const recorder = createRecorder();
  transport.start(recorder);
  await recorder.until(() => recorder.frames.length > 0);
  expect(recorder.frames).toEqual(['{"first":1}']);
  await transport.close();
});

test('a binary frame is counted and skipped, fragments are joined', async () => {
  const { url, accepted } = await serve();
  const { transport, recorder } = await open(url);
  const { socket } = await accepted;
  socket.send(Buffer.from('{"binary":1}'));
  socket.send('{"in":', { fin: false });
  socket.send('"pieces"}', { fin: true });
  await recorder.until(() => recorder.frames.length > 0);
  expect(recorder.garbage).toEqual(['frame_binary']);
  expect(recorder.frames).toEqual(['{"in":"pieces"}']);
  await transport.close();
});

test.for([
  ['a frame over the bound', 'frame_too_long', 'x'.repeat(limits.frameBytesMax + 1)],
  ['text that is no UTF-8', 'stream_closed', Buffer.from([0xff, 0xfe])],
] as const)('%s closes the stream with %s', async ([, code, data]) => {
  const { url, accepted } = await serve();
  const { transport, recorder } = await open(url);
  const { socket } = await accepted;
  const gone = once(socket, 'close');
  socket.send(data, { binary: false });
  await recorder.until(() => recorder.closes.length > 0);
  expect(recorder.closes.map((cause) => cause.code)).toEqual([code]);
  expect(recorder.frames).toEqual([]);
  await transport.close();
  await gone;
});

test('a half-open link is found dead two heartbeats after its last sign of life', async () => {
  const { url, accepted } = await serve();
  const backend = Number(new URL(url).port);
  // A proxy that can fall silent without closing anything.
  const links: Socket[] = [];
  const proxy = createTcpServer((near) => {
    const far = connect(backend, '127.0.0.1');
    links.push(near, far);
    near.pipe(far).pipe(near);
    for (const link of [near, far]) link.on('error', () => {});
  });
  const { transport, recorder, env } = await open(`ws://127.0.0.1:${await listen(proxy)}`);
  onTestFinished(() => links.forEach((link) => link.destroy()));
  const { socket } = await accepted;

  // While it lives, a ping is answered: the frame behind the pong shows that the pong was read.
  for (let beat = 1; beat <= 3; beat += 1) {
    const pinged = once(socket, 'ping');
    env.advance(limits.heartbeatMs);
    await pinged;
    socket.send(`${beat}`);
    await recorder.until(() => recorder.frames.length === beat);
  }
  for (const link of links) link.unpipe().pause();
  env.advance(2 * limits.heartbeatMs - 1);
  expect(recorder.closes).toEqual([]);
  env.advance(1);
  expect(recorder.closes).toHaveLength(1);
  expect(recorder.closes[0]!.message).toContain('silent for 2 heartbeats');
  await transport.close();
  expect(env.timers).toBe(0);
});

test('a pong alone keeps a link alive on which nothing is said', async () => {
  const { url, accepted } = await serve();
  const env = createFakeEnv();
  const { transport, recorder } = await open(url, env);
  const { socket } = await accepted;
  for (let beat = 0; beat < 5; beat += 1) {
    const pinged = once(socket, 'ping');
    env.advance(limits.heartbeatMs);
    await pinged;
    // Our answer to a ping of the other side proves that its pong before it was read.
    socket.ping();
    await once(socket, 'pong');
  }
  expect(recorder.closes).toEqual([]);
  await transport.close();
});

test('a peer that does not answer the closing handshake is cut in time', async () => {
  const { url, accepted } = await serve();
  const { transport, recorder, env } = await open(url);
  const { socket } = await accepted;
  socket.pause();
  const closed = transport.close();
  expect(recorder.closes.map(({ code }) => code)).toEqual(['stream_closed']);
  env.advance(limits.streamCloseMs);
  await closed;
  expect(env.timers).toBe(0);
});
