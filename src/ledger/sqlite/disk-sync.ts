/**
 * Flushes to the disk what commits have only handed to the operating system: at once, or a little later.
 * SQLite could do it itself, but would flush the times of the file along with its content, which takes the
 * disk twice as long.
 */
import type { FileHandle } from 'node:fs/promises';
import type { Clock, Files, Timer } from '../../env.ts';

/** Brings a file's content to the disk, without making anybody wait. */
export interface Flusher {
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Flushes the write-ahead log of the SQLite file at `path`. It exists once something was written. */
export function logFlusher(path: string, files: Files): Flusher {
  let file: FileHandle | undefined;
  return {
    async flush() {
      file ??= await files.promises.open(`${path}-wal`, 'r+');
      await file.datasync();
    },
    async close() {
      await file?.close();
      file = undefined;
    },
  };
}

/** Brings a file's content to the disk while everything else waits. */
export interface InstantFlusher {
  /** Throws what the system throws. */
  flush(): void;
  /** Idempotent. */
  close(): void;
}

/** As {@link logFlusher}, at once. */
export function instantFlusher(path: string, files: Files): InstantFlusher {
  let file: number | undefined;
  return {
    flush() {
      file ??= files.openSync(`${path}-wal`, 'r+');
      files.fdatasyncSync(file);
    },
    close() {
      if (file !== undefined) files.closeSync(file);
      file = undefined;
    },
  };
}

export interface DiskSyncOptions {
  readonly flusher: Flusher;
  readonly clock: Clock;
  /** How much later. */
  readonly delayMs: number;
}

/** One flush at a time, at most `delayMs` after the first write that it covers. */
export class DiskSync {
  readonly #options: DiskSyncOptions;
  #onLost: (cause: unknown) => void = () => {};
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  /** Something was written that the running flush may not cover. */
  #dirty = false;
  #closed = false;

  constructor(options: DiskSyncOptions) {
    this.#options = options;
  }

  /** Calls `listener` with the cause when a flush fails. */
  onLost(listener: (cause: unknown) => void): void {
    this.#onLost = listener;
  }

  /** Something was written. */
  touch(): void {
    if (this.#running) this.#dirty = true;
    else this.#arm();
  }

  /** Idempotent. Waits for the flush that runs, and starts no other. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#running;
    await this.#options.flusher.close();
  }

  #arm(): void {
    if (this.#closed || this.#timer !== undefined) return;
    const { clock, delayMs } = this.#options;
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined;
      this.#running = this.#flush();
    }, delayMs);
  }

  async #flush(): Promise<void> {
    try {
      await this.#options.flusher.flush();
    } catch (cause) {
      this.#onLost(cause);
    }
    this.#running = undefined;
    if (!this.#dirty) return;
    this.#dirty = false;
    this.#arm();
  }
}
