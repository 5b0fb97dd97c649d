/** What src/rpc/transport.ts promises (T1 to T5), held against every transport there is. */
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SessionMeshError } from '../../src/errors.ts';
import { defaultLimits, type Limits } from '../../src/limits.ts';
import { createMemoryPair } from '../../src/rpc/memory.ts';
import { StdioTransport } from '../../src/rpc/stdio.ts';
import type { Transport } from '../../src/rpc/transport.ts';
import { connectWebSocket, WebSocketTransport } from '../../src/rpc/websocket.ts';
import { createFakeEnv } from './fake-env.ts';
import { createRecorder } from './recorder.ts';

const limits: Limits = {
  ...defaultLimits,
  frameBytesMax: 100_000,
  sendBufferBytesMax: 400_000,
};
const env = createFakeEnv();

type Pair = readonly [Transport, Transport];

function stdioPair(): Pair {
  const [there, back] = [new PassThrough(), new PassThrough()];
  return [
    new StdioTransport({ input: back, output: there, env, limits }),
    new StdioTransport({ input: there, output: back, env, limits }),
  ];
}

async function webSocketPair(): Promise<Pair> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
  const address = server.address() as { port: number };
  const accepted = once(server, 'connection').then(
    ([socket]: WebSocket[]) => new WebSocketTransport(socket!, { env, limits }),
  );
  const url = `ws://127.0.0.1:${address.port}`;
  const client = await connectWebSocket({ url, env, limits });
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return [client, await accepted];
}

const carriers: readonly [string, () => Pair | Promise<Pair>][] = [
  ['memory', () => createMemoryPair(env, limits)],
  ['stdio', stdioPair],
  ['websocket', webSocketPair],
];

describe.for(carriers)('%s', ([, open]) => {
  async function openPair(): Promise<Pair> {
    const pair = await open();
    onTestFinished(async () => {
      await Promise.all(pair.map((end) => end.close(new SessionMeshError('mesh_closed'))));
      expect(env.timers).toBe(0);
    });
    return pair;
  }

  test('frames arrive whole, in order, in both directions at once', async () => {
    const [one, two] = await openPair();
    const [atOne, atTwo] = [createRecorder(), createRecorder()];
    one.start(atOne);
    two.start(atTwo);
    const frames = Array.from({ length: 200 }, (_, n) => `${n} ${'añ😀"\\u0000'.repeat(n)}`);
    for (const frame of frames) {
      one.send(frame);
      two.send(frame);
    }
    await Promise.all([
      atOne.until(() => atOne.frames.length === frames.length),
      atTwo.until(() => atTwo.frames.length === frames.length),
    ]);
    expect(atOne.frames).toEqual(frames);
    expect(atTwo.frames).toEqual(frames);
    expect([...atOne.garbage, ...atTwo.garbage]).toEqual([]);
  });

  test('what comes before the start is kept for it', async () => {
    const [one, two] = await openPair();
    one.start(createRecorder());
    one.send('early');
    await new Promise((resolve) => setImmediate(resolve));
    const atTwo = createRecorder();
    two.start(atTwo);
    await atTwo.until(() => atTwo.frames.length > 0);
    expect(atTwo.frames).toEqual(['early']);
  });

  test('a close without a cause delivers what was sent before it', async () => {
    const [one, two] = await openPair();
    const [atOne, atTwo] = [createRecorder(), createRecorder()];
    one.start(atOne);
    two.start(atTwo);
    const frames = Array.from({ length: 100 }, (_, n) => `${n}`);
    for (const frame of frames) one.send(frame);
    const closed = one.close();
    expect(atOne.closes.map((cause) => cause.code)).toEqual(['stream_closed']);
    await Promise.all([closed, one.close(), atTwo.until(() => atTwo.closes.length > 0)]);
    expect(atTwo.frames).toEqual(frames);
    expect(atTwo.closes.map((cause) => cause.code)).toEqual(['stream_closed']);
    expect(atOne.closes).toHaveLength(1);
  });

  test('a close with a cause reports that cause, and the other side sees the end', async () => {
    const [one, two] = await openPair();
    const [atOne, atTwo] = [createRecorder(), createRecorder()];
    one.start(atOne);
    two.start(atTwo);
    const cause = new SessionMeshError('host_failed');
    await one.close(cause);
    expect(atOne.closes).toEqual([cause]);
    await atTwo.until(() => atTwo.closes.length > 0);
    expect(atTwo.closes.map(({ code }) => code)).toEqual(['stream_closed']);
    await two.close(cause);
    expect(atTwo.closes).toHaveLength(1);
  });

  test('nothing can be sent once it is closed, and the cause is kept', async () => {
    const [one] = await openPair();
    one.start(createRecorder());
    const cause = new SessionMeshError('host_failed');
    await one.close(cause);
    expect(() => one.send('late')).toThrow(
      expect.objectContaining({ code: 'stream_closed', cause }),
    );
    expect(one.bufferedBytes).toBe(0);
  });

  test('a frame over the bound is refused and the stream goes on', async () => {
    const [one, two] = await openPair();
    const atTwo = createRecorder();
    one.start(createRecorder());
    two.start(atTwo);
    const longest = 'x'.repeat(limits.frameBytesMax);
    expect(() => one.send(`${longest}x`)).toThrow(
      expect.objectContaining({ code: 'frame_too_long' }),
    );
    // Fewer characters than the bound, but more bytes.
    expect(() => one.send('€'.repeat(limits.frameBytesMax / 2))).toThrow(
      expect.objectContaining({ code: 'frame_too_long' }),
    );
    one.send(longest);
    await atTwo.until(() => atTwo.frames.length > 0);
    expect(atTwo.frames).toEqual([longest]);
  });

  test('a reader that does not read costs a bounded amount, then the stream', async () => {
    const [one] = await openPair();
    const atOne = createRecorder();
    one.start(atOne);
    const frame = 'x'.repeat(50_000);
    let bufferedMax = 0;
    const flood = () => {
      for (let sent = 0; sent < 10_000; sent += 1) {
        one.send(frame);
        bufferedMax = Math.max(bufferedMax, one.bufferedBytes);
      }
    };
    expect(flood).toThrow(expect.objectContaining({ code: 'send_buffer_full' }));
    expect(atOne.closes.map(({ code }) => code)).toEqual(['send_buffer_full']);
    expect(bufferedMax).toBeLessThanOrEqual(limits.sendBufferBytesMax + 100);
    expect(() => one.send(frame)).toThrow(expect.objectContaining({ code: 'stream_closed' }));
  });

  test('no frame is reported after a handler has closed the stream', async () => {
    const [one, two] = await openPair();
    const atTwo = createRecorder((text) => {
      if (text === '2') void two.close(new SessionMeshError('mesh_closed'));
    });
    one.start(createRecorder());
    two.start(atTwo);
    for (const frame of ['1', '2', '3', '4']) one.send(frame);
    await atTwo.until(() => atTwo.closes.length > 0);
    await two.close();
    expect(atTwo.frames).toEqual(['1', '2']);
    expect(atTwo.closes.map(({ code }) => code)).toEqual(['mesh_closed']);
  });

  test('a stream that died before the start is reported after it, not within', async () => {
    const [one, two] = await openPair();
    const cause = new SessionMeshError('host_failed');
    await one.close(cause);
    const atOne = createRecorder();
    one.start(atOne);
    expect(atOne.closes).toEqual([]);
    await atOne.until(() => atOne.closes.length > 0);
    expect(atOne.closes).toEqual([cause]);

    const atTwo = createRecorder();
    two.start(atTwo);
    expect(atTwo.closes).toEqual([]);
    await atTwo.until(() => atTwo.closes.length > 0);
    expect(atTwo.closes.map(({ code }) => code)).toEqual(['stream_closed']);
  });
});

test('memory: a cut loses what was under way, as a cut line does', async () => {
  const [one, two] = createMemoryPair(env, limits);
  const atTwo = createRecorder();
  two.start(atTwo);
  one.send('1');
  await one.close(new SessionMeshError('host_failed'));
  await atTwo.until(() => atTwo.closes.length > 0);
  expect(atTwo.frames).toEqual([]);
});
