/** Turns and calls with the real Codex over stdio. */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { appServer } from '../../../src/hosts/app-server/index.ts';
import type { HostCall } from '../../../src/hosts/host.ts';
import type { Script } from '../../../src/hosts/simulated/script.ts';
import { childProcesses, codexWorld, hostTool, isRunning } from './codex.ts';
import { textOutput, watchHost } from './watcher.ts';

/** Calls what the user named, once, then says what came of it. */
const callsWhatItIsTold: Script = ({ text, results }) => {
  if (text.startsWith('fail')) return { fail: text };
  if (!text.startsWith('call ') || results.length > 0) {
    return { text: results.map(({ output }) => output).join(' ') || `you said ${text}` };
  }
  const [, ...tools] = text.split(' ');
  return { calls: tools.map((tool, n) => ({ tool, arguments: { n } })) };
};

test('a call goes to its session, its answer to the model, and the reply comes back', async () => {
  await using world = await codexWorld(callsWhatItIsTold);
  await using watched = await world.startHost({
    answer: ({ tool, arguments: args }) => textOutput(`${tool} ${JSON.stringify(args)}`),
  });
  const { host, until, all } = watched;
  const { sessionId } = await host.open(world.settings, [hostTool('look_up')]);
  const { turnId } = await host.startTurn(sessionId, 'call look_up');
  expect(await watched.turnEnded(turnId)).toEqual({
    type: 'turn.ended',
    sessionId,
    turnId,
    status: 'completed',
    error: null,
    reply: 'look_up {"n":0}',
  });
  const { epoch } = await until('host.online');
  expect(all('call.requested').map(({ call }) => call)).toEqual([
    {
      epoch,
      sessionId,
      turnId,
      callId: expect.any(String),
      requestId: expect.any(Number),
      namespace: null,
      tool: 'look_up',
      arguments: { n: 0 },
    } satisfies HostCall,
  ]);
  expect(watched.verdicts).toEqual([{ type: 'answered' }]);
  expect(all('turn.started')).toEqual([{ type: 'turn.started', sessionId, turnId }]);
  expect(await host.pendingCalls(sessionId)).toEqual([]);
});

test('calls of one response are all there at once, and are answered in any order', async () => {
  await using world = await codexWorld(callsWhatItIsTold);
  await using watched = await world.startHost();
  const { host } = watched;
  const { sessionId } = await host.open(world.settings, ['one', 'two', 'three'].map(hostTool));
  const { turnId } = await host.startTurn(sessionId, 'call one two three');
  await watched.until('call.requested', () => watched.all('call.requested').length === 3);
  const calls = await host.pendingCalls(sessionId);
  expect(calls.map(({ tool }) => tool).toSorted()).toEqual(['one', 'three', 'two']);
  for (const call of calls.toReversed()) {
    expect(host.answer(call, textOutput(call.tool))).toEqual({ type: 'answered' });
  }
  // An answer is given once; the server no longer waits for a second.
  expect(host.answer(calls[0]!, textOutput('again'))).toMatchObject({ type: 'abandoned' });
  expect(await watched.turnEnded(turnId)).toMatchObject({ reply: 'one two three' });
});

test('an interrupted turn takes its open calls back before it ends', async () => {
  await using world = await codexWorld(callsWhatItIsTold);
  await using watched = await world.startHost();
  const { host } = watched;
  const { sessionId } = await host.open(world.settings, [hostTool('wait')]);
  const { turnId } = await host.startTurn(sessionId, 'call wait');
  const { call } = await watched.until('call.requested');
  await host.interrupt(sessionId, turnId);
  expect(await watched.turnEnded(turnId)).toMatchObject({ status: 'interrupted' });
  const order = watched.types().filter((type) => /^(call|turn)\./.test(type));
  expect(order).toEqual(['turn.started', 'call.requested', 'call.withdrawn', 'turn.ended']);
  expect(watched.all('call.withdrawn')[0]?.call).toEqual(call);
  expect(host.answer(call, textOutput('late'))).toMatchObject({ type: 'abandoned' });
  // Over is over: to interrupt it again is no error, to steer it is one.
  await host.interrupt(sessionId, turnId);
  await expect(host.steer(sessionId, turnId, 'go on')).rejects.toMatchObject({ code: 'turn_none' });
});

test('a turn that fails says why, and the next one runs', async () => {
  await using world = await codexWorld(callsWhatItIsTold);
  await using watched = await world.startHost();
  const { host } = watched;
  const { sessionId } = await host.open(world.settings, []);
  const failing = await host.startTurn(sessionId, 'fail for want of a nail');
  const end = await watched.turnEnded(failing.turnId);
  expect(end).toMatchObject({ status: 'failed', reply: null });
  expect(end.error).toContain('for want of a nail');
  expect(watched.all('host.notice').filter(({ level }) => level === 'error')).toMatchObject([
    { sessionId, message: expect.stringContaining('for want of a nail') },
  ]);
  const next = await host.startTurn(sessionId, 'hello');
  expect(await watched.turnEnded(next.turnId)).toMatchObject({ reply: 'you said hello' });
});

test('a fork has the tools of its origin, and a released session can be resumed', async () => {
  await using world = await codexWorld(callsWhatItIsTold);
  await using watched = await world.startHost({ answer: ({ tool }) => textOutput(`ran ${tool}`) });
  const { host } = watched;
  const origin = await host.open({ ...world.settings, title: 'Origin' }, [hostTool('look_up')]);
  const first = await host.startTurn(origin.sessionId, 'hello');
  await watched.turnEnded(first.turnId);
  const fork = await host.fork(origin.sessionId);
  expect(fork.sessionId).not.toBe(origin.sessionId);
  const forked = await host.startTurn(fork.sessionId, 'call look_up');
  expect(await watched.turnEnded(forked.turnId)).toMatchObject({ reply: 'ran look_up' });

  await host.release(origin.sessionId, 'keep');
  await expect(host.startTurn(origin.sessionId, 'hello')).rejects.toMatchObject({
    code: 'session_unknown',
  });
  await host.resume(origin.sessionId, world.settings);
  const resumed = await host.startTurn(origin.sessionId, 'call look_up');
  expect(await watched.turnEnded(resumed.turnId)).toMatchObject({ reply: 'ran look_up' });
  await host.release(fork.sessionId, 'archive');
  await expect(host.resume(fork.sessionId, world.settings)).rejects.toMatchObject({
    code: 'request_refused',
  });
  expect(watched.all('session.gone')).toEqual([]);
});

test('what Codex refuses is an error that says why', async () => {
  await using world = await codexWorld(callsWhatItIsTold);
  await using watched = await world.startHost();
  const { host } = watched;
  await expect(host.open(world.settings, [hostTool('no good name')])).rejects.toMatchObject({
    code: 'request_refused',
    message: expect.stringContaining('must match ^[a-zA-Z0-9_-]+$'),
  });
  await expect(
    host.open({ ...world.settings, approvalPolicy: 'on-failure' as 'never' }, []),
  ).rejects.toMatchObject({ code: 'option_invalid' });
  await expect(host.resume('019a0000-0000-7000-8000-000000000000', {})).rejects.toMatchObject({
    code: 'request_refused',
  });
});

test('what Codex asks besides tools is declined, and the turn goes on', async () => {
  const script: Script = ({ results }) =>
    results.length === 0
      ? { calls: [{ tool: 'exec_command', arguments: { cmd: 'touch created' } }] }
      : { text: results[0]!.output };
  await using world = await codexWorld(script, { features: { shell_tool: true } });
  await using watched = await world.startHost();
  const { host } = watched;
  const settings = { ...world.settings, approvalPolicy: 'untrusted' } as const;
  const { sessionId } = await host.open(settings, []);
  const { turnId } = await host.startTurn(sessionId, 'make a file');
  const end = await watched.turnEnded(turnId);
  expect(end).toMatchObject({ status: 'completed' });
  expect(end.reply).toContain('rejected by user');
  expect(watched.all('question.answered')).toEqual([
    {
      type: 'question.answered',
      sessionId,
      method: 'item/commandExecution/requestApproval',
      answer: 'declined',
    },
  ]);
  expect(readdirSync(world.home.path)).not.toContain('created');
});

test('close leaves no process, also in the middle of a call and of the start', async () => {
  await using world = await codexWorld(callsWhatItIsTold);
  const before = childProcesses();
  const watched = await world.startHost();
  const started = childProcesses().filter((pid) => !before.includes(pid));
  expect(started).toHaveLength(1);
  const { sessionId } = await watched.host.open(world.settings, [hostTool('wait')]);
  await watched.host.startTurn(sessionId, 'call wait');
  await watched.until('call.requested');
  await Promise.all([watched.host.close(), watched.host.close()]);
  expect(started.filter(isRunning)).toEqual([]);
  await expect(watched.host.open(world.settings, [])).rejects.toMatchObject({
    code: 'mesh_closed',
  });

  const unfinished = watchHost(appServer({ env: world.env }));
  const starting = expect(unfinished.host.start()).rejects.toMatchObject({ code: 'mesh_closed' });
  await unfinished.host.close();
  await starting;
  expect(childProcesses().filter((pid) => !before.includes(pid))).toEqual([]);
});
