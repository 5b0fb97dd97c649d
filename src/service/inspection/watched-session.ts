/** What happened in a session since somebody began to look at it, in bounded memory. */
import type { HistoryRecord } from '../../history/record.ts';

/** The records of one session. The oldest make room. */
export class WatchedSession {
  readonly #recordsMax: number;
  #records: HistoryRecord[] = [];
  #from: number;
  /** Those that look at it now. */
  viewers = 0;
  /** When the last one went, in monotonic milliseconds. */
  leftAtMs = 0;

  /** @param from the number of the first event that is recorded */
  constructor(from: number, recordsMax: number) {
    this.#from = from;
    this.#recordsMax = recordsMax;
  }

  /** The number from which on nothing is missing. */
  get from(): number {
    return this.#from;
  }

  add(record: HistoryRecord): void {
    this.#records.push(record);
    // Dropped in bulk, so that a full list does not move for every record.
    if (this.#records.length <= this.#recordsMax * 1.25) return;
    this.#records = this.#records.slice(-this.#recordsMax);
    this.#from = this.#records[0]?.seq ?? this.#from;
  }

  /** The records after `seq` that are kept, in order. */
  since(seq: number): readonly HistoryRecord[] {
    let index = this.#records.length;
    while (index > 0 && (this.#records[index - 1]?.seq ?? 0) > seq) index -= 1;
    return index === 0 ? this.#records : this.#records.slice(index);
  }
}
