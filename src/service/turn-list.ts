/**
 * The turns of a session as they are. What Codex lists comes from its files, which lag behind what it
 * tells: a turn that has only just begun is missing there, or is listed as interrupted, and one that has
 * just ended may still be. Whoever waits for the end of a turn would be told a wrong one.
 */
import { LRUCache } from 'lru-cache';
import { sleep, type Clock } from '../env.ts';
import type { TurnStatus } from '../hosts/host.ts';
import type { Limits } from '../limits.ts';
import { readTurns, type AskCodex } from './thread.ts';

/** What the lists need. */
export interface TurnListsOptions {
  readonly ask: AskCodex;
  readonly clock: Clock;
  readonly limits: Limits;
  /** The turn that is known to run, or null. */
  readonly activeTurn: (sessionId: string) => string | null;
}

type Json = Readonly<Record<string, unknown>>;

interface EndedTurn {
  readonly turnId: string;
  readonly status: TurnStatus;
}

function isListed(turns: readonly Json[], { turnId, status }: EndedTurn): boolean {
  return turns.some((turn) => turn.id === turnId && turn.status === status);
}

/** The turns with this one as it is known to be, where it is missing or listed as interrupted. */
function withTurn(turns: readonly Json[], turnId: string, status: string): readonly Json[] {
  if (turns.some(({ id }) => id === turnId)) {
    const isEarly = (turn: Json) => turn.id === turnId && turn.status === 'interrupted';
    return turns.map((turn) => (isEarly(turn) ? { ...turn, status } : turn));
  }
  return [...turns, { id: turnId, items: [], itemsView: 'notLoaded', status, error: null }];
}

/** The turns of all sessions of one service. */
export class TurnLists {
  readonly #options: TurnListsOptions;
  /** The last turn of a session that ended since its turns were read. */
  readonly #ended: LRUCache<string, EndedTurn>;

  constructor(options: TurnListsOptions) {
    this.#options = options;
    this.#ended = new LRUCache({ max: options.limits.sessionRecordsMax });
  }

  /** Codex told that a turn has ended. */
  onEnded(sessionId: string, turnId: string, status: TurnStatus): void {
    this.#ended.set(sessionId, { turnId, status });
  }

  /** The newest turns with all their items, oldest first. Throws as `readThread`. */
  async read(sessionId: string): Promise<readonly Json[]> {
    const { ask, clock, limits, activeTurn } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      const turns = await readTurns(ask, sessionId, limits.sessionTurnsShownMax);
      const ended = this.#ended.get(sessionId);
      if (!ended || isListed(turns, ended)) {
        if (ended) this.#ended.delete(sessionId);
        const active = activeTurn(sessionId);
        return active === null ? turns : withTurn(turns, active, 'inProgress');
      }
      if (attempt >= limits.turnListAttemptsMax) {
        this.#ended.delete(sessionId);
        return withTurn(turns, ended.turnId, ended.status);
      }
      await sleep(clock, limits.turnListRetryMs);
    }
  }
}
