/** The road of a served call, in virtual time. */
import { expect, test } from 'vitest';
import { resolveLimits, type Limits } from '../../src/limits.ts';
import { CallRunner } from '../../src/mcp/call-runner.ts';
import type { Approve } from '../../src/mcp/served-call.ts';
import { virtualEnv } from '../../src/testing/virtual-clock.ts';
import { tool, type ToolDefinition } from '../../src/tools/index.ts';
import type { ToolCall } from '../../src/tools/contract.ts';
import { recordingLogger } from './calls.ts';

function scene(limits: Partial<Limits> = {}, approve: Approve = () => true) {
  const env = virtualEnv(7);
  const { logger, lines } = recordingLogger();
  const runner = new CallRunner({ env, limits: resolveLimits(limits), logger, approve });
  const client = new AbortController();
  let progress = 0;
  const run = (
    definition: Pick<ToolDefinition, 'execute'> & Partial<ToolDefinition>,
    args: unknown = {},
    namespace: string | null = null,
  ) => {
    const made = tool({ name: 'tool', description: 'A tool.', ...definition });
    const served = { name: 'served', namespace, tool: made };
    return runner.run(served, args, {
      sessionId: 'connection',
      callId: 'call-1',
      signal: client.signal,
      onProgress: () => {
        progress += 1;
      },
    });
  };
  return { clock: env.clock, run, client, lines, progress: () => progress };
}

const textOf = ({ contentItems }: { contentItems: readonly object[] }) =>
  contentItems.map((item) => ('text' in item ? item.text : '')).join('\n');

const endless = () => new Promise(() => {});

test('a handler is told where its call comes from', async () => {
  const { run, clock } = scene();
  let seen: ToolCall | undefined;
  const output = await run(
    {
      timeoutMs: 500,
      execute: (_, call) => {
        seen = call;
        return 'ok';
      },
    },
    {},
    'crm',
  );
  expect(output).toEqual({ success: true, contentItems: [{ type: 'inputText', text: 'ok' }] });
  expect(seen).toMatchObject({
    sessionId: 'connection',
    turnId: 'call-1',
    callId: 'call-1',
    tool: 'tool',
    namespace: 'crm',
    attempt: 1,
    deadline: clock.now() + 500,
  });
  expect(clock.pendingTimers).toBe(0);
});

test('the deadline ends a call whose handler does not, and aborts it', async () => {
  const { run, clock } = scene({ handlerTimeoutMs: 2_000 });
  let signal: AbortSignal | undefined;
  const output = run({
    execute: (_, call) => {
      ({ signal } = call);
      return endless();
    },
  });
  await clock.runUntilIdle();
  expect(textOf(await output)).toMatch(/was stopped after 2 s without a result/);
  expect(signal?.reason).toMatchObject({ code: 'handler_timeout' });
  expect(clock.pendingTimers).toBe(0);
});

test('a handler that shows that it is alive gets more time, and the client is told', async () => {
  const { run, clock, progress } = scene();
  const output = run({
    timeoutMs: 1_000,
    execute: async (_, call) => {
      for (let step = 0; step < 3; step += 1) {
        await new Promise((resolve) => void clock.setTimeout(() => resolve(step), 900));
        call.extend(1_000);
        expect(call.deadline).toBe(clock.now() + 1_000);
      }
      return 'done';
    },
  });
  await clock.runUntilIdle();
  expect(textOf(await output)).toBe('done');
  expect(progress()).toBe(3);
});

test('nonsense does not move a deadline, and nothing moves it once the call is over', async () => {
  const { run, clock, progress } = scene();
  let call: ToolCall | undefined;
  const output = run({
    timeoutMs: 1_000,
    execute: (_, given) => {
      call = given;
      for (const ms of [0, -1, Number.NaN]) given.extend(ms);
      given.extend(Infinity);
      given.extend(300);
      return endless();
    },
  });
  expect(await clock.runUntilIdle()).toBe(300);
  expect((await output).success).toBe(false);
  call?.extend(1_000);
  expect(progress()).toBe(2);
  expect(clock.pendingTimers).toBe(0);
});

test('a client that cancels ends the call, wherever it is', async () => {
  const running = scene();
  const answer = running.run({ execute: endless });
  await running.clock.advance(1);
  running.client.abort();
  expect(textOf(await answer)).toMatch(/was cancelled/);

  const waiting = scene({ sessionConcurrencyMax: 1 });
  const [, second] = [waiting.run({ execute: endless }), waiting.run({ execute: endless })];
  await waiting.clock.advance(1);
  waiting.client.abort();
  expect(textOf(await second)).toMatch(/was cancelled/);

  const early = scene();
  early.client.abort();
  let ran = false;
  const output = await early.run({
    execute: () => {
      ran = true;
    },
  });
  expect(textOf(output)).toMatch(/was cancelled/);
  expect(ran).toBe(false);
  expect(running.clock.pendingTimers + waiting.clock.pendingTimers).toBe(0);
});

test('calls beyond the bounds wait, and beyond those are refused', async () => {
  const { run, clock } = scene({ sessionConcurrencyMax: 1, sessionWaitingMax: 1 });
  let running = 0;
  const slow = {
    execute: async () => {
      running += 1;
      expect(running).toBe(1);
      await new Promise((resolve) => void clock.setTimeout(() => resolve(null), 10));
      running -= 1;
      return 'ok';
    },
  };
  const outputs = [run(slow), run(slow), run(slow)];
  await clock.runUntilIdle();
  const texts = (await Promise.all(outputs)).map(textOf);
  expect(texts).toEqual(['ok', 'ok', expect.stringMatching(/too many calls are waiting/)]);
});

test('approval: a refusal is told, silence is a no, a tool may decide for itself', async () => {
  const execute = () => 'ok';
  const refusing = scene({}, () => ({ denied: 'not today' }));
  const refused = await refusing.run({ approval: 'always', execute });
  expect(textOf(refused)).toMatch(/not approved: not today/);

  const silent = scene({ approvalTimeoutMs: 1_000 }, () => new Promise(() => {}));
  const output = silent.run({ approval: 'always', execute });
  expect(await silent.clock.runUntilIdle()).toBe(1_000);
  expect(textOf(await output)).toMatch(/nobody approved it in time/);

  const own = scene({}, () => ({ denied: 'never asked' }));
  expect(textOf(await own.run({ approval: () => true, execute }))).toBe('ok');
  expect(own.clock.pendingTimers).toBe(0);
});

test('an exception is for the log, and not for the model', async () => {
  const { run, lines } = scene();
  const output = await run({
    execute: () => {
      throw new Error('a secret');
    },
  });
  expect(textOf(output)).toMatch(/^The tool failed/);
  expect(lines).toMatchObject([
    { level: 'error', message: 'a handler threw', fields: { tool: 'tool', error: 'a secret' } },
  ]);
});

test('arguments are checked first, results are brought into shape last', async () => {
  const { run } = scene({ resultTextBytesMax: 100 });
  const input = {
    type: 'object',
    properties: { id: { type: 'string' } },
    required: ['id'],
  } as const;
  expect(textOf(await run({ input, execute: () => 'ok' }, {}))).toMatch(/id: is required/);
  expect(textOf(await run({ execute: () => 'x'.repeat(120) }))).toMatch(
    /^x{100}\n\[cut: 20 of 120/,
  );
});
