import { describe, expect, test } from 'vitest';
import type { ModelInput, ModelRequest } from '../../src/testing/model-request.ts';
import { ModelTurns } from '../../src/testing/model-turns.ts';

const user = (text: string): ModelInput => ({ type: 'user', text });
const context: ModelInput = { type: 'context' };
const assistant: ModelInput = { type: 'assistant' };
const call = (callId: string, tool = 'echo'): ModelInput => ({
  type: 'call',
  callId,
  tool,
  namespace: null,
});
const result = (callId: string, output = ''): ModelInput => ({ type: 'result', callId, output });

const request = (turnId: string, ...input: ModelInput[]): ModelRequest => ({
  sessionId: 's',
  turnId,
  kind: 'turn',
  instructions: '',
  tools: [],
  input,
});

const brief = (turns: ModelTurns, asked: ModelRequest) => {
  const { turn, text, steers, results } = turns.step(asked);
  return [turn, text, steers, results.map(({ callId }) => callId)];
};

describe('a session seen from its start', () => {
  test('has its turns counted, whatever became of them', () => {
    const turns = new ModelTurns(10);
    const failed = [context, user('a')];
    expect(brief(turns, request('1', ...failed))).toEqual([0, 'a', [], []]);
    const next = [...failed, user('b')];
    expect(brief(turns, request('2', ...next))).toEqual([1, 'b', [], []]);
    const steered = [...next, call('x'), result('x'), user('more')];
    expect(brief(turns, request('2', ...steered))).toEqual([1, 'b', ['more'], ['x']]);
    const interrupted = [...steered, call('y'), result('y'), context, user('c')];
    expect(brief(turns, request('3', ...interrupted))).toEqual([2, 'c', [], []]);
  });

  test('is the same when a request of a turn is repeated', () => {
    const turns = new ModelTurns(10);
    const asked = request('1', user('a'), call('x'), result('x'));
    expect(turns.step(asked)).toEqual(turns.step(asked));
  });

  test('goes on after its conversation was rewritten', () => {
    const turns = new ModelTurns(10);
    turns.step(request('1', user('a')));
    turns.compact('s');
    const asked = request('2', context, user('a'), context, user('b'), call('y'), result('y'));
    expect(brief(turns, { ...asked, input: asked.input.slice(0, 4) })).toEqual([1, 'b', [], []]);
    expect(brief(turns, asked)).toEqual([1, 'b', [], ['y']]);
  });
});

describe('a session never seen before', () => {
  test('has its turns counted from its history', () => {
    const history = [
      user('a'),
      call('x'),
      result('x'),
      user('steer'),
      assistant,
      user('b'),
      assistant,
    ];
    expect(brief(new ModelTurns(10), request('9', ...history, context, user('c')))).toEqual([
      2,
      'c',
      [],
      [],
    ]);
  });

  test('may be steered before its first step', () => {
    expect(brief(new ModelTurns(10), request('1', context, user('a'), user('more')))).toEqual([
      0,
      'a',
      ['more'],
      [],
    ]);
  });

  test('with nothing said has an empty text', () => {
    expect(brief(new ModelTurns(10), request('1', context))).toEqual([0, '', [], []]);
  });
});

test('results carry the tool of their call, also when a call id comes again', () => {
  const asked = request(
    '1',
    user('a'),
    call('x', 'one'),
    result('x', '1'),
    call('x', 'two'),
    result('x', '2'),
  );
  expect(new ModelTurns(10).step(asked).results).toEqual([
    { callId: 'x', tool: 'one', namespace: null, output: '1' },
    { callId: 'x', tool: 'two', namespace: null, output: '2' },
  ]);
});

test('the session that was not seen for longest is forgotten first', () => {
  const turns = new ModelTurns(2);
  const ask = (sessionId: string, turnId: string) =>
    turns.step({ ...request(turnId, assistant, user('x')), sessionId }).turn;
  expect([ask('a', '1'), ask('b', '1'), ask('a', '2'), ask('c', '1')]).toEqual([0, 0, 1, 0]);
  expect([ask('a', '3'), ask('b', '2')]).toEqual([2, 0]);
});
