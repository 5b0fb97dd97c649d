import { expect, test } from 'vitest';
import { resolveLimits } from '../../src/limits.ts';
import { failureText, type Failure } from '../../src/tools/failure.ts';

const texts: [Failure, string][] = [
  [
    { kind: 'arguments_invalid', problem: 'id: is required' },
    'The arguments do not fit. id: is required. Correct them and call the tool again.',
  ],
  [
    { kind: 'handler_failed' },
    'The tool failed. The same call may fail again; try another way or go on without it.',
  ],
  [
    { kind: 'handler_timeout', timeoutMs: 1_500 },
    'The tool was stopped after 1.5 s without a result. Whether it took effect is not known; check before you call it again.',
  ],
  [{ kind: 'cancelled' }, 'The call was cancelled: its turn or its session is over.'],
  [{ kind: 'session_closing' }, 'The call was not started: the session is closing.'],
  [
    { kind: 'unknown_tool', name: 'nope', known: ['a', 'n/b'] },
    'There is no tool "nope". There are: a, n/b.',
  ],
  [
    { kind: 'unknown_tool', name: 'nope', known: [] },
    'There is no tool "nope". This session has no tools.',
  ],
  [
    { kind: 'overloaded' },
    'The call was not started: too many calls are waiting. Call again when some have finished.',
  ],
  [
    { kind: 'outcome_unknown' },
    'The tool was started and then interrupted. Whether it took effect is not known; check before you call it again.',
  ],
  [
    { kind: 'key_reused' },
    'The call was not started: its id was used before with other arguments. Call again under a new id.',
  ],
  [
    { kind: 'result_too_large' },
    'The tool finished, but its result is too large to show. Ask for less.',
  ],
  [
    { kind: 'result_invalid', problem: 'a cycle' },
    'The tool finished, but its result cannot be shown: a cycle. The same call will not do better.',
  ],
  [
    { kind: 'approval_denied', reason: 'not on\nFridays' },
    'The call was not started: it was not approved: not on Fridays. Do not repeat it unchanged.',
  ],
];

test.each(texts)('%j', (failure, words) => {
  expect(failureText(failure)).toBe(words);
});

test('names and reasons that somebody else chose stay short and on one line', () => {
  const name = `x"\n${'y'.repeat(1_000)}\ud800`;
  const text = failureText({ kind: 'unknown_tool', name, known: [] });
  expect(text.length).toBeLessThan(150);
  expect(text).not.toContain('\n');
  expect(text.isWellFormed()).toBe(true);
  const denied = failureText({ kind: 'approval_denied', reason: 'z'.repeat(5_000) });
  expect(denied.length).toBeLessThan(450);
});

test('of many tools the first are named and the others counted', () => {
  const limits = resolveLimits({ toolNamesShownMax: 2 });
  const known = ['a', 'b', 'c', 'd'];
  expect(failureText({ kind: 'unknown_tool', name: 'x', known }, limits)).toBe(
    'There is no tool "x". There are: a, b and 2 more.',
  );
});
