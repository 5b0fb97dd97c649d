/** Regression cases: scenarios that once broke something, kept as JSON and run again with the tests. */
import { SessionMeshError } from '../../errors.ts';
import { isRecord } from '../../tools/json.ts';
import { formatFaults, parseFaults } from '../fault-plan.ts';
import { drawScenario, topologies, type LedgerKind, type Scenario } from './scenario.ts';
import type { SimulationResult } from './simulate.ts';

/** A case as it stands in its file. */
export interface RegressionCase {
  /** What was broken when it was found. */
  readonly found: readonly string[];
  readonly scenario: Omit<Scenario, 'faults'> & { readonly faults: string };
}

/** The case of a simulation that failed. */
export function regressionOf({ scenario, findings }: SimulationResult): RegressionCase {
  const found = findings.slice(0, 5).map(({ invariant, what }) => `${invariant}: ${what}`);
  return { found, scenario: { ...scenario, faults: formatFaults(scenario.faults) } };
}

const ledgers: readonly unknown[] = ['none', 'sync', 'async'] satisfies readonly LedgerKind[];
const isLedger = (value: unknown): value is LedgerKind => ledgers.includes(value);

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

/**
 * Reads the scenario of a case.
 * @throws SessionMeshError `option_invalid` for what is no case
 */
export function readRegression(text: string): Scenario {
  const parsed: unknown = JSON.parse(text);
  const scenario = isRecord(parsed) && isRecord(parsed.scenario) ? parsed.scenario : {};
  const { seed, ledger, runtimes, sessions, calls, durationMs, faults, limits } = scenario;
  const topology = topologies.find((name) => name === scenario.topology);
  if (
    !isCount(seed) ||
    !topology ||
    !isLedger(ledger) ||
    !isCount(runtimes) ||
    !isCount(sessions) ||
    !isCount(calls) ||
    !isCount(durationMs) ||
    typeof faults !== 'string'
  ) {
    throw new SessionMeshError('option_invalid', { expected: 'a regression case', found: text });
  }
  const bounds = isRecord(limits) ? limits : {};
  const sizes = { topology, ledger, runtimes, sessions, calls, durationMs, limits: bounds };
  return drawScenario(seed, { ...sizes, faults: parseFaults(faults), isWhole: true });
}
