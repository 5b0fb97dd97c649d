/** A soak run over many simulations: one for each seed, with what all of them together come to. */
import type { Clock } from '../env.ts';
import { isFaultName, type FaultName } from './fault.ts';
import { plannedFaults, type FaultPlan } from './fault-plan.ts';
import { drawScenario, type ScenarioWishes } from './sim/scenario.ts';
import { simulate, type FailureWatch, type SimulationResult } from './sim/simulate.ts';
import { Trace } from './sim/trace.ts';

/** What is run. */
export interface SimSoakOptions {
  /** The first seed; the others count up from it. */
  readonly seed: number;
  readonly seeds: number;
  readonly wishes: ScenarioWishes;
  readonly clock: Clock;
  /** Told after each simulation. */
  readonly onProgress?: (progress: SoakProgress) => void;
  /** Sees failures that no promise brings back. */
  readonly watch?: FailureWatch;
  /** Ends the run after the simulation that is under way. */
  readonly signal?: AbortSignal;
}

/** How far a run is. */
export interface SoakProgress {
  readonly seedsDone: number;
  readonly seeds: number;
  readonly calls: number;
  readonly events: number;
  /** How many faults happened. */
  readonly faults: number;
  /** Simulated milliseconds. */
  readonly virtualMs: number;
  /** Real milliseconds so far, and how many more it may take. */
  readonly realMs: number;
  readonly leftMs: number;
  readonly failures: number;
}

/** What a run came to. */
export interface SimSoakReport extends SoakProgress {
  /** How often each fault happened. */
  readonly faultCounts: Readonly<Partial<Record<FaultName, number>>>;
  /**
   * Faults that were asked for and never happened: the run proves nothing about them. Of a plan that is
   * drawn from, those that were drawn; in one simulation only what had its occasions in it.
   */
  readonly missing: readonly FaultName[];
  /** The first simulations that failed, at most `failuresKept`. */
  readonly failed: readonly SimulationResult[];
  /** The last simulation, whatever became of it. */
  readonly last: SimulationResult | null;
  /** How often each invariant was put to the test. */
  readonly checked: Readonly<Record<string, number>>;
  /** The hash of all traces: the same for the same options. */
  readonly traceHash: string;
}

/** Failed simulations that are kept with their histories. */
const failuresKept = 5;

/** The sums of a run. */
class Sums {
  readonly counts = new Map<FaultName, number>();
  readonly possible = new Set<FaultName>();
  readonly checked: Record<string, number> = {};
  readonly failed: SimulationResult[] = [];
  last: SimulationResult | null = null;
  hash = '';
  failures = 0;
  done = 0;
  calls = 0;
  events = 0;
  faults = 0;
  virtualMs = 0;

  add(result: SimulationResult): void {
    this.done += 1;
    this.calls += result.calls;
    this.events += result.events;
    this.virtualMs += result.virtualMs;
    this.last = result;
    this.hash = joinHashes(this.hash, result.traceHash);
    for (const [name, count] of result.faults) {
      this.counts.set(name, (this.counts.get(name) ?? 0) + count);
      this.faults += count;
    }
    for (const { invariant, checked } of result.verdict.invariants) {
      this.checked[invariant] = (this.checked[invariant] ?? 0) + checked;
    }
    if (result.findings.length === 0) return;
    this.failures += 1;
    if (this.failed.length < failuresKept) this.failed.push(result);
  }

  planned(faults: FaultPlan): void {
    for (const [name] of plannedFaults(faults)) this.possible.add(name);
  }

  /** Faults that never happened in any of the simulations. */
  get missing(): readonly FaultName[] {
    return [...this.possible].filter((name) => !this.counts.has(name));
  }
}

/** Faults that had their occasions in a simulation, and never happened. */
function missingIn({ verdict }: SimulationResult): readonly FaultName[] {
  return verdict.faults
    .filter(({ planned, happened }) => planned && happened === 0)
    .map(({ fault }) => fault)
    .filter(isFaultName);
}

/** A hash of hashes, in their order. */
function joinHashes(one: string, other: string): string {
  const trace = new Trace();
  trace.text(one);
  trace.text(other);
  return trace.digest;
}

/** Runs the simulations, one after the other. Rejects only if the simulator itself is broken. */
export async function soakSimulated(options: SimSoakOptions): Promise<SimSoakReport> {
  const { seed, seeds, wishes, clock, watch, onProgress, signal } = options;
  const sums = new Sums();
  const startedMs = clock.monotonic();
  const progress = (): SoakProgress => {
    const realMs = clock.monotonic() - startedMs;
    const leftMs = sums.done === 0 ? 0 : (realMs / sums.done) * (seeds - sums.done);
    const { done: seedsDone, calls, events, faults, virtualMs, failures } = sums;
    return { seedsDone, seeds, calls, events, faults, virtualMs, realMs, leftMs, failures };
  };
  // What was named one by one is planned, though no seed may draw a world that it can happen in.
  if (wishes.isWhole) sums.planned(wishes.faults ?? {});
  for (let index = 0; index < seeds; index += 1) {
    if (signal?.aborted) break;
    const scenario = drawScenario((seed + index) >>> 0, wishes);
    sums.planned(scenario.faults);
    sums.add(await simulate(scenario, watch));
    onProgress?.(progress());
  }
  const isOne = seeds === 1 && !wishes.isWhole;
  return {
    ...progress(),
    faultCounts: Object.fromEntries(sums.counts),
    missing: isOne && sums.last ? missingIn(sums.last) : sums.missing,
    failed: sums.failed,
    last: sums.last,
    checked: sums.checked,
    traceHash: sums.hash,
  };
}

/** Whether a run proves what it is meant to: nothing was broken, and every planned fault really happened. */
export function hasHeld({ failures, missing, seedsDone, seeds, calls }: SimSoakReport): boolean {
  return failures === 0 && missing.length === 0 && seedsDone === seeds && calls > 0;
}
