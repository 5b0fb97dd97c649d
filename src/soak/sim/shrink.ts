/** Makes a scenario that fails smaller for as long as it fails: fewer faults, sessions, calls, less time. */
import type { FaultName } from '../fault.ts';
import { plannedFaults, type FaultPlan } from '../fault-plan.ts';
import type { Scenario } from './scenario.ts';
import { simulate, type SimulationResult } from './simulate.ts';

/** How many smaller scenarios are tried. */
const attemptsMax = 120;

const half = (value: number, least: number): number => Math.max(least, Math.floor(value / 2));

function without(plan: FaultPlan, dropped: ReadonlySet<FaultName>): FaultPlan {
  return Object.fromEntries(plannedFaults(plan).filter(([name]) => !dropped.has(name)));
}

/** Smaller scenarios, the ones that take most away first. */
function* smaller(scenario: Scenario): Generator<Scenario> {
  const names = plannedFaults(scenario.faults).map(([name]) => name);
  const { sessions, calls, durationMs, limits } = scenario;
  const middle = Math.ceil(names.length / 2);
  for (const part of [names.slice(0, middle), names.slice(middle)]) {
    if (names.length > 1) yield { ...scenario, faults: without(scenario.faults, new Set(part)) };
  }
  yield { ...scenario, sessions: half(sessions, 1) };
  yield { ...scenario, calls: half(calls, 1) };
  yield { ...scenario, durationMs: half(durationMs, 1_000) };
  if (Object.keys(limits).length > 0) yield { ...scenario, limits: {} };
  for (const name of names) {
    yield { ...scenario, faults: without(scenario.faults, new Set([name])) };
  }
}

const isSame = (one: Scenario, other: Scenario): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/**
 * The smallest scenario found that breaks one of the same invariants, with what became of it. Takes as long
 * as up to 120 simulations.
 */
export async function shrink(failed: SimulationResult): Promise<SimulationResult> {
  const broken = new Set(failed.findings.map(({ invariant }) => invariant));
  let best = failed;
  let attempts = 0;
  for (let hasShrunk = true; hasShrunk;) {
    hasShrunk = false;
    for (const scenario of smaller(best.scenario)) {
      if (isSame(scenario, best.scenario)) continue;
      attempts += 1;
      if (attempts > attemptsMax) return best;
      const result = await simulate(scenario);
      if (!result.findings.some(({ invariant }) => broken.has(invariant))) continue;
      best = result;
      hasShrunk = true;
      break;
    }
  }
  return best;
}
