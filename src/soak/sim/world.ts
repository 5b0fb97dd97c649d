/**
 * The simulated world: one heap of what is going to happen, ordered by time, then by a seeded throw, so that
 * every order of things that happen at once is tried by some seed.
 *
 * - W1 After each event everything that it set in motion has run, promises included, before the next begins.
 * - W2 An event belongs to a process. One that is dead takes none; one that stands still takes them later.
 * - W3 Nothing here looks at a real clock: how fast the machine is changes nothing.
 */
import { setImmediate as nextLoopTurn } from 'node:timers';
import { seededRandom, type Random } from '../random.ts';
import { Trace } from './trace.ts';

/** Whose event it is. The world itself is one that is always there. */
export interface Owner {
  readonly name: string;
  readonly isAlive: boolean;
  /** Until when it stands still, in the world's time. */
  readonly stillUntilMs: number;
  /** Events that wait for it. Kept by the world. */
  pending: number;
}

/** Something that is going to happen. */
export interface Scheduled {
  dueMs: number;
  readonly tie: number;
  readonly order: number;
  readonly run: () => void;
  readonly owner: Owner;
  /** Its place in the heap, or -1 once it has left. */
  place: number;
}

const isBefore = (one: Scheduled, other: Scheduled): boolean =>
  one.dueMs < other.dueMs ||
  (one.dueMs === other.dueMs &&
    (one.tie < other.tie || (one.tie === other.tie && one.order < other.order)));

/** To wait for it costs less than `queueMicrotask`, which makes an AsyncResource each time. */
const ready = Promise.resolve();

/** How many events may run before the machine's own event loop gets a turn. */
const loopTurnEvents = 512;

/** One world. It has a beginning; it is thrown away as a whole. */
export class World {
  readonly random: Random;
  readonly trace = new Trace();
  readonly self: Owner = { name: 'world', isAlive: true, stillUntilMs: 0, pending: 0 };
  readonly #ties: Random;
  readonly #eventsMax: number;
  readonly #heap: Scheduled[] = [];
  #nowMs = 0;
  #orders = 0;
  #events = 0;
  #failure: unknown;

  /** @param eventsMax one that has more goes round in circles, and fails */
  constructor(seed: number, eventsMax = Infinity) {
    this.#eventsMax = eventsMax;
    this.random = seededRandom(seed);
    this.#ties = this.random.fork('ties');
  }

  /** Milliseconds since the world began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events that have happened. */
  get events(): number {
    return this.#events;
  }

  /** Lets `run` happen to `owner` in `delayMs` from now. */
  schedule(delayMs: number, run: () => void, owner: Owner = this.self): Scheduled {
    const entry: Scheduled = {
      dueMs: this.#nowMs + (delayMs > 0 ? delayMs : 0),
      tie: this.#ties.next(),
      order: this.#orders,
      run,
      owner,
      place: -1,
    };
    this.#orders += 1;
    owner.pending += 1;
    this.#heap.push(entry);
    this.#rise(entry, this.#heap.length - 1);
    return entry;
  }

  /** Takes back what has not happened yet. */
  cancel(entry: Scheduled): void {
    if (entry.place < 0) return;
    entry.owner.pending -= 1;
    this.#remove(entry);
  }

  /** Ends the run with an error: the simulation itself is wrong. */
  fail(cause: unknown): void {
    this.#failure ??= cause;
  }

  /** Runs everything that happens up to `untilMs`, which is then the time. */
  run(untilMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = (): void => {
        if (this.#events > this.#eventsMax) {
          this.fail(new Error(`more than ${this.#eventsMax} events: it goes round in circles`));
        }
        if (this.#failure !== undefined) {
          // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- whatever was thrown
          reject(this.#failure);
        } else if (this.#next(untilMs)) void ready.then(afterEvent);
        else {
          this.#nowMs = untilMs;
          resolve();
        }
      };
      // The queue of ticks goes on only after all microtasks, and cheaper than a turn of the loop.
      const afterEvent = (): void => process.nextTick(afterMicrotasks);
      const afterMicrotasks = (): void => {
        if (this.#events % loopTurnEvents === 0) nextLoopTurn(step);
        else step();
      };
      nextLoopTurn(step);
    });
  }

  /** Resolves once everything that is ready has run; no event happens meanwhile. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      nextLoopTurn(resolve);
    });
  }

  /** One event. Returns false if there is none left until then. */
  #next(untilMs: number): boolean {
    for (;;) {
      const entry = this.#heap[0];
      if (entry === undefined || entry.dueMs > untilMs) return false;
      this.#remove(entry);
      const { owner } = entry;
      owner.pending -= 1;
      if (!owner.isAlive) continue;
      if (owner.stillUntilMs > entry.dueMs) {
        this.#postpone(entry);
        continue;
      }
      this.#nowMs = entry.dueMs;
      this.#events += 1;
      this.trace.number(entry.dueMs);
      this.trace.text(owner.name);
      try {
        entry.run();
      } catch (thrown) {
        this.fail(thrown);
      }
      return true;
    }
  }

  /** It happens when its process goes on: what waited longest first. */
  #postpone(entry: Scheduled): void {
    entry.dueMs = entry.owner.stillUntilMs;
    entry.owner.pending += 1;
    this.#heap.push(entry);
    this.#rise(entry, this.#heap.length - 1);
  }

  #remove(entry: Scheduled): void {
    const hole = entry.place;
    entry.place = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    this.#sink(last, hole);
    this.#rise(last, last.place);
  }

  #rise(entry: Scheduled, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || !isBefore(entry, parent)) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(entry, place);
  }

  #sink(entry: Scheduled, from: number): void {
    let place = from;
    for (;;) {
      const left = this.#heap[2 * place + 1];
      const right = this.#heap[2 * place + 2];
      const child = left && right && isBefore(right, left) ? right : left;
      if (child === undefined || !isBefore(child, entry)) break;
      const below = child.place;
      this.#put(child, place);
      place = below;
    }
    this.#put(entry, place);
  }

  #put(entry: Scheduled, place: number): void {
    this.#heap[place] = entry;
    entry.place = place;
  }
}
