import { describe, expect, test } from 'vitest';
import { resolveLimits } from '../../../src/limits.ts';
import { toolNames } from '../../../src/hosts/simulated/tool-names.ts';
import { SimulatedTurn } from '../../../src/hosts/simulated/turn.ts';
import { virtualEnv } from '../../../src/testing/index.ts';
import type { Host, HostCall, HostSignal, HostTool } from '../../../src/hosts/host.ts';
import type { Script, ScriptReply, ScriptStep } from '../../../src/hosts/simulated/script.ts';
import { begun, callOnce, opened, pick, startedWorld, text, tool, world } from './world.ts';

describe('a turn', () => {
  test('shows the script all that a model would know, and ends with its text', async () => {
    const steps: ScriptStep[] = [];
    const made = await startedWorld((step) => {
      steps.push(step);
      return { text: `answer ${step.turn}` };
    });
    const opening = made.host.open({ instructions: 'Be brief.' }, [
      tool('one'),
      {
        type: 'namespace',
        name: 'space',
        description: 's',
        tools: [tool('two'), tool('late', { deferLoading: true })],
      },
    ]);
    const { sessionId } = await opening;
    const first = await made.host.startTurn(sessionId, 'first');
    await made.settle();
    const second = await made.host.startTurn(sessionId, 'second');
    await made.settle();
    expect(steps[0]).toEqual({
      sessionId,
      instructions: 'Be brief.',
      text: 'first',
      steers: [],
      turn: 0,
      results: [],
      tools: ['one', 'space/two'],
    });
    expect(steps[1]).toMatchObject({ text: 'second', turn: 1 });
    expect(made.signals.slice(1)).toEqual([
      { type: 'turn.started', sessionId, turnId: first.turnId },
      {
        type: 'turn.ended',
        sessionId,
        turnId: first.turnId,
        status: 'completed',
        error: null,
        reply: 'answer 0',
      },
      { type: 'turn.started', sessionId, turnId: second.turnId },
      {
        type: 'turn.ended',
        sessionId,
        turnId: second.turnId,
        status: 'completed',
        error: null,
        reply: 'answer 1',
      },
    ]);
  });

  test('makes the calls of one reply at once and goes on when every result is there', async () => {
    const seen: ScriptStep[] = [];
    const made = await begun((step) => {
      seen.push(step);
      if (step.results.length > 0) return { text: 'done' };
      return { calls: [{ tool: 'one', arguments: { n: 1 } }, { tool: 'two' }] };
    });
    const [one, two] = made.requested;
    expect(made.requested).toEqual([
      {
        epoch: one!.epoch,
        sessionId: made.sessionId,
        turnId: made.turnId,
        callId: 'call_1_1',
        requestId: 0,
        namespace: null,
        tool: 'one',
        arguments: { n: 1 },
      },
      {
        epoch: one!.epoch,
        sessionId: made.sessionId,
        turnId: made.turnId,
        callId: 'call_1_2',
        requestId: 1,
        namespace: null,
        tool: 'two',
        arguments: {},
      },
    ]);
    expect(made.host.answer(two!, text('second'))).toEqual({ type: 'answered' });
    await made.settle();
    expect(seen).toHaveLength(1);
    void made.host.answer(one!, {
      success: false,
      contentItems: [
        { type: 'inputText', text: 'a' },
        { type: 'inputImage', imageUrl: 'data:image/png;base64,AA' },
        { type: 'inputAudio', audioUrl: 'data:audio/wav;base64,AA' },
      ],
    });
    await made.settle();
    expect(seen[1]!.results).toEqual([
      {
        callId: 'call_1_1',
        tool: 'one',
        namespace: null,
        output: 'a\ndata:image/png;base64,AA\ndata:audio/wav;base64,AA',
      },
      { callId: 'call_1_2', tool: 'two', namespace: null, output: 'second' },
    ]);
    expect(made.ends()).toMatchObject([{ status: 'completed', reply: 'done' }]);
  });

  test('answered from within the signal still makes every call of the reply', async () => {
    const signals: HostSignal[] = [];
    const made = world(({ results }) =>
      results.length > 0
        ? { text: 'done' }
        : { calls: [{ tool: 'one' }, { tool: 'one' }, { tool: 'two' }] },
    );
    await made.host.close();
    const host: Host = made.factory({
      ...made.context,
      emit: (signal) => {
        signals.push(signal);
        if (signal.type === 'call.requested') void host.answer(signal.call, text('at once'));
      },
    });
    await host.start();
    const { sessionId } = await host.open({}, [tool('one'), tool('two')]);
    await host.startTurn(sessionId, 'go');
    await made.settle();
    expect(pick(signals)).toHaveLength(3);
    expect(signals.at(-1)).toMatchObject({
      type: 'turn.ended',
      status: 'completed',
      reply: 'done',
    });
  });

  test('answers a call of an unknown tool by itself, and takes one of a deferred tool', async () => {
    const steps: ScriptStep[] = [];
    const made = await startedWorld((step) => {
      steps.push(step);
      return step.results.length > 0
        ? { text: 'done' }
        : { calls: [{ tool: 'nope' }, { tool: 'late' }, { tool: 'late', namespace: 'space' }] };
    });
    const late = tool('late', { deferLoading: true });
    const space: HostTool = { type: 'namespace', name: 'space', description: 's', tools: [late] };
    const { sessionId } = await made.host.open({}, [space]);
    await made.host.startTurn(sessionId, 'go');
    await made.settle();
    expect(made.calls()).toMatchObject([{ tool: 'late', namespace: 'space', requestId: 0 }]);
    await made.host.answer(made.calls()[0]!, text('found'));
    await made.settle();
    expect(steps[0]!.tools).toEqual([]);
    expect(steps[1]!.results.map(({ output }) => output)).toEqual([
      'unsupported call: nope',
      'unsupported call: late',
      'found',
    ]);
  });

  test('makes calls that follow one of an unknown tool only after those before it', async () => {
    const made = await begun(({ results }) =>
      results.length > 0
        ? { text: results.map(({ output }) => output).join() }
        : { calls: [{ tool: 'one' }, { tool: 'nope' }, { tool: 'two' }] },
    );
    expect(made.requested).toMatchObject([{ tool: 'one', callId: 'call_1_1' }]);
    void made.host.answer(made.requested[0]!, text('a'));
    await made.settle();
    const [, second] = made.calls();
    expect(second).toMatchObject({ tool: 'two', callId: 'call_1_3', requestId: 1 });
    void made.host.answer(second!, text('b'));
    await made.settle();
    expect(made.ends()).toMatchObject([{ reply: 'a,unsupported call: nope,b' }]);
  });

  test('of two calls with one id in a reply the first is cancelled, as in Codex', async () => {
    const steps: ScriptStep[] = [];
    const made = await begun((step) => {
      steps.push(step);
      if (step.results.length > 0) return { text: 'done' };
      return {
        calls: [
          { tool: 'one', callId: 'same' },
          { tool: 'one', callId: 'same' },
        ],
      };
    });
    expect(made.requested.map(({ requestId }) => requestId)).toEqual([0, 1]);
    expect(made.heard()).toEqual([
      'turn.started',
      'call.requested',
      'call.withdrawn',
      'call.requested',
    ]);
    expect(made.host.answer(made.requested[0]!, text('late'))).toMatchObject({ type: 'abandoned' });
    void made.host.answer(made.requested[1]!, text('kept'));
    await made.settle();
    expect(steps[1]!.results.map(({ output }) => output)).toEqual([
      'dynamic tool call was cancelled before receiving a response',
      'kept',
    ]);
  });

  test('a call id that comes again in a later step is a new call', async () => {
    const made = await begun(({ results }) =>
      results.length === 2 ? { text: 'done' } : { calls: [{ tool: 'one', callId: 'same' }] },
    );
    void made.host.answer(made.requested[0]!, text('a'));
    await made.settle();
    expect(made.calls().map(({ callId, requestId }) => [callId, requestId])).toEqual([
      ['same', 0],
      ['same', 1],
    ]);
  });

  test.each<[string, ScriptReply]>([
    ['no calls', { calls: [] }],
    ['an empty text', { text: '' }],
  ])('that replies with %s is completed without a reply', async (_what, reply) => {
    const made = await begun(() => reply);
    expect(made.ends()).toMatchObject([{ status: 'completed', reply: null }]);
  });

  test('keeps what the script holds apart from what is delivered', async () => {
    const shared = { list: [1] };
    const made = await begun(() => ({ calls: [{ tool: 'one', arguments: shared }] }));
    shared.list.push(2);
    expect(made.requested[0]!.arguments).toEqual({ list: [1] });
  });
});

describe('a script that goes wrong fails its turn', () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  test.each<[string, Script, RegExp]>([
    ['says so', () => ({ fail: 'out of ideas' }), /^out of ideas$/],
    [
      'throws',
      () => {
        throw new Error('broken');
      },
      /^the script failed: broken$/,
    ],
    [
      'rejects',
      () => Promise.reject(new Error('broken later')),
      /^the script failed: broken later$/,
    ],
    ['replies with nothing', () => undefined as never, /^the script failed: /],
    ['passes a cycle', () => ({ calls: [{ tool: 'one', arguments: cyclic }] }), /circular/],
    [
      'passes a function',
      () => ({ calls: [{ tool: 'one', arguments: () => 1 }] }),
      /no JSON value/,
    ],
  ])('%s', async (_name, script, reason) => {
    const made = await begun(script);
    const [end] = made.ends();
    expect(end).toMatchObject({ status: 'failed', reply: null });
    expect(end?.type === 'turn.ended' && end.error).toMatch(reason);
    expect(made.env.clock.pendingTimers).toBe(0);
  });

  test('calls without end', async () => {
    const made = await begun(() => ({ calls: [{ tool: 'nope' }] }), {
      limits: { scriptCallsMax: 20 },
    });
    expect(made.ends()).toMatchObject([
      { status: 'failed', error: 'the script made more than 20 calls in one turn' },
    ]);
  });
});

describe('request ids', () => {
  test('count from 0 over all sessions of an epoch', async () => {
    const made = await startedWorld(callOnce);
    const [a, b] = [await opened(made), await opened(made)];
    await made.host.startTurn(a, 'go');
    await made.settle();
    await made.host.startTurn(b, 'go');
    await made.settle();
    expect(made.calls().map(({ sessionId, requestId }) => [sessionId, requestId])).toEqual([
      [a, 0],
      [b, 1],
    ]);
  });
});

describe('answers', () => {
  test('the first wins and a second is abandoned', async () => {
    const made = await begun(callOnce);
    expect(made.host.answer(made.requested[0]!, text('first'))).toEqual({ type: 'answered' });
    expect(made.host.answer(made.requested[0]!, text('second'))).toMatchObject({
      type: 'abandoned',
    });
    await made.settle();
    expect(made.ends()).toMatchObject([{ reply: 'first' }]);
  });

  test('to a call of another session with the same request id are abandoned', async () => {
    const made = await begun(callOnce);
    const foreign: HostCall = { ...made.requested[0]!, sessionId: 'nobody' };
    expect(made.host.answer(foreign, text('x'))).toMatchObject({ type: 'abandoned' });
    expect(await made.host.pendingCalls(made.sessionId)).toHaveLength(1);
  });

  test('may be decided by the fault that was asked for, and lost ones come again', async () => {
    let attempts = 0;
    const made = await begun(callOnce, {
      answerFault: () => (attempts++ === 0 ? { type: 'answered' } : undefined),
    });
    const [call] = made.requested;
    expect(made.host.answer(call!, text('lost'))).toEqual({ type: 'answered' });
    made.factory.dropLink();
    made.factory.restoreLink();
    await made.settle();
    expect(made.calls().at(-1)).toEqual(call);
    expect(made.host.answer(call!, text('kept'))).toEqual({ type: 'answered' });
    await made.settle();
    expect(made.ends()).toMatchObject([{ reply: 'kept' }]);
  });

  test('take their time where they are asynchronous', async () => {
    const made = await begun(callOnce, { asyncAnswers: true, latencyMs: 5 });
    const verdict = made.host.answer(made.requested[0]!, text('x'));
    expect(verdict).toBeInstanceOf(Promise);
    await made.env.clock.advance(5);
    expect(await verdict).toEqual({ type: 'answered' });
    const late = made.host.answer(made.requested[0]!, text('x'));
    made.factory.dropLink();
    await made.env.clock.advance(5);
    expect(await late).toEqual({ type: 'unlinked' });
  });
});

describe('steering', () => {
  test('adds to the turn, and the model sees it after the open calls', async () => {
    const steps: ScriptStep[] = [];
    const made = await begun((step) => {
      steps.push(step);
      return callOnce(step, AbortSignal.abort());
    });
    await made.host.steer(made.sessionId, made.turnId, 'and hurry');
    expect(await made.host.startTurn(made.sessionId, 'please')).toEqual({ turnId: made.turnId });
    expect(steps).toHaveLength(1);
    void made.host.answer(made.requested[0]!, text('x'));
    await made.settle();
    expect(steps[1]).toMatchObject({ text: 'go', steers: ['and hurry', 'please'] });
    expect(made.ends()).toHaveLength(1);
  });

  test('while the model writes its last text gives it one more step', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const made = await begun(async ({ steers }) => {
      if (steers.length === 0) await promise;
      return { text: steers.join() || 'unsteered' };
    });
    await made.host.steer(made.sessionId, made.turnId, 'wait');
    resolve();
    await made.settle();
    expect(made.ends()).toMatchObject([{ reply: 'wait' }]);
  });

  test('needs the active turn', async () => {
    const made = await begun(callOnce);
    const { host, sessionId } = made;
    await expect(host.steer(sessionId, 'other', 'x')).rejects.toMatchObject({ code: 'turn_none' });
    await expect(host.interrupt(sessionId, 'other')).rejects.toMatchObject({ code: 'turn_none' });
    await host.interrupt(sessionId, made.turnId);
    await expect(host.interrupt(sessionId, made.turnId)).rejects.toMatchObject({
      code: 'turn_none',
    });
  });
});

describe('interrupting', () => {
  test('withdraws the open calls, ends the turn, and late answers are abandoned', async () => {
    const made = await begun(() => ({ calls: [{ tool: 'one' }, { tool: 'two' }] }));
    void made.host.answer(made.requested[0]!, text('in time'));
    made.signals.splice(0);
    await made.host.interrupt(made.sessionId, made.turnId);
    await made.settle();
    expect(made.signals).toMatchObject([
      { type: 'call.withdrawn', call: made.requested[1] },
      { type: 'turn.ended', status: 'interrupted', error: null, reply: null },
    ]);
    expect(made.host.answer(made.requested[1]!, text('late'))).toMatchObject({ type: 'abandoned' });
    expect(await made.host.pendingCalls(made.sessionId)).toEqual([]);
  });

  test('ends the play of the turn, also while it waits for answers', async () => {
    const env = virtualEnv();
    const turn = new SimulatedTurn(
      {
        env,
        limits: resolveLimits(),
        latencyMs: 0,
        stepMs: 0,
        tell: () => {},
        script: callOnce,
        epoch: 'e',
        sessionId: 's',
        instructions: '',
        tools: toolNames([tool('one')]),
        number: 0,
        nextRequestId: () => 0,
        onOver: () => {},
      },
      'go',
    );
    const played = turn.run();
    await env.clock.advance(0);
    expect(turn.pendingCalls()).toHaveLength(1);
    turn.end({ status: 'interrupted' });
    await played;
    expect(turn.pendingCalls()).toEqual([]);
  });

  test('takes no answer from whoever answers when told of the withdrawal', async () => {
    const made = await begun(() => ({ calls: [{ tool: 'one' }, { tool: 'two' }] }));
    const verdicts: unknown[] = [];
    made.context.emit = (signal) => {
      if (signal.type !== 'call.withdrawn') return;
      for (const call of made.requested) verdicts.push(made.host.answer(call, text('x')));
    };
    await made.host.interrupt(made.sessionId, made.turnId);
    expect(verdicts).toHaveLength(4);
    for (const verdict of verdicts) expect(verdict).toMatchObject({ type: 'abandoned' });
  });

  test('aborts a script that waits, whose reply is dropped', async () => {
    let reason: unknown;
    const made = await begun(
      (_step, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            reason = 'aborted';
            resolve({ text: 'too late' });
          });
        }),
    );
    await made.host.interrupt(made.sessionId, made.turnId);
    await made.settle();
    expect(reason).toBe('aborted');
    expect(made.ends()).toMatchObject([{ status: 'interrupted', reply: null }]);
  });
});
