/**
 * Writes a history while a run goes on, and never gets in its way: `write` only queues, throws nothing
 * and waits for nobody.
 *
 * - Beyond `historyBufferedCharsMax` records are left out until there is room again; then a
 *   `history.dropped` says how many. So it is for a record above `historyLineCharsMax`, or one that JSON
 *   cannot express. What is left out has no number, so numbers stay without gaps.
 * - A sink that fails ends the history: nothing is written after a gap of unknown size. It is logged once
 *   and stands in `stats`.
 */
import type { Clock, Timer } from '../env.ts';
import { messageOf } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { HistoryEvent, HistoryHeader, HistoryRecord } from './record.ts';

/** Where lines go. `append` is called with whole lines, and not again before it has settled. */
export interface HistorySink {
  append(text: string): Promise<void>;
  close(): Promise<void>;
}

/** What became of a history so far. */
export interface HistoryStats {
  /** Records that were written or wait to be. */
  readonly records: number;
  /** Records that were left out. */
  readonly dropped: number;
  /** Why nothing is written any more, or null. */
  readonly failure: string | null;
}

/** What a writer needs. */
export interface HistoryWriterOptions {
  readonly sink: HistorySink;
  readonly header: HistoryHeader;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly logger: Logger;
}

/** One history being written. */
export class HistoryWriter {
  readonly #options: HistoryWriterOptions;
  #lines: string[] = [];
  #chars = 0;
  #seq = 0;
  #dropped = 0;
  /** Of the dropped ones, those that no line tells of yet. */
  #untold = 0;
  #failure: string | null = null;
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #closing: Promise<HistoryStats> | undefined;

  constructor(options: HistoryWriterOptions) {
    this.#options = options;
    this.#queue(JSON.stringify(options.header));
  }

  get stats(): HistoryStats {
    return { records: this.#seq, dropped: this.#dropped, failure: this.#failure };
  }

  /** Queues one record. `at` is milliseconds since the Unix epoch; now, if it is left out. */
  write(event: HistoryEvent, at: number = this.#options.clock.now()): void {
    if (this.#closing || this.#failure !== null) {
      this.#dropped += 1;
      return;
    }
    if (this.#untold > 0 && this.#put({ type: 'history.dropped', records: this.#untold }, at)) {
      this.#untold = 0;
    }
    if (this.#untold > 0 || !this.#put(event, at)) {
      this.#dropped += 1;
      this.#untold += 1;
    }
  }

  /** Resolves once everything queued so far is with the sink, or the sink has failed. */
  async flush(): Promise<void> {
    this.#disarm();
    while (this.#lines.length > 0 || this.#writing) await (this.#writing ?? this.#start());
  }

  /** Writes what is queued and the end, and closes the sink. Never rejects; idempotent. */
  close(): Promise<HistoryStats> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<HistoryStats> {
    const at = this.#options.clock.now();
    await this.flush();
    if (this.#untold > 0) this.#put({ type: 'history.dropped', records: this.#untold }, at);
    this.#put({ type: 'history.ended' }, at);
    await this.flush();
    try {
      await this.#options.sink.close();
    } catch (thrown) {
      this.#fail(thrown);
    }
    return this.stats;
  }

  /** Whether there was room for it. */
  #put(event: HistoryEvent, at: number): boolean {
    const { historyBufferedCharsMax, historyLineCharsMax } = this.#options.limits;
    if (this.#chars >= historyBufferedCharsMax || this.#failure !== null) return false;
    const line = lineOf({ seq: this.#seq + 1, at, event });
    if (line === null || line.length > historyLineCharsMax) return false;
    this.#seq += 1;
    this.#queue(line);
    return true;
  }

  #queue(line: string): void {
    this.#lines.push(line);
    this.#chars += line.length + 1;
    const { clock, limits } = this.#options;
    if (this.#timer || this.#writing) return;
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined;
      void this.#start();
    }, limits.historyFlushMs);
  }

  #disarm(): void {
    if (this.#timer) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Hands over what is queued, and again what was queued meanwhile, until nothing is. */
  #start(): Promise<void> {
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #drain(): Promise<void> {
    while (this.#lines.length > 0) {
      const text = `${this.#lines.join('\n')}\n`;
      const chars = this.#chars;
      this.#lines = [];
      try {
        await this.#options.sink.append(text);
      } catch (thrown) {
        this.#fail(thrown);
      }
      this.#chars -= chars;
    }
  }

  #fail(thrown: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = messageOf(thrown);
    this.#lines = [];
    this.#options.logger.error(
      { error: this.#failure },
      'the history ends here: it is not written',
    );
  }
}

/** Null for what JSON cannot express. */
function lineOf(record: HistoryRecord): string | null {
  try {
    return JSON.stringify(record);
  } catch {
    return null;
  }
}
