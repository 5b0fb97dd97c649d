/** One writer per journal, whoever dies how. */
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openJournal } from '../../../src/ledger/sqlite/open-journal.ts';
import { appendCall, atStart, makeFolder, optionsFor } from '../journal-fixture.ts';
import { startWriter } from './journal-process.ts';

test('a second journal of the same process is refused, and told who holds the file', async () => {
  const path = join(makeFolder(), 'ledger.db');
  const journal = openJournal(optionsFor(path));
  const found = `process ${process.pid}, since ${new Date(atStart).toISOString()}`;
  const held = expect.objectContaining({
    code: 'ledger_held',
    retryable: true,
    message: expect.stringContaining(found),
  });
  expect(() => openJournal(optionsFor(path))).toThrow(held);
  expect(() => openJournal(optionsFor(path))).toThrow(held);
  appendCall(journal, 1);
  await journal.close();
  const next = openJournal(optionsFor(path));
  expect(next.recover().finished).toHaveLength(1);
  await next.close();
});

test('a second process is refused while the first lives, and served once it was killed', async () => {
  const path = join(makeFolder(), 'ledger.db');
  const writer = startWriter({ path, mode: 'sync', task: 'race' });
  const open = await writer.next();
  expect(() => openJournal(optionsFor(path))).toThrow(
    expect.objectContaining({
      code: 'ledger_held',
      message: expect.stringContaining(`process ${String(open?.pid)}, since`),
    }),
  );
  await writer.kill();
  const journal = openJournal(optionsFor(path));
  await journal.close();
});

test('of many processes that open one journal at once, one has it', async () => {
  const path = join(makeFolder(), 'ledger.db');
  const writers = Array.from({ length: 4 }, () =>
    startWriter({ path, mode: 'sync', task: 'race' }),
  );
  const said = await Promise.all(writers.map((writer) => writer.next()));
  const count = (type: string) => said.filter((line) => line?.type === type).length;
  expect([count('open'), count('held')]).toEqual([1, 3]);
});

test('two names of one file are one journal', async () => {
  const folder = makeFolder();
  const path = join(folder, 'ledger.db');
  const journal = openJournal(optionsFor(path));
  symlinkSync(path, join(folder, 'link.db'));
  symlinkSync(folder, join(folder, 'folder'));
  for (const other of ['link.db', join('folder', 'ledger.db'), join('folder', 'link.db')]) {
    expect(() => openJournal(optionsFor(join(folder, other)))).toThrow(
      expect.objectContaining({ code: 'ledger_held' }),
    );
  }
  await journal.close();
});
