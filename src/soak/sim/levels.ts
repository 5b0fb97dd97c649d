/** The levels of a simulation: how full its queues are, and what holds for them while it runs and at rest. */
import type { Limits } from '../../limits.ts';
import type { MeshStats } from '../../mesh/mesh-options.ts';
import type { Witness } from './witness.ts';

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
