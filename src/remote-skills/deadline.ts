/** The time of one wait: pauses are cut at its end, and whatever is waited for then is given up. */
import { follow, unlessAborted } from '../abort.ts';
import type { Clock, Timer } from '../env.ts';
import { SessionMeshError } from '../errors.ts';

/** How long, how often, and who may end it before. */
export interface DeadlineTime {
  readonly timeoutSeconds?: number;
  readonly intervalSeconds?: number;
  readonly signal?: AbortSignal;
}

function checked(name: string, seconds: number): number {
  if (Number.isFinite(seconds) && seconds > 0) return seconds * 1_000;
  throw new SessionMeshError('option_invalid', {
    expected: `${name} above zero`,
    found: String(seconds),
  });
}

/** A deadline. Dispose of it when the wait is over. */
export class Deadline implements Disposable {
  readonly #clock: Clock;
  readonly #over = new AbortController();
  readonly #timer: Timer;
  readonly #endMs: number;
  readonly #unlisten: () => void;
  #pauseMaxMs = Infinity;
  readonly intervalMs: number;
  /** What kept a look from being made, for the message. */
  lastTrouble: string | null = null;

  /** @throws SessionMeshError `option_invalid` for a time that is none; the reason of `signal` */
  constructor(clock: Clock, time: DeadlineTime, subject: string) {
    const { timeoutSeconds = 60, intervalSeconds = 0.25, signal } = time;
    const timeoutMs = checked('timeoutSeconds', timeoutSeconds);
    this.intervalMs = checked('intervalSeconds', intervalSeconds);
    signal?.throwIfAborted();
    this.#clock = clock;
    this.#endMs = clock.monotonic() + timeoutMs;
    this.#timer = clock.setTimeout(() => {
      const trouble = this.lastTrouble === null ? '' : `; at last: ${this.lastTrouble}`;
      const found = `nothing within ${timeoutMs / 1_000} s${trouble}`;
      this.#over.abort(new SessionMeshError('wait_timeout', { expected: subject, found }));
    }, timeoutMs);
    this.#unlisten = signal ? follow(signal, this.#over) : () => {};
  }

  /** Aborts when the time is over, with the error that says so, or when the wait is given up. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  get leftMs(): number {
    return Math.max(1, this.#endMs - this.#clock.monotonic());
  }

  /** Makes the pauses from now on no longer than this. */
  hurry(pauseMaxMs: number): void {
    this.#pauseMaxMs = pauseMaxMs;
  }

  /** Waits, at most until `sooner` resolves. Rejects when the time is over. */
  async pause(ms: number, sooner?: Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#clock.setTimeout(resolve, Math.min(ms, this.#pauseMaxMs));
    try {
      await this.race(sooner ? Promise.race([promise, sooner]) : promise);
    } finally {
      this.#clock.clearTimeout(timer);
    }
  }

  /** The promise's value, or the end of the time if that comes first. */
  race<Value>(promise: Promise<Value>): Promise<Value> {
    return unlessAborted(promise, this.signal);
  }

  [Symbol.dispose](): void {
    this.#clock.clearTimeout(this.#timer);
    this.#unlisten();
    // What was waited for is of no use any more.
    this.#over.abort(new Error('the wait is over'));
  }
}
