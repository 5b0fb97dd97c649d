/** Decides which faults happen, from a stream of its own, and tells the witness of each that does. */
import type { FaultName } from '../fault.ts';
import { plannedFaults, type FaultPlan } from '../fault-plan.ts';
import type { Random } from '../random.ts';
import type { Scenario } from './scenario.ts';
import type { Witness } from './witness.ts';
import type { World } from './world.ts';

/** A delay that is much longer than the others comes this often. */
const longDelayChance = 0.02;

/** A fault that was to happen so often, and never did, is missing: by chance that is one world in a hundred. */
const expectedMin = 5;

/** The dice of one world. After `rest()` nothing goes wrong any more. */
export class Dice {
  readonly plan: FaultPlan;
  readonly random: Random;
  readonly counts = new Map<FaultName, number>();
  readonly #witness: Witness;
  readonly #world: World;
  readonly #restsAtMs: number;
  /** How often each fault was to happen, by its probability and its occasions. */
  readonly #expected = new Map<FaultName, number>();
  readonly #told = new Set<FaultName>();
  #isResting = false;
  #faults = 0;

  constructor(world: World, { faults, durationMs }: Scenario, witness: Witness) {
    this.plan = faults;
    this.#world = world;
    this.#restsAtMs = durationMs;
    this.random = world.random.fork('faults');
    this.#witness = witness;
  }

  get isResting(): boolean {
    return this.#isResting;
  }

  /**
   * From now on nothing goes wrong. What was planned is told now: a fault that had no occasion in this world
   * was not planned for it.
   */
  rest(): void {
    this.#isResting = true;
    for (const [fault] of plannedFaults(this.plan)) {
      const isMissing = !this.counts.has(fault) && (this.#expected.get(fault) ?? 0) >= expectedMin;
      if (isMissing || this.#told.has(fault))
        this.#witness.note({ type: 'world.fault.planned', fault });
    }
  }

  /** There was an occasion for a fault, with this probability. */
  occasion(name: FaultName, probability = 1): void {
    this.#expected.set(name, (this.#expected.get(name) ?? 0) + probability);
  }

  /** Whether a fault with a probability happens to `target` now. */
  hits(name: FaultName, target: string): boolean {
    const probability = this.plan[name];
    if (this.#isResting || probability === undefined) return false;
    this.occasion(name, probability);
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

  /** `ms`, or less if the rest comes before: what lasts is over by then. */
  within(ms: number): number {
    return Math.max(0, Math.min(ms, this.#restsAtMs - this.#world.nowMs - 1));
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
    this.#told.add(fault);
    const faultId = `f${this.#faults}`;
    this.#witness.note({ type: 'world.fault.began', fault, faultId, target, ...how });
    return faultId;
  }
}
