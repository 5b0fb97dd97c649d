/** The whole runtime with the real Codex: what must hold there and nowhere else can be shown. */
import { expect, test, vi } from 'vitest';
import type { Script } from '../../src/hosts/simulated/script.ts';
import { appServer, tool } from '../../src/index.ts';
import { codexProcesses, listeningCodex, meshOn, spawnedMesh } from './real-codex.ts';

/** Calls the tools named in the text at once, then says what they said. */
const callNamedTools: Script = ({ text, results, tools }) => {
  if (results.length > 0) return { text: results.map(({ output }) => output).join(' | ') };
  const calls = text.split(' ').filter((word) => tools.includes(word));
  return calls.length > 0
    ? { calls: calls.map((name) => ({ tool: name })) }
    : { text: `said: ${text}` };
};

const says = (name: string, answer: string) =>
  tool({ name, description: `Says ${answer}.`, execute: () => answer });

function gate(name = 'hold') {
  const doors: ((value: string) => void)[] = [];
  const execute = vi.fn(() => new Promise<string>((resolve) => doors.push(resolve)));
  const hold = tool({ name, description: 'Holds until it is let go.', execute });
  return { hold, execute, release: (text: string) => doors.shift()?.(text) };
}

test('one tool call and its reply', async () => {
  const mesh = await spawnedMesh(callNamedTools);
  const session = await mesh.createSession({ tools: [says('hello', 'hello there')] });
  const turn = await session.sendAndHandle('hello');
  expect(turn).toMatchObject({ status: 'completed', reply: 'hello there', error: null });
  expect(turn.dispatches).toMatchObject([{ tool: 'hello', outcome: 'answered', code: null }]);
});

test('several calls of one response run side by side', async () => {
  const mesh = await spawnedMesh(callNamedTools);
  let running = 0;
  let open = () => {};
  const together = new Promise<void>((resolve) => (open = resolve));
  const meet = (name: string) =>
    tool({
      name,
      description: 'Waits for the others.',
      timeoutMs: 10_000,
      execute: async () => {
        running += 1;
        if (running === 3) open();
        await together;
        return name;
      },
    });
  const session = await mesh.createSession({ tools: ['a', 'b', 'c'].map(meet) });
  expect((await session.sendAndHandle('a b c')).reply).toBe('a | b | c');
});

test('two sessions bind one name to different handlers, and a slow one delays nobody', async () => {
  const mesh = await spawnedMesh(callNamedTools);
  const { hold, release } = gate('who');
  const [slow, fast] = await Promise.all([
    mesh.createSession({ tools: [hold] }),
    mesh.createSession({ tools: [says('who', 'fast')] }),
  ]);
  const waiting = slow.sendAndHandle('who');
  expect((await fast.sendAndHandle('who')).reply).toBe('fast');
  expect(slow.turnId).not.toBeNull();
  release('slow');
  expect((await waiting).reply).toBe('slow');
});

test('a socket that is cut while a call is pending: delivered again, run once, answered', async () => {
  const codex = await listeningCodex(callNamedTools);
  const mesh = await meshOn(appServer({ url: codex.url }));
  const { hold, execute, release } = gate();
  const session = await mesh.createSession({ tools: [hold] });
  const turn = session.sendAndHandle('hold');
  await expect.poll(() => execute.mock.calls.length).toBe(1);
  codex.cut();
  await expect.poll(() => mesh.stats.repeated, { timeout: 10_000 }).toBe(1);
  release('after the cut');
  const { reply, dispatches } = await turn;
  expect(reply).toBe('after the cut');
  expect(execute).toHaveBeenCalledTimes(1);
  expect(dispatches[0]).toMatchObject({ outcome: 'answered', deliveries: 2 });
});

test('an answer that was ready while the socket was down is sent when it is back', async () => {
  const codex = await listeningCodex(callNamedTools);
  const mesh = await meshOn(appServer({ url: codex.url }));
  const { hold, execute, release } = gate();
  const session = await mesh.createSession({ tools: [hold] });
  const turn = session.sendAndHandle('hold');
  await expect.poll(() => execute.mock.calls.length).toBe(1);
  codex.cut();
  await expect.poll(() => JSON.stringify(session.state)).toContain('"link":"lost"');
  release('computed in the dark');
  expect((await turn).reply).toBe('computed in the dark');
  expect(execute).toHaveBeenCalledTimes(1);
});

test('Codex killed in mid-turn: restarted, the session has its tools, the next turn works', async () => {
  const mesh = await spawnedMesh(callNamedTools);
  const { hold, execute, release } = gate();
  const session = await mesh.createSession({ tools: [hold, says('hello', 'still here')] });
  await session.sendAndHandle('warm up');
  const turn = session.sendAndHandle('hold');
  await expect.poll(() => execute.mock.calls.length).toBe(1);
  const [pid] = codexProcesses();
  process.kill(pid!, 'SIGKILL');
  const interrupted = await turn;
  expect(interrupted.status).toBe('interrupted');
  expect(interrupted.dispatches[0]).toMatchObject({ outcome: 'cancelled' });
  release('too late');
  await expect.poll(() => JSON.stringify(session.state)).toContain('"link":"online"');
  expect((await session.sendAndHandle('hello')).reply).toBe('still here');
  expect(mesh.stats).toMatchObject({ late: 1, running: 0, unconfirmed: 0 });
  expect(codexProcesses()).not.toContain(pid);
});

test('a failed model is a failed turn, soon, with a reason', async () => {
  const mesh = await spawnedMesh(() => ({ fail: 'the model is out of order' }));
  const session = await mesh.createSession();
  const turn = await session.sendAndHandle('hello');
  expect(turn.status).toBe('failed');
  expect(turn.error).toContain('out of order');
});

test('an interrupted turn aborts its handler and leaves the session usable', async () => {
  const mesh = await spawnedMesh(callNamedTools);
  let aborted = false;
  const forever = tool({
    name: 'forever',
    description: 'Never ends.',
    execute: (_, call) =>
      new Promise<void>(() => call.signal.addEventListener('abort', () => (aborted = true))),
  });
  const session = await mesh.createSession({ tools: [forever] });
  const turn = session.sendAndHandle('forever');
  await expect.poll(() => mesh.stats.running).toBe(1);
  await session.interrupt();
  expect(await turn).toMatchObject({
    status: 'interrupted',
    dispatches: [{ outcome: 'cancelled' }],
  });
  expect(aborted).toBe(true);
  expect((await session.sendAndHandle('still there?')).reply).toBe('said: still there?');
});

test('a thread is resumed with new handlers, also by another mesh after a restart', async () => {
  const codex = await listeningCodex(callNamedTools);
  const first = await meshOn(appServer({ url: codex.url }));
  const session = await first.createSession({ tools: [says('hello', 'first')] });
  expect((await session.sendAndHandle('hello')).reply).toBe('first');
  const { id } = session;
  await first.close();
  const second = await meshOn(appServer({ url: codex.url }));
  const resumed = await second.resumeSession(id, { tools: [says('hello', 'second')] });
  expect((await resumed.sendAndHandle('hello')).reply).toBe('second');
});

test('closing a mesh during a call leaves no process', async () => {
  const mesh = await spawnedMesh(callNamedTools);
  const { hold, execute } = gate();
  const session = await mesh.createSession({ tools: [hold] });
  const turn = session.sendAndHandle('hold');
  await expect.poll(() => execute.mock.calls.length).toBe(1);
  expect(codexProcesses().length).toBeGreaterThan(0);
  await mesh.close({ graceMs: 50 });
  expect((await turn).status).toBe('interrupted');
  expect(codexProcesses()).toEqual([]);
});

test.each([
  [{ command: '/nowhere/codex' }, 'codex_not_found'],
  [{ command: process.execPath, args: ['-e', 'process.exit(3)'] }, 'host_start_failed'],
  [{ url: 'ws://127.0.0.1:1' }, 'host_unreachable'],
])('a host that cannot start says why: %o', async (options, code) => {
  const limits = { restartsMax: 1, connectTimeoutMs: 1_000 };
  await expect(meshOn(appServer(options), { limits })).rejects.toMatchObject({ code });
});
