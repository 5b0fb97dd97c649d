/**
 * The deadlines of many calls on few timers. Calls with the same timeout expire in the order they
 * began, so one timer for each timeout is enough: it is set for the oldest, and asks again when it
 * fires. Most calls end long before, and then cost no timer at all.
 */
import { AgeList, type Aged } from '../age-list.ts';
import type { Clock, Timer } from '../env.ts';
import { TransientMap } from '../transient-map.ts';

/** What a call carries for its deadline. */
export interface Expiring<Call> extends Aged<Call> {
  /** When it expires, in monotonic milliseconds. */
  dueMs: number;
}

/** The calls with one timeout. */
interface Line<Call extends Expiring<Call>> {
  readonly timeoutMs: number;
  readonly calls: AgeList<Call>;
  timer: Timer | undefined;
}

export class Deadlines<Call extends Expiring<Call>> {
  readonly #clock: Clock;
  readonly #onExpired: (call: Call) => void;
  readonly #lines = new TransientMap<number, Line<Call>>();

  constructor(clock: Clock, onExpired: (call: Call) => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  /** Sets the deadline of a call that has none. */
  set(call: Call, timeoutMs: number): void {
    const line = this.#lines.get(timeoutMs) ?? this.#begin(timeoutMs);
    call.dueMs = this.#clock.monotonic() + timeoutMs;
    line.calls.add(call);
    line.timer ??= this.#arm(line, timeoutMs);
  }

  /** Clears the deadline that was set with this timeout. The last one takes the timer with it. */
  clear(call: Call, timeoutMs: number): void {
    const line = this.#lines.get(timeoutMs);
    if (!line?.calls.delete(call) || line.calls.oldest) return;
    if (line.timer !== undefined) this.#clock.clearTimeout(line.timer);
    this.#lines.delete(timeoutMs);
  }

  #begin(timeoutMs: number): Line<Call> {
    const line: Line<Call> = { timeoutMs, calls: new AgeList(), timer: undefined };
    this.#lines.set(timeoutMs, line);
    return line;
  }

  #arm(line: Line<Call>, delayMs: number): Timer {
    return this.#clock.setTimeout(() => this.#onTimer(line), delayMs);
  }

  #onTimer(line: Line<Call>): void {
    line.timer = undefined;
    const nowMs = this.#clock.monotonic();
    // First of all: a call that begins as another one expires must not put off one that is due before it.
    let next = line.calls.oldest;
    while (next && next.dueMs <= nowMs) next = next.newer;
    if (next) line.timer = this.#arm(line, next.dueMs - nowMs);
    for (let call = line.calls.oldest; call && call.dueMs <= nowMs; call = line.calls.oldest) {
      line.calls.delete(call);
      this.#onExpired(call);
    }
    const { timeoutMs, calls } = line;
    if (!calls.oldest && this.#lines.get(timeoutMs) === line) this.#lines.delete(timeoutMs);
  }
}
