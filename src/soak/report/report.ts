/** What a report shows: the verdict, and the run over time in so many stretches. Plain JSON. */
import type { HistoryHeader } from '../../history/record.ts';
import type { Spread, Verdict } from '../check/verdict.ts';

/** One stretch of the run. */
export interface ReportStretch {
  /** When it began, in milliseconds from the first record. */
  readonly fromMs: number;
  /** From asking to answer, for calls that were answered in it. */
  readonly latency: Spread;
  /** From the end of a fault to the progress of a call, for those that went on in it. */
  readonly recovery: Spread;
  /** Calls that ended in it, by outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** The highest level of a gauge in each stretch, over all processes; null where it was not measured. */
export interface ReportGauge {
  readonly gauge: string;
  readonly levels: readonly (number | null)[];
  readonly max: number;
  readonly last: number;
  /** What it must not pass, where that was said. */
  readonly bound: number | null;
}

/** A fault of the run. Times from the first record; one that was over at once ends when it began. */
export interface ReportFault {
  readonly fault: string;
  readonly target: string;
  readonly fromMs: number;
  /** Null where it was never over. */
  readonly toMs: number | null;
}

/** A phase of the run. */
export interface ReportPhase {
  readonly phase: string;
  readonly fromMs: number;
}

/** A run and the verdict on it. */
export interface Report {
  readonly header: HistoryHeader;
  readonly verdict: Verdict;
  /** The last line of the history was cut off. */
  readonly isTorn: boolean;
  readonly durationMs: number;
  readonly stretchMs: number;
  readonly stretches: readonly ReportStretch[];
  readonly gauges: readonly ReportGauge[];
  /** At most `reportFaultsMax`, the first ones. */
  readonly faults: readonly ReportFault[];
  readonly faultsOmitted: number;
  readonly phases: readonly ReportPhase[];
}
