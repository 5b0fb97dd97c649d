/**
 * Forgetting: the lines of the calls that were over first are taken out of their batches, and so are
 * those of sessions that ended meanwhile. What is still open stays where it is.
 */
import { subjectOf } from './journal-line.ts';
import type { JournalBatch, JournalStore } from './journal-store.ts';

/** What one step of forgetting may remove: the calls that were over first, within these bounds. */
export interface ForgetPlan {
  /** Finished calls that stay. */
  readonly keepCalls: number;
  /** Only what was over before this time goes, in milliseconds since the Unix epoch. */
  readonly before: number;
  /** Calls, and sessions, that one step looks at. */
  readonly stepMax: number;
}

/** What one step removed. */
export interface Forgotten {
  /** When each of the calls was settled. */
  readonly settledAt: readonly number[];
  readonly sessions: number;
  /** Space was given back as well. */
  readonly shrunk: boolean;
}

/** What goes: when each was over, by number. */
interface Victims {
  readonly calls: Map<number, number>;
  readonly sessions: Map<number, number>;
  /** The last batch that has lines of them. */
  until: number;
}

/** A part of the journal. Every number of a call or session in it is one of these at most. */
interface Reach {
  batchId: number;
  callId: number;
  sessionId: number;
}

/** Counts what a journal holds that is over, and takes the oldest of it out. */
export class Retention {
  readonly #store: JournalStore;
  #finished: number;
  #closed: number;
  /** The part at the front in which nothing is over. Steps pass over it, however long it is. */
  #quiet: Reach = { batchId: 0, callId: 0, sessionId: 0 };

  constructor(store: JournalStore, held: { readonly finished: number; readonly closed: number }) {
    this.#store = store;
    this.#finished = held.finished;
    this.#closed = held.closed;
  }

  /** Calls in the store that are over. */
  get finished(): number {
    return this.#finished;
  }

  /** So many more were written that are over. */
  add(calls: number, sessions: number): void {
    this.#finished += calls;
    this.#closed += sessions;
  }

  /** Throws what the store throws; nothing changes then. */
  forget(plan: ForgetPlan): Forgotten {
    const victims = this.#findVictims(plan);
    const quiet = { ...this.#quiet };
    const shrunk = this.#store.rewrite(this.#without(victims, quiet));
    this.#quiet = quiet;
    const { calls, sessions } = victims;
    this.#finished -= calls.size;
    this.#closed -= sessions.size;
    return { settledAt: [...calls.values()], sessions: sessions.size, shrunk };
  }

  #findVictims({ keepCalls, before, stepMax }: ForgetPlan): Victims {
    const excess = Math.min(this.#finished - keepCalls, stepMax);
    const victims: Victims = { calls: new Map(), sessions: new Map(), until: 0 };
    const { calls, sessions } = victims;
    // Sessions go with the calls around them, and by themselves where no call has to.
    const sought = excess > 0 ? stepMax : Math.min(this.#closed, stepMax);
    let looked = 0;
    for (const { id: batchId, lines } of sought > 0
      ? this.#store.batches(this.#quiet.batchId)
      : []) {
      for (const line of lines.split('\n')) {
        const { type, id } = subjectOf(line);
        if (type !== 'settled' && type !== 'closed') continue;
        if ((type === 'settled') === excess > 0) looked += 1;
        const at = timeOf(line);
        const found = type === 'settled' ? calls : sessions;
        if (at >= before || found.size >= (type === 'settled' ? excess : stepMax)) continue;
        found.set(id, at);
        victims.until = batchId;
      }
      if (looked >= sought || (excess > 0 && calls.size >= excess)) break;
    }
    return victims;
  }

  /** The batches that change when the victims go. Notes in `quiet` how far nothing is over any more. */
  #without(victims: Victims, quiet: Reach): JournalBatch[] {
    const changed: JournalBatch[] = [];
    const { calls, sessions, until } = victims;
    if (until === 0) return changed;
    const isAmongOpen =
      [...calls.keys()].some((id) => id <= quiet.callId) ||
      [...sessions.keys()].some((id) => id <= quiet.sessionId);
    let isQuiet = true;
    for (const batch of this.#store.batches(isAmongOpen ? 0 : quiet.batchId)) {
      if (batch.id > until) break;
      const kept = keepOthers(batch.lines, victims);
      const lines = kept.lines.join('\n');
      if (lines.length < batch.lines.length) changed.push({ id: batch.id, lines });
      isQuiet &&= !kept.isOver;
      if (!isQuiet) continue;
      quiet.batchId = Math.max(quiet.batchId, batch.id);
      quiet.callId = Math.max(quiet.callId, kept.callId);
      quiet.sessionId = Math.max(quiet.sessionId, kept.sessionId);
    }
    return changed;
  }
}

/** The time in a line. */
function timeOf(line: string): number {
  return Number(line.split(' ', 3)[2]);
}

/** The lines that are not of the victims; whether they end something, and the last they are about. */
function keepOthers(text: string, { calls, sessions }: Victims) {
  const kept = { lines: [] as string[], isOver: false, callId: 0, sessionId: 0 };
  for (const line of text.split('\n')) {
    const { type, id } = subjectOf(line);
    const isOfSession = type === 'session' || type === 'closed';
    if ((isOfSession ? sessions : calls).has(id)) continue;
    kept.lines.push(line);
    kept.isOver ||= type === 'settled' || type === 'closed';
    if (isOfSession) kept.sessionId = Math.max(kept.sessionId, id);
    else kept.callId = Math.max(kept.callId, id);
  }
  return kept;
}
