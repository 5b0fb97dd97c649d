/** A journal that keeps its rows in memory: for tests, and for whatever need not outlive the process. */
import { systemEnv } from '../env.ts';
import { resolveLimits } from '../limits.ts';
import { silentLogger } from '../logger.ts';
import { BufferedJournal, type BufferedJournalOptions } from './buffered-journal.ts';
import type { Journal } from './journal.ts';
import { rowChars, type JournalRow, type SessionRow, type StoredCall } from './journal-row.ts';
import type { ForgetPlan, Forgotten, JournalStore } from './journal-store.ts';

/** Rows in Maps. It may be given to one journal after another, as a file may. */
export class MemoryStore implements JournalStore {
  readonly #calls = new Map<number, StoredCall>();
  readonly #sessions = new Map<number, SessionRow>();
  /** Times at which sessions ended. */
  readonly #ended = new Map<number, number>();
  lastCallId = 0;
  lastSessionId = 0;
  finished = 0;

  *openCalls(): Iterable<StoredCall> {
    for (const call of this.#calls.values()) if (!call.settlement) yield call;
  }

  *finishedCalls(): Iterable<StoredCall> {
    for (const call of [...this.#calls.values()].toReversed()) if (call.settlement) yield call;
  }

  *openSessions(): Iterable<SessionRow> {
    for (const session of this.#sessions.values()) if (!this.#ended.has(session.id)) yield session;
  }

  write(rows: readonly JournalRow[]): void {
    for (const row of rows) this.#put(row);
  }

  forget({ keepCalls, before, stepMax }: ForgetPlan): Forgotten {
    const excess = Math.min(this.finished - keepCalls, stepMax);
    const settledAt: number[] = [];
    const oldest = [...this.#calls.values()].filter(({ settlement }) => settlement !== null);
    for (const { intent, settlement } of oldest.slice(0, stepMax)) {
      if (settledAt.length >= excess || !settlement || settlement.at >= before) continue;
      this.#calls.delete(intent.id);
      settledAt.push(settlement.at);
    }
    this.finished -= settledAt.length;
    return { settledAt, sessions: this.#forgetSessions(before, stepMax), shrunk: false };
  }

  measure(): number {
    const rows = [...this.#calls.values()].flatMap((call): (JournalRow | null)[] => [
      call.intent,
      call.restart,
      call.outcome,
      call.settlement,
    ]);
    return [...rows, ...this.#sessions.values()].reduce(
      (sum, row) => sum + (row ? rowChars(row) : 0),
      0,
    );
  }

  /** Memory loses nothing. */
  onLost(_listener: (cause: unknown) => void): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }

  #put(row: JournalRow): void {
    const call = this.#calls.get(row.id);
    switch (row.type) {
      case 'intent':
        this.lastCallId = row.id;
        this.#calls.set(row.id, { intent: row, restart: null, outcome: null, settlement: null });
        return;
      case 'restart':
        if (call) this.#calls.set(row.id, { ...call, restart: row });
        return;
      case 'outcome':
        if (call) this.#calls.set(row.id, { ...call, outcome: row });
        return;
      case 'settlement':
        if (call) this.#calls.set(row.id, { ...call, settlement: row });
        this.finished += 1;
        return;
      case 'session':
        this.lastSessionId = row.id;
        if (row.replaces !== null) this.#sessions.delete(row.replaces);
        this.#sessions.set(row.id, row);
        return;
      case 'session.end':
        this.#ended.set(row.id, row.at);
    }
  }

  #forgetSessions(before: number, stepMax: number): number {
    const ended = [...this.#ended].slice(0, stepMax).filter(([, at]) => at < before);
    for (const [id] of ended) {
      this.#ended.delete(id);
      this.#sessions.delete(id);
    }
    return ended.length;
  }
}

/** A journal in memory. By default its store is empty, its time the system's, its bounds the usual ones. */
export function memoryJournal(options: Partial<BufferedJournalOptions> = {}): Journal {
  return new BufferedJournal({
    store: new MemoryStore(),
    env: systemEnv,
    limits: resolveLimits(),
    logger: silentLogger,
    ...options,
  });
}
