/**
 * The table of a journal, and how each version of it came from the one before.
 *
 * A row is a batch: the lines that one transaction wrote, or a part of them if they were many (the form
 * of a line is in `journal-line.ts`). Rows are added at the end; later the lines of what is forgotten
 * are taken out of them. `sum` is a checksum of the row, because SQLite itself cannot tell a changed
 * text from the one that was stored.
 */
import type { DatabaseSync } from 'node:sqlite';
import { SessionMeshError } from '../../errors.ts';

/** Tells a journal from any other SQLite file: "SMLJ". */
export const applicationId = 0x534d_4c4a;

/** Step N makes version N out of version N-1. A step that was released is never changed; none was yet. */
export const schemaSteps: readonly string[] = [
  `CREATE TABLE batches (id INTEGER PRIMARY KEY, lines TEXT NOT NULL,
     sum INTEGER NOT NULL) STRICT;`,
];

/** The value of a pragma that is one number. */
export function readPragma(database: DatabaseSync, name: string): number {
  const [value] = Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {});
  if (typeof value !== 'number') throw new TypeError(`PRAGMA ${name} is no number`);
  return value;
}

/**
 * Brings the tables to the last version, one step at a time, each whole or not at all.
 * @throws SessionMeshError `ledger_version` for a version beyond the last.
 */
export function migrate(database: DatabaseSync, steps: readonly string[] = schemaSteps): void {
  const version = readPragma(database, 'user_version');
  if (version > steps.length) throw newerVersion(version, steps.length);
  for (const [index, step] of steps.entries()) {
    if (index >= version) takeStep(database, step, index + 1);
  }
}

function takeStep(database: DatabaseSync, step: string, version: number): void {
  try {
    database.exec(`BEGIN IMMEDIATE; ${step}; PRAGMA user_version = ${version}; COMMIT`);
  } catch (thrown) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw thrown;
  }
}

/** The error for a journal that a later SessionMesh wrote. */
export function newerVersion(found: number, known: number): SessionMeshError {
  return new SessionMeshError('ledger_version', {
    expected: `version ${known} or earlier`,
    found: `version ${found}`,
  });
}
