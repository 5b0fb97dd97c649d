import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Deadlines } from '../../src/mesh/deadlines.ts';
import { virtualClock } from '../../src/testing/virtual-clock.ts';

test('each call expires at its own time, and a cleared one never', async () => {
  const clock = virtualClock();
  const expired: [string, number][] = [];
  const deadlines = new Deadlines<string>(clock, (call) => expired.push([call, clock.monotonic()]));
  deadlines.set('a', 100);
  await clock.advance(30);
  deadlines.set('b', 100);
  deadlines.set('c', 100);
  deadlines.set('short', 20);
  deadlines.clear('b', 100);
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
  const deadlines = new Deadlines<number>(clock, () => {});
  for (let call = 0; call < 100; call += 1) deadlines.set(call, 500);
  expect(clock.pendingTimers).toBe(1);
  for (let call = 0; call < 100; call += 1) deadlines.clear(call, 500);
  expect(clock.pendingTimers).toBe(0);
});

test('a call that is set anew while another expires is not forgotten', async () => {
  const clock = virtualClock();
  const expired: string[] = [];
  const deadlines = new Deadlines<string>(clock, (call) => {
    expired.push(call);
    if (call === 'first') deadlines.set('second', 100);
  });
  deadlines.set('first', 100);
  await clock.advance(100);
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(100);
  expect(expired).toEqual(['first', 'second']);
  expect(clock.pendingTimers).toBe(0);
});

test('a call that begins as another one expires does not put off one that is due earlier', async () => {
  const clock = virtualClock();
  const expired: [string, number][] = [];
  const deadlines = new Deadlines<string>(clock, (call) => {
    expired.push([call, clock.monotonic()]);
    if (call === 'first') deadlines.set('late', 100);
  });
  deadlines.set('first', 100);
  await clock.advance(60);
  deadlines.set('second', 100);
  await clock.advance(1_000);
  expect(expired).toEqual([
    ['first', 100],
    ['second', 160],
    ['late', 200],
  ]);
  expect(clock.pendingTimers).toBe(0);
});

test('any order of setting, clearing and waiting expires exactly what was left, on time', async () => {
  const step = fc.record({
    call: fc.integer({ min: 0, max: 9 }),
    timeoutMs: fc.constantFrom(10, 25, 100),
    clear: fc.boolean(),
    waitMs: fc.integer({ min: 0, max: 30 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const clock = virtualClock();
      const due = new Map<number, { atMs: number; timeoutMs: number }>();
      const deadlines = new Deadlines<number>(clock, (call) => {
        expect(due.get(call)?.atMs).toBe(clock.monotonic());
        due.delete(call);
      });
      for (const { call, timeoutMs, clear, waitMs } of steps) {
        const set = due.get(call);
        if (clear && set) {
          deadlines.clear(call, set.timeoutMs);
          due.delete(call);
        } else if (!set) {
          due.set(call, { atMs: clock.monotonic() + timeoutMs, timeoutMs });
          deadlines.set(call, timeoutMs);
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
