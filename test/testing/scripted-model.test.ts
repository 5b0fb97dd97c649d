/** The scripted model and home against the real Codex: no account, loopback only. */
import { afterEach, describe, expect, test } from 'vitest';
import {
  scriptedCodexHome,
  startScriptedModel,
  type Script,
  type ScriptStep,
} from '../../src/testing/index.ts';
import { dynamicTool, startCodex } from './codex-process.ts';

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

/** A Codex whose model is `script`, and every step that was asked. */
async function scriptedCodex(script: Script, answer?: Parameters<typeof startCodex>[1]) {
  const steps: ScriptStep[] = [];
  const model = stack.use(
    await startScriptedModel((step, signal) => {
      steps.push(step);
      return script(step, signal);
    }),
  );
  const home = stack.use(await scriptedCodexHome(model));
  const codex = stack.use(await startCodex(home.env, answer));
  return { model, home, codex, steps };
}

const echo: Script = ({ text, results }) =>
  results.length === 0
    ? { calls: [{ tool: 'echo', arguments: { n: text.length } }] }
    : { text: `${text}: ${results[0]!.output}` };

describe('a turn of the real Codex', () => {
  test('shows the script what its model would see and ends with its text', async () => {
    const { codex, steps } = await scriptedCodex(echo, ({ tool, arguments: args }) =>
      JSON.stringify({ tool, args }),
    );
    const thread = await codex.startThread([dynamicTool('echo')], 'Be brief.');
    expect(await codex.runTurn(thread, 'hello')).toEqual({
      status: 'completed',
      error: null,
      text: 'hello: {"tool":"echo","args":{"n":5}}',
    });
    const common = {
      sessionId: thread,
      instructions: 'Be brief.',
      text: 'hello',
      steers: [],
      turn: 0,
    };
    expect(steps).toMatchObject([
      { ...common, results: [] },
      {
        ...common,
        results: [
          {
            callId: 'call_1_1',
            tool: 'echo',
            namespace: null,
            output: '{"tool":"echo","args":{"n":5}}',
          },
        ],
      },
    ]);
    expect(steps[0]!.tools).toContain('echo');
    expect(steps[0]!.tools).not.toContain('exec_command');
  });

  test('makes the calls of one reply at once, and a call of an unknown tool is a barrier', async () => {
    const arrived: string[] = [];
    const first = Promise.withResolvers<void>();
    const { codex, steps } = await scriptedCodex(
      ({ results }) =>
        results.length > 0
          ? { text: 'done' }
          : {
              calls: [
                { tool: 'echo', callId: 'mine' },
                { tool: 'echo', namespace: 'space' },
                { tool: 'nope' },
                { tool: 'echo' },
              ],
            },
      async ({ callId, namespace }) => {
        arrived.push(callId);
        if (arrived.length === 2) first.resolve();
        await first.promise;
        return `${namespace}/${callId}`;
      },
    );
    const thread = await codex.startThread([
      dynamicTool('echo'),
      { type: 'namespace', name: 'space', description: 's', tools: [dynamicTool('echo')] },
    ]);
    expect(await codex.runTurn(thread, 'go')).toMatchObject({ status: 'completed', text: 'done' });
    expect(arrived.slice(0, 2).toSorted()).toEqual(['call_1_2', 'mine']);
    expect(arrived[2]).toBe('call_1_4');
    expect(steps[0]!.tools).toEqual(expect.arrayContaining(['echo', 'space/echo']));
    expect(steps[1]!.results).toEqual([
      { callId: 'mine', tool: 'echo', namespace: null, output: 'null/mine' },
      { callId: 'call_1_2', tool: 'echo', namespace: 'space', output: 'space/call_1_2' },
      { callId: 'call_1_3', tool: 'nope', namespace: null, output: 'unsupported call: nope' },
      { callId: 'call_1_4', tool: 'echo', namespace: null, output: 'null/call_1_4' },
    ]);
  });

  test('of two sessions at once never mixes them up', async () => {
    const both = Promise.withResolvers<void>();
    const open = new Set<string>();
    const { codex, steps } = await scriptedCodex(
      ({ sessionId, instructions, results }) =>
        results.length === 0
          ? { calls: [{ tool: 'echo' }] }
          : { text: `${instructions} ${sessionId} ${results[0]!.output}` },
      async ({ threadId }) => {
        open.add(threadId);
        if (open.size === 2) both.resolve();
        await both.promise;
        return `for ${threadId}`;
      },
    );
    const a = await codex.startThread([dynamicTool('echo')], 'I am A.');
    const b = await codex.startThread([dynamicTool('echo')], 'I am B.');
    const [endA, endB] = await Promise.all([codex.runTurn(a, 'one'), codex.runTurn(b, 'two')]);
    expect(endA.text).toBe(`I am A. ${a} for ${a}`);
    expect(endB.text).toBe(`I am B. ${b} for ${b}`);
    expect(steps.filter(({ sessionId }) => sessionId === a).map(({ text }) => text)).toEqual([
      'one',
      'one',
    ]);
  });
});

/** Fails if told so, calls once, and says by what it was steered. */
const steerable: Script = ({ text, steers, results }) => {
  if (text === 'fails') return { fail: 'as asked' };
  if (steers.length > 0) return { text: `steered by ${steers.join()}` };
  return results.length === 0 ? { calls: [{ tool: 'echo' }] } : { text: 'unsteered' };
};

describe('turns are told apart', () => {
  test('by steers, interrupts, failures and what the user said next', async () => {
    const { codex, steps } = await scriptedCodex(
      steerable,
      async ({ threadId, turnId, callId }) => {
        if (callId === 'call_1_1') {
          await codex.request('turn/interrupt', { threadId, turnId });
          return undefined;
        }
        const input = [{ type: 'text', text: 'more' }];
        await codex.request('turn/steer', { threadId, expectedTurnId: turnId, input });
        return 'x';
      },
    );
    const thread = await codex.startThread([dynamicTool('echo')]);
    expect(await codex.runTurn(thread, 'is interrupted')).toMatchObject({ status: 'interrupted' });
    expect(await codex.runTurn(thread, 'fails')).toMatchObject({ status: 'failed' });
    expect(await codex.runTurn(thread, 'is steered')).toMatchObject({ text: 'steered by more' });
    expect(
      steps.map(({ text, turn, steers, results }) => [text, turn, steers, results.length]),
    ).toEqual([
      ['is interrupted', 0, [], 0],
      ['fails', 1, [], 0],
      ['is steered', 2, [], 0],
      ['is steered', 2, ['more'], 1],
    ]);
    expect(steps[0]!.instructions).toBe('');
  });

  test('in a fork, after a compaction, and after a restart of Codex', async () => {
    const { codex, home, steps } = await scriptedCodex(({ turn }) => ({ text: `turn ${turn}` }));
    const thread = await codex.startThread([dynamicTool('echo')], 'Be brief.');
    await codex.runTurn(thread, 'first');
    const { thread: fork } = await codex.request('thread/fork', { threadId: thread });
    expect(await codex.runTurn(fork.id, 'in the fork')).toMatchObject({ text: 'turn 1' });

    const compacted = codex.ended(thread);
    await codex.request('thread/compact/start', { threadId: thread });
    expect((await compacted).params.turn.status).toBe('completed');
    await codex.runTurn(thread, 'after the compaction');

    await codex[Symbol.asyncDispose]();
    const next = stack.use(await startCodex(home.env));
    await next.request('thread/resume', { threadId: thread, excludeTurns: true });
    expect(await next.runTurn(thread, 'after the restart')).toMatchObject({ text: 'turn 2' });
    expect(steps.map(({ text, turn }) => [text, turn])).toEqual([
      ['first', 0],
      ['in the fork', 1],
      ['after the compaction', 1],
      ['after the restart', 2],
    ]);
    expect(steps.at(-1)).toMatchObject({ instructions: 'Be brief.' });
  });
});

describe('a script that fails ends the turn at once, and the session lives on', () => {
  test.each<[string, Script, string]>([
    ['by its reply', () => ({ fail: 'no idea — even so' }), 'no idea — even so'],
    ['by throwing', () => Promise.reject(new Error('broken')), 'the script failed: broken'],
  ])('%s', async (_how, failing, reason) => {
    const { codex, model } = await scriptedCodex((step, signal) =>
      step.turn === 0 ? failing(step, signal) : { text: 'better now' },
    );
    const thread = await codex.startThread([]);
    const started = performance.now();
    expect(await codex.runTurn(thread, 'go')).toEqual({
      status: 'failed',
      error: reason,
      text: null,
    });
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(model.requests).toHaveLength(1);
    expect(await codex.runTurn(thread, 'go')).toMatchObject({ text: 'better now' });
  });

  test('a model that is closed fails the turn that waits and the next one', async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    const { codex, model } = await scriptedCodex((_step, signal) => {
      asked.resolve(signal);
      return new Promise(() => {});
    });
    const thread = await codex.startThread([]);
    const started = performance.now();
    const turn = codex.runTurn(thread, 'go');
    const signal = await asked.promise;
    await model.close();
    expect(signal.aborted).toBe(true);
    expect(await turn).toMatchObject({ status: 'failed' });
    expect(await codex.runTurn(thread, 'again')).toMatchObject({ status: 'failed' });
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('an interrupt aborts a script that waits', async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    const { codex } = await scriptedCodex((_step, signal) => {
      asked.resolve(signal);
      return new Promise(() => {});
    });
    const thread = await codex.startThread([]);
    const end = codex.ended(thread);
    const { turn } = await codex.startTurn(thread, 'go');
    const signal = await asked.promise;
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    await codex.request('turn/interrupt', { threadId: thread, turnId: turn.id });
    await aborted;
    expect((await end).params.turn.status).toBe('interrupted');
  });
});

test('the home is one that Codex has nothing to say about, but for the machine it runs on', async () => {
  const { codex } = await scriptedCodex(() => ({ text: 'ok' }));
  await codex.runTurn(await codex.startThread([]), 'go');
  const said = codex.notes
    .filter(({ method }) => /warning|deprecat/i.test(method ?? ''))
    .map(({ params }) => String(params.summary ?? params.message))
    // Codex looks for a sandbox program, and has no metadata for the model's name.
    .filter((text) => !/bubblewrap|Model metadata for `scripted`/.test(text));
  expect(said).toEqual([]);
});
