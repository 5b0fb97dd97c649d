/** A journal that is not what was written is never trusted, never overwritten and never silently replaced. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { DatabaseSync } from 'node:sqlite';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { SessionMeshError } from '../../../src/errors.ts';
import type { Recovery } from '../../../src/ledger/journal.ts';
import { checkJournal } from '../../../src/ledger/sqlite/check.ts';
import { openJournal } from '../../../src/ledger/sqlite/open-journal.ts';
import { virtualEnv } from '../../../src/testing/virtual-clock.ts';
import {
  appendCall,
  makeFolder,
  makeIntent,
  makeOutcome,
  makeSession,
  makeSettled,
  optionsFor,
} from '../journal-fixture.ts';
import { startWriter } from './journal-process.ts';

/** A closed journal with every kind of line, in many batches. Its answers span several pages. */
async function makeJournal(calls = 30): Promise<string> {
  const path = join(makeFolder(), 'ledger.db');
  const journal = openJournal(optionsFor(path));
  for (let number = 0; number < calls; number += 1) {
    journal.append(makeIntent(number));
    await journal.committed();
    journal.append(makeOutcome(number));
    await journal.committed();
    journal.append(makeSettled(number));
  }
  const repeatable = makeIntent(1_000, { effects: 'repeatable' });
  journal.append(repeatable);
  journal.append({ ...repeatable, attempt: 2 });
  const text = 'long '.repeat(2_000);
  journal.append(makeIntent(1_001));
  journal.append(
    makeOutcome(1_001, { output: { success: true, contentItems: [{ type: 'inputText', text }] } }),
  );
  journal.append(makeSession('open'));
  journal.append(makeSession('closed'));
  journal.append({ type: 'session.closed', sessionId: 'closed', at: 1 });
  await journal.close();
  return path;
}

/** What became of an attempt to open the journal: an error code, or what it recovered. */
async function tryToOpen(path: string, startAnew = false): Promise<string | Recovery> {
  try {
    const journal = openJournal(optionsFor(path, { startAnew }));
    const recovery = journal.recover();
    await journal.close();
    return recovery;
  } catch (thrown) {
    return (thrown as SessionMeshError).code;
  }
}

const keptFiles = (path: string) =>
  readdirSync(dirname(path)).filter((name) => name.includes('.damaged-'));

function overwrite(path: string, offset: number, bytes: Uint8Array): void {
  const content = readFileSync(path);
  content.set(bytes, offset);
  writeFileSync(path, content);
}

/** Changes a text wherever it is stored; some copies may lie in space that is no longer used. */
function changeText(path: string, from: string, to: string): void {
  const changed = readFileSync(path, 'latin1').replaceAll(from, to);
  writeFileSync(path, changed, 'latin1');
}

type Damage = readonly [string, (path: string) => void];

/** What is left may be anybody's. */
const strangers: readonly Damage[] = [
  ['a text file', (path) => writeFileSync(path, 'not a database\n'.repeat(1_000))],
  ['an empty file', (path) => truncateSync(path, 0)],
  ['a broken header', (path) => overwrite(path, 0, Buffer.from('SQLite format 4'))],
];

const damages: readonly Damage[] = [
  ['only its first page', (path) => truncateSync(path, 4_096)],
  ['half of it', (path) => truncateSync(path, Math.floor(statSync(path).size / 2))],
  ['a page of noise', (path) => overwrite(path, 4_096 * 3, Buffer.alloc(4_096, 0xa5))],
  ['its last page gone', (path) => truncateSync(path, statSync(path).size - 4_096)],
  ['an answer that was changed by one letter', (path) => changeText(path, 'answer 7', 'Answer 7')],
  ['a table that was dropped', (path) => runSql(path, 'DROP TABLE batches')],
  ['a batch that was changed', (path) => runSql(path, "UPDATE batches SET lines = lines || ' '")],
  ['no version', (path) => runSql(path, 'PRAGMA user_version = 0')],
  ['a batch that was removed', (path) => runSql(path, 'DELETE FROM batches WHERE id = 3')],
];

function runSql(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

test.each(damages)(
  '%s: refused, kept as it is, and replaced only on request',
  async (_, damage) => {
    const path = await makeJournal();
    damage(path);
    const content = readFileSync(path);
    expect(() => openJournal(optionsFor(path))).toThrow(
      expect.objectContaining({
        code: 'ledger_damaged',
        message: expect.stringMatching(/found .*it was kept as .*\.damaged-2026-01-01T/s),
      }),
    );
    const [kept = ''] = keptFiles(path);
    expect(readFileSync(join(dirname(path), kept)).equals(content)).toBe(true);
    expect(existsSync(path)).toBe(false);
    expect(await tryToOpen(path)).toBe('ledger_damaged');
    expect(existsSync(path)).toBe(false);
    expect(await tryToOpen(path, true)).toMatchObject({ unknown: [], finished: [], sessions: [] });
    expect(await tryToOpen(path)).toMatchObject({ unknown: [] });
    expect(keptFiles(path)).toEqual([kept]);
  },
);

test.each(strangers)(
  '%s: refused, left where it is, and replaced only on request',
  async (_, damage) => {
    const path = await makeJournal();
    damage(path);
    const content = readFileSync(path);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect(() => openJournal(optionsFor(path))).toThrow(
        expect.objectContaining({
          code: 'ledger_damaged',
          message: expect.stringMatching(/it was left as it is/),
        }),
      );
      expect(readFileSync(path).equals(content)).toBe(true);
    }
    expect(keptFiles(path)).toEqual([]);
    expect(await tryToOpen(path, true)).toMatchObject({ unknown: [], finished: [], sessions: [] });
    const [kept = ''] = keptFiles(path);
    expect(readFileSync(join(dirname(path), kept)).equals(content)).toBe(true);
  },
);

test('asked to begin anew at once, it keeps the damaged file all the same', async () => {
  const path = await makeJournal();
  for (const round of [1, 2, 3]) {
    writeFileSync(path, `damage ${round}`);
    expect(await tryToOpen(path, true)).toMatchObject({ finished: [] });
    expect(keptFiles(path)).toHaveLength(round);
  }
});

test('asked to begin anew, it does not touch a journal that is sound', async () => {
  const path = await makeJournal();
  const recovery = await tryToOpen(path, true);
  expect(recovery).toMatchObject({ unknown: [{ attempt: 2 }], sessions: [{ sessionId: 'open' }] });
  expect(keptFiles(path)).toEqual([]);
});

test('a log without its file is kept, and not mixed into a new journal', async () => {
  const path = join(makeFolder(), 'ledger.db');
  const writer = startWriter({ path, mode: 'sync', task: 'write' });
  for (let line = 0; line < 20; line += 1) await writer.next();
  await writer.kill();
  rmSync(path);
  expect(existsSync(`${path}-wal`)).toBe(true);
  expect(await tryToOpen(path)).toBe('ledger_damaged');
  expect(existsSync(`${path}-wal`)).toBe(false);
  expect(await tryToOpen(path, true)).toMatchObject({ unknown: [], unconfirmed: [], finished: [] });
});

test('a damaged file is kept with the log that belongs to it', async () => {
  const path = await makeJournal(300);
  const writer = startWriter({ path, mode: 'sync', task: 'write' });
  for (let line = 0; line < 5; line += 1) await writer.next();
  await writer.kill();
  overwrite(path, 4_096 * 20, Buffer.alloc(4_096, 0xa5));
  const log = readFileSync(`${path}-wal`);
  expect(await tryToOpen(path)).toBe('ledger_damaged');
  const [kept = '', ...others] = keptFiles(path).filter((name) => name.endsWith('-wal'));
  expect(others).toEqual([]);
  expect(readFileSync(join(dirname(path), kept)).equals(log)).toBe(true);
  expect(existsSync(`${path}-wal`)).toBe(false);
});

test('a torn end of the log costs what was not committed, and no more', async () => {
  const path = join(makeFolder(), 'ledger.db');
  const journal = openJournal(optionsFor(path));
  appendCall(journal, 1);
  await journal.committed();
  const copy = join(makeFolder(), 'ledger.db');
  const committedBytes = statSync(`${path}-wal`).size;
  appendCall(journal, 2);
  await journal.committed();
  copyFileSync(path, copy);
  copyFileSync(`${path}-wal`, `${copy}-wal`);
  await journal.close();
  truncateSync(`${copy}-wal`, committedBytes + 1_000);
  const recovery = await tryToOpen(copy);
  expect(recovery).toMatchObject({ finished: [{ call: { requestId: 1 } }], unknown: [] });
});

test("another application's database is refused, and stays where it is", async () => {
  const path = join(makeFolder(), 'other.db');
  runSql(path, 'PRAGMA application_id = 77; CREATE TABLE notes (text)');
  expect(() => openJournal(optionsFor(path))).toThrow(
    expect.objectContaining({
      code: 'ledger_open_failed',
      message: expect.stringContaining('another application'),
    }),
  );
  expect(() => checkJournal(path)).toThrow(expect.objectContaining({ code: 'ledger_open_failed' }));
  expect(existsSync(path)).toBe(true);
});

test('a path that is a folder, or lies in a file, cannot be opened, and the lock is given back', async () => {
  const folder = makeFolder();
  const failed = expect.objectContaining({ code: 'ledger_open_failed' });
  const path = join(folder, 'ledger.db');
  mkdirSync(path);
  expect(() => openJournal(optionsFor(path))).toThrow(failed);
  renameSync(path, join(folder, 'elsewhere'));
  expect(await tryToOpen(path)).toMatchObject({ finished: [] });
  expect(() => openJournal(optionsFor(join(path, 'ledger.db')))).toThrow(failed);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  expect(() => openJournal(optionsFor(pipe, { startAnew: true }))).toThrow(failed);
  expect(existsSync(pipe)).toBe(true);
  expect(() => checkJournal(join(folder, 'missing.db'))).toThrow(failed);
});

test('a draft that a crash left behind is no hindrance', async () => {
  const path = join(makeFolder(), 'ledger.db');
  writeFileSync(`${path}.new`, 'half of a new file');
  writeFileSync(`${path}.new-wal`, 'and its log');
  expect(await tryToOpen(path)).toMatchObject({ finished: [] });
  expect(existsSync(`${path}.new`)).toBe(false);
});

test('nobody but its owner may read the file', async () => {
  const path = join(makeFolder(), 'deep', 'er', 'ledger.db');
  const journal = openJournal(optionsFor(path));
  appendCall(journal, 1);
  await journal.committed();
  for (const suffix of ['', '-wal', '-shm']) {
    expect(statSync(`${path}${suffix}`).mode & 0o077).toBe(0);
  }
  expect(statSync(dirname(path)).mode & 0o077).toBe(0);
  await journal.close();
});

test('whichever byte of the file changes, what is recovered is the same or the change is found', async () => {
  const path = await makeJournal(12);
  const whole = readFileSync(path);
  const sound = await tryToOpen(path);
  const { random } = virtualEnv(20_260_101);
  const refusals = new Set(['ledger_damaged', 'ledger_version', 'ledger_open_failed']);
  let found = 0;
  for (let round = 0; round < 400; round += 1) {
    const folder = makeFolder();
    const copy = join(folder, 'ledger.db');
    const changed = Buffer.from(whole);
    // Half of the changes hit the header and the tables' definitions, where most is at stake.
    const offset = Math.floor(random() * (round % 2 === 0 ? 400 : whole.length));
    changed[offset]! ^= 1 << Math.floor(random() * 8);
    writeFileSync(copy, changed);
    const result = await tryToOpen(copy);
    if (typeof result !== 'string') expect([offset, result]).toEqual([offset, sound]);
    else if (refusals.has(result)) found += 1;
    else expect.fail(`byte ${offset}: ${result}`);
    rmSync(folder, { recursive: true });
  }
  expect(found).toBeGreaterThan(100);
});
