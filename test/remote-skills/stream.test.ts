/** The stream of a client: routes, runs, readiness, and handlers that hurt nobody. */
import { expect, test } from 'vitest';
import type { Signal, StreamEvent } from '../../src/remote-skills/signal.ts';
import { openClient } from './scene.ts';

async function openStream(options = {}) {
  const scene = await openClient(options);
  const { client, moving, stub } = scene;
  const { skills } = await moving(client.remoteSkills.createSession());
  const stop = new AbortController();
  const run = (threadId?: string) =>
    client.stream.runForever({ signal: stop.signal, ...(threadId ? { threadId } : {}) });
  const publish = (
    type: string,
    payload: unknown = {},
    threadId: string | null = skills.sessionId,
  ) => stub.publish(type, threadId, payload);
  return { ...scene, skills, stop, run, publish, stream: client.stream };
}

test('S28 S29 S30 routes are exact, by prefix, and by the name of the message', async () => {
  const { stream, run, publish, clock } = await openStream();
  const seen: string[] = [];
  stream.onEvent('a.b', ({ type }) => seen.push(`exact ${type}`));
  stream.onEventPrefix('a.', ({ type }) => seen.push(`prefix ${type}`));
  stream.onAppServer('.turn.plan.', ({ eventType }) => seen.push(`app ${eventType}`));
  stream.onAppServerRequest('item.ask', ({ requestId }) => seen.push(`request ${requestId}`));
  void run();
  await clock.advance(5);
  publish('a.b');
  publish('a.bc');
  publish('app_server.turn.plan', { method: 'turn/plan' });
  publish('app_server.request.item.ask', { requestId: 7 });
  await clock.advance(5);
  expect(seen).toEqual([
    'exact a.b',
    'prefix a.b',
    'prefix a.bc',
    'app app_server.turn.plan',
    'request 7',
  ]);
});

test('S30 a signal has what the payload has, and nothing for what is not of its type', async () => {
  const { stream, run, publish, clock } = await openStream();
  const signals: Signal[] = [];
  stream.onAppServer('x', (signal) => signals.push(signal));
  void run();
  await clock.advance(5);
  publish('app_server.x', {
    method: 'x',
    signalType: 7,
    context: [],
    session: { id: 'a' },
    params: [1],
    requestId: '0',
  });
  publish('app_server.x', 'no object');
  await clock.advance(5);
  expect(signals).toEqual([
    {
      eventType: 'app_server.x',
      method: 'x',
      signalType: null,
      receivedAt: null,
      context: {},
      session: { id: 'a' },
      params: [1],
      requestId: '0',
    },
    {
      eventType: 'app_server.x',
      method: null,
      signalType: null,
      receivedAt: null,
      context: {},
      session: null,
      params: null,
      requestId: null,
    },
  ]);
});

test('S31 X10 the beginning of a turn is its beginning, not that of an item', async () => {
  const { stream, run, publish, clock, skills, moving } = await openStream();
  const seen: unknown[] = [];
  stream.onTurnStarted(({ eventType }) => seen.push(eventType));
  void run();
  await clock.advance(5);
  publish('app_server.item.started');
  await moving(skills.send('go'));
  await clock.advance(5);
  expect(seen).toEqual(['app_server.turn.started']);
});

test('S24 S25 a handler or a matcher that throws is reported; the others go on', async () => {
  const { stream, run, publish, clock } = await openStream();
  const seen: unknown[] = [];
  const errors: unknown[] = [];
  stream.onError((thrown, event) => {
    errors.push([String(thrown), event.type]);
    throw new Error('even the listener');
  });
  stream.route(
    () => {
      throw new Error('matcher');
    },
    () => seen.push('never'),
  );
  stream.onEvent('a', () => {
    throw new Error('handler');
  });
  stream.onEvent('a', () => Promise.reject(new Error('later')));
  stream.onEvent('a', () => seen.push('reached'));
  void run();
  await clock.advance(5);
  errors.length = 0;
  publish('a');
  await clock.advance(5);
  expect(seen).toEqual(['reached']);
  expect(errors).toEqual([
    ['Error: matcher', 'a'],
    ['Error: handler', 'a'],
    ['Error: later', 'a'],
  ]);
  expect(stream.stats.failed).toBeGreaterThanOrEqual(3);
});

test('X4 a slow handler delays neither other events nor other routes', async () => {
  const { stream, run, publish, clock } = await openStream();
  const seen: unknown[] = [];
  stream.onEvent('a', async ({ payload }) => {
    await new Promise<void>((resolve) => clock.setTimeout(resolve, 1_000));
    seen.push(payload);
  });
  stream.onEvent('a', ({ payload }) => seen.push(`quick ${String(payload)}`));
  void run();
  await clock.advance(5);
  publish('a', 1);
  publish('a', 2);
  await clock.advance(5);
  expect(seen).toEqual(['quick 1', 'quick 2']);
  await clock.advance(1_000);
  expect(seen.slice(2)).toEqual([1, 2]);
});

test('X4 X11 events that wait for slow handlers are bounded; what is dropped is counted', async () => {
  const { stream, run, publish, clock } = await openStream({
    limits: { routeHandlersMax: 1, routeEventsMax: 2 },
  });
  const seen: unknown[] = [];
  const doors: (() => void)[] = [];
  stream.onEvent('a', async ({ payload }) => {
    seen.push(payload);
    await new Promise<void>((resolve) => doors.push(resolve));
  });
  void run();
  await clock.advance(5);
  for (let event = 1; event <= 5; event += 1) publish('a', event);
  await clock.advance(5);
  expect(stream.stats.dropped).toBe(2);
  for (let door = 0; door < 3; door += 1) {
    doors.shift()!();
    await clock.advance(1);
  }
  expect(seen).toEqual([1, 4, 5]);
});

test('S27 X11 a route ends when it is told to', async () => {
  const { stream, run, publish, clock } = await openStream();
  const seen: unknown[] = [];
  const end = stream.onEvent('a', () => seen.push('a'));
  void run();
  await clock.advance(5);
  publish('a');
  await clock.advance(5);
  end();
  end();
  publish('a');
  await clock.advance(5);
  expect(seen).toHaveLength(1);
  expect(stream.stats.routes).toBe(0);
});

test('S4 S22 a run is about one session, or all; each route gets an event once', async () => {
  const { stream, run, publish, clock, skills, stop } = await openStream();
  const seen: [string, string | null][] = [];
  stream.onEventPrefix('e', ({ type }, { threadId }) => seen.push([type, threadId]));
  publish('e0');
  await clock.advance(5);
  const running = run(skills.sessionId);
  await clock.advance(5);
  publish('e1');
  publish('e2', {}, 'another');
  await clock.advance(5);
  void run();
  await clock.advance(5);
  publish('e3');
  publish('e4', {}, 'another');
  await clock.advance(5);
  expect(seen).toEqual([
    ['e1', skills.sessionId],
    ['e3', skills.sessionId],
    ['e4', null],
  ]);
  stop.abort();
  await running;
  publish('e5');
  await clock.advance(5);
  expect(seen).toHaveLength(3);
});

test('S21 X9 a run that is aborted ends at once, also while the stream is down', async () => {
  const { run, stop, stub, clock } = await openStream();
  const running = run();
  stub.streamsDown = true;
  stub.dropStreams();
  await clock.advance(5_000);
  stop.abort();
  await running;
});

test('S22 X3 the state and the readiness of the stream can be seen', async () => {
  const { stream, stub, clock, moving } = await openStream();
  const states: string[] = [];
  const end = stream.onState((state) => states.push(state));
  expect(stream.state).toBe('online');
  await moving(stream.ready());
  stub.streamsDown = true;
  stub.dropStreams();
  await clock.advance(5);
  expect(stream.state).toBe('lost');
  let isReady = false;
  const ready = stream.ready().then(() => (isReady = true));
  await clock.advance(2_000);
  expect(isReady).toBe(false);
  stub.streamsDown = false;
  await moving(ready);
  expect(states).toEqual(['lost', 'online']);
  expect(stream.stats.reconnects).toBe(1);
  end();
  const stop = new AbortController();
  stub.streamsDown = true;
  stub.dropStreams();
  await clock.advance(5);
  const waiting = stream.ready({ signal: stop.signal });
  stop.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});

test('X3 what is sent once the stream is ready is seen: nothing is missed at the beginning', async () => {
  const { stream, run, skills, stub, moving, clock, client } = await openStream();
  const other = (await moving(client.remoteSkills.createSession())).skills;
  const seen: string[] = [];
  stream.onAppServerRequest('item.tool.call', ({ context }) => seen.push(String(context.threadId)));
  void run(other.sessionId);
  void run(skills.sessionId);
  await moving(stream.ready());
  await moving(other.send('go'));
  stub.call(other.sessionId, 'x');
  await clock.advance(5);
  expect(seen).toEqual([other.sessionId]);
});

test('S14 S15 control frames are events, too', async () => {
  const { stream, run, stub, clock } = await openStream();
  const types: string[] = [];
  stream.onEventPrefix('', ({ type }: StreamEvent) => types.push(type));
  void run();
  await clock.advance(5);
  stub.dropStreams();
  await clock.advance(1_000);
  for (const socket of stub.sockets) {
    socket.send('no json');
    socket.send('7');
    socket.send(JSON.stringify({ type: null, payload: 1 }));
  }
  await clock.advance(5);
  expect(types).toEqual(expect.arrayContaining(['ready', 'pong', 'unknown']));
});

test('S16 S23 every route that matches is given the event, with the run it came by', async () => {
  const { stream, run, publish, stub, skills, clock } = await openStream();
  const seen: unknown[] = [];
  stream.onEvent('a', (_, context) => seen.push(['first', context]));
  stream.onEventPrefix('a', (_, context) => seen.push(['second', context]));
  void run(skills.sessionId);
  await clock.advance(5);
  publish('a');
  await clock.advance(5);
  const { sessionId: threadId } = skills;
  expect(seen).toEqual([
    ['first', { threadId, reconnectCount: 0 }],
    ['second', { threadId, reconnectCount: 0 }],
  ]);
  stub.dropStreams();
  await clock.advance(1_000);
  publish('a');
  await clock.advance(5);
  expect(seen.at(-1)).toEqual(['second', { threadId, reconnectCount: 1 }]);
});
