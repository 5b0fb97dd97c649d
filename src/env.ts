/**
 * The seam between SessionMesh and the world: time, randomness and ids.
 *
 * Nothing else in the library may call `Date.now`, `performance.now`, `Math.random`, `setTimeout` or
 * an id generator. That is what lets a test, a simulation or a replay own time completely.
 */
import { nanoid } from 'nanoid';

/** A timer that was set; disposing of it clears it. Node's own timers are such. */
export type Timer = Disposable;

/** Time as the library sees it. All values are milliseconds. */
export interface Clock {
  /** Wall-clock time since the Unix epoch. For people and logs; it may jump. */
  readonly now: () => number;
  /** Time that never goes backwards. For deadlines and durations. */
  readonly monotonic: () => number;
  /** Runs `callback` once after `delayMs`. Delays beyond 2^31-1 ms are honoured. */
  readonly setTimeout: (callback: () => void, delayMs: number) => Timer;
  readonly clearTimeout: (timer: Timer) => void;
}

/** Everything that is not a function of its arguments. Injected once, at `createMesh`. */
export interface Env {
  readonly clock: Clock;
  /** A number in [0, 1). Used for jitter only, never for secrets. */
  readonly random: () => number;
  /** A new URL-safe id that was never returned before. */
  readonly id: () => string;
}

/** The longest delay that Node's own timers accept; a longer one would fire at once. */
const longestNodeDelayMs = 2 ** 31 - 1;

function armLongTimer(callback: () => void, delayMs: number): Timer {
  let remainingMs = delayMs;
  let chunk: NodeJS.Timeout;
  const arm = () => {
    const chunkMs = Math.min(remainingMs, longestNodeDelayMs);
    remainingMs -= chunkMs;
    chunk = setTimeout(remainingMs > 0 ? arm : callback, chunkMs);
  };
  arm();
  return { [Symbol.dispose]: () => clearTimeout(chunk) };
}

const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (callback, delayMs) =>
    delayMs > longestNodeDelayMs ? armLongTimer(callback, delayMs) : setTimeout(callback, delayMs),
  clearTimeout: (timer) => timer[Symbol.dispose](),
};

/** The real world. The default of every `env` option. */
export const systemEnv: Env = {
  clock: systemClock,
  random: () => Math.random(),
  id: () => nanoid(),
};

/**
 * Resolves after `delayMs`, or rejects with the signal's reason as soon as `signal` aborts.
 * Leaves neither a timer nor a listener behind in either case.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      clock.clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
