/** The bytes of a journal stay within their bound, whatever is written. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkJournal } from '../../src/ledger/sqlite/check.ts';
import { openJournal } from '../../src/ledger/sqlite/open-journal.ts';
import { resolveLimits } from '../../src/limits.ts';
import { virtualEnv } from '../../src/testing/virtual-clock.ts';
import { systemEnv } from '../../src/env.ts';
import {
  appendCall,
  makeFolder,
  makeIntent,
  makeOutcome,
  makeSettled,
  optionsFor,
} from './journal-fixture.ts';

const { files, processes } = systemEnv;

const output = {
  success: true,
  contentItems: [{ type: 'inputText' as const, text: 'x'.repeat(2_000) }],
};

function openSmall() {
  const path = join(makeFolder(), 'ledger.db');
  const env = virtualEnv(1, { files, processes });
  const limits = resolveLimits({ journalBytesMax: 1024 * 1024, journalLogBytesMax: 64 * 1024 });
  return { path, env, limits, journal: openJournal(optionsFor(path, { env, limits })) };
}

test('a journal near its size forgets finished calls before their time, and counts them', async () => {
  const { path, env, limits, journal } = openSmall();
  let refused = 0;
  for (let number = 0; number < 5_000; number += 1) {
    try {
      journal.append(makeIntent(number, { at: env.clock.now() }));
      journal.append(makeOutcome(number, { output, at: env.clock.now() }));
      journal.append(makeSettled(number, { at: env.clock.now() }));
    } catch {
      refused += 1;
    }
    if (number % 10 === 0) await journal.committed();
  }
  await journal.committed();
  expect(refused).toBe(0);
  const { forgotten, forgottenEarly, finished, bytes } = journal.stats;
  expect(forgottenEarly).toBe(forgotten);
  expect(forgotten + finished).toBe(5_000);
  expect(bytes).toBeLessThanOrEqual(limits.journalBytesMax);
  expect(statSync(path).size).toBeLessThan(2 * limits.journalBytesMax);
  expect(statSync(`${path}-wal`).size).toBeLessThan(4 * limits.journalLogBytesMax);
  await journal.close();
  expect(checkJournal(path)).toMatchObject({ problems: [], finished });
});

test('a log that one big answer made long is cut again', async () => {
  const { path, limits, journal } = openSmall();
  const text = 'x'.repeat(20 * limits.journalLogBytesMax);
  journal.append(makeIntent(1));
  const contentItems = [{ type: 'inputText' as const, text }];
  journal.append(makeOutcome(1, { output: { success: true, contentItems } }));
  await journal.committed();
  expect(statSync(`${path}-wal`).size).toBeGreaterThan(text.length);
  journal.append(makeSettled(1));
  await journal.committed();
  expect(statSync(`${path}-wal`).size).toBeLessThanOrEqual(2 * limits.journalLogBytesMax);
  await journal.close();
});

test('a journal full of calls that are not over refuses new ones until some are', async () => {
  const { env, limits, journal } = openSmall();
  const at = env.clock.now();
  let taken = 0;
  const takeAll = async () => {
    for (;;) {
      journal.append(makeIntent(taken, { at }));
      journal.append(makeOutcome(taken, { output, at }));
      taken += 1;
      await journal.committed();
    }
  };
  await expect(takeAll()).rejects.toMatchObject({ code: 'ledger_full', retryable: true });
  expect(journal.stats.bytes).toBeLessThan(limits.journalBytesMax * 1.2);
  for (let number = 0; number < taken; number += 1) journal.append(makeSettled(number, { at }));
  await journal.committed();
  appendCall(journal, taken);
  await journal.committed();
  expect(journal.stats.forgottenEarly).toBeGreaterThan(0);
  await journal.close();
});

test('space that a large journal no longer needs goes back to the file system', async () => {
  const path = join(makeFolder(), 'ledger.db');
  const env = virtualEnv(1, { files, processes });
  const limits = resolveLimits({
    ledgerCallsMax: 10,
    ledgerSessionCallsMin: 1,
    ledgerKeepMs: 1,
    journalStepCallsMax: 100,
    journalStepPagesMax: 32,
  });
  const journal = openJournal(optionsFor(path, { env, limits }));
  for (let number = 0; number < 2_000; number += 1) {
    journal.append(makeIntent(number, { at: 0 }));
    journal.append(makeOutcome(number, { at: 0, output }));
    journal.append(makeSettled(number, { at: 0 }));
  }
  await journal.close();
  const before = statSync(path).size;
  const next = openJournal(optionsFor(path, { env, limits }));
  while (next.compact());
  await next.close();
  expect(before).toBeGreaterThan(4_000_000);
  expect(statSync(path).size).toBeLessThan(before / 2);
  expect(checkJournal(path)).toMatchObject({ problems: [], finished: 10 });
});
