/** What a simulation is held to: its times, its rivals, and how full its queues are while it runs and at rest. */
import type { Limits } from '../../limits.ts';
import type { MeshStats } from '../../mesh/mesh-options.ts';
import { detectionMsOf } from '../check/run-facts.ts';
import type { FaultPlan } from '../fault-plan.ts';
import type { Stage } from './place.ts';
import { isWithinSessions } from './scenario.ts';
import type { Witness } from './witness.ts';

/** A call that waits behind one whose handler hangs goes on only after its deadline. */
const recoveryMs = 40_000;

/**
 * How long a call may be held up while something is wrong in another session only: where nothing else ever
 * is, by frames that are late, each way and once more; elsewhere what went wrong before may still hold it up.
 */
function isolationMsOf(faults: FaultPlan): number {
  return isWithinSessions(faults) ? 1_000 + 3 * (faults.delay ?? 0) : recoveryMs;
}

/** Tells the witness what the run promises. Runtimes that compete have a ledger each. */
export function declarePromise(stage: Stage, runtimes: readonly string[]): void {
  const { witness, limits, scenario } = stage;
  const rivals = runtimes.length > 1 ? runtimes : [];
  const bounds = {
    recoveryMs,
    detectionMs: detectionMsOf(limits.heartbeatMs),
    isolationMs: isolationMsOf(scenario.faults),
    callsKept: limits.ledgerCallsMax,
    sessionCallsKept: limits.ledgerSessionCallsMin,
  };
  witness.note({ type: 'world.promised', bounds, rivals });
}

/** Timers that a mesh leaves behind when it is closed. */
export const timersLeft = 'timers.left';

/** The levels of one mesh. */
export function meshLevels(stats: MeshStats): Readonly<Record<string, number>> {
  return {
    'calls.running': stats.running,
    'calls.waiting': stats.waiting,
    'calls.unconfirmed': stats.unconfirmed,
    'calls.open': stats.ledger.open,
    'calls.kept': stats.ledger.finished,
    sessions: stats.sessions,
  };
}

/** Tells the witness what the levels of a run are held to; of `place` that nothing of it is left at rest. */
export function declareBounds(witness: Witness, limits: Limits, place: readonly string[]): void {
  const note = (gauge: string, max: number | null, idleMax: number | null) =>
    witness.note({ type: 'world.bound', gauge, max, idleMax, perCallMax: null });
  note('calls.running', limits.meshConcurrencyMax, 0);
  note('calls.waiting', limits.meshWaitingMax, 0);
  // Answers of calls that are open, and of those that came again.
  note('calls.unconfirmed', 2 * limits.outboxCallsMax, 0);
  note('calls.open', null, 0);
  note('calls.kept', limits.ledgerCallsMax, null);
  note(timersLeft, 0, null);
  for (const gauge of place) note(gauge, null, 0);
}
