/** Whether a journal is what its writer left: its pages, its rows, and how they follow from each other. */
import type { DatabaseSync } from 'node:sqlite';
import { systemEnv, type Files } from '../../env.ts';
import { isSessionMeshError, messageOf, SessionMeshError } from '../../errors.ts';
import { resolveLimits, type Limits } from '../../limits.ts';
import { mayEnd, stateOf } from '../journal-order.ts';
import { readIntent, type StoredCall } from '../journal-row.ts';
import { isDamage, openFailure } from './failure.ts';
import {
  readStoredCall,
  readStoredSession,
  selectCalls,
  selectSessions,
  type SqliteRow,
} from './row.ts';
import { applicationId, newerVersion, readPragma, schemaSteps } from './schema.ts';

/** What the pages of a file say. */
export interface PageReport {
  /** Of the tables; 0 where even that cannot be read. */
  readonly version: number;
  /** What is wrong, for people; empty if nothing is. At most `journalProblemsMax`. */
  readonly problems: readonly string[];
}

/** What the rows say. */
export interface RowReport {
  /** Calls that are not over, and calls that are. */
  readonly open: number;
  readonly finished: number;
  /** Sessions that have not ended. */
  readonly sessions: number;
  readonly problems: readonly string[];
}

/** What a check found. */
export interface JournalReport extends PageReport, RowReport {
  readonly problems: readonly string[];
}

type Tally = { -readonly [Part in Exclude<keyof RowReport, 'problems'>]: number };

/**
 * Opens the file at `path` without changing anything, beside its writer if there is one.
 * @throws SessionMeshError `ledger_open_failed`.
 */
export function openToRead(path: string, limits: Limits, files: Files): DatabaseSync {
  try {
    return files.openDatabase(path, { readOnly: true, timeout: limits.journalLockMs });
  } catch (thrown) {
    throw openFailure(path, thrown);
  }
}

/**
 * The version of the tables, or what is wrong with the file as a whole.
 * @throws SessionMeshError `ledger_version` for a newer version, `ledger_open_failed` for a database of
 * something else.
 */
export function readVersion(database: DatabaseSync): number | string {
  const version = readPragma(database, 'user_version');
  const application = readPragma(database, 'application_id');
  if (readPragma(database, 'page_count') === 0) return 'the file is empty';
  if (application !== applicationId) {
    const found = `a database of another application (${application})`;
    throw new SessionMeshError('ledger_open_failed', { expected: 'a journal', found });
  }
  if (version > schemaSteps.length) throw newerVersion(version, schemaSteps.length);
  return version > 0 ? version : 'the file has no version';
}

function* pageProblems(database: DatabaseSync, limits: Limits): Iterable<string> {
  const statement = database.prepare(`PRAGMA quick_check(${limits.journalProblemsMax})`);
  for (const row of statement.iterate()) {
    const [found] = Object.values(row);
    if (found !== 'ok') yield String(found);
  }
}

/** What damage is called, if `thrown` is damage; anything else is thrown on. */
function damageOf(thrown: unknown): string {
  if (!isDamage(thrown)) throw thrown;
  if (!isSessionMeshError(thrown)) return messageOf(thrown);
  return `expected ${thrown.facts.expected}, found ${thrown.facts.found}`;
}

function problemIn(look: () => string | undefined): string | undefined {
  try {
    return look();
  } catch (thrown) {
    return damageOf(thrown);
  }
}

/** The problems that are found, and then what stopped the search. */
function* guarded(search: () => Iterable<string>): Iterable<string> {
  try {
    yield* search();
  } catch (thrown) {
    yield damageOf(thrown);
  }
}

function lifeProblem({ intent, restart, outcome, settlement }: StoredCall): string | undefined {
  if (restart && intent.effects !== 'repeatable') return 'was started twice';
  if (settlement && !mayEnd(stateOf(outcome), settlement.outcome)) {
    const answer = outcome ? 'an answer' : 'no answer';
    return `is ${settlement.outcome} with ${answer}`;
  }
  return undefined;
}

/** Notes what there is, and returns what is wrong with it. */
type Look = (row: SqliteRow) => string | undefined;

function lookAtCalls(tally: Tally): Look {
  const openKeys = new Set<string>();
  return (row) => {
    const stored = readStoredCall(row);
    tally[stored.settlement ? 'finished' : 'open'] += 1;
    const problem = lifeProblem(stored);
    if (problem !== undefined) return `call ${stored.intent.id} ${problem}`;
    if (stored.settlement) return undefined;
    const { key } = readIntent(stored);
    if (openKeys.has(key)) return `call ${stored.intent.id} is open twice: ${key}`;
    openKeys.add(key);
    return undefined;
  };
}

function lookAtSessions(tally: Tally): Look {
  return (row) => {
    if (!readStoredSession(row).end) tally.sessions += 1;
    return undefined;
  };
}

function* eachProblem(database: DatabaseSync, select: string, look: Look): Iterable<string> {
  for (const row of database.prepare(select).iterate()) {
    const problem = problemIn(() => look(row));
    if (problem !== undefined) yield problem;
  }
}

/** Rows that belong to nothing: `part of whole`. */
const belongings = [
  ['outcomes', 'intents'],
  ['settlements', 'intents'],
  ['restarts', 'intents'],
  ['session_ends', 'sessions'],
] as const;

function* orphanProblems(database: DatabaseSync): Iterable<string> {
  for (const [part, whole] of belongings) {
    const sql = `SELECT id FROM ${part} WHERE id NOT IN (SELECT id FROM ${whole})`;
    for (const { id } of database.prepare(sql).iterate()) {
      yield `${part} has ${Number(id)}, which ${whole} has not`;
    }
  }
}

function* rowProblems(database: DatabaseSync, tally: Tally): Iterable<string> {
  const calls = `${selectCalls} ORDER BY i.id`;
  yield* guarded(() => eachProblem(database, calls, lookAtCalls(tally)));
  yield* guarded(() => eachProblem(database, selectSessions, lookAtSessions(tally)));
  yield* guarded(() => orphanProblems(database));
}

function listProblems(found: Iterable<string>, limits: Limits): string[] {
  const problems: string[] = [];
  for (const problem of found) {
    if (problems.push(problem) >= limits.journalProblemsMax) break;
  }
  return problems;
}

/** Looks at the file as a whole and at its pages. Throws as {@link checkJournal}. */
export function inspectPages(database: DatabaseSync, limits: Limits): PageReport {
  let version = 0;
  const found = guarded(function* () {
    const read = readVersion(database);
    if (typeof read === 'string') {
      yield read;
      return;
    }
    version = read;
    yield* pageProblems(database, limits);
  });
  const problems = listProblems(found, limits);
  return { version, problems };
}

/** Looks at every row of a database of the last version whose pages are sound. */
export function inspectRows(database: DatabaseSync, limits: Limits): RowReport {
  const tally: Tally = { open: 0, finished: 0, sessions: 0 };
  const problems = listProblems(rowProblems(database, tally), limits);
  return { ...tally, problems };
}

function inspect(database: DatabaseSync, limits: Limits): JournalReport {
  const pages = inspectPages(database, limits);
  const hasRows = pages.version === schemaSteps.length && pages.problems.length === 0;
  if (!hasRows) return { open: 0, finished: 0, sessions: 0, ...pages };
  return { ...pages, ...inspectRows(database, limits) };
}

/**
 * Checks the journal at `path` without changing it, beside its writer if there is one. Rows are looked
 * at where the pages are sound and the version is the last.
 * @throws SessionMeshError `ledger_open_failed` if it cannot be read or is something else,
 * `ledger_version` if it is of a newer version.
 */
export function checkJournal(
  path: string,
  limits: Limits = resolveLimits(),
  files: Files = systemEnv.files,
): JournalReport {
  const database = openToRead(path, limits, files);
  try {
    database.exec('BEGIN');
    return inspect(database, limits);
  } catch (thrown) {
    throw openFailure(path, thrown);
  } finally {
    database.close();
  }
}
