/** Batches as rows of the table, and checked against their sums when they are read. */
import type { SQLOutputValue } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { damaged } from '../journal-line.ts';
import type { JournalBatch } from '../journal-store.ts';

/** Selects the batches after a number, for {@link readBatch}. */
export const selectBatches = 'SELECT id, lines, sum FROM batches WHERE id > ? ORDER BY id';

/** The checksum that is stored with a batch. */
export function sumOf({ id, lines }: JournalBatch): number {
  return crc32(lines, id >>> 0);
}

/**
 * Reads a row of {@link selectBatches}.
 * @throws SessionMeshError `ledger_damaged` if it is not what was written.
 */
export function readBatch(row: Readonly<Record<string, SQLOutputValue>>): JournalBatch {
  const { id, lines, sum } = row;
  if (typeof id !== 'number' || typeof lines !== 'string') throw damaged('a batch', String(id));
  const batch = { id, lines };
  if (sum !== sumOf(batch)) throw damaged(`batch ${id} as it was written`, 'another one');
  return batch;
}
