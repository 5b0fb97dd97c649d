/** What a user of a session sees: turns, replies, records, and clear errors. */
import { expect, test } from 'vitest';
import { tool } from '../../src/tools/index.ts';
import { openScene } from './scene.ts';

const hello = tool({
  name: 'hello',
  description: 'Says hello.',
  execute: () => 'hello',
});

test('a turn runs its tools and resolves with reply and records', async () => {
  const { mesh } = await openScene();
  const session = await mesh.createSession({ tools: [hello] });
  const turn = await session.sendAndHandle('hello');
  expect(turn).toMatchObject({ status: 'completed', reply: 'hello', error: null });
  expect(turn.dispatches).toHaveLength(1);
  expect(turn.dispatches[0]).toMatchObject({
    tool: 'hello',
    outcome: 'answered',
    source: 'signal',
    submissions: 1,
    deliveries: 1,
    output: { success: true, contentItems: [{ type: 'inputText', text: 'hello' }] },
  });
  expect(session.dispatchMode).toBe('signal');
});

test('the handler is told which call it serves and until when', async () => {
  const { mesh, clock } = await openScene();
  const seen: object[] = [];
  const spy = tool({
    name: 'spy',
    description: 'Looks at its call.',
    timeoutMs: 5_000,
    execute: (_, { sessionId, turnId, callId, attempt, deadline, signal, arguments: raw }) => {
      seen.push({ sessionId, turnId, callId, attempt, deadline, aborted: signal.aborted, raw });
    },
  });
  const session = await mesh.createSession({ tools: [spy] });
  const { turnId, dispatches } = await session.sendAndHandle('spy');
  expect(seen).toEqual([
    {
      sessionId: session.id,
      turnId,
      callId: dispatches[0]?.callId,
      attempt: 1,
      deadline: clock.now() + 5_000,
      aborted: false,
      raw: {},
    },
  ]);
});

test('calls of one response run side by side', async () => {
  const { mesh } = await openScene();
  const running = { now: 0, most: 0 };
  const doors: (() => void)[] = [];
  const wait = (name: string) =>
    tool({
      name,
      description: 'Waits for the others.',
      execute: async () => {
        running.most = Math.max(running.most, ++running.now);
        await new Promise<void>((open) => {
          doors.push(open);
          if (doors.length === 3) for (const door of doors) door();
        });
        running.now -= 1;
        return name;
      },
    });
  const session = await mesh.createSession({ tools: [wait('a'), wait('b'), wait('c')] });
  const turn = await session.sendAndHandle('a b c');
  expect(turn.reply).toBe('a | b | c');
  expect(running.most).toBe(3);
});

test('two sessions bind the same name to different handlers, and a slow one delays nobody', async () => {
  const { mesh } = await openScene();
  let open = () => {};
  const slow = tool({
    name: 'who',
    description: 'Waits.',
    execute: () => new Promise<string>((resolve) => (open = () => resolve('slow'))),
  });
  const fast = tool({ name: 'who', description: 'Answers.', execute: () => 'fast' });
  const first = await mesh.createSession({ tools: [slow] });
  const second = await mesh.createSession({ tools: [fast] });
  const waiting = first.sendAndHandle('who');
  expect((await second.sendAndHandle('who')).reply).toBe('fast');
  open();
  expect((await waiting).reply).toBe('slow');
});

test('register fills the draft, may be async, and nothing is opened when it fails', async () => {
  const { mesh, typesOf } = await openScene();
  const session = await mesh.createSession({
    register: async (draft) => {
      await Promise.resolve();
      draft.add(hello);
      expect(draft.list()).toHaveLength(1);
    },
  });
  expect(session.tools.map(({ name }) => name)).toEqual(['hello']);
  const opened = typesOf().filter((type) => type === 'session.opened').length;
  await expect(
    mesh.createSession({
      register: (draft) => {
        draft.add(hello);
        draft.add(hello);
      },
    }),
  ).rejects.toMatchObject({ code: 'tool_duplicate' });
  expect(typesOf().filter((type) => type === 'session.opened')).toHaveLength(opened);
});

test.each([
  ['', 'text_invalid'],
  ['  \n', 'text_invalid'],
  ['x'.repeat(1_048_577), 'text_invalid'],
])('a bad text is refused before anything is sent', async (text, code) => {
  const { mesh, typesOf } = await openScene();
  const session = await mesh.createSession();
  await expect(session.send(text)).rejects.toMatchObject({ code });
  await expect(session.sendAndHandle(text)).rejects.toMatchObject({ code });
  expect(typesOf(session.id)).not.toContain('turn.started');
});

test('a second turn is refused while one is active, and accepted afterwards', async () => {
  const { mesh } = await openScene();
  let open = () => {};
  const hold = tool({
    name: 'hold',
    description: 'Holds the turn.',
    execute: () => new Promise<void>((resolve) => (open = resolve)),
  });
  const session = await mesh.createSession({ tools: [hold] });
  const first = session.sendAndHandle('hold');
  await expect(session.send('again')).rejects.toMatchObject({ code: 'turn_active' });
  await expect.poll(() => mesh.stats.running).toBe(1);
  open();
  await first;
  expect((await session.sendAndHandle('again')).reply).toBe('said: again');
});

test('steer and interrupt need an active turn', async () => {
  const { mesh } = await openScene();
  const session = await mesh.createSession();
  await expect(session.steer('more')).rejects.toMatchObject({ code: 'turn_none' });
  await expect(session.interrupt()).rejects.toMatchObject({ code: 'turn_none' });
});

test('a failed turn is a result, not an exception', async () => {
  const { mesh } = await openScene({ script: () => ({ fail: 'the model is out of order' }) });
  const session = await mesh.createSession();
  const turn = await session.sendAndHandle('hello');
  expect(turn.status).toBe('failed');
  expect(turn.error).toContain('out of order');
});

test('a turn that takes too long is interrupted, and its handlers are aborted', async () => {
  const { mesh, clock } = await openScene();
  let reason: unknown;
  const forever = tool({
    name: 'forever',
    description: 'Never ends.',
    execute: (_, call) =>
      new Promise<void>(() => {
        call.signal.addEventListener('abort', () => (reason = call.signal.reason));
      }),
  });
  const session = await mesh.createSession({ tools: [forever] });
  const turn = session.sendAndHandle('forever', { timeoutMs: 1_000 });
  const ended = expect(turn).rejects.toMatchObject({ code: 'turn_timeout' });
  await clock.advance(1_001);
  await ended;
  expect(reason).toMatchObject({ code: 'call_cancelled' });
  expect(mesh.stats).toMatchObject({ running: 0, waiting: 0, unconfirmed: 0 });
  expect((await session.sendAndHandle('next')).status).toBe('completed');
});

test('an abort interrupts the turn and rejects with its reason', async () => {
  const { mesh, clock } = await openScene();
  const forever = tool({
    name: 'forever',
    description: 'Never ends.',
    execute: () => new Promise<void>(() => {}),
  });
  const session = await mesh.createSession({ tools: [forever] });
  const abort = new AbortController();
  const turn = session.sendAndHandle('forever', { signal: abort.signal });
  const ended = expect(turn).rejects.toThrow('enough');
  await clock.advance(10);
  abort.abort(new Error('enough'));
  await clock.advance(10);
  await ended;
  expect(session.turnId).toBeNull();
});

test('an unknown session cannot be resumed, and an open one not twice', async () => {
  const { mesh } = await openScene();
  await expect(mesh.resumeSession('nobody')).rejects.toMatchObject({ code: 'session_unknown' });
  const session = await mesh.createSession();
  await expect(mesh.resumeSession(session.id)).rejects.toMatchObject({ code: 'session_open' });
  expect(mesh.session('nobody')).toBeUndefined();
  expect(mesh.session(session.id)).toBe(session);
});

test('events say in order what happened', async () => {
  const { mesh, typesOf } = await openScene();
  const session = await mesh.createSession({ tools: [hello] });
  await session.sendAndHandle('hello');
  await session.close();
  const interesting = typesOf(session.id).filter((type) => type !== 'session.changed');
  expect(interesting).toEqual([
    'session.opened',
    'turn.started',
    'call.claimed',
    'call.started',
    'call.answered',
    'call.settled',
    'turn.ended',
    'session.closed',
  ]);
});
