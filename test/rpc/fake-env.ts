/** Time that stands still until a test moves it, and no randomness. */
import { systemEnv, type Env, type Timer } from '../../src/env.ts';

export interface FakeEnv extends Env {
  /** Moves time on and fires what is due, in order. */
  advance(byMs: number): void;
  /** Timers that are set now: what something closed must have left at zero. */
  readonly timers: number;
  /** What `random()` returns from now on. */
  jitter: number;
}

export function createFakeEnv(): FakeEnv {
  let nowMs = 0;
  let ids = 0;
  const armed = new Map<Timer, { readonly atMs: number; readonly callback: () => void }>();
  const { files, network, processes } = systemEnv;
  const env: FakeEnv = {
    files,
    network,
    processes,
    clock: {
      now: () => nowMs,
      monotonic: () => nowMs,
      setTimeout: (callback, delayMs) => {
        const timer: Timer = { [Symbol.dispose]: () => void armed.delete(timer) };
        armed.set(timer, { atMs: nowMs + delayMs, callback });
        return timer;
      },
      clearTimeout: (timer) => timer[Symbol.dispose](),
      nextTurn: setImmediate,
    },
    jitter: 0.5,
    random: () => env.jitter,
    id: () => `id-${++ids}`,
    get timers() {
      return armed.size;
    },
    advance: (byMs) => {
      const untilMs = nowMs + byMs;
      for (;;) {
        const [next] = [...armed].toSorted(([, one], [, two]) => one.atMs - two.atMs);
        if (!next || next[1].atMs > untilMs) break;
        nowMs = next[1].atMs;
        armed.delete(next[0]);
        next[1].callback();
      }
      nowMs = untilMs;
    },
  };
  return env;
}
