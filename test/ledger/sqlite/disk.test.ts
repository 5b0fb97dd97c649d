/** The disk fails under a journal, and comes back. */
import { once } from 'node:events';
import { fdatasyncSync, fstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test, vi } from 'vitest';
import { checkJournal } from '../../../src/ledger/sqlite/check.ts';
import { systemEnv, type Files } from '../../../src/env.ts';
import { DiskSync, logFlusher } from '../../../src/ledger/sqlite/disk-sync.ts';
import { openJournal } from '../../../src/ledger/sqlite/open-journal.ts';
import { virtualEnv } from '../../../src/testing/virtual-clock.ts';
import { appendCall, makeFolder, makeIntent, openOnFile, optionsFor } from '../journal-fixture.ts';
import { liftFileLimit, startWriter } from './journal-process.ts';

test('writes that the system refuses: new calls are refused, nothing acknowledged is lost, and it recovers', async () => {
  const path = join(makeFolder(), 'ledger.db');
  const writer = startWriter({ path, mode: 'sync', task: 'steps', fileBytesMax: 400_000 });
  expect((await writer.next())?.type).toBe('open');
  const committed: number[] = [];
  const takeCall = async () => {
    writer.tell('call');
    const said = await writer.next();
    if (said?.type === 'committed') committed.push(Number(said.number));
    return said;
  };
  const takeUntil = async (type: string) => {
    for (;;) {
      const said = await takeCall();
      if (said?.type === type) return said;
    }
  };
  expect(await takeUntil('failed')).toMatchObject({ code: 'ledger_write_failed' });
  for (let more = 0; more < 20; more += 1) {
    expect(await takeCall()).toMatchObject({ code: 'ledger_write_failed' });
  }
  const beforeRepair = committed.length;
  liftFileLimit(writer);
  await takeUntil('committed');
  await takeCall();
  const exited = once(writer.child, 'exit');
  writer.tell('close');
  await exited;
  expect(beforeRepair).toBeGreaterThan(20);
  expect(committed.length).toBe(beforeRepair + 2);
  expect(checkJournal(path).problems).toEqual([]);
  const journal = openJournal(optionsFor(path));
  const { finished, unknown, unconfirmed } = journal.recover();
  await journal.close();
  const found = new Set(finished.map(({ call }) => call.requestId));
  expect(committed.filter((number) => !found.has(number))).toEqual([]);
  expect([...unknown, ...unconfirmed]).toEqual([]);
});

test('a journal killed while the disk fails keeps what it had acknowledged', async () => {
  const path = join(makeFolder(), 'ledger.db');
  const writer = startWriter({ path, mode: 'async', task: 'steps', fileBytesMax: 300_000 });
  await writer.next();
  let committed = 0;
  for (;;) {
    writer.tell('call');
    if ((await writer.next())?.type === 'failed') break;
    committed += 1;
  }
  await writer.kill();
  expect(checkJournal(path).problems).toEqual([]);
  const journal = openJournal(optionsFor(path));
  const found = new Set(journal.recover().finished.map(({ call }) => call.requestId));
  await journal.close();
  for (let number = 1; number <= committed; number += 1) expect(found.has(number)).toBe(true);
});

test.each([
  ['sync', 1],
  ['async', 0],
] as const)(
  'under %s, what is committed was flushed %i times before that was said',
  async (mode, times) => {
    const log: string[] = [];
    const path = join(makeFolder(), 'ledger.db');
    const files: Files = {
      ...systemEnv.files,
      fdatasyncSync(file) {
        const { ino } = fstatSync(file);
        log.push(ino === statSync(`${path}-wal`).ino ? 'flushed' : 'flushed something else');
        fdatasyncSync(file);
      },
    };
    const env = virtualEnv(1, { files, processes: systemEnv.processes });
    const journal = openJournal(optionsFor(path, { mode, env }));
    appendCall(journal, 1);
    await journal.committed().then(() => log.push('committed'));
    expect(log).toEqual([...Array.from({ length: times }, () => 'flushed'), 'committed']);
    const reader = new DatabaseSync(path, { readOnly: true });
    expect(reader.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    reader.close();
    await journal.close();
  },
);

test('under sync, a flush that fails is a write that failed, until the file is written anew', async () => {
  const disk = { fails: false };
  const files: Files = {
    ...systemEnv.files,
    fdatasyncSync(file) {
      if (disk.fails) throw new Error('input/output error');
      fdatasyncSync(file);
    },
  };
  const path = join(makeFolder(), 'ledger.db');
  const env = virtualEnv(1, { files, processes: systemEnv.processes });
  const journal = openJournal(optionsFor(path, { env }));
  appendCall(journal, 1);
  await journal.committed();
  disk.fails = true;
  appendCall(journal, 2);
  await expect(journal.committed()).rejects.toMatchObject({ code: 'ledger_write_failed' });
  expect(() => journal.append(makeIntent(3))).toThrow(
    expect.objectContaining({ code: 'ledger_write_failed' }),
  );
  expect(journal.recover().finished).toHaveLength(1);
  disk.fails = false;
  await env.clock.runUntilIdle();
  appendCall(journal, 3);
  await journal.close();
  expect(checkJournal(path)).toMatchObject({ problems: [], open: 0, finished: 3 });
});

test('under async, what was written is flushed once, a little later', async () => {
  const { clock } = virtualEnv();
  const flusher = { flush: vi.fn(() => Promise.resolve()), close: vi.fn(() => Promise.resolve()) };
  const diskSync = new DiskSync({ flusher, clock, delayMs: 25 });
  diskSync.touch();
  await clock.advance(20);
  diskSync.touch();
  expect(flusher.flush).not.toHaveBeenCalled();
  await clock.advance(5);
  expect(flusher.flush).toHaveBeenCalledTimes(1);
  await clock.advance(1_000);
  expect(flusher.flush).toHaveBeenCalledTimes(1);
  expect(clock.pendingTimers).toBe(0);
  await diskSync.close();
  await diskSync.close();
});

test('what is written while a flush runs is flushed by another one, and closing waits for the one that runs', async () => {
  const { clock } = virtualEnv();
  const running = Promise.withResolvers<void>();
  const flusher = { flush: vi.fn(() => running.promise), close: vi.fn(() => Promise.resolve()) };
  const diskSync = new DiskSync({ flusher, clock, delayMs: 25 });
  diskSync.touch();
  await clock.advance(25);
  diskSync.touch();
  await clock.advance(100);
  expect(flusher.flush).toHaveBeenCalledTimes(1);
  const closing = diskSync.close();
  expect(flusher.close).not.toHaveBeenCalled();
  running.resolve();
  await closing;
  expect(flusher.close).toHaveBeenCalledTimes(1);
  expect(clock.pendingTimers).toBe(0);

  const next = new DiskSync({ flusher, clock, delayMs: 25 });
  next.touch();
  await clock.advance(25);
  next.touch();
  await clock.advance(25);
  expect(flusher.flush).toHaveBeenCalledTimes(3);
  await next.close();
});

test('a flush that fails is told, with its cause', async () => {
  const { clock } = virtualEnv();
  const cause = new Error('input/output error');
  const flusher = { flush: () => Promise.reject(cause), close: () => Promise.resolve() };
  const diskSync = new DiskSync({ flusher, clock, delayMs: 25 });
  const lost: unknown[] = [];
  diskSync.onLost((found) => lost.push(found));
  diskSync.touch();
  await clock.advance(25);
  expect(lost).toEqual([cause]);
  await diskSync.close();
});

test('the flusher flushes the log of an open journal', async () => {
  const path = join(makeFolder(), 'ledger.db');
  const journal = openJournal(optionsFor(path));
  appendCall(journal, 1);
  await journal.committed();
  const flusher = logFlusher(path, systemEnv.files);
  await flusher.flush();
  await flusher.flush();
  await flusher.close();
  await journal.close();
  await expect(logFlusher(path, systemEnv.files).flush()).rejects.toMatchObject({ code: 'ENOENT' });
});

test('an async journal under time flushes in the background and closes with nothing left', async () => {
  const scene = openOnFile('async');
  scene.journal.append(makeIntent(1));
  await scene.journal.committed();
  expect(scene.env.clock.pendingTimers).toBe(1);
  await scene.env.clock.advance(25);
  expect(scene.env.clock.pendingTimers).toBe(0);
  expect(scene.journal.stats.failing).toBe(false);
  scene.journal.append(makeIntent(2));
  await scene.reopen();
  expect(scene.journal.recover().unknown).toHaveLength(2);
});
