/**
 * The file of a journal: made whole, brought to the last version, and checked before it is trusted.
 *
 * A file that fails the check is kept under another name and never written again. Until somebody says
 * so, no new one takes its place: an empty journal looks like one in which nothing was ever started. A file
 * that does not even begin as a database may be anybody's, and stays where it is.
 */
import type { DatabaseSync } from 'node:sqlite';
import { basename, dirname, join } from 'node:path';
import type { Env, Files } from '../../env.ts';
import { SessionMeshError } from '../../errors.ts';
import type { Limits } from '../../limits.ts';
import type { Logger } from '../../logger.ts';
import type { JournalFold } from '../journal-fold.ts';
import { inspectLines, inspectPages, openToRead } from './check.ts';
import { openFailure } from './failure.ts';
import { applicationId, migrate } from './schema.ts';

export interface OpenFileOptions {
  readonly path: string;
  readonly env: Env;
  readonly limits: Limits;
  /** Begin an empty journal where the old one is damaged. */
  readonly startAnew: boolean;
  readonly logger: Logger;
}

/** A file that is what its writer left, and what it says. */
export interface OpenedFile {
  readonly database: DatabaseSync;
  readonly fold: JournalFold;
}

/** What SQLite keeps beside a file. */
const companions = ['-wal', '-shm'] as const;

const damagedMark = '.damaged-';

/** Makes renamed files known to the disk, where folders can be flushed at all. */
function syncFolder(path: string, { files, processes }: Env): void {
  if (processes.platform === 'win32') return;
  const folder = files.openSync(dirname(path), 'r');
  files.fsyncSync(folder);
  files.closeSync(folder);
}

/** Makes an empty journal under another name first, so that it is there whole or not at all. */
function createFile(path: string, env: Env): void {
  const { files } = env;
  const draft = `${path}.new`;
  for (const suffix of ['', ...companions]) files.rmSync(`${draft}${suffix}`, { force: true });
  files.closeSync(files.openSync(draft, 'wx', 0o600));
  const database = files.openDatabase(draft);
  try {
    database.exec(`PRAGMA auto_vacuum = INCREMENTAL;
      PRAGMA application_id = ${applicationId};
      PRAGMA journal_mode = WAL`);
    migrate(database);
  } finally {
    database.close();
  }
  files.renameSync(draft, path);
  syncFolder(path, env);
}

function hasContent(path: string, files: Files): boolean {
  return files.existsSync(path) && files.statSync(path).size > 0;
}

/** Gives the file and its log another name, and returns it. What else lies beside it is made from these. */
function setAside(path: string, env: Env): string {
  const { files, clock } = env;
  const stamp = new Date(clock.now()).toISOString().replaceAll(/[:.]/g, '-');
  let kept = `${path}${damagedMark}${stamp}`;
  for (let copy = 2; files.existsSync(kept) || files.existsSync(`${kept}-wal`); copy += 1) {
    kept = `${path}${damagedMark}${stamp}-${copy}`;
  }
  if (files.existsSync(path)) files.renameSync(path, kept);
  if (hasContent(`${path}-wal`, files)) files.renameSync(`${path}-wal`, `${kept}-wal`);
  for (const suffix of companions) files.rmSync(`${path}${suffix}`, { force: true });
  syncFolder(path, env);
  return kept;
}

/** A file that was set aside and not replaced. */
function findSetAside(path: string, files: Files): string | undefined {
  const prefix = `${basename(path)}${damagedMark}`;
  const name = files.readdirSync(dirname(path)).find((entry) => entry.startsWith(prefix));
  return name && join(dirname(path), name);
}

/** What keeps a file from being trusted. */
interface PageProblem {
  readonly found: string;
  /** False: it may be anybody's. */
  readonly isDatabase: boolean;
}

/** What keeps the pages at `path` from being trusted, if anything does. */
function findPageProblem({ path, env, limits }: OpenFileOptions): PageProblem | undefined {
  const { files } = env;
  if (!files.existsSync(path)) {
    const found = 'only its log; the file itself is missing';
    return hasContent(`${path}-wal`, files) ? { found, isDatabase: true } : undefined;
  }
  const database = openToRead(path, limits, files);
  try {
    const { isDatabase, problems } = inspectPages(database, limits);
    const [found] = problems;
    return found === undefined ? undefined : { found, isDatabase };
  } catch (thrown) {
    throw openFailure(path, thrown);
  } finally {
    database.close();
  }
}

/** Opens the file for writing and brings it to the last version; or says what is wrong with its lines. */
function openChecked({ path, env, limits }: OpenFileOptions): OpenedFile | string {
  const database = env.files.openDatabase(path);
  try {
    migrate(database);
    const { fold, problems } = inspectLines(database, limits);
    const [problem] = problems;
    if (problem === undefined) return { database, fold };
    database.close();
    return problem;
  } catch (thrown) {
    database.close();
    throw openFailure(path, thrown);
  }
}

/** Keeps a damaged file out of the way; an error, unless an empty journal is to take its place. */
function giveUp(found: string, { path, env, startAnew, logger }: OpenFileOptions): void {
  const kept = setAside(path, env);
  if (!startAnew) throw damagedError(found, kept);
  logger.error({ found, kept }, 'a damaged ledger was set aside, and an empty one begun');
}

function damagedError(found: string, kept: string): SessionMeshError {
  const fix = `it was kept as ${kept}; move it elsewhere, or open with \`startAnew: true\`, to begin an empty ledger`;
  return new SessionMeshError('ledger_damaged', { found, fix });
}

function strangeFile(path: string, found: string): SessionMeshError {
  const fix =
    'it was left as it is; name another file, or, if it was a ledger, move it elsewhere or open with `startAnew: true`';
  return new SessionMeshError('ledger_damaged', { expected: `a ledger at ${path}`, found, fix });
}

/** A device or a folder is nobody's journal, and must not be renamed for being damaged. */
function refuseWhatIsNoFile(path: string, files: Files): void {
  const found = files.statSync(path, { throwIfNoEntry: false });
  if (!found || found.isFile()) return;
  const expected = `a file at ${path}`;
  throw new SessionMeshError('ledger_open_failed', { expected, found: 'something else' });
}

/**
 * Opens the journal's file for its one writer, and makes it if there is none.
 * @throws SessionMeshError `ledger_damaged`, `ledger_version`, `ledger_open_failed`.
 */
export function openFile(options: OpenFileOptions): OpenedFile {
  const { path, env, startAnew } = options;
  refuseWhatIsNoFile(path, env.files);
  const problem = findPageProblem(options);
  if (problem && !problem.isDatabase && !startAnew) throw strangeFile(path, problem.found);
  if (problem) giveUp(problem.found, options);
  if (!env.files.existsSync(path)) {
    const kept = startAnew ? undefined : findSetAside(path, env.files);
    if (kept !== undefined) throw damagedError('a file that was set aside, and no other', kept);
    createFile(path, env);
  }
  const opened = openChecked(options);
  if (typeof opened !== 'string') return opened;
  giveUp(opened, options);
  return openFile(options);
}
