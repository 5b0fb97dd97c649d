/** What the SQLite store does when what it wrote may not have reached the disk. */
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { DiskSync, type InstantFlusher } from '../../../src/ledger/sqlite/disk-sync.ts';
import { migrate, readPragma } from '../../../src/ledger/sqlite/schema.ts';
import { SqliteStore } from '../../../src/ledger/sqlite/store.ts';
import { resolveLimits, type Limits } from '../../../src/limits.ts';
import { virtualEnv } from '../../../src/testing/virtual-clock.ts';
import { makeFolder } from '../journal-fixture.ts';

const line = (id: number) => `intent ${id} 1 at-most-once 1 []`;

/** The lines of a store, in order. */
const linesOf = (store: SqliteStore) =>
  [...store.batches(0)].flatMap(({ lines }) => lines.split('\n'));

function openStore(overrides: Partial<Limits> = {}, instant?: InstantFlusher) {
  const path = join(makeFolder(), 'ledger.db');
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  migrate(database);
  const { clock } = virtualEnv();
  const disk = { fails: false };
  const flusher = {
    flush: () => (disk.fails ? Promise.reject(new Error('input/output error')) : Promise.resolve()),
    close: () => Promise.resolve(),
  };
  const diskSync = new DiskSync({ flusher, clock, delayMs: 25 });
  const store = new SqliteStore({
    database,
    flushing: instant ?? diskSync,
    limits: resolveLimits(overrides),
    release: () => {},
  });
  onTestFinished(() => store.close());
  const lost: unknown[] = [];
  store.onLost((cause) => lost.push(cause));
  const logFrames = () => {
    const [, frames] = Object.values(database.prepare('PRAGMA wal_checkpoint(NOOP)').get() ?? {});
    return Number(frames);
  };
  return { path, database, store, clock, disk, lost, logFrames };
}

test('after a failed flush everything is written to the file anew before anything else counts', async () => {
  const { store, clock, disk, lost, logFrames } = openStore();
  store.write([line(1)]);
  disk.fails = true;
  await clock.advance(25);
  expect(lost).toMatchObject([{ code: 'ledger_write_failed' }]);
  expect(logFrames()).toBeGreaterThan(0);
  store.write([]);
  expect(logFrames()).toBe(0);
  store.write([line(2)]);
  const frames = logFrames();
  store.write([line(3)]);
  expect(logFrames()).toBeGreaterThan(frames);
  expect(linesOf(store)).toEqual([line(1), line(2), line(3)]);
});

test('as long as a reader keeps the log from being written anew, writing fails', async () => {
  const { path, store, clock, disk } = openStore();
  store.write([line(1)]);
  const reader = new DatabaseSync(path, { readOnly: true });
  reader.exec('BEGIN');
  expect(reader.prepare('SELECT count(*) AS n FROM batches').get()).toEqual({ n: 1 });
  store.write([line(2)]);
  disk.fails = true;
  await clock.advance(25);
  expect(() => store.write([])).toThrow(expect.objectContaining({ code: 'ledger_write_failed' }));
  reader.close();
  store.write([line(3)]);
  expect(linesOf(store)).toHaveLength(3);
});

test('a write that fails half way leaves nothing of itself', () => {
  const { database, store } = openStore({ journalBatchBytesMax: 1 });
  store.write([line(1)]);
  database.exec(`CREATE TRIGGER fail BEFORE INSERT ON batches WHEN NEW.id = 3
    BEGIN SELECT RAISE(ABORT, 'no'); END`);
  expect(() => store.write([line(2), line(3), line(4)])).toThrow(
    expect.objectContaining({ code: 'ledger_write_failed' }),
  );
  expect(linesOf(store)).toEqual([line(1)]);
  expect(database.isTransaction).toBe(false);
  database.exec('DROP TRIGGER fail');
  store.write([line(2), line(3), line(4)]);
  expect(linesOf(store)).toEqual([1, 2, 3, 4].map(line));
});

test('what is written together is one batch, or several where it is much', () => {
  const { store } = openStore({ journalBatchBytesMax: 2 * line(1).length });
  store.write([1, 2, 3, 4, 5].map(line));
  store.write([line(6)]);
  expect([...store.batches(0)].map(({ lines }) => lines.split('\n').length)).toEqual([2, 2, 1, 1]);
  expect([...store.batches(2)].map(({ id }) => id)).toEqual([3, 4]);
});

test('a batch takes the place of its like, and goes when nothing is left in it', () => {
  const { store } = openStore();
  for (const id of [1, 2, 3]) store.write([line(id)]);
  store.rewrite([
    { id: 1, lines: '' },
    { id: 2, lines: 'closed 7 1' },
  ]);
  expect([...store.batches(0)]).toEqual([
    { id: 2, lines: 'closed 7 1' },
    { id: 3, lines: line(3) },
  ]);
});

test('what was committed and could not be flushed does not count, and is not there twice in the end', () => {
  const disk = { fails: true };
  const flush = vi.fn(() => {
    if (disk.fails) throw new Error('input/output error');
  });
  const { store, database, logFrames } = openStore({}, { flush, close: () => {} });
  for (const lines of [[line(1)], [line(1), line(2)]]) {
    expect(() => store.write(lines)).toThrow(
      expect.objectContaining({ code: 'ledger_write_failed' }),
    );
    expect(linesOf(store)).toEqual([]);
  }
  disk.fails = false;
  store.write([line(1), line(2), line(3)]);
  expect(linesOf(store)).toEqual([1, 2, 3].map(line));
  expect(database.prepare('SELECT count(*) AS n FROM batches').get()).toEqual({ n: 1 });
  expect(flush).toHaveBeenCalledTimes(3);
  expect(logFrames()).toBeGreaterThan(0);
});

test('a file that may not grow fails the write, and takes it once there is room', () => {
  const { database, store } = openStore();
  database.exec(`PRAGMA max_page_count = ${readPragma(database, 'page_count')}`);
  const rows = Array.from({ length: 500 }, (_, index) => line(index + 1));
  const full = { code: 'ledger_write_failed', message: expect.stringContaining('full') };
  expect(() => store.write(rows)).toThrow(expect.objectContaining(full));
  expect(linesOf(store)).toHaveLength(0);
  database.exec('PRAGMA max_page_count = 100000');
  store.write(rows);
  expect(linesOf(store)).toHaveLength(500);
});
