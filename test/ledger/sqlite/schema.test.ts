/** Every version of the tables that ever was leads to the last one, and no further. */
import { renameSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkJournal } from '../../../src/ledger/sqlite/check.ts';
import { openJournal } from '../../../src/ledger/sqlite/open-journal.ts';
import {
  applicationId,
  migrate,
  readPragma,
  schemaSteps,
} from '../../../src/ledger/sqlite/schema.ts';
import { appendCall, makeFolder, optionsFor } from '../journal-fixture.ts';

function makeFileOfVersion(version: number): string {
  const path = join(makeFolder(), 'ledger.db');
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA journal_mode = WAL`);
  migrate(database, schemaSteps.slice(0, version));
  database.close();
  return path;
}

function readVersion(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  const version = readPragma(database, 'user_version');
  database.close();
  return version;
}

const versions = schemaSteps.map((_, index) => index + 1);

test.each(versions)(
  'a journal of version %i is opened, brought to the last and sound',
  async (version) => {
    const path = makeFileOfVersion(version);
    expect(checkJournal(path)).toMatchObject({ version, problems: [] });
    const journal = openJournal(optionsFor(path));
    appendCall(journal, 1);
    await journal.close();
    expect(readVersion(path)).toBe(schemaSteps.length);
    expect(checkJournal(path)).toMatchObject({ finished: 1, problems: [] });
  },
);

test('steps are taken one by one from where the file is, each whole or not at all', () => {
  const database = new DatabaseSync(':memory:');
  migrate(database, ['CREATE TABLE a (x)']);
  const broken = ['never looked at', 'CREATE TABLE b (x)', 'CREATE TABLE c (x); INSERT INTO no'];
  expect(() => migrate(database, broken)).toThrow();
  expect(database.isTransaction).toBe(false);
  const tables = () => database.prepare('SELECT name FROM sqlite_schema ORDER BY name').all();
  expect(tables().map(({ name }) => name)).toEqual(['a', 'b']);
  expect(readPragma(database, 'user_version')).toBe(2);
  migrate(database, [...broken.slice(0, 2), 'CREATE TABLE d (x)']);
  expect(tables().map(({ name }) => name)).toEqual(['a', 'b', 'd']);
  database.close();
});

test('a journal of a newer version is refused and left as it is', async () => {
  const path = makeFileOfVersion(schemaSteps.length);
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA user_version = ${schemaSteps.length + 1}`);
  database.close();
  const newer = expect.objectContaining({
    code: 'ledger_version',
    message: expect.stringContaining(`version ${schemaSteps.length + 1}`),
  });
  expect(() => openJournal(optionsFor(path))).toThrow(newer);
  expect(() => openJournal(optionsFor(path, { startAnew: true }))).toThrow(newer);
  expect(() => checkJournal(path)).toThrow(newer);
  expect(readVersion(path)).toBe(schemaSteps.length + 1);
  renameSync(path, `${path}.elsewhere`);
  await openJournal(optionsFor(path)).close();
});
