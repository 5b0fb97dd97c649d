/**
 * Time that stands still until a test moves it, with the randomness and the ids that go with it: an
 * {@link Env} under which a run is the same every time.
 *
 * - V1 Timers fire in the order of their due time; those due at the same time in the order they were set.
 * - V2 After each timer everything that it set in motion has run, promises and turns of the event loop
 *   included, before the next one fires. `monotonic()` shows the due time of the timer meanwhile, not the
 *   end of the advance.
 * - V3 Only timers move with `advance`; the wall clock follows, and `jump` moves the wall clock alone.
 */
import { setImmediate as nextLoopTurn } from 'node:timers/promises';
import type { Clock, Env, Files, Network, Processes, Timer } from '../env.ts';
import { SessionMeshError } from '../errors.ts';
import { defaultLimits } from '../limits.ts';
import { mulberry32 } from './mulberry32.ts';
import { sealedFiles, sealedNetwork, sealedProcesses } from './sealed.ts';
import { TimerHeap, type HeapTimer } from './timer-heap.ts';

/** A clock that only moves when told to. */
export interface VirtualClock extends Clock {
  /** Timers that are set and have not fired. */
  readonly pendingTimers: number;
  /**
   * Moves time on by `ms`, firing on the way what falls due, in order.
   * @throws SessionMeshError `clock_misused` if the clock is moving already, `ms` is no time span, or more
   * than `timersMax` timers fire; and whatever a timer throws.
   */
  advance(ms: number): Promise<void>;
  /**
   * Moves time from timer to timer until none is left, and resolves to how far it went, in milliseconds.
   * A timer at infinity stays. Throws as `advance` does, so a timer that sets itself anew for ever ends too.
   */
  runUntilIdle(): Promise<number>;
  /** Moves the wall clock by `ms`, back if negative, as a user or a time server would. Fires nothing. */
  jump(ms: number): void;
}

/** How a virtual clock starts. */
export interface VirtualClockOptions {
  /** What `now()` says at first, in milliseconds since the Unix epoch. Default: 2026-01-01T00:00:00Z. */
  readonly wallMs?: number;
  /** Timers that one `advance` or `runUntilIdle` may fire. Default: `virtualTimersMax`. */
  readonly timersMax?: number;
}

const defaultWallMs = Date.UTC(2026, 0, 1);

/** Makes a {@link VirtualClock}. Its monotonic time starts at 0. */
export function virtualClock(options: VirtualClockOptions = {}): VirtualClock {
  const { wallMs = defaultWallMs, timersMax = defaultLimits.virtualTimersMax } = options;
  const heap = new TimerHeap();
  let monotonicMs = 0;
  let wallOffsetMs = wallMs;
  let timersSet = 0;
  let turnsAhead = 0;
  let moving = false;

  const set = (callback: () => void, delayMs: number): Timer => {
    const dueMs = monotonicMs + (delayMs > 0 ? delayMs : 0);
    const timer: HeapTimer = { dueMs, order: timersSet++, callback, place: -1 };
    heap.add(timer);
    return { [Symbol.dispose]: () => heap.remove(timer) };
  };

  const takeTurn = async (callback: () => void): Promise<void> => {
    turnsAhead += 1;
    await nextLoopTurn();
    turnsAhead -= 1;
    callback();
  };

  /** A turn of the event loop comes after every promise that is ready; and after that those asked for. */
  const settle = async (): Promise<void> => {
    await nextLoopTurn();
    if (turnsAhead > 0) await settle();
  };

  const move = async (untilMs: number): Promise<void> => {
    if (moving) throw misuse('one advance at a time', 'a second one, begun before the first ended');
    moving = true;
    try {
      await settle();
      for (let fired = 0; ; fired++) {
        const timer = heap.peek();
        if (timer === undefined || timer.dueMs > untilMs || timer.dueMs === Infinity) return;
        if (fired === timersMax) throw misuse(`at most ${timersMax} timers`, 'one more');
        heap.remove(timer);
        monotonicMs = timer.dueMs;
        timer.callback();
        await settle();
      }
    } finally {
      moving = false;
    }
  };

  return {
    now: () => wallOffsetMs + monotonicMs,
    monotonic: () => monotonicMs,
    setTimeout: set,
    clearTimeout: (timer) => timer[Symbol.dispose](),
    nextTurn: (callback) => void takeTurn(callback),
    get pendingTimers() {
      return heap.size;
    },
    advance: async (ms) => {
      if (!(ms >= 0 && ms < Infinity)) throw misuse('milliseconds, zero or more', String(ms));
      const untilMs = monotonicMs + ms;
      await move(untilMs);
      monotonicMs = untilMs;
    },
    runUntilIdle: async () => {
      const fromMs = monotonicMs;
      await move(Infinity);
      return monotonicMs - fromMs;
    },
    jump: (ms) => {
      wallOffsetMs += ms;
    },
  };
}

function misuse(expected: string, found: string): SessionMeshError {
  return new SessionMeshError('clock_misused', { expected, found });
}

/** An {@link Env} under which a run is the same every time. */
export interface VirtualEnv extends Env {
  readonly clock: VirtualClock;
}

/** How a virtual environment starts, and what of the world it may reach. */
export interface VirtualEnvOptions extends VirtualClockOptions {
  /** Default: none; whoever reaches for them gets `env_sealed`. */
  readonly files?: Files;
  readonly network?: Network;
  readonly processes?: Processes;
}

/**
 * Makes a {@link VirtualEnv}: a virtual clock, random numbers that follow from `seed`, and ids that count
 * up from `id-1`. The world outside is out of reach unless it is given.
 */
export function virtualEnv(seed = 1, options: VirtualEnvOptions = {}): VirtualEnv {
  let idsGiven = 0;
  const { files = sealedFiles, network = sealedNetwork, processes = sealedProcesses } = options;
  return {
    clock: virtualClock(options),
    random: mulberry32(seed),
    id: () => `id-${++idsGiven}`,
    files,
    network,
    processes,
  };
}
