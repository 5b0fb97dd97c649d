/** Whatever becomes of a ledger's file, what is read of it is what was written, or nothing is. */
import fc from 'fast-check';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { isSessionMeshError } from '../../src/errors.ts';
import type { Recovery } from '../../src/ledger/journal.ts';
import { openJournal } from '../../src/ledger/sqlite/open-journal.ts';
import {
  appendCall,
  makeFolder,
  makeIntent,
  makeSession,
  optionsFor,
} from '../ledger/journal-fixture.ts';
import { campaignTimeoutMs, runCampaign } from './campaign.ts';

async function recover(path: string): Promise<Recovery | string> {
  try {
    const journal = openJournal(optionsFor(path));
    const recovery = journal.recover();
    await journal.close();
    return recovery;
  } catch (thrown) {
    if (!isSessionMeshError(thrown)) throw thrown;
    return thrown.code;
  }
}

async function writeWhole(): Promise<{ content: Buffer; sound: Recovery | string }> {
  const path = join(makeFolder(), 'ledger.db');
  const journal = openJournal(optionsFor(path));
  for (let number = 0; number < 40; number += 1) appendCall(journal, number);
  journal.append(makeIntent(100));
  journal.append(makeSession('open'));
  await journal.close();
  return { content: readFileSync(path), sound: await recover(path) };
}

interface Damage {
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly how: 'overwrite' | 'insert' | 'remove' | 'cut';
}

const damage: fc.Arbitrary<Damage> = fc.record({
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }),
  how: fc.constantFrom<Damage['how']>('overwrite', 'insert', 'remove', 'cut'),
});

function spoil(content: Buffer, { at, bytes, how }: Damage): Buffer {
  const offset = Math.floor(at * content.length);
  const before = content.subarray(0, offset);
  switch (how) {
    case 'overwrite':
      return Buffer.concat([before, bytes, content.subarray(offset + bytes.length)]);
    case 'insert':
      return Buffer.concat([before, bytes, content.subarray(offset)]);
    case 'remove':
      return Buffer.concat([before, content.subarray(offset + bytes.length)]);
    case 'cut':
      return before;
  }
}

const refusals = ['ledger_damaged', 'ledger_version', 'ledger_open_failed'];

test(
  'a file that was changed anywhere is read as it was written, or refused',
  async () => {
    const { content, sound } = await writeWhole();
    const property = fc.asyncProperty(
      fc.array(damage, { minLength: 1, maxLength: 3 }),
      async (damages) => {
        const path = join(makeFolder(), 'ledger.db');
        writeFileSync(path, damages.reduce(spoil, content));
        const found = await recover(path);
        if (typeof found === 'string') expect(refusals).toContain(found);
        else expect(found).toEqual(sound);
        rmSync(dirname(path), { recursive: true });
      },
    );
    await runCampaign(property, 80);
  },
  campaignTimeoutMs,
);
