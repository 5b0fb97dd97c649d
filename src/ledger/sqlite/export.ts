/** A journal as the entries that would make it again. */
import type { DatabaseSync } from 'node:sqlite';
import { systemEnv, type Files } from '../../env.ts';
import { resolveLimits, type Limits } from '../../limits.ts';
import type { JournalEntry } from '../journal.ts';
import { damaged, readIntent, readOutput, readSession, type StoredCall } from '../journal-row.ts';
import { openToRead, readVersion } from './check.ts';
import { isDamage, openFailure, storeFailure } from './failure.ts';
import {
  readStoredCall,
  readStoredSession,
  selectCalls,
  selectSessions,
  type SqliteRow,
} from './row.ts';
import { schemaSteps } from './schema.ts';

function* entriesOfCall(stored: StoredCall): Iterable<JournalEntry> {
  const { restart, outcome, settlement } = stored;
  const { key, ...first } = readIntent({ ...stored, restart: null });
  yield { type: 'intent', key, ...first };
  if (restart) {
    const { at, attempt } = restart;
    yield { type: 'intent', key, ...first, at, attempt };
  }
  if (outcome) {
    const { at, code, expired } = outcome;
    yield { type: 'outcome', key, output: readOutput(outcome.output), code, expired, at };
  }
  if (settlement) yield { type: 'settled', key, outcome: settlement.outcome, at: settlement.at };
}

/** One row after the other, each in a transaction of its own, so that no writer waits for a slow reader. */
function* rowsOf(database: DatabaseSync, select: string, table: string): Iterable<SqliteRow> {
  const next = database.prepare(`${select} WHERE ${table}.id > ? ORDER BY ${table}.id LIMIT 1`);
  for (let row = next.get(0); row; row = next.get(Number(row.id))) yield row;
}

function* entriesOf(database: DatabaseSync): Iterable<JournalEntry> {
  const version = readVersion(database);
  if (version !== schemaSteps.length) {
    throw damaged(`version ${schemaSteps.length}`, String(version));
  }
  for (const row of rowsOf(database, selectSessions, 's')) {
    yield { type: 'session.opened', ...readSession(readStoredSession(row).session) };
  }
  for (const row of rowsOf(database, selectCalls, 'i')) yield* entriesOfCall(readStoredCall(row));
  for (const row of rowsOf(database, selectSessions, 's')) {
    const { session, end } = readStoredSession(row);
    const { sessionId } = readSession(session);
    if (end) yield { type: 'session.closed', sessionId, at: end.at };
  }
}

/**
 * The entries of the journal at `path` as plain data, without changing it, beside its writer if there is
 * one. Sessions that were opened come first, then each call with what became of it in the order calls
 * were taken, then the sessions that were closed; so appended to an empty journal they recover the same.
 * @throws SessionMeshError `ledger_open_failed`, `ledger_version`, `ledger_damaged`.
 */
export async function* exportJournal(
  path: string,
  limits: Limits = resolveLimits(),
  files: Files = systemEnv.files,
): AsyncGenerator<JournalEntry, void, undefined> {
  const database = openToRead(path, limits, files);
  try {
    yield* entriesOf(database);
  } catch (thrown) {
    throw isDamage(thrown) ? storeFailure(thrown) : openFailure(path, thrown);
  } finally {
    database.close();
  }
}
