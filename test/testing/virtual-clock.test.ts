import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sleep } from '../../src/env.ts';
import { virtualClock, virtualEnv } from '../../src/testing/index.ts';

describe('advancing', () => {
  test('fires a repeating timer of 10 ms ten times in 100 ms, each at its own time', async () => {
    const clock = virtualClock();
    const firedAt: number[] = [];
    const tick = () => {
      firedAt.push(clock.monotonic());
      clock.setTimeout(tick, 10);
    };
    clock.setTimeout(tick, 10);
    await clock.advance(100);
    expect(firedAt).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    expect(clock.monotonic()).toBe(100);
    expect(clock.pendingTimers).toBe(1);
  });

  test('runs every promise a timer set in motion before the next timer fires', async () => {
    const clock = virtualClock();
    const log: string[] = [];
    const work = async () => {
      for (let hop = 1; hop <= 20; hop++) await Promise.resolve();
      log.push(`first, at ${clock.monotonic()}`);
      await sleep(clock, 2);
      log.push(`slept, at ${clock.monotonic()}`);
    };
    clock.setTimeout(() => void work(), 5);
    clock.setTimeout(() => log.push(`second, at ${clock.monotonic()}`), 6);
    await clock.advance(10);
    expect(log).toEqual(['first, at 5', 'second, at 6', 'slept, at 7']);
  });

  test('lets what is under way settle before it moves, so a timer set from a promise counts', async () => {
    const clock = virtualClock();
    let woke = false;
    void Promise.resolve()
      .then(() => sleep(clock, 5))
      .then(() => (woke = true));
    await clock.advance(5);
    expect(woke).toBe(true);
  });

  test('moves only as far as it was told', async () => {
    const clock = virtualClock();
    let fired = 0;
    clock.setTimeout(() => fired++, 100);
    await clock.advance(99.5);
    expect([fired, clock.monotonic()]).toEqual([0, 99.5]);
    await clock.advance(0.5);
    expect(fired).toBe(1);
  });

  test('treats a delay below zero, or that is no number, as none', async () => {
    const clock = virtualClock();
    const fired: string[] = [];
    clock.setTimeout(() => fired.push('negative'), -5);
    clock.setTimeout(() => fired.push('nan'), Number.NaN);
    await clock.advance(0);
    expect(fired).toEqual(['negative', 'nan']);
    expect(clock.monotonic()).toBe(0);
  });
});

describe('order', () => {
  test('is by due time, then by the order of setting, with any of them cleared', async () => {
    const timers = fc.array(fc.record({ delayMs: fc.nat(20), cleared: fc.boolean() }), {
      maxLength: 200,
    });
    await fc.assert(
      fc.asyncProperty(timers, async (plan) => {
        const clock = virtualClock();
        const fired: number[] = [];
        const set = plan.map(({ delayMs }, index) =>
          clock.setTimeout(() => fired.push(index), delayMs),
        );
        plan.forEach(({ cleared }, index) => cleared && clock.clearTimeout(set[index]!));
        expect(clock.pendingTimers).toBe(plan.filter(({ cleared }) => !cleared).length);
        await clock.runUntilIdle();
        const expected = plan
          .map(({ delayMs, cleared }, index) => ({ delayMs, cleared, index }))
          .filter(({ cleared }) => !cleared)
          .toSorted((a, b) => a.delayMs - b.delayMs || a.index - b.index)
          .map(({ index }) => index);
        expect(fired).toEqual(expected);
        expect(clock.pendingTimers).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  test('a timer may clear one that is due at the same time, and clearing twice is harmless', async () => {
    const clock = virtualClock();
    const fired: string[] = [];
    clock.setTimeout(() => {
      fired.push('first');
      second[Symbol.dispose]();
      clock.clearTimeout(second);
    }, 1);
    const second = clock.setTimeout(() => fired.push('second'), 1);
    clock.setTimeout(() => fired.push('third'), 1);
    await clock.runUntilIdle();
    clock.clearTimeout(second);
    expect(fired).toEqual(['first', 'third']);
  });

  test('a cleared timer leaves nothing behind', async () => {
    const clock = virtualClock();
    const kept: number[] = [];
    for (let n = 0; n < 10_000; n++) {
      const timer = clock.setTimeout(() => expect.unreachable(), (n * 7_919) % 104_729);
      clock.setTimeout(() => kept.push(clock.monotonic()), n % 3);
      clock.clearTimeout(timer);
    }
    expect(clock.pendingTimers).toBe(10_000);
    expect(await clock.runUntilIdle()).toBe(2);
    expect(kept).toEqual(kept.toSorted((a, b) => a - b));
    expect(kept).toHaveLength(10_000);
  });
});

describe('running until idle', () => {
  test('goes from timer to timer and says how far it went', async () => {
    const clock = virtualClock();
    await clock.advance(7);
    clock.setTimeout(() => clock.setTimeout(() => {}, 86_400_000), 1_000);
    expect(await clock.runUntilIdle()).toBe(86_401_000);
    expect(clock.pendingTimers).toBe(0);
  });

  test('leaves a timer at infinity alone', async () => {
    const clock = virtualClock();
    clock.setTimeout(() => expect.unreachable(), Infinity);
    expect(await clock.runUntilIdle()).toBe(0);
    expect(clock.pendingTimers).toBe(1);
  });

  test('ends with an error when timers never do', async () => {
    const clock = virtualClock({ timersMax: 50 });
    const again = () => void clock.setTimeout(again, 0);
    again();
    await expect(clock.runUntilIdle()).rejects.toMatchObject({ code: 'clock_misused' });
    await expect(clock.advance(1)).rejects.toMatchObject({ code: 'clock_misused' });
  });
});

describe('misuse', () => {
  test('two advances at once are refused instead of interleaved', async () => {
    const clock = virtualClock();
    const first = clock.advance(5);
    await expect(clock.advance(5)).rejects.toMatchObject({ code: 'clock_misused' });
    await first;
    expect(clock.monotonic()).toBe(5);
  });

  test.each([-1, Number.NaN, Infinity])('time cannot be advanced by %s', async (ms) => {
    await expect(virtualClock().advance(ms)).rejects.toMatchObject({ code: 'clock_misused' });
  });

  test('what a timer throws comes out of the advance, and the clock works on', async () => {
    const clock = virtualClock();
    clock.setTimeout(() => {
      throw new Error('from a timer');
    }, 1);
    await expect(clock.advance(5)).rejects.toThrow('from a timer');
    await clock.advance(5);
    expect(clock.monotonic()).toBe(6);
  });
});

describe('wall time', () => {
  test('follows the timers, and jumps alone', async () => {
    const clock = virtualClock({ wallMs: 1_000_000 });
    let fired = false;
    clock.setTimeout(() => (fired = true), 10);
    clock.jump(-500_000);
    expect([clock.now(), clock.monotonic(), fired]).toEqual([500_000, 0, false]);
    await clock.advance(10);
    expect([clock.now(), clock.monotonic(), fired]).toEqual([500_010, 10, true]);
  });
});

describe('virtual env', () => {
  test('gives the same numbers and ids for the same seed, and others for another', () => {
    const [one, same, other] = [virtualEnv(42), virtualEnv(42), virtualEnv(43)];
    const drawn = [one.random(), one.random(), one.random()];
    expect(drawn).toEqual([same.random(), same.random(), same.random()]);
    expect(drawn).not.toEqual([other.random(), other.random(), other.random()]);
    expect([one.id(), one.id(), same.id()]).toEqual(['id-1', 'id-2', 'id-1']);
  });

  test('its numbers are mulberry32, in [0, 1) and evenly spread', () => {
    const env = virtualEnv(1);
    expect([env.random(), env.random()]).toEqual([0.6270739405881613, 0.002735721180215478]);
    const buckets = Array.from({ length: 10 }, () => 0);
    for (let n = 0; n < 10_000; n++) buckets[Math.floor(env.random() * 10)]! += 1;
    expect(Math.min(...buckets)).toBeGreaterThan(900);
    expect(Math.max(...buckets)).toBeLessThan(1_100);
  });
});
