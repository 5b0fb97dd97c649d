/** What the server sends unasked, in the shapes it should not have, too. */
import { expect, test } from 'vitest';
import { fakeServer, wireTurn } from './fake-server.ts';
import { textOutput } from './watcher.ts';

const call = {
  threadId: 'thread-1',
  turnId: 'turn-1',
  callId: 'call-1',
  namespace: null,
  tool: 'look_up',
  arguments: {},
};

test.each([
  ['nothing', undefined],
  ['a list', []],
  ['no thread', { ...call, threadId: undefined }],
  ['a turn that is a number', { ...call, turnId: 1 }],
  ['no call id', { ...call, callId: null }],
  ['no tool', { ...call, tool: undefined }],
  ['a namespace that is a number', { ...call, namespace: 5 }],
])(
  'a tool call with %s is answered with a failure, so that the model does not wait',
  async (_what, params) => {
    const server = fakeServer();
    await server.host.start();
    server.ask(0, 'item/tool/call', params as object);
    await server.settle();
    expect(server.answers.get(0)).toEqual([
      { result: { success: false, contentItems: [expect.anything()] } },
    ]);
    expect(server.all('call.requested')).toEqual([]);
    expect(server.logged).toHaveLength(1);
    await server.host.close();
  },
);

test('arguments are handed on as they are, and a namespace may be left out', async () => {
  const server = fakeServer();
  await server.host.start();
  const { namespace, ...bare } = call;
  const odd = [null, 'text', 5, [1], { __proto__: null, constructor: 'x' }];
  for (const [id, args] of odd.entries()) {
    server.ask(id, 'item/tool/call', { ...bare, arguments: args });
  }
  await server.settle();
  const taken = server.all('call.requested').map((signal) => signal.call);
  expect(taken.map((one) => one.arguments)).toEqual(odd);
  expect(taken.map((one) => one.namespace)).toEqual(odd.map(() => namespace));
  await server.host.close();
});

test('a call of a thread that nobody opened can be answered, and ends with its link', async () => {
  const server = fakeServer();
  await server.host.start();
  server.ask(0, 'item/tool/call', call);
  server.ask(1, 'item/tool/call', { ...call, callId: 'call-2' });
  await server.settle();
  const [first, second] = server.all('call.requested').map((signal) => signal.call);
  expect(server.host.answer(first!, textOutput('no such session', false))).toEqual({
    type: 'answered',
  });
  server.cut();
  await server.env.clock.advance(1_000);
  expect(server.all('call.withdrawn').map((signal) => signal.call)).toEqual([second]);
  expect(server.host.answer(second!, textOutput('late'))).toMatchObject({ type: 'abandoned' });
  await server.host.close();
});

test('an answer that is too long is refused, and a shorter one still goes out', async () => {
  const server = fakeServer({
    limits: { frameBytesMax: 9_000, resultBytesMax: 8_000, resultTextBytesMax: 8_000 },
  });
  await server.host.start();
  server.ask(0, 'item/tool/call', call);
  await server.settle();
  const taken = server.all('call.requested')[0]!.call;
  expect(server.host.answer(taken, textOutput('x'.repeat(9_000)))).toMatchObject({
    type: 'refused',
    reason: expect.stringContaining('frame is too long'),
  });
  expect(server.host.answer(taken, textOutput('too long', false))).toEqual({ type: 'answered' });
  await server.settle();
  expect(server.answers.get(0)).toEqual([{ result: textOutput('too long', false) }]);
  await server.host.close();
});

test('two calls with one call id and two request ids are two calls', async () => {
  const server = fakeServer();
  await server.host.start();
  server.ask(0, 'item/tool/call', call);
  server.ask('0', 'item/tool/call', call);
  await server.settle();
  for (const { call: taken } of server.all('call.requested')) {
    const text = textOutput(typeof taken.requestId);
    expect(server.host.answer(taken, text)).toEqual({ type: 'answered' });
  }
  await server.settle();
  expect(server.answers.get(0)).toEqual([{ result: textOutput('number') }]);
  expect(server.answers.get('0')).toEqual([{ result: textOutput('string') }]);
  await server.host.close();
});

test('notices reach people with the level they deserve', async () => {
  const server = fakeServer();
  await server.host.start();
  const error = { message: 'stream cut' };
  server.notify('error', { threadId: 't', turnId: 'u', willRetry: true, error });
  server.notify('error', { threadId: 't', turnId: 'u', willRetry: false, error });
  server.notify('warning', { threadId: null, message: 'no metadata' });
  server.notify('configWarning', { summary: 'No sandbox.', details: 'Install one.' });
  server.notify('deprecationNotice', { summary: 'Old.', details: null });
  await server.settle();
  const told = server.all('host.notice');
  expect(told.map(({ level, sessionId, message }) => [level, sessionId, message])).toEqual([
    ['warn', 't', 'stream cut'],
    ['error', 't', 'stream cut'],
    ['warn', null, 'no metadata'],
    ['warn', null, 'No sandbox. Install one.'],
    ['info', null, 'Old.'],
  ]);
  await server.host.close();
});

test('a notification without its shape is counted, logged once and otherwise ignored', async () => {
  const server = fakeServer();
  await server.host.start();
  const sessionId = await server.openSession('turn-1');
  const before = server.signals.length;
  for (const params of [{}, { threadId: sessionId }, { threadId: sessionId, turn: { id: 5 } }]) {
    server.notify('turn/completed', params);
  }
  server.notify('turn/completed', { threadId: sessionId, turn: { ...wireTurn('turn-1', 'lost') } });
  server.notify('thread/closed', {});
  server.notify('serverRequest/resolved', { requestId: null });
  server.notify('error', {});
  server.notify('item/agentMessage/delta', { delta: 'of no interest' });
  server.notify('something/new', {});
  await server.settle();
  expect(server.signals).toHaveLength(before);
  expect(server.logged).toHaveLength(4);
  server.notify('turn/completed', { threadId: sessionId, turn: wireTurn('turn-1', 'completed') });
  await server.settle();
  expect(server.all('turn.ended')).toHaveLength(1);
  await server.host.close();
});

test.each([
  ['thread/start', {}],
  ['thread/start', { thread: { id: 5 } }],
  ['thread/resume', { initialTurnsPage: null }],
  ['turn/start', { turn: null }],
])('an answer to %s without its shape is an error of the protocol', async (method, result) => {
  const server = fakeServer();
  await server.host.start();
  const sessionId = await server.openSession();
  server.replies[method] = () => ({ result });
  const asking = {
    'thread/start': () => server.host.open({}, []),
    'thread/resume': () => server.host.resume('thread-9', {}),
    'turn/start': () => server.host.startTurn(sessionId, 'hello'),
  }[method]!;
  await expect(asking()).rejects.toMatchObject({
    code: 'protocol_invalid',
    message: expect.stringContaining(method),
  });
  await server.host.close();
});
