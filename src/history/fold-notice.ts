/** Counting what happened, and noting what a person should be told. */
import { defaultLimits } from '../limits.ts';
import type { Moment } from './fold-call.ts';
import { keepLast, type NoticeView, type RunCounts, type RunView } from './view.ts';

const { historyNoticesKeptMax } = defaultLimits;

/** Counts one more of something. */
export function count(view: RunView, name: keyof RunCounts, by = 1): void {
  view.counts = { ...view.counts, [name]: view.counts[name] + by };
}

/** Keeps something worth telling. */
export function notice(view: RunView, moment: Moment, about: Omit<NoticeView, 'seq' | 'at'>): void {
  const { seq, at } = moment;
  keepLast(view.notices, seq, { seq, at, ...about }, historyNoticesKeptMax);
}
