/** A journal whose disk fails: what it refuses, what it keeps, and how it comes back. */
import { expect, test } from 'vitest';
import type { JournalStore } from '../../src/ledger/journal-store.ts';
import { MemoryStore } from '../../src/ledger/memory-journal.ts';
import { SessionMeshError } from '../../src/errors.ts';
import {
  appendCall,
  makeIntent,
  makeOutcome,
  makeSession,
  makeSettled,
  openOnStore,
} from './journal-fixture.ts';

/** A store that can be told to fail, as a disk that is full does: whole writes, with nothing written. */
class FaultyStore extends MemoryStore {
  failing: Error | undefined;
  writes = 0;
  looks = 0;
  lose: (cause: unknown) => void = () => {};

  override write(rows: Parameters<JournalStore['write']>[0]): void {
    this.writes += 1;
    if (this.failing) throw this.failing;
    super.write(rows);
  }

  override batches(after: number) {
    this.looks += 1;
    return super.batches(after);
  }

  override onLost(listener: Parameters<JournalStore['onLost']>[0]): void {
    this.lose = listener;
  }
}

const diskFull = new SessionMeshError('ledger_write_failed', { found: 'database or disk is full' });

const rejection = (promise: Promise<void>) =>
  promise.then(
    () => 'resolved',
    (error: SessionMeshError) => error.code,
  );

test('a write that fails is told to whoever waits for it, and tried again until it succeeds', async () => {
  const store = new FaultyStore();
  const { journal, env } = openOnStore(store);
  store.failing = diskFull;
  journal.append(makeIntent(1));
  await expect(journal.committed()).rejects.toBe(diskFull);
  expect(journal.stats).toMatchObject({ queued: 1, failing: true, commits: 0 });
  const again = journal.committed();
  store.failing = undefined;
  await env.clock.advance(100);
  await again;
  expect(journal.stats).toMatchObject({ queued: 0, failing: false, commits: 1 });
  expect(journal.recover().unknown).toHaveLength(1);
  expect(env.clock.pendingTimers).toBe(0);
});

test('while the disk fails new calls and sessions are refused, and what becomes of taken ones is kept', async () => {
  const store = new FaultyStore();
  const { journal, env } = openOnStore(store);
  journal.append(makeIntent(1));
  journal.append(makeIntent(2));
  journal.append(makeSession('s'));
  await journal.committed();
  store.failing = diskFull;
  journal.append(makeOutcome(1));
  expect(await rejection(journal.committed())).toBe('ledger_write_failed');
  const refusal = expect.objectContaining({ code: 'ledger_write_failed', retryable: true });
  expect(() => journal.append(makeIntent(3))).toThrow(refusal);
  expect(() => journal.append(makeSession('t'))).toThrow(refusal);
  journal.append(makeSettled(1));
  journal.append(makeOutcome(2));
  journal.append({ type: 'session.closed', sessionId: 's', at: 1 });
  store.failing = undefined;
  await env.clock.advance(100);
  const { finished, unconfirmed, unknown, sessions } = journal.recover();
  expect([finished.length, unconfirmed.length, unknown.length]).toEqual([1, 1, 0]);
  expect(sessions).toEqual([]);
  journal.append(makeIntent(3));
  await journal.committed();
});

test('a failing disk is tried at a growing interval, not once an entry', async () => {
  const store = new FaultyStore();
  const { journal, env } = openOnStore(store);
  for (let number = 0; number < 200; number += 1) journal.append(makeIntent(number));
  await journal.committed();
  store.failing = diskFull;
  store.writes = 0;
  for (let number = 0; number < 200; number += 1) {
    journal.append(makeOutcome(number));
    await env.clock.advance(50);
  }
  expect(journal.stats.queued).toBe(200);
  expect(store.writes).toBeGreaterThan(4);
  expect(store.writes).toBeLessThan(40);
});

test('an error that is not ours still reaches the waiters as a failed write', async () => {
  const store = new FaultyStore();
  const { journal } = openOnStore(store);
  store.failing = new TypeError('not a disk at all');
  journal.append(makeIntent(1));
  expect(await rejection(journal.committed())).toBe('ledger_write_failed');
});

test('a flush that fails later stops new calls until writing is known to work', async () => {
  const store = new FaultyStore();
  const { journal, env } = openOnStore(store);
  journal.append(makeIntent(1));
  await journal.committed();
  store.failing = diskFull;
  store.lose(diskFull);
  expect(journal.stats.failing).toBe(true);
  expect(() => journal.append(makeIntent(2))).toThrow(
    expect.objectContaining({ code: 'ledger_write_failed' }),
  );
  const told = rejection(journal.committed());
  await env.clock.advance(60);
  expect(await told).toBe('ledger_write_failed');
  store.failing = undefined;
  await env.clock.runUntilIdle();
  expect(journal.stats.failing).toBe(false);
  await journal.committed();
});

test('a journal that cannot write when it is closed says so, and leaves nothing behind', async () => {
  const store = new FaultyStore();
  const { journal, env } = openOnStore(store);
  journal.append(makeIntent(1));
  await journal.committed();
  store.failing = diskFull;
  journal.append(makeOutcome(1));
  const told = rejection(journal.committed());
  await expect(journal.close()).rejects.toBe(diskFull);
  expect(await told).toBe('ledger_write_failed');
  expect(env.clock.pendingTimers).toBe(0);
  await expect(journal.close()).rejects.toBe(diskFull);
});

test('more entries than may wait: new calls are refused, taken ones go on', async () => {
  const { journal } = openOnStore(new FaultyStore(), { journalQueuedMax: 3 });
  for (const number of [1, 2, 3]) journal.append(makeIntent(number));
  const full = expect.objectContaining({ code: 'ledger_full', retryable: true });
  expect(() => journal.append(makeIntent(4))).toThrow(full);
  expect(() => journal.append(makeSession('s'))).toThrow(full);
  journal.append(makeOutcome(1));
  journal.append(makeSettled(1));
  await journal.committed();
  journal.append(makeIntent(4));
  await journal.committed();
  expect(journal.stats).toMatchObject({ open: 3, finished: 1 });
});

test('more bytes than may wait: new calls are refused', async () => {
  const { journal } = openOnStore(new FaultyStore(), { journalQueuedBytesMax: 1_000 });
  journal.append(makeIntent(1));
  const output = {
    success: true,
    contentItems: [{ type: 'inputText' as const, text: 'x'.repeat(2_000) }],
  };
  journal.append(makeOutcome(1, { output }));
  expect(() => journal.append(makeIntent(2))).toThrow(
    expect.objectContaining({ code: 'ledger_full' }),
  );
  await journal.committed();
  for (let number = 2; number < 50; number += 1) {
    journal.append(makeIntent(number));
    await journal.committed();
  }
});

test('a journal that is closed in the turn of its last entries writes them once', async () => {
  const store = new FaultyStore();
  const { journal } = openOnStore(store);
  journal.append(makeIntent(1));
  await journal.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(store.writes).toBe(1);
});

test('calls that are too young to be forgotten are not looked at every turn', async () => {
  const store = new FaultyStore();
  const limits = { ledgerCallsMax: 1, ledgerSessionCallsMin: 1, journalStepCallsMax: 1 };
  const { journal, env } = openOnStore(store, limits);
  for (let number = 0; number < 300; number += 1) {
    appendCall(journal, number, env.clock.now());
    await journal.committed();
    await env.clock.advance(10);
  }
  // The first was at the opening.
  expect(store.looks).toBeGreaterThan(2);
  expect(store.looks).toBeLessThan(7);
});

test('a failure to forget old calls does not stop the journal', async () => {
  const store = new FaultyStore();
  const limits = { ledgerCallsMax: 1, ledgerSessionCallsMin: 1, journalStepCallsMax: 1 };
  const { journal, env } = openOnStore(store, { ...limits, ledgerKeepMs: 1 });
  store.rewrite = () => {
    throw diskFull;
  };
  for (let number = 0; number < 10; number += 1) {
    appendCall(journal, number);
    await journal.committed();
    await env.clock.advance(5_000);
  }
  expect(journal.stats).toMatchObject({ finished: 10, failing: false });
});
