/** Where a journal keeps its lines: in batches, each of what was written together. */

/** A part of a journal. Batches are numbered in the order they were written. */
export interface JournalBatch {
  readonly id: number;
  /** One line or several, with line feeds between them; never none. */
  readonly lines: string;
}

/**
 * The batches of one journal. Synchronous; whoever writes decides when. Failures are SessionMeshErrors:
 * `ledger_write_failed`, `ledger_damaged`.
 */
export interface JournalStore {
  /** The batches after the one with this number, oldest first. */
  batches(after: number): Iterable<JournalBatch>;
  /** Adds lines at the end: all of them or none. With none it only finds out whether writing works again. */
  write(lines: readonly string[]): void;
  /**
   * Puts these in the place of the batches of the same numbers, of which those go that have no lines
   * left: all of it or nothing. Returns whether it gave space back as well, which may take several steps.
   */
  rewrite(batches: readonly JournalBatch[]): boolean;
  /** Bytes in use. */
  measure(): number;
  /** Calls `listener` when something written before is found not to have reached the disk. */
  onLost(listener: (cause: unknown) => void): void;
  /** Idempotent. */
  close(): Promise<void>;
}
