/**
 * One writer per journal: a lock of the operating system, which it takes back when its holder dies.
 *
 * The lock lies on a small SQLite file beside the journal, which also says who holds it. A transaction
 * that stays open keeps every other writer out, and lets anybody read the name. The file is never removed:
 * somebody might be about to lock it.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Files } from '../../env.ts';
import { SessionMeshError } from '../../errors.ts';
import type { Limits } from '../../limits.ts';
import { isBusy, openFailure } from './failure.ts';

/** Who holds a lock. */
export interface LockHolder {
  /** Of the process. */
  readonly pid: number;
  /** Of this holding; process ids come again. */
  readonly id: string;
  /** In milliseconds since the Unix epoch. */
  readonly since: number;
}

/** Writes the name first, because it can only be read once that transaction is over. */
function signIn(database: DatabaseSync, holder: LockHolder, limits: Limits): void {
  const { pid, id, since } = holder;
  database.exec(`BEGIN IMMEDIATE;
    PRAGMA busy_timeout = ${limits.journalLockMs};
    CREATE TABLE IF NOT EXISTS holder (pid INTEGER, id TEXT, since REAL);
    DELETE FROM holder`);
  database.prepare('INSERT INTO holder VALUES (?, ?, ?)').run(pid, id, since);
  database.exec('COMMIT; BEGIN IMMEDIATE');
  if (database.prepare('SELECT id FROM holder').get()?.id === id) return;
  // Somebody else was here between the two transactions, and is gone.
  database.exec('ROLLBACK');
  signIn(database, holder, limits);
}

function describeHolder(database: DatabaseSync, limits: Limits): string {
  try {
    database.exec(`PRAGMA busy_timeout = ${limits.journalLockMs}`);
    const row = database.prepare('SELECT pid, since FROM holder').get();
    if (row)
      return `process ${Number(row.pid)}, since ${new Date(Number(row.since)).toISOString()}`;
  } catch {
    // Its name is not written yet.
  }
  return 'another process, which has just taken it';
}

/**
 * Takes the lock that the file at `path` stands for. Returns how to give it back, idempotently.
 * @throws SessionMeshError `ledger_held` with the name of the holder, `ledger_open_failed`.
 */
export function takeLock(
  path: string,
  holder: LockHolder,
  { files, limits }: { readonly files: Files; readonly limits: Limits },
): () => void {
  const database = open(path, files);
  try {
    signIn(database, holder, limits);
  } catch (cause) {
    const found = isBusy(cause) ? describeHolder(database, limits) : undefined;
    database.close();
    if (found === undefined) throw openFailure(path, cause);
    throw new SessionMeshError('ledger_held', { found, cause });
  }
  return () => {
    if (database.isOpen) database.close();
  };
}

function open(path: string, files: Files): DatabaseSync {
  try {
    return files.openDatabase(path);
  } catch (cause) {
    throw openFailure(path, cause);
  }
}
