/** Each verb for bytes does what it says, seen from both ends. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseToxic, startProxy, type ToxicRequest } from '../../../src/soak/proxy/index.ts';
import { byteScene, client, closed, collect, echo } from './scene.ts';

const toxic = (type: string, attributes = {}, more: Partial<ToxicRequest> = {}) =>
  parseToxic({ type, attributes, ...more });

const pattern = (bytes: number) => Buffer.from(Array.from({ length: bytes }, (_, i) => i % 251));

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

test('without toxics every byte passes, both ends end, and nothing is left', async () => {
  const { proxy } = await byteScene(echo);
  const socket = await client(proxy);
  const seen = collect(socket);
  const sent = pattern(3_000_000);
  socket.end(sent);
  await closed(socket);
  expect(seen.bytes().equals(sent)).toBe(true);
  expect(proxy.stats).toMatchObject({
    connections: 1,
    connectionsOpen: 0,
    bufferedBytes: 0,
    upstreamBytes: sent.length,
    downstreamBytes: sent.length,
    faults: {},
  });
});

test('unix sockets on both sides', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'proxy-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { proxy: first } = await byteScene(echo, { listen: join(folder, 'a.sock') });
  const second = await startProxy({ listen: join(folder, 'b.sock'), upstream: first.listen });
  onTestFinished(() => second.close());
  const socket = connect(second.listen);
  const seen = collect(socket);
  socket.write('hello');
  expect(String(await seen.until(5))).toBe('hello');
  second.cut();
  await closed(socket);
});

test('latency delays each direction it is set for, in order', async () => {
  const toxics = [toxic('latency', { latency: 60, jitter: 20 })];
  const { proxy, faults } = await byteScene(echo, { toxics });
  const socket = await client(proxy);
  const seen = collect(socket);
  const tookMs = await timed(async () => {
    for (let i = 0; i < 20; i += 1) socket.write(`${i} `);
    await seen.until(50);
  });
  expect(tookMs).toBeGreaterThanOrEqual(39);
  expect(String(seen.bytes())).toBe(Array.from({ length: 20 }, (_, i) => `${i} `).join(''));
  expect(faults).toMatchObject([{ type: 'latency', stream: 'downstream', connection: 1 }]);
});

test('bandwidth lets so many KB a second pass', async () => {
  const { proxy } = await byteScene(echo, { toxics: [toxic('bandwidth', { rate: 100 })] });
  const socket = await client(proxy);
  const seen = collect(socket);
  const tookMs = await timed(() => {
    socket.write(pattern(40 * 1_024));
    return seen.until(40 * 1_024);
  });
  expect(tookMs).toBeGreaterThanOrEqual(330);
  expect(Math.max(...seen.sizes)).toBeLessThanOrEqual(2 * 5_120);
});

test('slicer cuts into small pieces that arrive apart', async () => {
  const attributes = { average_size: 10, size_variation: 4, delay: 1_000 };
  const { proxy } = await byteScene(echo, { toxics: [toxic('slicer', attributes)] });
  const socket = await client(proxy);
  const seen = collect(socket);
  socket.write(pattern(200));
  expect((await seen.until(200)).equals(pattern(200))).toBe(true);
  expect(seen.sizes.length).toBeGreaterThan(5);
});

test('slow_close passes the end on late', async () => {
  const { proxy } = await byteScene(echo, { toxics: [toxic('slow_close', { delay: 80 })] });
  const socket = await client(proxy);
  const seen = collect(socket);
  socket.end('bye');
  await seen.until(3);
  expect(await timed(() => closed(socket))).toBeGreaterThanOrEqual(60);
});

test('timeout is silent and then closes', async () => {
  const { proxy, faults } = await byteScene(echo, { toxics: [toxic('timeout', { timeout: 80 })] });
  const socket = await client(proxy);
  const seen = collect(socket);
  socket.write('anybody there?');
  expect(await timed(() => closed(socket))).toBeGreaterThanOrEqual(60);
  expect(seen.bytes().length).toBe(0);
  expect(faults).toMatchObject([{ type: 'timeout' }]);
});

test('timeout 0 holds open what neither end sees die, and resets it once it is gone', async () => {
  const { proxy, sockets } = await byteScene(echo);
  const socket = await client(proxy);
  const seen = collect(socket);
  socket.write('one');
  await seen.until(3);
  proxy.toxics.add(toxic('timeout', {}, { stream: 'upstream', name: 'up' }));
  proxy.toxics.add(toxic('timeout', {}, { stream: 'downstream', name: 'down' }));
  const [peer] = sockets;
  // The server ends; behind a dead link the client does not hear of it.
  peer!.end('two');
  await new Promise((resolve) => peer!.once('finish', resolve));
  // A connection made now, through another proxy, shows that time has passed.
  const other = await startProxy({ listen: '127.0.0.1:0', upstream: proxy.upstream });
  onTestFinished(() => other.close());
  const probe = await client(other);
  probe.write('x');
  await collect(probe).until(1);
  expect([seen.bytes().length, socket.readableEnded, socket.destroyed]).toEqual([3, false, false]);
  proxy.toxics.clear();
  await closed(socket);
  expect(proxy.stats.connectionsOpen).toBe(0);
});

test('reset_peer resets after its time', async () => {
  const { proxy } = await byteScene(echo, { toxics: [toxic('reset_peer', { timeout: 40 })] });
  const socket = await client(proxy);
  const failed = once(socket, 'error');
  await expect(failed).resolves.toMatchObject([{ code: 'ECONNRESET' }]);
});

test('limit_data closes after exactly so many bytes', async () => {
  const { proxy, faults } = await byteScene(echo, {
    toxics: [toxic('limit_data', { bytes: 100 })],
  });
  const socket = await client(proxy);
  const seen = collect(socket);
  socket.write(pattern(60));
  await seen.until(60);
  socket.write(pattern(200));
  await closed(socket);
  expect(seen.bytes().length).toBe(100);
  expect(faults).toMatchObject([{ type: 'limit_data', detail: '100 bytes' }]);
});

test('down cuts what is open and what comes; without it all is well again', async () => {
  const { proxy } = await byteScene(echo);
  const open = await client(proxy);
  open.write('x');
  await collect(open).until(1);
  proxy.toxics.add(toxic('down'));
  await closed(open);
  const refused = await client(proxy);
  await closed(refused);
  proxy.toxics.clear();
  const again = await client(proxy);
  again.write('y');
  expect(String(await collect(again).until(1))).toBe('y');
  await proxy.disable();
  const [error] = await once(connect(Number(proxy.listen.split(':')[1]), '127.0.0.1'), 'error');
  expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  await proxy.enable();
  (await client(proxy)).write('z');
});

test('toxicity is the part of connections that are hit, the same for the same seed', async () => {
  const hit = async (seed: number) => {
    const toxics = [toxic('limit_data', { bytes: 0 }, { toxicity: 0.5 })];
    const { proxy } = await byteScene(echo, { toxics, seed });
    const hits: boolean[] = [];
    for (let i = 0; i < 24; i += 1) {
      const socket = await client(proxy);
      const seen = collect(socket);
      socket.end('x');
      await closed(socket);
      hits.push(seen.bytes().length === 0);
    }
    return hits;
  };
  const [one, same, other] = [await hit(1), await hit(1), await hit(2)];
  expect(one).toEqual(same);
  expect(one).not.toEqual(other);
  expect(one.filter(Boolean).length).toBeGreaterThan(4);
  expect(one.filter(Boolean).length).toBeLessThan(20);
});

test('a reader that does not read stops the writer; the proxy holds no more than its bound', async () => {
  const { proxy, sockets } = await byteScene((socket) => void socket.pause());
  const socket = await client(proxy);
  const chunk = pattern(256 * 1_024);
  // Written until the kernel and the proxy take no more.
  let written = 0;
  while (written < 64 && socket.write(chunk)) written += 1;
  await new Promise<void>((resolve) => {
    const write = () => {
      let isTaken = true;
      while (isTaken && written < 400) {
        written += 1;
        isTaken = socket.write(chunk);
      }
      if (written < 400) socket.once('drain', write);
    };
    write();
    const look = setInterval(() => {
      if (proxy.stats.bufferedBytes < 1_024 * 1_024) return;
      clearInterval(look);
      resolve();
    }, 5);
  });
  expect(proxy.stats.bufferedBytes).toBeLessThanOrEqual(1_024 * 1_024 + 2 * 65_536);
  const [peer] = sockets;
  let received = 0;
  peer!.on('data', (data: Buffer) => (received += data.length));
  peer!.resume();
  while (received < written * chunk.length) await once(peer!, 'data');
  expect(proxy.stats.bufferedBytes).toBe(0);
});
