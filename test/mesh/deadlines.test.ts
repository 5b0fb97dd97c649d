import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Deadlines, type Expiring } from '../../src/mesh/deadlines.ts';
import { virtualClock } from '../../src/testing/virtual-clock.ts';

interface Call extends Expiring<Call> {
  readonly name: string;
}

const call = (name: string): Call => ({ name, dueMs: 0, older: null, newer: null });

test('each call expires at its own time, and a cleared one never', async () => {
  const clock = virtualClock();
  const expired: [string, number][] = [];
  const deadlines = new Deadlines<Call>(clock, ({ name }) =>
    expired.push([name, clock.monotonic()]),
  );
  const b = call('b');
  deadlines.set(call('a'), 100);
  await clock.advance(30);
  deadlines.set(b, 100);
  deadlines.set(call('c'), 100);
  deadlines.set(call('short'), 20);
  deadlines.clear(b, 100);
  await clock.advance(1_000);
  expect(expired).toEqual([
    ['short', 50],
    ['a', 100],
    ['c', 130],
  ]);
  expect(clock.pendingTimers).toBe(0);
});

test('one timer serves all calls with the same timeout, and goes with the last of them', () => {
  const clock = virtualClock();
  const deadlines = new Deadlines<Call>(clock, () => {});
  const calls = Array.from({ length: 100 }, (_, index) => call(`${index}`));
  for (const each of calls) deadlines.set(each, 500);
  expect(clock.pendingTimers).toBe(1);
  for (const each of calls) deadlines.clear(each, 500);
  expect(clock.pendingTimers).toBe(0);
});

test('a call that is set anew while another expires is not forgotten', async () => {
  const clock = virtualClock();
  const expired: string[] = [];
  const deadlines = new Deadlines<Call>(clock, ({ name }) => {
    expired.push(name);
    if (name === 'first') deadlines.set(call('second'), 100);
  });
  deadlines.set(call('first'), 100);
  await clock.advance(100);
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(100);
  expect(expired).toEqual(['first', 'second']);
  expect(clock.pendingTimers).toBe(0);
});

test('a call that begins as another one expires does not put off one that is due earlier', async () => {
  const clock = virtualClock();
  const expired: [string, number][] = [];
  const deadlines = new Deadlines<Call>(clock, ({ name }) => {
    expired.push([name, clock.monotonic()]);
    if (name === 'first') deadlines.set(call('late'), 100);
  });
  deadlines.set(call('first'), 100);
  await clock.advance(60);
  deadlines.set(call('second'), 100);
  await clock.advance(1_000);
  expect(expired).toEqual([
    ['first', 100],
    ['second', 160],
    ['late', 200],
  ]);
  expect(clock.pendingTimers).toBe(0);
});

test('any order of setting, clearing and waiting expires exactly what was left, on time', async () => {
  const names = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
  const step = fc.record({
    name: fc.constantFrom(...names),
    timeoutMs: fc.constantFrom(10, 25, 100),
    clear: fc.boolean(),
    waitMs: fc.integer({ min: 0, max: 30 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const clock = virtualClock();
      const calls = new Map(names.map((name) => [name, call(name)]));
      const due = new Map<string, { atMs: number; timeoutMs: number }>();
      const deadlines = new Deadlines<Call>(clock, ({ name }) => {
        expect(due.get(name)?.atMs).toBe(clock.monotonic());
        due.delete(name);
      });
      for (const { name, timeoutMs, clear, waitMs } of steps) {
        const set = due.get(name);
        if (clear && set) {
          deadlines.clear(calls.get(name)!, set.timeoutMs);
          due.delete(name);
        } else if (!set) {
          due.set(name, { atMs: clock.monotonic() + timeoutMs, timeoutMs });
          deadlines.set(calls.get(name)!, timeoutMs);
        }
        await clock.advance(waitMs);
      }
      await clock.advance(200);
      expect(due.size).toBe(0);
      expect(clock.pendingTimers).toBe(0);
    }),
    { numRuns: 50 },
  );
});
