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
import { sumOf } from '../../../src/ledger/sqlite/batch.ts';
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

/** Puts other lines into a batch, with the sum that belongs to them. */
function rewriteLines(path: string, change: (lines: string) => string): void {
  const database = new DatabaseSync(path);
  for (const { id, lines } of database.prepare('SELECT id, lines FROM batches').all()) {
    const batch = { id: Number(id), lines: change(String(lines)) };
    const update = database.prepare('UPDATE batches SET lines = ?, sum = ? WHERE id = ?');
    update.run(batch.lines, sumOf(batch), batch.id);
  }
  database.close();
}

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

test.each<[string, (lines: string) => string, RegExp]>([
  [
    'an outcome without its intent',
    (lines) => lines.replace(/^intent 2 .*\n/m, ''),
    /expected a call that is open, found an outcome of call 2/,
  ],
  [
    'an end without its intent',
    (lines) => lines.replace(/^intent 2 .*\n/m, ''),
    /found an end of call 2/,
  ],
  [
    'a call that comes twice',
    (lines) => lines.replace(/^(intent 2 .*\n)/m, '$1$1'),
    /expected a call after 2, found call 2/,
  ],
  [
    'an answered call without an answer',
    (lines) => lines.replace(/^outcome 2 .*\n/m, ''),
    /an end of call 2, which is running, found answered/,
  ],
  [
    'a cancelled call with an answer',
    (lines) => lines.replace(/^(settled 2 .*) answered$/m, '$1 cancelled'),
    /an end of call 2, which is submitting, found cancelled/,
  ],
  [
    'an expired call whose answer came in time',
    (lines) => lines.replace(/^(settled 2 .*) answered$/m, '$1 expired'),
    /an end of call 2, which is submitting, found expired/,
  ],
  [
    'a second start of a call that may start once',
    (lines) => lines.replace(/^(intent 2 .*\n)/m, '$1restart 2 1 2\n'),
    /expected one start of a call, found call 2 twice/,
  ],
  [
    'a second answer',
    (lines) => lines.replace(/^(outcome 2 .*\n)/m, '$1$1'),
    /expected one outcome of a call, found two of call 2/,
  ],
  ['an unknown outcome', (lines) => lines.replace('answered', 'lucky'), /found settled 1 .* lucky/],
  ['unknown effects', (lines) => lines.replace('at-most-once', 'magic'), /found magic 1/],
  ['a line of no kind', (lines) => `${lines}\nnonsense 1 2`, /expected a line, found nonsense/],
  [
    'a session end without its session',
    (lines) => `${lines}\nclosed 9 1`,
    /an open session, found the end of session 9/,
  ],
  [
    'a session that comes twice',
    (lines) => `${lines}\nsession 1 1 ["a",null,[]]\nsession 1 1 ["b",null,[]]`,
    /expected another session, found session 1/,
  ],
  [
    'two open sessions with one id',
    (lines) => `${lines}\nsession 1 1 ["a",null,[]]\nsession 2 1 ["a",null,[]]`,
    /session 2 is open twice: a/,
  ],
  [
    'an open call that is none',
    (lines) => `${lines}\nintent 9 1 repeatable 1 {}`,
    /expected a call, found {}/,
  ],
])('%s is found', async (_, change, problem) => {
  const path = await makeJournal();
  rewriteLines(path, change);
  expect(checkJournal(path).problems).toContainEqual(expect.stringMatching(problem));
});

test.each([
  ['a changed answer', `UPDATE batches SET lines = replace(lines, 'answer 2', 'answer 3')`],
  ['a changed number', 'UPDATE batches SET id = 7'],
  ['a changed sum', 'UPDATE batches SET sum = sum + 1'],
])('%s is found', async (_, sql) => {
  const path = await makeJournal();
  runSql(path, sql);
  expect(checkJournal(path).problems).toEqual([
    expect.stringMatching(/batch \d as it was written/),
  ]);
});

test('two open calls with one key are found', async () => {
  const path = join(makeFolder(), 'ledger.db');
  const journal = openJournal(optionsFor(path));
  journal.append(makeIntent(1));
  await journal.close();
  rewriteLines(path, (lines) => `${lines}\n${lines.replace('intent 1', 'intent 2')}`);
  expect(checkJournal(path).problems).toEqual([expect.stringMatching(/call 2 is open twice/)]);
});

test('a badly damaged journal has a bounded list of problems', async () => {
  const path = join(makeFolder(), 'ledger.db');
  const journal = openJournal(optionsFor(path));
  for (let number = 0; number < 50; number += 1) {
    appendCall(journal, number);
    await journal.committed();
  }
  await journal.close();
  runSql(path, 'UPDATE batches SET sum = 0');
  const limits = resolveLimits({ journalProblemsMax: 7 });
  expect(checkJournal(path, limits).problems).toHaveLength(7);
  expect(checkJournal(path).problems).toHaveLength(50);
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

test('an export stops at a batch that is not what was written', async () => {
  const path = await makeJournal();
  runSql(path, 'UPDATE batches SET sum = 0');
  await expect(readExport(path)).rejects.toMatchObject({ code: 'ledger_damaged' });
  await expect(readExport(`${path}.missing`)).rejects.toMatchObject({ code: 'ledger_open_failed' });
});
