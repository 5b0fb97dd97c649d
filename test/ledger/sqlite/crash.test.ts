/** A process that writes a journal is killed at any point: nothing that it was told is committed is lost. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { JournalMode } from '../../../src/ledger/journal.ts';
import { checkJournal } from '../../../src/ledger/sqlite/check.ts';
import { openJournal } from '../../../src/ledger/sqlite/open-journal.ts';
import { resolveLimits } from '../../../src/limits.ts';
import { makeFolder, optionsFor } from '../journal-fixture.ts';
import { startWriter, type Said } from './journal-process.ts';

const limits = resolveLimits({ ledgerCallsMax: 1_000_000, ledgerAnswerBytesMax: 2 ** 40 });

/** How far each call is known to have come: 0 started, 1 answered, 2 over. */
function note(acknowledged: Map<string, number>, said: Said | undefined): void {
  if (said?.type !== 'committed') return;
  for (const key of said.keys as string[]) acknowledged.set(key, said.step as number);
}

async function readBack(path: string): Promise<Map<string, number>> {
  const journal = openJournal(optionsFor(path, { limits }));
  const { unknown, unconfirmed, finished } = journal.recover();
  await journal.close();
  for (const { call, output } of [...unconfirmed, ...finished]) {
    const [item] = output?.contentItems ?? [];
    expect(item).toMatchObject({ text: expect.stringMatching(`^(${call.fingerprint} )+$`) });
  }
  return new Map([
    ...unknown.map(({ key }) => [key, 0] as const),
    ...unconfirmed.map(({ key }) => [key, 1] as const),
    ...finished.map(({ key }) => [key, 2] as const),
  ]);
}

test.each<[JournalMode, number]>([
  ['sync', 30],
  ['async', 10],
])(
  'kill -9 under %s, %i times on one file: what was acknowledged is there, and the file is sound',
  async (mode, rounds) => {
    const path = join(makeFolder(), 'ledger.db');
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < rounds; round += 1) {
      const writer = startWriter({ path, mode, task: 'write' });
      expect((await writer.next())?.type).toBe('open');
      // Any point of the writer's work: it goes on while these lines are read.
      const lines = Math.floor(Math.random() * 40);
      for (let line = 0; line < lines; line += 1) note(acknowledged, await writer.next());
      for (const said of await writer.kill()) note(acknowledged, said);
      expect(checkJournal(path).problems).toEqual([]);
      const found = await readBack(path);
      const lost = [...acknowledged].filter(([key, step]) => (found.get(key) ?? -1) < step);
      expect(lost).toEqual([]);
    }
    expect(acknowledged.size).toBeGreaterThan(rounds);
  },
  120_000,
);
