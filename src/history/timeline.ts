/**
 * Travelling in time: any moment of a run, without folding it from the beginning each time.
 *
 * Records are kept with a copy of the view now and then. To go to a moment, the copy before it is folded
 * on. There are at most `historyCheckpointsMax` copies: when one more is due, every other one is dropped
 * and they come half as often, so that each stretch stays about a `1 / historyCheckpointsMax` of the run.
 */
import { defaultLimits, type Limits } from '../limits.ts';
import { applyRecord } from './fold.ts';
import type { HistoryRecord } from './record.ts';
import { copyView, emptyView, type RunView } from './view.ts';

/** Which bounds a timeline has. */
export type TimelineLimits = Pick<Limits, 'historyRecordsKeptMax' | 'historyCheckpointsMax'>;

/** Records between two copies at first. */
const firstSpacing = 256;

/** The records of a run, and its view at any of them. */
export class Timeline {
  readonly #limits: TimelineLimits;
  #records: HistoryRecord[] = [];
  /** The latest time up to each record: clocks may jump back. */
  #times: number[] = [];
  #spacing = firstSpacing;
  /** Views before the record at `index`, oldest first; the first one is that before all kept records. */
  #checkpoints: { readonly index: number; readonly view: RunView }[] = [];
  readonly #now: RunView = emptyView();

  constructor(limits: TimelineLimits = defaultLimits) {
    this.#limits = limits;
    this.#checkpoints.push({ index: 0, view: emptyView() });
  }

  /** The run after the last record. It moves on with the next one; copy what must stay. */
  get now(): RunView {
    return this.#now;
  }

  /** How many records can be travelled through. */
  get length(): number {
    return this.#records.length;
  }

  /** The numbers of the first and the last of them; 0 where there is none. */
  get range(): { readonly firstSeq: number; readonly lastSeq: number } {
    return {
      firstSeq: this.#records[0]?.seq ?? 0,
      lastSeq: this.#records.at(-1)?.seq ?? 0,
    };
  }

  /** Takes the next record. Returns false for one that is here already, as after a reconnect. */
  push(record: HistoryRecord): boolean {
    if (record.seq <= this.#now.seq) return false;
    const index = this.#records.length;
    if (index - (this.#checkpoints.at(-1)?.index ?? 0) >= this.#spacing) this.#mark(index);
    this.#records.push(record);
    this.#times.push(Math.max(record.at, this.#times.at(-1) ?? record.at));
    applyRecord(this.#now, record);
    if (this.length > this.#limits.historyRecordsKeptMax) this.#forget();
    return true;
  }

  /** The run after the record of this number, or the last one before it. A view of its own. */
  at(seq: number): RunView {
    const index = this.#indexAfter(seq);
    const checkpoint =
      this.#checkpoints.findLast((entry) => entry.index <= index) ?? this.#checkpoints[0];
    const view = checkpoint ? copyView(checkpoint.view) : emptyView();
    for (let step = checkpoint?.index ?? 0; step < index; step += 1) {
      const record = this.#records[step];
      if (record) applyRecord(view, record);
    }
    return view;
  }

  /** The number of the last record at this time or before it; that of the first one if none is. */
  seqAt(timeMs: number): number {
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#times[middle] ?? Infinity) <= timeMs) low = middle + 1;
      else high = middle;
    }
    return this.#records[Math.max(0, low - 1)]?.seq ?? 0;
  }

  /** The next record after `seq` that `isSought`, or the next one before it; undefined if there is none. */
  find(
    seq: number,
    direction: 'after' | 'before',
    isSought: (record: HistoryRecord) => boolean,
  ): HistoryRecord | undefined {
    const index = this.#indexAfter(seq);
    if (direction === 'after') return this.#records.slice(index).find(isSought);
    return this.#records.slice(0, index).findLast((record) => record.seq < seq && isSought(record));
  }

  /** The records after `seq`, at most `countMax` of them. */
  after(seq: number, countMax: number): readonly HistoryRecord[] {
    const index = this.#indexAfter(seq);
    return this.#records.slice(index, index + countMax);
  }

  /** Index of the first kept record with a higher number. */
  #indexAfter(seq: number): number {
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#records[middle]?.seq ?? Infinity) <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #mark(index: number): void {
    if (this.#checkpoints.length >= this.#limits.historyCheckpointsMax) {
      this.#checkpoints = this.#checkpoints.filter((_, place) => place % 2 === 0);
      this.#spacing *= 2;
      if (index - (this.#checkpoints.at(-1)?.index ?? 0) < this.#spacing) return;
    }
    this.#checkpoints.push({ index, view: copyView(this.#now) });
  }

  /** Lets go of the oldest stretch: up to the second copy, which becomes the first. */
  #forget(): void {
    const second = this.#checkpoints[1];
    if (!second) return;
    this.#checkpoints.shift();
    const kept = second.index;
    this.#records = this.#records.slice(kept);
    this.#times = this.#times.slice(kept);
    this.#checkpoints = this.#checkpoints.map(({ index, view }) => ({ index: index - kept, view }));
  }
}
