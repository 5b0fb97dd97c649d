/** What the SQLite store does when what it wrote may not have reached the disk. */
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { DiskSync } from '../../../src/ledger/sqlite/disk-sync.ts';
import { migrate, readPragma } from '../../../src/ledger/sqlite/schema.ts';
import { SqliteStore } from '../../../src/ledger/sqlite/store.ts';
import { resolveLimits } from '../../../src/limits.ts';
import { virtualEnv } from '../../../src/testing/virtual-clock.ts';
import { makeFolder } from '../journal-fixture.ts';

const intentRow = (id: number) =>
  ({ type: 'intent', id, at: 1, effects: 'at-most-once', attempt: 1, call: '{}' }) as const;

function openStore() {
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
  const store = new SqliteStore({ database, diskSync, limits: resolveLimits(), release: () => {} });
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
  store.write([intentRow(1)]);
  disk.fails = true;
  await clock.advance(25);
  expect(lost).toMatchObject([{ code: 'ledger_write_failed' }]);
  expect(logFrames()).toBeGreaterThan(0);
  store.write([]);
  expect(logFrames()).toBe(0);
  store.write([intentRow(2)]);
  const frames = logFrames();
  store.write([intentRow(3)]);
  expect(logFrames()).toBeGreaterThan(frames);
  expect([...store.openCalls()].map(({ intent }) => intent.id)).toEqual([1, 2, 3]);
});

test('as long as a reader keeps the log from being written anew, writing fails', async () => {
  const { path, store, clock, disk } = openStore();
  store.write([intentRow(1)]);
  const reader = new DatabaseSync(path, { readOnly: true });
  reader.exec('BEGIN');
  expect(reader.prepare('SELECT count(*) AS n FROM intents').get()).toEqual({ n: 1 });
  store.write([intentRow(2)]);
  disk.fails = true;
  await clock.advance(25);
  expect(() => store.write([])).toThrow(expect.objectContaining({ code: 'ledger_write_failed' }));
  reader.close();
  store.write([intentRow(3)]);
  expect([...store.openCalls()]).toHaveLength(3);
});

test('a batch that fails half way leaves nothing of itself', () => {
  const { database, store } = openStore();
  store.write([intentRow(1)]);
  expect(() => store.write([intentRow(2), intentRow(1), intentRow(3)])).toThrow(
    expect.objectContaining({ code: 'ledger_write_failed' }),
  );
  expect([...store.openCalls()].map(({ intent }) => intent.id)).toEqual([1]);
  expect(database.isTransaction).toBe(false);
});

test('a file that may not grow fails the write, and takes it once there is room', () => {
  const { database, store } = openStore();
  database.exec(`PRAGMA max_page_count = ${readPragma(database, 'page_count')}`);
  const rows = Array.from({ length: 500 }, (_, index) => intentRow(index + 1));
  const full = { code: 'ledger_write_failed', message: expect.stringContaining('full') };
  expect(() => store.write(rows)).toThrow(expect.objectContaining(full));
  expect([...store.openCalls()]).toHaveLength(0);
  database.exec('PRAGMA max_page_count = 100000');
  store.write(rows);
  expect([...store.openCalls()]).toHaveLength(500);
});
