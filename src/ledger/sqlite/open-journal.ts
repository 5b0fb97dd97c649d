/**
 * Opens a durable journal. Importing this file loads `node:sqlite`, so whoever may do without it imports
 * it only once a durable ledger is asked for.
 */
import type { DatabaseSync } from 'node:sqlite';
import { basename, dirname, join, resolve } from 'node:path';
import type { Env, Files } from '../../env.ts';
import type { Limits } from '../../limits.ts';
import type { Logger } from '../../logger.ts';
import { BufferedJournal } from '../buffered-journal.ts';
import type { Journal, JournalMode } from '../journal.ts';
import { DiskSync, instantFlusher, logFlusher } from './disk-sync.ts';
import { openFailure } from './failure.ts';
import { openFile } from './file.ts';
import { takeLock } from './lock.ts';
import { readPragma } from './schema.ts';
import { SqliteStore } from './store.ts';

export interface OpenJournalOptions {
  /** The file; its folder is made if need be. Not on a network file system, where locks may not hold. */
  readonly path: string;
  readonly mode: JournalMode;
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
  /** Begin an empty journal where the old one is damaged; the old one is kept. Default: an error. */
  readonly startAnew?: boolean;
}

/** One name for one file, whatever links lead to it, because the lock goes by the name. */
function resolvePath(path: string, files: Files): string {
  const absolute = resolve(path);
  if (files.existsSync(absolute)) return files.realpathSync(absolute);
  files.mkdirSync(dirname(absolute), { recursive: true, mode: 0o700 });
  return join(files.realpathSync(dirname(absolute)), basename(absolute));
}

/**
 * Settings that SQLite keeps for a connection, not in the file. It flushes when it folds the log into the
 * file; the commits are flushed by the store.
 */
function configure(database: DatabaseSync, { limits }: OpenJournalOptions): void {
  const pages = Math.ceil(limits.journalLogBytesMax / readPragma(database, 'page_size'));
  database.exec(`PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA wal_autocheckpoint = ${pages};
    PRAGMA journal_size_limit = ${limits.journalLogBytesMax}`);
  // Where a plain flush stops at the drive's own cache (macOS); elsewhere these do nothing.
  database.exec('PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON');
}

function flushLater(path: string, { env, limits }: OpenJournalOptions): DiskSync {
  const flusher = logFlusher(path, env.files);
  return new DiskSync({ flusher, clock: env.clock, delayMs: limits.journalSyncMs });
}

/** Opens the file behind a lock that is held; `release` gives the lock back. */
function start(path: string, options: OpenJournalOptions, release: () => void): Journal {
  const { mode, env, limits, logger, startAnew = false } = options;
  const { database, fold } = openFile({ path, env, limits, startAnew, logger });
  try {
    configure(database, options);
    const flushing = mode === 'sync' ? instantFlusher(path, env.files) : flushLater(path, options);
    const store = new SqliteStore({ database, flushing, limits, release });
    return new BufferedJournal({ store, env, limits, logger, fold });
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

/**
 * Opens the journal at `path` as its only writer, checks every line of it, and makes it if there is none.
 * What the process before left is then there to `recover()`. Synchronous: it takes some 10 µs a call.
 * @throws SessionMeshError `ledger_held` if another journal of this or another process has the file;
 * `ledger_damaged` if it is not what was written (it is kept under another name, which the error tells),
 * or was found so before and `startAnew` is not set; `ledger_version` if a newer SessionMesh wrote it;
 * `ledger_open_failed` for everything else.
 */
export function openJournal(options: OpenJournalOptions): Journal {
  const { env, limits } = options;
  const holder = { pid: env.processes.pid, id: env.id(), since: env.clock.now() };
  try {
    const path = resolvePath(options.path, env.files);
    const release = takeLock(`${path}.lock`, holder, { files: env.files, limits });
    try {
      return start(path, options, release);
    } catch (thrown) {
      release();
      throw thrown;
    }
  } catch (thrown) {
    throw openFailure(options.path, thrown);
  }
}
