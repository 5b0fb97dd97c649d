/** The rows of a journal in an SQLite file. Writing looks nothing up: every row knows its id. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Limits } from '../../limits.ts';
import type { JournalRow, SessionRow, StoredCall } from '../journal-row.ts';
import type { ForgetPlan, Forgotten, JournalStore } from '../journal-store.ts';
import type { DiskSync } from './disk-sync.ts';
import { storeFailure } from './failure.ts';
import {
  readStoredCall,
  readStoredSession,
  selectCalls,
  selectSessions,
  sumOf,
  type SqliteRow,
} from './row.ts';
import { readPragma } from './schema.ts';

export interface SqliteStoreOptions {
  /** Open, of the last version, and nobody else's to write. */
  readonly database: DatabaseSync;
  /** Flushes what was written, where a commit does not. */
  readonly diskSync: DiskSync | undefined;
  readonly limits: Limits;
  /** Called once the file is closed, to let somebody else have it. */
  readonly release: () => void;
}

/** The part of the file that may be free before pages are given back. */
const freeShareMax = 1 / 4;

const writing = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  intent: 'INSERT INTO intents VALUES (?, ?, ?, ?, ?, ?)',
  restart: 'INSERT OR REPLACE INTO restarts VALUES (?, ?, ?, ?)',
  outcome: 'INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?)',
  settlement: 'INSERT INTO settlements VALUES (?, ?, ?, ?)',
  session: 'INSERT INTO sessions VALUES (?, ?, ?, ?)',
  sessionEnd: 'INSERT INTO session_ends VALUES (?, ?, ?)',
  forgetSession: 'DELETE FROM sessions WHERE id = ?',
} as const;

type Writing = Readonly<Record<keyof typeof writing, StatementSync>>;

function prepareWriting(database: DatabaseSync): Writing {
  const prepare = (name: keyof typeof writing) => database.prepare(writing[name]);
  return {
    begin: prepare('begin'),
    commit: prepare('commit'),
    intent: prepare('intent'),
    restart: prepare('restart'),
    outcome: prepare('outcome'),
    settlement: prepare('settlement'),
    session: prepare('session'),
    sessionEnd: prepare('sessionEnd'),
    forgetSession: prepare('forgetSession'),
  };
}

export class SqliteStore implements JournalStore {
  readonly #database: DatabaseSync;
  readonly #diskSync: DiskSync | undefined;
  readonly #limits: Limits;
  readonly #release: () => void;
  readonly #statements: Writing;
  #finished: number;
  /** A flush failed: what was written since the one before may not be on the disk. */
  #suspect = false;
  #closing: Promise<void> | undefined;

  constructor({ database, diskSync, limits, release }: SqliteStoreOptions) {
    this.#database = database;
    this.#diskSync = diskSync;
    this.#limits = limits;
    this.#release = release;
    this.#statements = prepareWriting(database);
    this.#finished = this.#readNumber('SELECT count(*) AS value FROM settlements');
  }

  get finished(): number {
    return this.#finished;
  }

  get lastCallId(): number {
    return this.#readNumber('SELECT coalesce(max(id), 0) AS value FROM intents');
  }

  get lastSessionId(): number {
    return this.#readNumber('SELECT coalesce(max(id), 0) AS value FROM sessions');
  }

  *openCalls(): Iterable<StoredCall> {
    const sql = `${selectCalls} WHERE s.id IS NULL ORDER BY i.id`;
    for (const row of this.#iterate(sql)) yield readStoredCall(row);
  }

  *finishedCalls(): Iterable<StoredCall> {
    const sql = `${selectCalls} WHERE s.id IS NOT NULL ORDER BY i.id DESC`;
    for (const row of this.#iterate(sql)) yield readStoredCall(row);
  }

  *openSessions(): Iterable<SessionRow> {
    const sql = `${selectSessions} WHERE e.id IS NULL ORDER BY s.id`;
    for (const row of this.#iterate(sql)) yield readStoredSession(row).session;
  }

  write(rows: readonly JournalRow[]): void {
    if (this.#suspect) this.#rewrite();
    if (rows.length === 0) return;
    this.#transact(() => rows.forEach((row) => this.#insert(row)));
    this.#finished += rows.filter(({ type }) => type === 'settlement').length;
    this.#diskSync?.touch();
  }

  forget(plan: ForgetPlan): Forgotten {
    const forgotten = this.#transact(() => {
      const settledAt = this.#forgetCalls(plan);
      const sessions = this.#forgetSessions(plan);
      return { settledAt, sessions, shrunk: this.#shrink() };
    });
    this.#finished -= forgotten.settledAt.length;
    this.#diskSync?.touch();
    return forgotten;
  }

  measure(): number {
    return this.#guard(() => {
      const [pages, free, pageBytes] = this.#pages();
      return (pages - free) * pageBytes;
    });
  }

  onLost(listener: (cause: unknown) => void): void {
    this.#diskSync?.onLost((cause) => {
      this.#suspect = true;
      listener(storeFailure(cause));
    });
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    try {
      await this.#diskSync?.close();
    } finally {
      // Folds the log into the file; where that fails the log stays, and is read at the next start.
      this.#database.close();
      this.#release();
    }
  }

  #insert(row: JournalRow): void {
    const { intent, restart, outcome, settlement, session, sessionEnd, forgetSession } =
      this.#statements;
    const { id, at } = row;
    const sum = sumOf(row);
    switch (row.type) {
      case 'intent':
        intent.run(id, at, row.effects, row.attempt, row.call, sum);
        return;
      case 'restart':
        restart.run(id, at, row.attempt, sum);
        return;
      case 'outcome':
        outcome.run(id, at, row.expired ? 1 : 0, row.code, row.output, sum);
        return;
      case 'settlement':
        settlement.run(id, at, row.outcome, sum);
        return;
      case 'session':
        if (row.replaces !== null) forgetSession.run(row.replaces);
        session.run(id, at, row.session, sum);
        return;
      case 'session.end':
        sessionEnd.run(id, at, sum);
    }
  }

  #forgetCalls({ keepCalls, before, stepMax }: ForgetPlan): number[] {
    const oldest = this.#oldest('settlements', stepMax).filter(({ at }) => at < before);
    const excess = Math.max(0, this.#finished - keepCalls);
    const victims = oldest.slice(0, excess);
    for (const table of ['intents', 'restarts', 'outcomes', 'settlements']) {
      this.#delete(table, victims);
    }
    return victims.map(({ at }) => at);
  }

  #forgetSessions({ before, stepMax }: ForgetPlan): number {
    const victims = this.#oldest('session_ends', stepMax).filter(({ at }) => at < before);
    for (const table of ['sessions', 'session_ends']) this.#delete(table, victims);
    return victims.length;
  }

  #oldest(table: string, count: number): { id: number; at: number }[] {
    const statement = this.#database.prepare(`SELECT id, at FROM ${table} ORDER BY id LIMIT ?`);
    return statement.all(count).map((row) => ({ id: Number(row.id), at: Number(row.at) }));
  }

  #delete(table: string, victims: readonly { readonly id: number }[]): void {
    const statement = this.#database.prepare(`DELETE FROM ${table} WHERE id = ?`);
    for (const { id } of victims) statement.run(id);
  }

  /** Gives free pages back once they are a good part of the file, a few at a time. */
  #shrink(): boolean {
    const [pages, free] = this.#pages();
    const { journalStepPagesMax } = this.#limits;
    if (free <= journalStepPagesMax || free <= pages * freeShareMax) return false;
    this.#database.exec(`PRAGMA incremental_vacuum(${journalStepPagesMax})`);
    return true;
  }

  /** Pages, those of them that are free, and the bytes of one. */
  #pages(): [pages: number, free: number, pageBytes: number] {
    const read = (name: string) => readPragma(this.#database, name);
    return [read('page_count'), read('freelist_count'), read('page_size')];
  }

  /** Writes everything that is in the log to the file and flushes it, since the log cannot be trusted. */
  #rewrite(): void {
    const [busy] = this.#guard(() =>
      Object.values(this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() ?? {}),
    );
    if (busy !== 0) throw storeFailure(new Error('the log is being read'));
    this.#suspect = false;
  }

  #transact<Result>(work: () => Result): Result {
    return this.#guard(() => {
      this.#statements.begin.run();
      const result = work();
      this.#statements.commit.run();
      return result;
    });
  }

  #guard<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (thrown) {
      this.#rollBack();
      throw storeFailure(thrown);
    }
  }

  /** SQLite has done it by itself after some failures, which ones depends. */
  #rollBack(): void {
    if (!this.#database.isTransaction) return;
    try {
      this.#database.exec('ROLLBACK');
    } catch (thrown) {
      throw storeFailure(thrown);
    }
  }

  *#iterate(sql: string): Iterable<SqliteRow> {
    try {
      yield* this.#database.prepare(sql).iterate();
    } catch (thrown) {
      throw storeFailure(thrown);
    }
  }

  #readNumber(sql: string): number {
    return Number(this.#guard(() => this.#database.prepare(sql).get())?.value ?? 0);
  }
}
