/** A journal that keeps its lines in memory: for tests, and for whatever need not outlive the process. */
import { systemEnv } from '../env.ts';
import { resolveLimits } from '../limits.ts';
import { silentLogger } from '../logger.ts';
import { BufferedJournal, type BufferedJournalOptions } from './buffered-journal.ts';
import type { Journal } from './journal.ts';
import type { JournalBatch, JournalStore } from './journal-store.ts';

/** Batches in a Map. It may be given to one journal after another, as a file may. */
export class MemoryStore implements JournalStore {
  readonly #batches = new Map<number, string>();
  #lastId = 0;

  *batches(after: number): Iterable<JournalBatch> {
    for (const [id, lines] of this.#batches) if (id > after) yield { id, lines };
  }

  write(lines: readonly string[]): void {
    if (lines.length > 0) this.#batches.set(++this.#lastId, lines.join('\n'));
  }

  rewrite(batches: readonly JournalBatch[]): boolean {
    for (const { id, lines } of batches) {
      if (lines === '') this.#batches.delete(id);
      else this.#batches.set(id, lines);
    }
    return false;
  }

  measure(): number {
    return [...this.#batches.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Memory loses nothing. */
  onLost(_listener: (cause: unknown) => void): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A journal in memory. By default its store is empty, its time the system's, its bounds the usual ones. */
export function memoryJournal(options: Partial<BufferedJournalOptions> = {}): Journal {
  return new BufferedJournal({
    store: new MemoryStore(),
    env: systemEnv,
    limits: resolveLimits(),
    logger: silentLogger,
    ...options,
  });
}
