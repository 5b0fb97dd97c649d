/** The stream: what is published to whom, in which order, and what becomes of those who fall behind. */
import { expect, test } from 'vitest';
import { openStream } from './client.ts';
import {
  answerOf,
  callNamedTools,
  endedTurn,
  fakeScene,
  newSession,
  pendingCalls,
  timedEnv,
} from './scene.ts';

const say = (client: Awaited<ReturnType<typeof fakeScene>>['client'], id: string, text: string) =>
  client.post(`/api/sessions/${id}/messages`, { text });

test('a call is told by three frames with one id, and the last comes before the answer to its sender', async () => {
  const { service, client } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  const stream = await openStream(service, { query: `?threadId=${id}` });
  await say(client, id, 'lookup_ticket');
  const signal = await stream.of('app_server.request.item.tool.call');
  const requested = await stream.of('tool_call_requested');
  const [row] = await pendingCalls(client, id);
  expect(requested).toEqual({
    type: 'tool_call_requested',
    threadId: id,
    payload: row,
    seq: signal.seq + 1,
  });
  expect(signal).toEqual({
    type: 'app_server.request.item.tool.call',
    threadId: id,
    seq: expect.any(Number),
    payload: {
      source: 'app_server',
      signalType: 'request',
      eventType: 'app_server.request.item.tool.call',
      method: 'item/tool/call',
      receivedAt: row.createdAt,
      context: { threadId: id, turnId: row.turnId },
      params: row.details,
      session: { id, title: 'New chat', projectId: null },
      requestId: row.requestId,
    },
  });
  const answered = client.post(`/api/tool-calls/${row.requestId}/response`, answerOf('fine'));
  const isFirst = await Promise.race([
    stream.of('tool_call_resolved').then(() => true),
    answered.then(() => false),
  ]);
  expect(isFirst).toBe(true);
  expect((await stream.of('tool_call_resolved')).payload).toEqual({
    requestId: row.requestId,
    status: 'resolved',
    success: true,
  });
  const completed = await stream.of('app_server.turn.completed');
  expect(completed.payload.params).toMatchObject({ threadId: id, turn: { status: 'completed' } });
});

test('a filtered stream carries at most four frames a tool call', async () => {
  const { service, client } = await fakeScene(({ results }) =>
    results.length >= 10 ? { text: 'done' } : { calls: [{ tool: 'lookup_ticket' }] },
  );
  const id = await newSession(client);
  const stream = await openStream(service, { query: `?threadId=${id}` });
  await say(client, id, 'go');
  for (let count = 1; count <= 10; count += 1) {
    const { payload } = await stream
      .until(() => stream.all('tool_call_requested').length >= count)
      .then(() => stream.all('tool_call_requested')[count - 1]);
    await client.post(`/api/tool-calls/${payload.requestId}/response`, answerOf('x'));
  }
  await stream.of('app_server.turn.completed');
  const between = stream.frames.filter(({ type }) => !/^(ready|app_server\.turn)/.test(type));
  expect(between.length).toBeLessThanOrEqual(40);
});

test('asked for without an upgrade the stream is not found', async () => {
  const { client } = await fakeScene(callNamedTools);
  expect(await client.get('/api/stream')).toMatchObject({ status: 404, text: '' });
});

test('ready says where the stream begins; frames are numbered without a gap', async () => {
  const { service, client } = await fakeScene(callNamedTools);
  const stream = await openStream(service);
  expect(stream.frames[0]).toEqual({ type: 'ready', threadId: null, epoch: service.epoch, seq: 0 });
  const id = await newSession(client);
  await say(client, id, 'hello');
  await stream.of('app_server.turn.completed');
  const published = stream.frames.filter(({ seq, type }) => seq !== undefined && type !== 'ready');
  expect(published.map(({ seq }) => seq)).toEqual(published.map((_, index) => index + 1));
});

test('a stream follows one session, several, or all', async () => {
  const { service, client } = await fakeScene(callNamedTools);
  const [one, two, three] = [
    await newSession(client),
    await newSession(client),
    await newSession(client),
  ];
  const stream = await openStream(service, { query: `?threadId=${one}` });
  const speak = async (id: string) => {
    await say(client, id, 'hello');
    await endedTurn(client, id);
    await stream.settle();
  };
  const ended = () => stream.all('app_server.turn.completed').map(({ threadId }) => threadId);
  await speak(one);
  await speak(two);
  expect(ended()).toEqual([one]);
  stream.say({ type: 'subscribe', threadId: two });
  await speak(one);
  await speak(two);
  expect(ended()).toEqual([one, two]);
  stream.say({ type: 'subscribe', threadIds: [one, three] });
  for (const id of [one, two, three]) await speak(id);
  expect(ended()).toEqual([one, two, one, three]);
  stream.say({ type: 'unsubscribe' });
  await speak(two);
  expect(ended()).toEqual([one, two, one, three, two]);
});

test('the deletion of a session is told to everybody', async () => {
  const { service, client } = await fakeScene(callNamedTools);
  const [one, two] = [await newSession(client), await newSession(client)];
  const stream = await openStream(service, { query: `?threadId=${one}` });
  await client.delete(`/api/sessions/${two}`);
  expect(await stream.of('session_deleted')).toMatchObject({
    threadId: two,
    payload: {
      status: 'deleted',
      sessionId: two,
      title: 'New chat',
      message: 'This chat was permanently deleted and is no longer available.',
      deletedAt: expect.any(String),
    },
  });
});

test.each([
  ['no JSON', 'nonsense'],
  ['a list', []],
  ['no type', {}],
  ['an unknown type', { type: 'shout' }],
  ['no session', { type: 'subscribe' }],
  ['a blank session', { type: 'subscribe', threadId: ' ' }],
  ['no sessions', { type: 'subscribe', threadIds: [] }],
  ['a session that is no text', { type: 'subscribe', threadIds: [7] }],
  ['too many sessions', { type: 'subscribe', threadIds: Array.from({ length: 9 }, () => 'x') }],
])('a bad command is told, and the stream goes on: %s', async (_, command) => {
  const { service } = await fakeScene(callNamedTools, { limits: { streamSessionsMax: 8 } });
  const stream = await openStream(service);
  stream.say(command);
  expect(await stream.of('error')).toEqual({
    type: 'error',
    message: 'invalid websocket command',
  });
  stream.say({ type: 'ping' });
  expect(await stream.of('pong')).toEqual({ type: 'pong' });
});

test('binary frames are no commands, and are told so', async () => {
  const { service } = await fakeScene(callNamedTools);
  const stream = await openStream(service);
  stream.socket.send(Buffer.from('{"type":"ping"}'));
  expect((await stream.of('error')).message).toBe('invalid websocket command');
});

test('a call that waits is shown to whoever begins to follow its session, once', async () => {
  const { service, client } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  const other = await newSession(client);
  await say(client, id, 'lookup_ticket');
  const [row] = await pendingCalls(client, id);

  const all = await openStream(service);
  const redelivered = await all.of('tool_call_requested');
  expect(redelivered).toMatchObject({ payload: row, redelivered: true });
  expect(all.types()).toEqual([
    'ready',
    'app_server.request.item.tool.call',
    'tool_call_requested',
  ]);

  const stream = await openStream(service, { query: `?threadId=${other}` });
  await stream.settle();
  expect(stream.all('tool_call_requested')).toEqual([]);
  stream.say({ type: 'subscribe', threadIds: [other, id] });
  expect((await stream.of('tool_call_requested')).payload).toEqual(row);
  // The same again is no beginning.
  stream.say({ type: 'subscribe', threadIds: [id, other] });
  await stream.settle();
  expect(stream.all('tool_call_requested')).toHaveLength(1);
  await client.post(`/api/tool-calls/${row.requestId}/response`, answerOf('x'));
  await stream.of('tool_call_resolved');

  const late = await openStream(service, { query: `?threadId=${id}` });
  await late.settle();
  expect(late.all('tool_call_requested')).toEqual([]);
});

test('who comes back gets what it missed, and nothing twice', async () => {
  const { service, client } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  const first = await openStream(service, { query: `?threadId=${id}` });
  await say(client, id, 'lookup_ticket');
  await first.of('tool_call_requested');
  const { seq } = first.frames.at(-1);
  const { epoch } = first.frames[0];
  first.socket.terminate();
  const [{ requestId }] = await pendingCalls(client, id);
  await client.post(`/api/tool-calls/${requestId}/response`, answerOf('while away'));
  await endedTurn(client, id);
  const query = `?threadId=${id}&since=${seq}&epoch=${epoch}`;
  const second = await openStream(service, { query });
  await second.of('app_server.turn.completed');
  await second.settle();
  expect(second.types().filter((type) => !/^(ready|pong)$/.test(type))).toEqual([
    'tool_call_resolved',
    'app_server.turn.completed',
  ]);
});

test.each([
  ['too long ago', (epoch: string) => `since=1&epoch=${epoch}`, { from: 2 }],
  ['in another start of the service', () => 'since=3&epoch=another', { from: 0 }],
  ['of frames that are yet to come', (epoch: string) => `since=999999&epoch=${epoch}`, { from: 0 }],
])('who speaks %s is told what is missing, and sees what waits', async (_, position, lagged) => {
  const { service, client } = await fakeScene(callNamedTools, {
    limits: { streamFramesKeptMax: 3 },
  });
  const id = await newSession(client);
  await say(client, id, 'hello');
  await endedTurn(client, id);
  await say(client, id, 'lookup_ticket');
  const [row] = await pendingCalls(client, id);
  const stream = await openStream(service, {
    query: `?threadId=${id}&${position(service.epoch)}`,
  });
  const { seq } = stream.frames[0];
  const told = await stream.of('lagged');
  expect(told).toMatchObject(lagged);
  expect(told.to).toBeLessThanOrEqual(seq);
  const again = await stream.until(
    (frame) => frame.redelivered && frame.type === 'tool_call_requested',
  );
  expect(again.payload).toEqual(row);
});

test('a slow reader loses frames, is told which, and sees again what waits', async () => {
  const { service, client, host } = await fakeScene(callNamedTools, {
    limits: { socketBufferBytesMax: 256 * 1024 },
  });
  const id = await newSession(client);
  const slow = await openStream(service, { query: `?threadId=${id}` });
  const quick = await openStream(service, { query: `?threadId=${id}` });
  slow.socket.pause();
  const text = 'x'.repeat(100_000);
  for (let count = 0; count < 200; count += 1) {
    host.notify('warning', { threadId: id, message: text });
  }
  await say(client, id, 'lookup_ticket');
  const [row] = await pendingCalls(client, id);
  // Nobody else is slowed down.
  expect((await quick.of('tool_call_requested')).payload).toEqual(row);
  slow.socket.resume();
  const lagged = await slow.of('lagged');
  const isIn = ({ seq }: { seq: number }) => seq >= lagged.from && seq <= lagged.to;
  const got = slow.frames.filter(({ type }) => type === 'app_server.warning');
  expect(got.filter(isIn)).toEqual([]);
  expect(got.length + (lagged.to - lagged.from + 1)).toBeGreaterThanOrEqual(200);
  const again = await slow.until((frame) => frame.type === 'tool_call_requested');
  expect(again).toMatchObject({ redelivered: true, payload: row });
  expect(slow.all('lagged')).toHaveLength(1);
});

test('a client that is silent for too long is cut off; one that answers pings stays', async () => {
  const env = timedEnv();
  // Three heartbeats: whoever is busy for two of them loses nothing.
  const limits = { clientSilentMs: 45_000 };
  const { service } = await fakeScene(callNamedTools, { env, limits });
  const dead = await openStream(service, { socket: { autoPong: false } });
  const alive = await openStream(service);
  const pinged = () => new Promise((resolve) => alive.socket.once('ping', resolve));
  const beat = async () => {
    const ping = pinged();
    await env.clock.advance(15_000);
    await ping;
    // Our pong has to be back before the next ping.
    await alive.settle();
  };
  await beat();
  await beat();
  expect(dead.socket.readyState).toBe(dead.socket.OPEN);
  await beat();
  expect(await dead.closed).toBe(1006);
  await beat();
  await alive.settle();
});

test('what Codex tells without naming a turn is of the turn that runs', async () => {
  const { service, client, host } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [{ turnId }] = await pendingCalls(client, id);
  const stream = await openStream(service, { query: `?threadId=${id}` });
  host.notify('thread/status/changed', { threadId: id, status: {} });
  const { payload } = await stream.of('app_server.thread.status.changed');
  expect(payload.context).toEqual({ threadId: id, turnId });
});

test('what Codex tells of threads, turns and messages is published, and nothing else', async () => {
  const { service, client, host } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  const stream = await openStream(service, { query: `?threadId=${id}` });
  const item = (type: string) => ({ threadId: id, turnId: 't', item: { type, id: type } });
  host.notify('item/started', item('agentMessage'));
  host.notify('item/agentMessage/delta', { threadId: id, turnId: 't', delta: 'h' });
  host.notify('item/completed', item('agentMessage'));
  host.notify('item/started', item('dynamicToolCall'));
  host.notify('item/started', item('reasoning'));
  host.notify('thread/tokenUsage/updated', { threadId: id });
  host.notify('item/started', item('commandExecution'));
  host.notify('error', { threadId: id, error: { message: 'no model' }, willRetry: false });
  host.notify('thread/status/changed', { threadId: 'of-somebody-else', status: {} });
  await stream.of('app_server.error');
  expect(stream.types()).toEqual([
    'ready',
    'app_server.item.started',
    'app_server.item.completed',
    'app_server.item.started',
    'app_server.error',
  ]);
  expect(stream.frames[1]).toMatchObject({
    threadId: id,
    payload: {
      source: 'app_server',
      signalType: 'notification',
      eventType: 'app_server.item.started',
      method: 'item/started',
      context: { threadId: id, turnId: 't' },
      params: item('agentMessage'),
      session: { id, title: 'New chat', projectId: null },
    },
  });
});

test('with `all` everything is published, and a second time as it came', async () => {
  const { service, client, host } = await fakeScene(callNamedTools, { notifications: 'all' });
  const id = await newSession(client);
  const stream = await openStream(service, { query: `?threadId=${id}` });
  host.notify('thread/tokenUsage/updated', { threadId: id, tokenUsage: 1 });
  const raw = await stream.of('notification');
  expect(stream.types()).toEqual([
    'ready',
    'app_server.thread.token_usage.updated',
    'notification',
  ]);
  expect(raw).toMatchObject({
    threadId: id,
    payload: { method: 'thread/tokenUsage/updated', params: { threadId: id, tokenUsage: 1 } },
  });
});

test('what belongs to no session goes to those who follow all', async () => {
  const { service, client, host } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  const [all, one] = [
    await openStream(service),
    await openStream(service, { query: `?threadId=${id}` }),
  ];
  host.notify('warning', { threadId: null, message: 'bubblewrap is missing' });
  expect((await all.of('app_server.warning')).threadId).toBeNull();
  await one.settle();
  expect(one.all('app_server.warning')).toEqual([]);
});

test('the beginning of a thread is told once it is known whose it is', async () => {
  const { service, client, host } = await fakeScene(callNamedTools);
  const stream = await openStream(service);
  host.notify('thread/started', { thread: { id: 'of-somebody-else' } });
  const id = await newSession(client);
  expect((await stream.of('app_server.thread.started')).threadId).toBe(id);
  await stream.settle();
  expect(stream.all('app_server.thread.started')).toHaveLength(1);
});

test('a name that somebody else gives a session is the title of its next frames', async () => {
  const { service, client, host } = await fakeScene(callNamedTools);
  const id = await newSession(client);
  const stream = await openStream(service, { query: `?threadId=${id}` });
  host.notify('thread/name/updated', { threadId: id, threadName: 'team-x' });
  host.notify('warning', { threadId: id, message: 'x' });
  expect((await stream.of('app_server.warning')).payload.session.title).toBe('team-x');
});

test('streams beyond the bound are refused', async () => {
  const { service } = await fakeScene(callNamedTools, {
    limits: { streamsMax: 3, streamsByTokenMax: 2 },
    tokens: [{ token: 'another-token-of-16', scopes: ['read'] }],
  });
  const streams = [await openStream(service), await openStream(service)];
  await expect(openStream(service)).rejects.toThrow('refused with 429');
  await openStream(service, { token: 'another-token-of-16' });
  await expect(openStream(service, { token: 'another-token-of-16' })).rejects.toThrow('429');
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
