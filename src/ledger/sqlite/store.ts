/** The batches of a journal in an SQLite file. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Limits } from '../../limits.ts';
import type { JournalBatch, JournalStore } from '../journal-store.ts';
import { readBatch, selectBatches, sumOf } from './batch.ts';
import { DiskSync, type InstantFlusher } from './disk-sync.ts';
import { storeFailure } from './failure.ts';
import { readPragma } from './schema.ts';

export interface SqliteStoreOptions {
  /** Open, of the last version, and nobody else's to write. */
  readonly database: DatabaseSync;
  /** Flushes what was written: before it counts, or later. */
  readonly flushing: InstantFlusher | DiskSync;
  readonly limits: Limits;
  /** Called once the file is closed, to let somebody else have it. */
  readonly release: () => void;
}

/** The part of the file that may be free before pages are given back. */
const freeShareMax = 1 / 4;

const writing = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  // What was committed and not flushed is written again, in the place of itself.
  add: 'INSERT OR REPLACE INTO batches VALUES (?, ?, ?)',
  change: 'UPDATE batches SET lines = ?, sum = ? WHERE id = ?',
  remove: 'DELETE FROM batches WHERE id = ?',
} as const;

type Writing = Readonly<Record<keyof typeof writing, StatementSync>>;

function prepareWriting(database: DatabaseSync): Writing {
  const prepare = (name: keyof typeof writing) => database.prepare(writing[name]);
  return {
    begin: prepare('begin'),
    commit: prepare('commit'),
    add: prepare('add'),
    change: prepare('change'),
    remove: prepare('remove'),
  };
}

export class SqliteStore implements JournalStore {
  readonly #database: DatabaseSync;
  readonly #flushing: InstantFlusher | DiskSync;
  readonly #limits: Limits;
  readonly #release: () => void;
  readonly #statements: Writing;
  #lastId: number;
  /** A flush failed: what was written since the one before may not be on the disk. */
  #suspect = false;
  #closing: Promise<void> | undefined;

  constructor({ database, flushing, limits, release }: SqliteStoreOptions) {
    this.#database = database;
    this.#flushing = flushing;
    this.#limits = limits;
    this.#release = release;
    this.#statements = prepareWriting(database);
    this.#lastId = this.#readLastId();
  }

  *batches(after: number): Iterable<JournalBatch> {
    try {
      for (const row of this.#database.prepare(selectBatches).iterate(after)) {
        const batch = readBatch(row);
        // What was not flushed is not written yet.
        if (batch.id > this.#lastId) return;
        yield batch;
      }
    } catch (thrown) {
      throw storeFailure(thrown);
    }
  }

  write(lines: readonly string[]): void {
    if (this.#suspect) this.#rewriteLog();
    if (lines.length === 0) return;
    const lastId = this.#transact(() => this.#add(lines));
    this.#flush();
    this.#lastId = lastId;
  }

  rewrite(batches: readonly JournalBatch[]): boolean {
    const shrunk = this.#transact(() => {
      for (const batch of batches) this.#change(batch);
      return this.#shrink();
    });
    // Whoever finds the lines again forgets them again, so that nothing has to wait for this.
    if (this.#flushing instanceof DiskSync) this.#flushing.touch();
    return shrunk;
  }

  measure(): number {
    return this.#guard(() => {
      const [pages, free, pageBytes] = this.#pages();
      return (pages - free) * pageBytes;
    });
  }

  onLost(listener: (cause: unknown) => void): void {
    if (!(this.#flushing instanceof DiskSync)) return;
    this.#flushing.onLost((cause) => {
      this.#suspect = true;
      listener(storeFailure(cause));
    });
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    try {
      await this.#flushing.close();
    } finally {
      // Folds the log into the file; where that fails the log stays, and is read at the next start.
      this.#database.close();
      this.#release();
    }
  }

  #flush(): void {
    if (this.#flushing instanceof DiskSync) {
      this.#flushing.touch();
      return;
    }
    try {
      this.#flushing.flush();
    } catch (thrown) {
      this.#suspect = true;
      throw storeFailure(thrown);
    }
  }

  /** Adds lines in batches of a bounded size, and returns the number of the last. */
  #add(lines: readonly string[]): number {
    const { journalBatchBytesMax } = this.#limits;
    let id = this.#lastId;
    let first = 0;
    let bytes = 0;
    lines.forEach((line, index) => {
      bytes += line.length;
      if (bytes < journalBatchBytesMax && index < lines.length - 1) return;
      const text = lines.slice(first, index + 1).join('\n');
      id += 1;
      this.#statements.add.run(id, text, sumOf({ id, lines: text }));
      first = index + 1;
      bytes = 0;
    });
    return id;
  }

  #change(batch: JournalBatch): void {
    const { id, lines } = batch;
    if (lines === '') this.#statements.remove.run(id);
    else this.#statements.change.run(lines, sumOf(batch), id);
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
  #rewriteLog(): void {
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

  #readLastId(): number {
    const sql = 'SELECT coalesce(max(id), 0) AS last FROM batches';
    return Number(this.#guard(() => this.#database.prepare(sql).get())?.last ?? 0);
  }
}
