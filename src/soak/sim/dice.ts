/** Decides which faults happen, from a stream of its own, and tells the witness of each that does. */
import type { FaultName } from '../fault.ts';
import type { FaultPlan } from '../fault-plan.ts';
import type { Random } from './random.ts';
import type { Witness } from './witness.ts';
import type { World } from './world.ts';

/** A delay that is much longer than the others comes this often. */
const longDelayChance = 0.02;

/** The dice of one world. After `rest()` nothing goes wrong any more. */
export class Dice {
  readonly plan: FaultPlan;
  readonly random: Random;
  readonly counts = new Map<FaultName, number>();
  readonly #witness: Witness;
  #isResting = false;
  #faults = 0;

  constructor(world: World, plan: FaultPlan, witness: Witness) {
    this.plan = plan;
    this.random = world.random.fork('faults');
    this.#witness = witness;
  }

  get isResting(): boolean {
    return this.#isResting;
  }

  /** From now on nothing goes wrong. */
  rest(): void {
    this.#isResting = true;
  }

  /** Whether a fault with a probability happens to `target` now. */
  hits(name: FaultName, target: string): boolean {
    const probability = this.plan[name];
    if (this.#isResting || probability === undefined) return false;
    if (!this.random.chance(probability)) return false;
    this.began(name, target);
    return true;
  }

  /** How long something is late, in milliseconds; mostly not at all. */
  lateness(target: string): number {
    const maxMs = this.plan.delay;
    if (this.#isResting || maxMs === undefined || !this.random.chance(0.2)) return 0;
    this.#count('delay');
    if (!this.random.chance(longDelayChance)) return this.random.next() * maxMs * 0.1;
    this.#note('delay', target, { lasts: false, detail: null });
    return this.random.next() * maxMs;
  }

  /** A fault happens, and is over at once. */
  began(name: FaultName, target: string, detail: string | null = null): void {
    this.#count(name);
    this.#note(name, target, { lasts: false, detail });
  }

  /** A fault begins. Returns how to say that it is over. */
  lasts(name: FaultName, target: string, detail: string | null = null): () => void {
    this.#count(name);
    const faultId = this.#note(name, target, { lasts: true, detail });
    let isOver = false;
    return () => {
      if (!isOver) this.#witness.note({ type: 'world.fault.ended', fault: name, faultId });
      isOver = true;
    };
  }

  #count(name: FaultName): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  #note(fault: FaultName, target: string, how: { lasts: boolean; detail: string | null }): string {
    this.#faults += 1;
    const faultId = `f${this.#faults}`;
    this.#witness.note({ type: 'world.fault.began', fault, faultId, target, ...how });
    return faultId;
  }
}
