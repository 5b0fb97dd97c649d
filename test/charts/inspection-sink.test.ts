/** What reaches an inspector over the network, whenever it comes and goes. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { afterEach, expect, test } from 'vitest';
import { createInspectionSink, type InspectionSink } from '../../src/charts/inspection-sink.ts';
import type {
  InspectedEvent,
  StatelyInspectionEvent,
} from '../../src/charts/stately-inspection.ts';
import { systemEnv } from '../../src/env.ts';
import { resolveLimits, type Limits } from '../../src/limits.ts';
import { silentLogger } from '../../src/logger.ts';

/** An inspector, with what it was told. */
class Inspector implements AsyncDisposable {
  readonly told: StatelyInspectionEvent[] = [];
  readonly server: WebSocketServer;
  #waiting: (() => void)[] = [];

  constructor(port = 0) {
    this.server = new WebSocketServer({ host: '127.0.0.1', port });
    this.server.on('connection', (socket: WebSocket) => {
      socket.on('message', (data: Buffer) => {
        this.told.push(JSON.parse(data.toString()));
        for (const check of this.#waiting) check();
      });
    });
  }

  async port(): Promise<number> {
    if (this.server.address() === null) await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  until(isReached: (told: readonly StatelyInspectionEvent[]) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => isReached(this.told) && resolve();
      this.#waiting.push(check);
      check();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.server.clients) socket.terminate();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const sinks: InspectionSink[] = [];
afterEach(async () => {
  await Promise.all(sinks.splice(0).map((sink) => sink.close()));
});

function sinkTo(port: number, limits: Limits = resolveLimits()): InspectionSink {
  // No jitter: what is lost is tried again at once.
  const env = { ...systemEnv, random: () => 0 };
  const url = `ws://127.0.0.1:${port}`;
  const sink = createInspectionSink({ url, env, limits, logger: silentLogger });
  sinks.push(sink);
  return sink;
}

const opened = (sessionId: string): InspectedEvent => ({
  type: 'session.opened',
  sessionId,
  title: null,
  at: 1,
});

const changed = (sessionId: string, state: string): InspectedEvent => ({
  type: 'session.changed',
  sessionId,
  state,
  at: 2,
});

const actors = (told: readonly StatelyInspectionEvent[]) =>
  told.flatMap((event) =>
    event.type === '@xstate.actor' ? [[event.sessionId, event.snapshot.value]] : [],
  );

test('an inspector that is started later is told of what lives, as it is then', async () => {
  const first = new Inspector();
  const port = await first.port();
  await first[Symbol.asyncDispose]();
  const sink = sinkTo(port);
  for (const id of ['s-1', 's-2', 's-3']) sink.take(opened(id));
  sink.take(changed('s-1', 'closing'));
  sink.take(changed('s-2', 'closed'));
  await using inspector = new Inspector(port);
  await inspector.until((told) => told.length >= 2);
  expect(actors(inspector.told)).toEqual([
    ['s-1', 'closing'],
    ['s-3', { running: { link: 'online', dispatch: 'neutral', turn: 'idle' } }],
  ]);
  sink.take(changed('s-3', 'closing'));
  await inspector.until((told) => told.at(-1)?.type === '@xstate.snapshot');
  expect(inspector.told.at(-1)).toMatchObject({ sessionId: 's-3', snapshot: { value: 'closing' } });
});

test('an inspector that comes back is told of everything that lives again', async () => {
  const first = new Inspector();
  const port = await first.port();
  const sink = sinkTo(port);
  sink.take(opened('s-1'));
  await first.until((told) => told.some(({ type }) => type === '@xstate.actor'));
  await first[Symbol.asyncDispose]();
  sink.take(changed('s-1', 'closing'));
  await using second = new Inspector(port);
  await second.until((told) => told.length > 0);
  expect(actors(second.told)).toEqual([['s-1', 'closing']]);
});

test('actors beyond the bound are left out, the oldest first', async () => {
  const first = new Inspector();
  const port = await first.port();
  await first[Symbol.asyncDispose]();
  const sink = sinkTo(port, resolveLimits({ inspectionActorsMax: 2 }));
  for (const id of ['s-1', 's-2', 's-3']) sink.take(opened(id));
  await using inspector = new Inspector(port);
  await inspector.until((told) => told.length >= 2);
  expect(actors(inspector.told).map(([id]) => id)).toEqual(['s-2', 's-3']);
});

test('closing ends the connection, twice does nothing, and later events go nowhere', async () => {
  await using inspector = new Inspector();
  const sink = sinkTo(await inspector.port());
  sink.take(opened('s-1'));
  await inspector.until((told) => told.length > 0);
  const [socket] = inspector.server.clients;
  const gone = once(socket!, 'close');
  await Promise.all([sink.close(), sink.close()]);
  await gone;
  const count = inspector.told.length;
  sink.take(opened('s-2'));
  expect(inspector.told).toHaveLength(count);
  expect(inspector.server.clients.size).toBe(0);
});

test('closing while nobody listens ends the attempts', async () => {
  const first = new Inspector();
  const port = await first.port();
  await first[Symbol.asyncDispose]();
  const sink = sinkTo(port);
  await sink.close();
  await using inspector = new Inspector(port);
  await inspector.port();
  expect(inspector.server.clients.size).toBe(0);
});
