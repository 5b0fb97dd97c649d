/** Time, as the real world has it. */

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
  /** Runs `callback` in the next turn of the event loop: after what came from outside was taken in. */
  readonly nextTurn: (callback: () => void) => void;
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

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (callback, delayMs) =>
    delayMs > longestNodeDelayMs ? armLongTimer(callback, delayMs) : setTimeout(callback, delayMs),
  clearTimeout: (timer) => timer[Symbol.dispose](),
  nextTurn: (callback) => void setImmediate(callback),
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
