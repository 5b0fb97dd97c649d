/**
 * A simulated process: a closure over its environment. Killing it makes its timers, sockets and callbacks
 * dead letters; what it leaves behind is on a disk or at the other end of a connection.
 */
import type { Clock, Env, Timer } from '../../env.ts';
import { sealedFiles, sealedNetwork, sealedProcesses } from '../../testing/sealed.ts';
import type { Random } from '../random.ts';
import type { Owner, Scheduled, World } from './world.ts';

/** How a process ended. */
export type ProcessEnd = 'closed' | 'killed' | 'power-lost';

/** One life of one process. */
export class SimProcess implements Owner {
  readonly world: World;
  readonly name: string;
  readonly random: Random;
  /** Its time, randomness and ids. */
  readonly seam: Env;
  pending = 0;
  /** Told when it begins to stand still, and when it goes on. */
  onStillness: (isStill: boolean) => void = () => {};
  /** Timers that its program has set and that have not fired. */
  timers = 0;
  #stillUntilMs = 0;
  #wallOffsetMs = Date.UTC(2026, 0, 1);
  #ended: ProcessEnd | null = null;
  readonly #onDeath: ((as: ProcessEnd) => void)[] = [];

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
    this.random = world.random.fork(name);
    this.seam = this.#makeSeam();
  }

  get isAlive(): boolean {
    return this.#ended === null;
  }

  get stillUntilMs(): number {
    return this.#stillUntilMs;
  }

  /** Does something later, as long as the process lives. */
  after(delayMs: number, run: () => void): Scheduled {
    return this.world.schedule(delayMs, run, this);
  }

  /** Gives it no time to run for `ms` from now. */
  standStill(ms: number): void {
    const untilMs = this.world.nowMs + ms;
    if (this.#stillUntilMs <= this.world.nowMs) this.onStillness(true);
    this.#stillUntilMs = Math.max(this.#stillUntilMs, untilMs);
    this.world.schedule(ms, () => {
      if (this.isAlive && this.#stillUntilMs === untilMs) this.onStillness(false);
    });
  }

  /** Moves its wall clock, and nothing else. */
  jumpClock(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  /** Tells whoever is connected to it that it is gone. Called at once if it is. */
  whenDead(notify: (as: ProcessEnd) => void): void {
    if (this.#ended === null) this.#onDeath.push(notify);
    else notify(this.#ended);
  }

  /** Ends it. What it had under way never happens. Idempotent. */
  end(as: ProcessEnd = 'killed'): void {
    if (this.#ended !== null) return;
    this.#ended = as;
    for (const notify of this.#onDeath.splice(0)) notify(as);
  }

  #makeSeam(): Env {
    const { world, random } = this;
    let ids = 0;
    const clock: Clock = {
      now: () => Math.floor(world.nowMs + this.#wallOffsetMs),
      monotonic: () => world.nowMs,
      setTimeout: (callback, delayMs) => this.#setTimer(callback, delayMs),
      clearTimeout: (timer) => timer[Symbol.dispose](),
      nextTurn: (callback) => void this.after(0, callback),
    };
    return {
      clock,
      random: () => random.next(),
      id: () => `${this.name}-${(ids += 1)}`,
      files: sealedFiles,
      network: sealedNetwork,
      processes: sealedProcesses,
    };
  }

  #setTimer(callback: () => void, delayMs: number): Timer {
    return this.#ended === null ? new ProcessTimer(this, callback, delayMs) : noTimer;
  }
}

const noTimer: Timer = { [Symbol.dispose]() {} };

/** A timer of a process. */
class ProcessTimer implements Timer {
  readonly #process: SimProcess;
  readonly #entry: Scheduled;

  constructor(process: SimProcess, callback: () => void, delayMs: number) {
    this.#process = process;
    process.timers += 1;
    this.#entry = process.after(delayMs, () => {
      process.timers -= 1;
      callback();
    });
  }

  [Symbol.dispose](): void {
    if (this.#entry.place < 0) return;
    this.#process.timers -= 1;
    this.#process.world.cancel(this.#entry);
  }
}
