/** Whether a journal is what its writer left: its pages, its batches, and how each line follows. */
import type { DatabaseSync } from 'node:sqlite';
import { systemEnv, type Files } from '../../env.ts';
import { isSessionMeshError, messageOf, SessionMeshError } from '../../errors.ts';
import { resolveLimits, type Limits } from '../../limits.ts';
import { JournalFold } from '../journal-fold.ts';
import { readBatch, selectBatches } from './batch.ts';
import { isDamage, isNoDatabase, openFailure } from './failure.ts';
import { applicationId, newerVersion, readPragma, schemaSteps } from './schema.ts';

/** What the pages of a file say. */
export interface PageReport {
  /** Of the tables; 0 where even that cannot be read. */
  readonly version: number;
  /** False for an empty file, and for one that does not begin as a database does: it may be anybody's. */
  readonly isDatabase: boolean;
  /** What is wrong, for people; empty if nothing is. At most `journalProblemsMax`. */
  readonly problems: readonly string[];
}

/** What the lines say. */
export interface LineReport {
  readonly fold: JournalFold;
  readonly problems: readonly string[];
}

/** What a check found. */
export interface JournalReport extends Omit<PageReport, 'isDatabase'> {
  /** Calls that are not over, and calls that are. */
  readonly open: number;
  readonly finished: number;
  /** Sessions that have not ended. */
  readonly sessions: number;
}

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

function problemIn(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
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

function* lineProblems(database: DatabaseSync, fold: JournalFold): Iterable<string> {
  for (const row of database.prepare(selectBatches).iterate(0)) {
    let lines: readonly string[] = [];
    const problem = problemIn(() => (lines = readBatch(row).lines.split('\n')));
    if (problem !== undefined) yield problem;
    for (const line of lines) {
      const found = problemIn(() => fold.take(line));
      if (found !== undefined) yield found;
    }
  }
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
  const isDatabase = beginsAsDatabase(database);
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
  return { version, isDatabase, problems };
}

function beginsAsDatabase(database: DatabaseSync): boolean {
  try {
    return readPragma(database, 'page_count') > 0;
  } catch (thrown) {
    return !isNoDatabase(thrown);
  }
}

/** Looks at every line of a database of the last version whose pages are sound. */
export function inspectLines(database: DatabaseSync, limits: Limits): LineReport {
  const fold = new JournalFold(limits);
  const found = guarded(function* () {
    yield* lineProblems(database, fold);
    yield* fold.problems();
  });
  return { fold, problems: listProblems(found, limits) };
}

function inspect(database: DatabaseSync, limits: Limits): JournalReport {
  const { version, problems } = inspectPages(database, limits);
  const hasLines = version === schemaSteps.length && problems.length === 0;
  if (!hasLines) return { version, open: 0, finished: 0, sessions: 0, problems };
  const lines = inspectLines(database, limits);
  const { open, finished, sessions } = lines.fold;
  const counts = { open: open.size, finished, sessions: sessions.size };
  return { version, ...counts, problems: lines.problems };
}

/**
 * Checks the journal at `path` without changing it, beside its writer if there is one. Lines are looked
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
