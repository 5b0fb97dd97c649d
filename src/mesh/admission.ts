/**
 * Who may run now. Bounds: handlers of the mesh, handlers of a session, and the lanes of a tool that runs
 * one at a time or a few at a time. Calls beyond a bound wait in the order they came; calls beyond the
 * waiting bound are refused. When the mesh is full, sessions take turns.
 */
import type { Limits } from '../limits.ts';
import type { LiveCall, SessionCalls } from './live-call.ts';

/** What became of a call that asked to run. */
export type Admittance = 'run' | 'wait' | 'full';

/** Whether an earlier call of one of its lanes waits: then a later one may not overtake it. */
function isLaneQueued({ owner, lanes }: LiveCall): boolean {
  if (lanes.length === 0 || !owner.waiting) return false;
  const keys = new Set(lanes.map((lane) => lane.key));
  return owner.waiting.some((other) => other.lanes.some((lane) => keys.has(lane.key)));
}

export class Admission {
  readonly #limits: Limits;
  readonly #start: (live: LiveCall) => void;
  #running = 0;
  #waiting = 0;
  /** Sessions with waiting calls, in the order they take turns. */
  readonly #queue = new Set<SessionCalls>();

  /** @param start runs a call that had to wait */
  constructor(limits: Limits, start: (live: LiveCall) => void) {
    this.#limits = limits;
    this.#start = start;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Takes a slot for the call, or a place in the queue. */
  enter(live: LiveCall): Admittance {
    const { owner } = live;
    if (this.#hasSlot(live) && !isLaneQueued(live)) {
      this.#occupy(live);
      return 'run';
    }
    const waiting = owner.waiting ?? [];
    if (
      waiting.length >= this.#limits.sessionWaitingMax ||
      this.#waiting >= this.#limits.meshWaitingMax
    ) {
      return 'full';
    }
    waiting.push(live);
    owner.waiting = waiting;
    this.#waiting += 1;
    this.#queue.add(owner);
    return 'wait';
  }

  /** Gives a slot back and starts what waited for it. */
  leave(live: LiveCall): void {
    const { owner, lanes } = live;
    live.hasSlot = false;
    const meshWasFull = this.#running >= this.#limits.meshConcurrencyMax;
    this.#running -= 1;
    owner.running -= 1;
    for (const { key } of lanes) {
      const left = (owner.laneLoads?.get(key) ?? 1) - 1;
      if (left > 0) owner.laneLoads?.set(key, left);
      else owner.laneLoads?.delete(key);
    }
    if (this.#waiting === 0) return;
    if (meshWasFull) this.#startAnywhere();
    else this.#startNext(owner);
  }

  /** Takes a waiting call out of the queue. */
  withdraw(live: LiveCall): void {
    const { waiting } = live.owner;
    const index = waiting?.indexOf(live) ?? -1;
    if (waiting && index >= 0) this.#unqueue(live.owner, waiting, index);
  }

  #hasSlot({ owner, lanes }: LiveCall): boolean {
    return (
      this.#running < this.#limits.meshConcurrencyMax &&
      owner.running < this.#limits.sessionConcurrencyMax &&
      lanes.every(({ key, concurrencyMax }) => (owner.laneLoads?.get(key) ?? 0) < concurrencyMax)
    );
  }

  #occupy(live: LiveCall): void {
    const { owner, lanes } = live;
    live.hasSlot = true;
    this.#running += 1;
    owner.running += 1;
    for (const { key } of lanes) {
      owner.laneLoads ??= new Map();
      owner.laneLoads.set(key, (owner.laneLoads.get(key) ?? 0) + 1);
    }
  }

  #unqueue(owner: SessionCalls, waiting: LiveCall[], index: number): void {
    waiting.splice(index, 1);
    this.#waiting -= 1;
    if (waiting.length === 0) this.#queue.delete(owner);
  }

  /** Starts the first waiting call of the session that has a slot; calls of a busy lane are passed by. */
  #startNext(owner: SessionCalls): boolean {
    const { waiting } = owner;
    const index = waiting?.findIndex((live) => this.#hasSlot(live)) ?? -1;
    const next = waiting?.[index];
    if (!waiting || !next) return false;
    this.#unqueue(owner, waiting, index);
    this.#occupy(next);
    this.#start(next);
    return true;
  }

  /** The mesh has a free slot again: it goes to the session that waited longest, which then lines up anew. */
  #startAnywhere(): void {
    for (const owner of this.#queue) {
      if (this.#running >= this.#limits.meshConcurrencyMax) return;
      if (!this.#startNext(owner)) continue;
      if (this.#queue.delete(owner) && owner.waiting?.length) this.#queue.add(owner);
    }
  }
}
