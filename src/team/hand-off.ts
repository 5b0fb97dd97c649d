/** Who may queue work for whom, and how much of it. Enforced here, whatever the prompts say. */
import type { Limits } from '../limits.ts';
import type { BoardState } from './board-state.ts';
import type { RefusalReason } from './event.ts';

/** What one member may do to the others. */
export interface HandOffRights {
  /** Members it may queue work for. */
  readonly mayHandTo: readonly string[];
  /** Tasks it may queue within one turn. */
  readonly handOffsPerTurnMax: number;
}

/** A hand-off that somebody wants to make. */
export interface HandOff {
  readonly sender: string;
  readonly owner: string;
  readonly rights: HandOffRights;
  /** Tasks that the sender queued in this turn before. */
  readonly made: number;
}

/** Why a hand-off is refused: a word to branch on, and a sentence for the sender. */
export interface Refusal {
  readonly reason: RefusalReason;
  readonly detail: string;
}

/** Why `handOff` may not be made, or null when it may. */
export function refusalOf(state: BoardState, handOff: HandOff, limits: Limits): Refusal | null {
  const { sender, owner, rights, made } = handOff;
  if (!rights.mayHandTo.includes(owner)) {
    const allowed = rights.mayHandTo.join(', ') || 'nobody';
    return { reason: 'hand_off_not_allowed', detail: `${sender} may queue work for: ${allowed}` };
  }
  const life = state.members.get(owner)?.life;
  if (life === undefined || life.matches('stalled')) {
    return { reason: 'owner_stalled', detail: `${owner} takes no more turns in this run` };
  }
  if (!life.can({ type: 'work.assigned' })) {
    const reopened = `was given work again ${limits.teamReworksMax} times, the most allowed`;
    return { reason: 'owner_completed', detail: `${owner} is done and ${reopened}` };
  }
  if (made >= rights.handOffsPerTurnMax) {
    const detail = `${rights.handOffsPerTurnMax} tasks may be queued within one turn`;
    return { reason: 'quota_reached', detail };
  }
  if (state.tasks.size >= limits.teamTasksMax) {
    return { reason: 'quota_reached', detail: `a run holds ${limits.teamTasksMax} tasks` };
  }
  return null;
}
