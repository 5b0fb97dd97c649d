/** A silent link is given up two heartbeats after its last sign of life: not later, and not for our own fault. */
import { expect, test } from 'vitest';
import type { Clock, Timer } from '../../src/env.ts';
import { Heartbeat } from '../../src/rpc/heartbeat.ts';
import { createFakeEnv } from './fake-env.ts';

const heartbeatMs = 15_000;

/** A heartbeat, and when it did what. `answers` says after how long a ping is answered, or null for never. */
function beating(clock: Clock, answers: (pings: number) => number | null) {
  const pingedAt: number[] = [];
  const deadAt: number[] = [];
  const heartbeat = new Heartbeat({
    clock,
    heartbeatMs,
    ping: () => {
      pingedAt.push(clock.monotonic());
      const afterMs = answers(pingedAt.length);
      if (afterMs !== null) clock.setTimeout(() => heartbeat.heard(), afterMs);
    },
    onDead: () => deadAt.push(clock.monotonic()),
  });
  heartbeat.start();
  return { heartbeat, pingedAt, deadAt };
}

test('a link that answers is pinged once in each heartbeat, and lives', () => {
  const env = createFakeEnv();
  const { heartbeat, pingedAt, deadAt } = beating(env.clock, () => 40);
  env.advance(10 * heartbeatMs);
  expect(pingedAt).toEqual(Array.from({ length: 10 }, (_, beat) => (beat + 1) * heartbeatMs));
  env.advance(100);
  expect(deadAt).toEqual([]);
  heartbeat.stop();
  heartbeat.stop();
  expect(env.timers).toBe(0);
});

test('a link is given up two heartbeats after its last sign of life, whenever that was', () => {
  for (const lastMs of [0, 1, 700, 7_500, 14_999, 15_000, 15_001, 29_000]) {
    const env = createFakeEnv();
    const { heartbeat, pingedAt, deadAt } = beating(env.clock, () => null);
    env.advance(lastMs);
    heartbeat.heard();
    env.advance(100_000);
    expect(deadAt).toEqual([lastMs + 2 * heartbeatMs]);
    // Whoever lived would have had a whole heartbeat to answer one of them.
    const fair = pingedAt.filter((ms) => ms >= lastMs && ms <= lastMs + heartbeatMs);
    expect(fair.length).toBeGreaterThan(0);
    expect(env.timers).toBe(0);
  }
});

test('one that answers late, but within a heartbeat, lives', () => {
  const env = createFakeEnv();
  const { deadAt } = beating(env.clock, () => heartbeatMs - 1);
  env.advance(20 * heartbeatMs);
  expect(deadAt).toEqual([]);
});

test('time in which this process stood still does not count', () => {
  let nowMs = 0;
  const due: { atMs: number; callback: () => void }[] = [];
  const timer: Timer = { [Symbol.dispose]: () => {} };
  const clock: Clock = {
    now: () => nowMs,
    monotonic: () => nowMs,
    setTimeout: (callback, delayMs) => {
      due.push({ atMs: nowMs + delayMs, callback });
      return timer;
    },
    clearTimeout: () => {},
    nextTurn: setImmediate,
  };
  const { pingedAt, deadAt } = beating(clock, () => null);
  const fire = (lateMs: number) => {
    const next = due.shift();
    nowMs = (next?.atMs ?? nowMs) + lateMs;
    next?.callback();
  };
  fire(60_000);
  expect([pingedAt, deadAt]).toEqual([[75_000], []]);
  fire(0);
  expect(deadAt).toEqual([90_000]);
  expect(due).toEqual([]);
});
