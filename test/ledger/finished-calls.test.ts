import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FinishedCalls } from '../../src/ledger/finished-calls.ts';
import { ledgerCall } from '../../src/ledger/ledger-call.ts';
import { resolveLimits, type Limits } from '../../src/limits.ts';

const output = {
  success: true,
  contentItems: [{ type: 'inputText' as const, text: 'done' }],
};
const bytesOfOutput = 64 + 2 * 'done'.length;

function makeCalls(overrides: Partial<Limits> = {}) {
  const clock = { nowMs: 0 };
  const calls = new FinishedCalls(resolveLimits(overrides), () => clock.nowMs);
  const finish = (sessionId: string, key: string) => {
    const call = ledgerCall(key, sessionId, 1);
    call.output = output;
    calls.add(call);
    return call;
  };
  const knows = (sessionId: string, key: string) => calls.find(sessionId, key) !== undefined;
  return { calls, clock, finish, knows };
}

test('a call is found by its session and its key, the same object each time', () => {
  const { calls, finish } = makeCalls();
  const before = finish('s1', 'a');
  expect(calls.find('s1', 'a')).toBe(before);
  // What finishes after the first search is found as well.
  const after = finish('s1', 'b');
  expect(calls.find('s1', 'b')).toBe(after);
  expect(calls.find('s2', 'a')).toBeUndefined();
});

test('a busy session cannot push out the last calls of another', () => {
  const { calls, finish, knows } = makeCalls({ ledgerCallsMax: 100, ledgerSessionCallsMin: 10 });
  for (let index = 0; index < 10; index += 1) finish('quiet', `${index}`);
  for (let index = 0; index < 1_000; index += 1) finish('busy', `${index}`);
  for (let index = 0; index < 10; index += 1) expect(knows('quiet', `${index}`)).toBe(true);
  expect(knows('busy', '909')).toBe(false);
  expect(knows('busy', '910')).toBe(true);
  expect(calls.size).toBe(100);
});

test('a quiet session finds room where a busy one has filled everything', () => {
  const { calls, finish, knows } = makeCalls({ ledgerCallsMax: 100, ledgerSessionCallsMin: 10 });
  for (let index = 0; index < 200; index += 1) finish('busy', `${index}`);
  for (let index = 0; index < 10; index += 1) finish('quiet', `${index}`);
  for (let index = 0; index < 10; index += 1) expect(knows('quiet', `${index}`)).toBe(true);
  expect(calls.size).toBe(100);
});

test('where no session is above its quota the oldest call of all is forgotten first', () => {
  const { finish, knows } = makeCalls({ ledgerCallsMax: 4, ledgerSessionCallsMin: 4 });
  finish('s1', 'a');
  finish('s2', 'b');
  finish('s1', 'c');
  finish('s2', 'd');
  finish('s3', 'e');
  finish('s3', 'f');
  expect([knows('s1', 'a'), knows('s2', 'b')]).toEqual([false, false]);
  expect([knows('s1', 'c'), knows('s2', 'd')]).toEqual([true, true]);
});

test('of too many sessions the one that was quiet for longest is forgotten', () => {
  const { calls, finish, knows } = makeCalls({ ledgerSessionsMax: 2, ledgerKeepMs: 1_000 });
  finish('s1', 'a');
  finish('s2', 'b');
  finish('s1', 'c');
  finish('s3', 'd');
  expect(knows('s2', 'b')).toBe(false);
  expect([knows('s1', 'a'), knows('s1', 'c'), knows('s3', 'd')]).toEqual([true, true, true]);
  expect([calls.size, calls.forgottenEarly]).toEqual([3, 1]);
});

test('kept answers are bounded in bytes: the oldest are forgotten first', () => {
  const { calls, finish, knows } = makeCalls({ ledgerAnswerBytesMax: 10 * bytesOfOutput });
  for (let index = 0; index < 30; index += 1) finish(`s${index % 3}`, `${index}`);
  expect(calls.size).toBe(10);
  expect(knows('s1', '19')).toBe(false);
  expect(knows('s2', '20')).toBe(true);
});

test('what is forgotten before its time is counted', () => {
  const { calls, clock, finish } = makeCalls({
    ledgerCallsMax: 2,
    ledgerSessionCallsMin: 1,
    ledgerKeepMs: 1_000,
  });
  for (const key of ['a', 'b', 'c']) finish('s1', key);
  expect(calls.forgottenEarly).toBe(1);
  clock.nowMs = 5_000;
  finish('s1', 'd');
  expect(calls.forgottenEarly).toBe(1);
});

test('any mix of sessions and searches keeps the bounds, and each session its newest calls', () => {
  const step = fc.record({ session: fc.nat({ max: 3 }), isSearched: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const { calls, finish, knows } = makeCalls({ ledgerCallsMax: 40, ledgerSessionCallsMin: 8 });
      const finished = new Map<string, string[]>();
      steps.forEach(({ session, isSearched }, index) => {
        const sessionId = `s${session}`;
        finish(sessionId, `${index}`);
        finished.set(sessionId, [...(finished.get(sessionId) ?? []), `${index}`]);
        if (isSearched) expect(knows(sessionId, `${index}`)).toBe(true);
      });
      expect(calls.size).toBe(Math.min(steps.length, 40));
      let known = 0;
      for (const [sessionId, keys] of finished) {
        const remembered = keys.filter((key) => knows(sessionId, key));
        expect(remembered).toEqual(keys.slice(keys.length - remembered.length));
        expect(remembered.length).toBeGreaterThanOrEqual(Math.min(keys.length, 8));
        known += remembered.length;
      }
      expect(known).toBe(calls.size);
    }),
  );
});

test('any number of sessions is forgotten at once', () => {
  const { calls, finish } = makeCalls({ ledgerSessionsMax: 20_000 });
  for (let index = 0; index < 20_000; index += 1) finish(`s${index}`, 'a');
  calls.clear();
  expect(calls.size).toBe(0);
});

test('after it was cleared nothing is known, and new calls are', () => {
  const { calls, finish, knows } = makeCalls({ ledgerAnswerBytesMax: 2 * bytesOfOutput });
  finish('s1', 'a');
  finish('s2', 'b');
  calls.clear();
  expect([calls.size, knows('s1', 'a'), knows('s2', 'b')]).toEqual([0, false, false]);
  finish('s1', 'c');
  finish('s1', 'd');
  expect([calls.size, knows('s1', 'c'), knows('s1', 'd')]).toEqual([2, true, true]);
});
