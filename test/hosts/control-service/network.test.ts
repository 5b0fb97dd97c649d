/** The host over real sockets: what goes over the wire, what breaks there, and that nothing is left behind. */
import { expect, test, vi } from 'vitest';
import { controlService } from '../../../src/hosts/control-service/index.ts';
import type { ControlServiceOptions } from '../../../src/hosts/control-service/options.ts';
import type { Limits } from '../../../src/limits.ts';
import { startMesh } from '../../../src/mesh/start-mesh.ts';
import { tool } from '../../../src/tools/index.ts';
import { listen } from './listening-stub.ts';
import { callNamedTools } from './scene.ts';
import { StubService } from './stub-service.ts';

const quick = tool({ name: 'quick', description: 'Quick.', execute: () => 'quick' });

async function openMesh(
  stub: StubService,
  options: Partial<ControlServiceOptions> = {},
  limits: Partial<Limits> = {},
) {
  const server = await listen(stub);
  const mesh = await startMesh({ host: controlService({ url: server.url, ...options }), limits });
  return { server, mesh };
}

for (const epochs of [true, false]) {
  test(`a turn over real sockets (${epochs ? 'our own service' : 'codex-manager'})`, async () => {
    const stub = new StubService({ epochs, script: callNamedTools, token: 'secret' });
    const { server, mesh } = await openMesh(stub, {
      token: 'secret',
      headers: { 'x-codex-rbac-role': 'worker' },
    });
    await using closing = mesh;
    const session = await closing.createSession({ tools: [quick] });
    for (let turn = 0; turn < 5; turn += 1) {
      expect((await session.sendAndHandle('quick')).reply).toBe('quick');
    }
    for (const { headers, body } of stub.requests) {
      expect(headers.authorization).toBe('Bearer secret');
      expect(headers['x-codex-rbac-role']).toBe('worker');
      if (body !== null) expect(headers['content-type']).toBe('application/json');
    }
    const [upgrade] = server.upgrades;
    expect(upgrade!.headers.authorization).toBe('Bearer secret');
    expect(upgrade!.headers['x-codex-rbac-role']).toBe('worker');
    expect(upgrade!.url).not.toContain('secret');
    // Connections are kept: some ten requests needed a few of them, the stream included.
    expect(stub.requests.length).toBeGreaterThan(10);
    expect(server.connections()).toBeLessThanOrEqual(4);
  });
}

test('S10 X6 an address may have a path of its own', async () => {
  const server = await listen(new StubService());
  for (const url of [`${server.url}/base`, `${server.url}/base/api/`]) {
    await using mesh = await startMesh({ host: controlService({ url }) });
    expect(mesh.sessions()).toEqual([]);
  }
  expect(server.upgrades.map(({ url }) => url)).toEqual(['/base/api/stream', '/base/api/stream']);
});

test('S20 a server that cuts every connection is come back to, and nothing is lost or done twice', async () => {
  const stub = new StubService({ epochs: true });
  const { server, mesh } = await openMesh(stub);
  await using closing = mesh;
  let starts = 0;
  const slow = tool({
    name: 'slow',
    description: 'Slow.',
    execute: () => {
      starts += 1;
      server.cut();
      return 'done';
    },
  });
  const session = await closing.createSession({ tools: [slow] });
  await session.send('go');
  for (let call = 1; call <= 3; call += 1) {
    stub.call(session.id, 'slow');
    await vi.waitFor(() => expect(stub.answers).toHaveLength(call), 10_000);
  }
  expect(starts).toBe(3);
});

test('a wrong token is told, and asked for nothing more', async () => {
  const stub = new StubService({ token: 'secret' });
  const server = await listen(stub);
  const starting = startMesh({ host: controlService({ url: server.url, token: 'guess' }) });
  await expect(starting).rejects.toMatchObject({ code: 'host_unauthorized' });
  expect(server.upgrades).toHaveLength(1);
});

test('a token is read anew when the one in use is refused', async () => {
  const stub = new StubService({ token: 'first' });
  const { mesh } = await openMesh(stub, { token: () => stub.token! });
  await using closing = mesh;
  stub.token = 'second';
  stub.dropStreams();
  const session = await closing.createSession();
  expect(stub.sessions.has(session.id)).toBe(true);
  await vi.waitFor(() => expect(stub.sockets.size).toBe(1), 5_000);
});

test('nobody there, and nobody of that name: unreachable, within the connect timeout', async () => {
  const gone = await listen(new StubService());
  for (const url of ['http://127.0.0.1:9', 'http://no-such-host.invalid']) {
    const starting = startMesh({
      host: controlService({ url }),
      limits: { connectTimeoutMs: 300 },
    });
    await expect(starting).rejects.toMatchObject({ code: 'host_unreachable' });
  }
  expect(gone.upgrades).toEqual([]);
});

test('a server that accepts and says nothing is given up in time', async () => {
  const stub = new StubService();
  const { server, mesh } = await openMesh(stub, {}, { requestTimeoutMs: 200 });
  await using closing = mesh;
  server.answer = () => {};
  await expect(closing.createSession()).rejects.toMatchObject({ code: 'request_timeout' });
});

test('S14 what is no JSON, and what is too long, is an error and no crash', async () => {
  const stub = new StubService();
  const { server, mesh } = await openMesh(stub, {}, { frameBytesMax: 8_388_608 });
  await using closing = mesh;
  server.answer = (_, response) => response.writeHead(502).end('<html>bad gateway</html>');
  await expect(closing.createSession()).rejects.toThrow(/HTTP 502/);
  server.answer = (_, response) => response.writeHead(200).end('x'.repeat(9_000_000));
  await expect(closing.createSession()).rejects.toMatchObject({ code: 'frame_too_long' });
});

test('X5 a frame that is too long breaks the stream once, and is not asked for again', async () => {
  const stub = new StubService({ epochs: true, script: callNamedTools });
  let losses = 0;
  const server = await listen(stub);
  await using mesh = await startMesh({
    host: controlService({ url: server.url }),
    limits: { frameBytesMax: 8_388_608 },
    onEvent: ({ type }) => void (losses += Number(type === 'host.lost')),
  });
  const session = await mesh.createSession({ tools: [quick] });
  stub.publish('app_server.turn.diff', session.id, 'x'.repeat(9_000_000));
  await vi.waitFor(() => expect(losses).toBe(1), 5_000);
  await vi.waitFor(() => expect(stub.sockets.size).toBe(1), 5_000);
  expect((await session.sendAndHandle('quick')).reply).toBe('quick');
  expect(losses).toBe(1);
});

test('text that is cut anywhere arrives whole', async () => {
  const stub = new StubService();
  const { server, mesh } = await openMesh(stub);
  await using closing = mesh;
  const bytes = Buffer.from(JSON.stringify({ session: { sessionId: 'sé-☃-😀' } }));
  server.answer = (_, response) => {
    response.writeHead(200);
    for (const byte of bytes) response.write(Buffer.of(byte));
    response.end();
  };
  const session = await closing.createSession();
  expect(session.id).toBe('sé-☃-😀');
  server.answer = null;
});

test('options that make no sense are refused before anything is opened', () => {
  for (const options of [
    { url: 'ftp://127.0.0.1' },
    { url: 'nowhere' },
    { url: 'http://user:secret@127.0.0.1' },
    { url: 'http://127.0.0.1?token=secret' },
    { url: 'http://127.0.0.1', holder: ' ' },
    { url: 'http://127.0.0.1', lease: { ttlMs: 0 } },
  ]) {
    const make = () => controlService(options);
    expect(make).toThrow(expect.objectContaining({ code: 'option_invalid' }));
    expect(make).not.toThrow(/secret/);
  }
});

test('a host that is closed leaves nothing behind', async () => {
  const stub = new StubService({ epochs: true });
  const server = await listen(stub);
  const before = process.getActiveResourcesInfo().filter((kind) => kind !== 'TTYWrap').length;
  const mesh = await startMesh({ host: controlService({ url: server.url }) });
  const session = await mesh.createSession({ tools: [quick] });
  await session.send('go');
  stub.call(session.id, 'quick');
  await vi.waitFor(() => expect(stub.answers).toHaveLength(1));
  await mesh.close({ graceMs: 1 });
  await mesh.close();
  await vi.waitFor(() => {
    const open = process.getActiveResourcesInfo().filter((kind) => kind !== 'TTYWrap').length;
    expect(open).toBeLessThanOrEqual(before);
  });
  expect(stub.sockets.size).toBe(0);
});
