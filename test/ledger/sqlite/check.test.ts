/** What `sessionmesh ledger check` and `export` are made of. */
import fc from 'fast-check';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { JournalEntry } from '../../../src/ledger/journal.ts';
import { memoryJournal } from '../../../src/ledger/memory-journal.ts';
import { checkJournal } from '../../../src/ledger/sqlite/check.ts';
import { exportJournal } from '../../../src/ledger/sqlite/export.ts';
import { openJournal } from '../../../src/ledger/sqlite/open-journal.ts';
import { sumOf } from '../../../src/ledger/sqlite/row.ts';
import { resolveLimits } from '../../../src/limits.ts';
import {
  appendCall,
  makeFolder,
  makeIntent,
  makeOutcome,
  makeSession,
  openOnFile,
  optionsFor,
} from '../journal-fixture.ts';
import { foldEntries, journalStep } from '../journal-model.ts';

async function makeJournal(calls = 5): Promise<string> {
  const path = join(makeFolder(), 'ledger.db');
  const journal = openJournal(optionsFor(path));
  for (let number = 0; number < calls; number += 1) appendCall(journal, number);
  await journal.close();
  return path;
}

function runSql(path: string, ...statements: string[]): void {
  const database = new DatabaseSync(path);
  for (const sql of statements) database.exec(sql);
  database.close();
}

const settlementSum = (id: number, outcome: 'answered' | 'cancelled' | 'expired') =>
  sumOf({ type: 'settlement', id, at: 1, outcome });

test('a sound journal has no problems, and says what it holds', async () => {
  const path = await makeJournal();
  const journal = openJournal(optionsFor(path));
  journal.append(makeIntent(10));
  journal.append(makeSession('s'));
  await journal.committed();
  const whileOpen = checkJournal(path);
  expect(whileOpen).toEqual({ version: 1, open: 1, finished: 5, sessions: 1, problems: [] });
  journal.append(makeOutcome(10));
  await journal.close();
  expect(checkJournal(path)).toEqual(whileOpen);
});

test.each([
  ['an outcome without its intent', 'DELETE FROM intents WHERE id = 2', /outcomes has 2/],
  ['an end without its intent', 'DELETE FROM intents WHERE id = 2', /settlements has 2/],
  [
    'an answered call without an answer',
    'DELETE FROM outcomes WHERE id = 2',
    /answered with no answer/,
  ],
  [
    'a cancelled call with an answer',
    `UPDATE settlements SET at = 1, outcome = 'cancelled', sum = ${settlementSum(2, 'cancelled')} WHERE id = 2`,
    /call 2 is cancelled with an answer/,
  ],
  [
    'an expired call whose answer came in time',
    `UPDATE settlements SET at = 1, outcome = 'expired', sum = ${settlementSum(2, 'expired')} WHERE id = 2`,
    /call 2 is expired with an answer/,
  ],
  [
    'a second start of a call that may start once',
    `INSERT INTO restarts VALUES (2, 1, 2, ${sumOf({ type: 'restart', id: 2, at: 1, attempt: 2 })})`,
    /call 2 was started twice/,
  ],
  ['a changed time', 'UPDATE outcomes SET at = at + 1 WHERE id = 2', /outcome 2 as it was written/],
  ['a changed answer', `UPDATE outcomes SET output = '{}' WHERE id = 2`, /outcome 2/],
  ['an unknown outcome', `UPDATE settlements SET outcome = 'lucky' WHERE id = 2`, /lucky/],
  [
    'a session end without its session',
    'INSERT INTO session_ends VALUES (9, 1, 1)',
    /session_ends has 9/,
  ],
])('%s is found', async (_, sql, problem) => {
  const path = await makeJournal();
  runSql(path, sql);
  expect(checkJournal(path).problems).toContainEqual(expect.stringMatching(problem));
});

test('two open calls with one key are found', async () => {
  const path = join(makeFolder(), 'ledger.db');
  const journal = openJournal(optionsFor(path));
  journal.append(makeIntent(1));
  await journal.close();
  const database = new DatabaseSync(path);
  const row = database.prepare('SELECT * FROM intents').get() ?? {};
  const [call, at] = [String(row.call), Number(row.at)];
  const sum = sumOf({ type: 'intent', id: 2, at, effects: 'at-most-once', attempt: 1, call });
  database.prepare("INSERT INTO intents VALUES (2, ?, 'at-most-once', 1, ?, ?)").run(at, call, sum);
  database.close();
  expect(checkJournal(path).problems).toEqual([expect.stringMatching(/call 2 is open twice/)]);
});

test('a badly damaged journal has a bounded list of problems', async () => {
  const path = await makeJournal(50);
  runSql(path, 'UPDATE outcomes SET sum = 0');
  const limits = resolveLimits({ journalProblemsMax: 7 });
  expect(checkJournal(path, limits).problems).toHaveLength(7);
});

async function readExport(path: string): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for await (const entry of exportJournal(path)) entries.push(entry);
  return entries;
}

test('what is exported is plain JSON, and appended to an empty journal it recovers the same', async () => {
  const property = fc.asyncProperty(fc.array(journalStep, { maxLength: 40 }), async (steps) => {
    const taken: JournalEntry[] = [];
    const path = join(makeFolder(), 'ledger.db');
    const journal = openJournal(optionsFor(path));
    for (const step of steps) {
      if (step.type !== 'append' || !foldEntries([...taken, step.entry])) continue;
      taken.push(step.entry);
      journal.append(step.entry);
    }
    await journal.committed();
    const exported = await readExport(path);
    const expected = journal.recover();
    await journal.close();
    expect(JSON.parse(JSON.stringify(exported))).toEqual(exported);
    const copy = memoryJournal();
    for (const entry of exported) copy.append(entry);
    await copy.committed();
    expect(copy.recover()).toEqual(expected);
  });
  await fc.assert(property, { numRuns: 40 });
});

test('an export runs beside a journal that is being written, and does not hold it up', async () => {
  const { journal } = openOnFile('sync', { journalLogBytesMax: 32 * 1024 });
  await journal.close();
  const path = join(makeFolder(), 'ledger.db');
  const limits = resolveLimits({ journalLogBytesMax: 32 * 1024 });
  const writer = openJournal(optionsFor(path, { limits }));
  for (let number = 0; number < 100; number += 1) appendCall(writer, number);
  await writer.committed();
  const reader = exportJournal(path);
  const seen = [await reader.next(), await reader.next()];
  for (let number = 100; number < 400; number += 1) {
    appendCall(writer, number);
    await writer.committed();
  }
  let rest = 0;
  for await (const entry of reader) if (entry.type === 'settled') rest += 1;
  expect(seen.map(({ value }) => value?.type)).toEqual(['intent', 'outcome']);
  expect(rest).toBe(400);
  await writer.close();
});

test('an export that is given up half way lets go of the file', async () => {
  const path = await makeJournal();
  for await (const entry of exportJournal(path)) {
    expect(entry.type).toBe('intent');
    break;
  }
  const journal = openJournal(optionsFor(path));
  await journal.close();
});

test('an export stops at a row that is not what was written', async () => {
  const path = await makeJournal();
  runSql(path, 'UPDATE outcomes SET sum = 0 WHERE id = 3');
  await expect(readExport(path)).rejects.toMatchObject({ code: 'ledger_damaged' });
  await expect(readExport(`${path}.missing`)).rejects.toMatchObject({ code: 'ledger_open_failed' });
});
