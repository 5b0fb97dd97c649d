/** What becomes of one call: arguments, failures, deadlines, bounds, approvals. */
import { expect, test, vi } from 'vitest';
import type { Script } from '../../src/hosts/simulated/script.ts';
import { tool, ToolError } from '../../src/tools/index.ts';
import { callNamedTools, openScene } from './scene.ts';

const callOnce =
  (name: string, args: unknown): Script =>
  ({ results }) =>
    results.length > 0
      ? { text: results.map(({ output }) => output).join(' | ') }
      : { calls: [{ tool: name, arguments: args }] };

test('invalid arguments never reach the handler, and the model is told which field', async () => {
  const { mesh } = await openScene({ script: callOnce('lookup', { id: 7 }) });
  const execute = vi.fn();
  const lookup = tool({
    name: 'lookup',
    description: 'Looks up.',
    input: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
    execute,
  });
  const session = await mesh.createSession({ tools: [lookup] });
  const turn = await session.sendAndHandle('go');
  expect(execute).not.toHaveBeenCalled();
  expect(turn.dispatches[0]).toMatchObject({ code: 'arguments_invalid', outcome: 'answered' });
  expect(turn.reply).toContain('id');
  expect(turn.reply).toContain('string');
});

test('a tool that a resumed session did not bind is answered with what there is', async () => {
  const make = (name: string) => tool({ name, description: name, execute: () => 1 });
  const { mesh } = await openScene();
  const session = await mesh.createSession({ tools: [make('known'), make('dropped')] });
  await session.sendAndHandle('hello');
  await session.close();
  const resumed = await mesh.resumeSession(session.id, { tools: [make('known')] });
  const turn = await resumed.sendAndHandle('dropped');
  expect(turn.reply).toMatch(/dropped.*known/);
  expect(turn.dispatches[0]).toMatchObject({ code: 'tool_unknown', outcome: 'answered' });
});

test('an exception stays in the log, a ToolError is the answer', async () => {
  const secret = tool({
    name: 'secret',
    description: 'Fails.',
    execute: () => {
      throw new Error('password=hunter2');
    },
  });
  const clear = tool({
    name: 'clear',
    description: 'Fails clearly.',
    execute: () => Promise.reject(new ToolError('ticket ENG-1 does not exist')),
  });
  const { mesh } = await openScene();
  const session = await mesh.createSession({ tools: [secret, clear] });
  const turn = await session.sendAndHandle('secret clear');
  expect(turn.reply).not.toContain('hunter2');
  expect(turn.reply).toContain('ticket ENG-1 does not exist');
  expect(turn.dispatches.map(({ code }) => code)).toEqual(['handler_failed', 'handler_failed']);
});

test('a handler past its deadline is aborted, the model is told, and its late result is dropped', async () => {
  const { mesh, clock, typesOf } = await openScene();
  let finish = (_: string) => {};
  let aborted = false;
  const slow = tool({
    name: 'slow',
    description: 'Slow.',
    timeoutMs: 1_000,
    execute: (_, call) =>
      new Promise<string>((resolve) => {
        finish = resolve;
        call.signal.addEventListener('abort', () => (aborted = true));
      }),
  });
  const session = await mesh.createSession({ tools: [slow] });
  const turn = session.sendAndHandle('slow');
  await clock.advance(1_000);
  const { reply, dispatches } = await turn;
  expect(reply).toContain('stopped after 1 s');
  expect(aborted).toBe(true);
  expect(dispatches[0]).toMatchObject({ outcome: 'expired', code: 'handler_timeout' });
  finish('too late');
  await clock.advance(1);
  expect(mesh.stats).toMatchObject({ late: 1, running: 0 });
  expect(typesOf(session.id)).toContain('call.late');
});

test('a session runs at most its share at once, and the rest in order', async () => {
  const started: number[] = [];
  const doors: (() => void)[] = [];
  const step = tool({
    name: 'step',
    description: 'A step.',
    input: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] } as const,
    execute: ({ n }) => {
      started.push(n);
      return new Promise<void>((resolve) => doors.push(resolve));
    },
  });
  const script: Script = ({ results }) =>
    results.length > 0
      ? { text: 'done' }
      : { calls: [0, 1, 2, 3, 4].map((n) => ({ tool: 'step', arguments: { n } })) };
  const { mesh, clock } = await openScene({ script, limits: { sessionConcurrencyMax: 2 } });
  const session = await mesh.createSession({ tools: [step] });
  const turn = session.sendAndHandle('go');
  await clock.advance(1);
  expect(started).toEqual([0, 1]);
  expect(mesh.stats).toMatchObject({ running: 2, waiting: 3 });
  for (let index = 0; index < 5; index += 1) {
    doors[index]?.();
    await clock.advance(1);
  }
  expect(started).toEqual([0, 1, 2, 3, 4]);
  expect((await turn).status).toBe('completed');
});

test('serial tools run one at a time, keys across tools too, and others pass them by', async () => {
  const log: string[] = [];
  const doors = new Map<string, () => void>();
  const make = (name: string, policy: object) =>
    tool({
      name,
      description: name,
      ...policy,
      execute: () => {
        log.push(name);
        return new Promise<void>((resolve) => doors.set(name, resolve));
      },
    });
  const { mesh, clock } = await openScene();
  const session = await mesh.createSession({
    tools: [
      make('first', { serialKey: 'disk' }),
      make('second', { serialKey: 'disk' }),
      make('other', {}),
    ],
  });
  const turn = session.sendAndHandle('first second other');
  await clock.advance(1);
  expect(log).toEqual(['first', 'other']);
  doors.get('first')?.();
  await clock.advance(1);
  expect(log).toEqual(['first', 'other', 'second']);
  for (const door of doors.values()) door();
  await clock.advance(1);
  expect((await turn).status).toBe('completed');
});

test('calls beyond the waiting bound are refused at once, with a text the model can act on', async () => {
  const doors: (() => void)[] = [];
  const hold = tool({
    name: 'hold',
    description: 'Holds.',
    execute: () => new Promise<void>((resolve) => doors.push(resolve)),
  });
  const script: Script = ({ results }) =>
    results.length > 0
      ? { text: results.map(({ output }) => output).join(' | ') }
      : { calls: [1, 2, 3].map(() => ({ tool: 'hold' })) };
  const limits = { sessionConcurrencyMax: 1, sessionWaitingMax: 1 };
  const { mesh, clock } = await openScene({ script, limits });
  const session = await mesh.createSession({ tools: [hold] });
  const turn = session.sendAndHandle('go');
  await clock.advance(1);
  doors[0]?.();
  await clock.advance(1);
  doors[1]?.();
  const { dispatches } = await turn;
  expect(dispatches.map(({ code }) => code)).toEqual([null, null, 'overloaded']);
});

test('when the mesh is full, the session that waited longest comes next', async () => {
  const order: string[] = [];
  const doors: (() => void)[] = [];
  const hold = tool({
    name: 'hold',
    description: 'Holds.',
    execute: (_, call) => {
      order.push(call.sessionId);
      return new Promise<void>((resolve) => doors.push(resolve));
    },
  });
  const script: Script = ({ results }) =>
    results.length > 0 ? { text: 'done' } : { calls: [1, 2, 3].map(() => ({ tool: 'hold' })) };
  const limits = { sessionConcurrencyMax: 1, meshConcurrencyMax: 1 };
  const { mesh, clock } = await openScene({ script, limits });
  const a = await mesh.createSession({ tools: [hold] });
  const b = await mesh.createSession({ tools: [hold] });
  const turns = [a.sendAndHandle('go'), b.sendAndHandle('go')];
  for (let index = 0; index < 6; index += 1) {
    await clock.advance(1);
    doors[index]?.();
  }
  await clock.advance(1);
  await Promise.all(turns);
  expect(order).toEqual([a.id, a.id, b.id, a.id, b.id, b.id]);
});

test('a call that needs approval waits, shows itself, and runs when it is approved', async () => {
  const { mesh, clock } = await openScene();
  const execute = vi.fn(() => 'deployed');
  const deploy = tool({ name: 'deploy', description: 'Deploys.', approval: 'always', execute });
  const session = await mesh.createSession({ tools: [deploy] });
  const turn = session.sendAndHandle('deploy');
  await clock.advance(1);
  expect(execute).not.toHaveBeenCalled();
  const [approval] = session.approvals;
  expect(approval).toMatchObject({ tool: 'deploy', sessionId: session.id });
  session.decideApproval(approval!.id, true);
  expect((await turn).reply).toBe('deployed');
  expect(session.approvals).toEqual([]);
  expect(() => session.decideApproval(approval!.id, true)).toThrow(
    expect.objectContaining({ code: 'approval_unknown' }),
  );
});

test('a denial is an answer the model can act on, and silence is a denial', async () => {
  const { mesh, clock } = await openScene({ limits: { approvalTimeoutMs: 1_000 } });
  const deploy = tool({
    name: 'deploy',
    description: 'Deploys.',
    approval: 'always',
    execute: () => 1,
  });
  const session = await mesh.createSession({ tools: [deploy] });
  const denied = session.sendAndHandle('deploy');
  await clock.advance(1);
  session.decideApproval(session.approvals[0]!.id, { denied: 'it is Friday' });
  const first = await denied;
  expect(first.reply).toContain('it is Friday');
  expect(first.dispatches[0]).toMatchObject({ code: 'call_denied', outcome: 'answered' });
  const silent = session.sendAndHandle('deploy');
  await clock.advance(1_001);
  expect((await silent).dispatches[0]).toMatchObject({ code: 'call_denied' });
});

test('a tool may decide its own approval', async () => {
  const { mesh } = await openScene({ script: callNamedTools });
  const guarded = tool({
    name: 'guarded',
    description: 'Guarded.',
    approval: () => ({ denied: 'not on this machine' }),
    execute: () => 'ran',
  });
  const session = await mesh.createSession({ tools: [guarded] });
  expect((await session.sendAndHandle('guarded')).reply).toContain('not on this machine');
});

test('a handler that sees progress moves its deadline', async () => {
  const { mesh, clock } = await openScene();
  let finish = (_: string) => {};
  let extend = (_: number) => {};
  const slow = tool({
    name: 'slow',
    description: 'Slow, but it tells.',
    timeoutMs: 1_000,
    execute: (_, call) => {
      extend = (ms) => call.extend(ms);
      return new Promise<string>((resolve) => (finish = resolve));
    },
  });
  const session = await mesh.createSession({ tools: [slow] });
  const turn = session.sendAndHandle('slow');
  await clock.advance(900);
  extend(1_000);
  await clock.advance(900);
  finish('made it');
  expect((await turn).reply).toBe('made it');
});

test('work that is done elsewhere takes no slot and has no deadline here', async () => {
  const doors: ((value: string) => void)[] = [];
  const remote = tool({
    name: 'remote',
    description: 'Done elsewhere.',
    external: true,
    execute: () => new Promise<string>((resolve) => doors.push(resolve)),
  });
  const script: Script = ({ results }) =>
    results.length > 0 ? { text: 'done' } : { calls: [1, 2, 3].map(() => ({ tool: 'remote' })) };
  const { mesh, clock } = await openScene({ script, limits: { sessionConcurrencyMax: 1 } });
  const session = await mesh.createSession({ tools: [remote] });
  const turn = session.sendAndHandle('go');
  await clock.advance(500_000);
  expect(doors).toHaveLength(3);
  expect(mesh.stats).toMatchObject({ running: 0, waiting: 0 });
  for (const door of doors) door('ok');
  expect((await turn).reply).toBe('done');
});
