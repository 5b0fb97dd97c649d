/**
 * The deadlines of many calls on few timers. Calls with the same timeout expire in the order they
 * began, so one timer for each timeout is enough: it is set for the oldest, and asks again when it
 * fires. Most calls end long before, and then cost a Map entry instead of a timer.
 */
import type { Clock, Timer } from '../env.ts';
import { TransientMap } from '../transient-map.ts';

/** The calls with one timeout, oldest first, each with when it expires, in monotonic milliseconds. */
interface Line<Call> {
  readonly dueMs: TransientMap<Call, number>;
  timer: Timer | undefined;
}

export class Deadlines<Call> {
  readonly #clock: Clock;
  readonly #onExpired: (call: Call) => void;
  readonly #lines = new TransientMap<number, Line<Call>>();

  constructor(clock: Clock, onExpired: (call: Call) => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  /** Sets the deadline of a call that has none. */
  set(call: Call, timeoutMs: number): void {
    let line = this.#lines.get(timeoutMs);
    if (!line) this.#lines.set(timeoutMs, (line = { dueMs: new TransientMap(), timer: undefined }));
    line.dueMs.set(call, this.#clock.monotonic() + timeoutMs);
    line.timer ??= this.#arm(line, timeoutMs, timeoutMs);
  }

  /** Clears the deadline that was set with this timeout. The last one takes the timer with it. */
  clear(call: Call, timeoutMs: number): void {
    const line = this.#lines.get(timeoutMs);
    if (!line?.dueMs.delete(call) || line.dueMs.size > 0) return;
    if (line.timer !== undefined) this.#clock.clearTimeout(line.timer);
    this.#lines.delete(timeoutMs);
  }

  #arm(line: Line<Call>, timeoutMs: number, delayMs: number): Timer {
    return this.#clock.setTimeout(() => this.#onTimer(line, timeoutMs), delayMs);
  }

  #onTimer(line: Line<Call>, timeoutMs: number): void {
    line.timer = undefined;
    const nowMs = this.#clock.monotonic();
    // First of all: a call that begins as another one expires must not put off one that is due before it.
    for (const dueMs of line.dueMs.values()) {
      if (dueMs <= nowMs) continue;
      line.timer = this.#arm(line, timeoutMs, dueMs - nowMs);
      break;
    }
    for (const [call, dueMs] of line.dueMs) {
      if (dueMs > nowMs) return;
      // One that was cleared on account of another that expired has no deadline any more.
      if (line.dueMs.delete(call)) this.#onExpired(call);
    }
    if (this.#lines.get(timeoutMs) === line) this.#lines.delete(timeoutMs);
  }
}
