/** Makes a report of a history as it comes, in bounded memory however long it is. */
import { defaultLimits } from '../../limits.ts';
import type { HistoryEventOf, HistoryHeader, HistoryRecord } from '../../history/record.ts';
import { createChecker, type Checker } from '../check/checker.ts';
import type { CheckOptions } from '../check/run-facts.ts';
import { SpreadCounter } from '../check/spread.ts';
import type { Report, ReportFault, ReportGauge, ReportPhase, ReportStretch } from './report.ts';
import { Grid, type Stretches } from './stretches.ts';

const { reportFaultsMax, reportGaugesMax, reportStretchesMax } = defaultLimits;

interface CallStretch {
  readonly latency: SpreadCounter;
  readonly recovery: SpreadCounter;
  readonly outcomes: Record<string, number>;
}

const callStretch = {
  empty: (): CallStretch => ({
    latency: new SpreadCounter(),
    recovery: new SpreadCounter(),
    outcomes: {},
  }),
  merge(earlier: CallStretch, later: CallStretch): void {
    earlier.latency.merge(later.latency);
    earlier.recovery.merge(later.recovery);
    for (const [outcome, count] of Object.entries(later.outcomes)) {
      earlier.outcomes[outcome] = (earlier.outcomes[outcome] ?? 0) + count;
    }
  },
};

interface Level {
  max: number | null;
}

const level = {
  empty: (): Level => ({ max: null }),
  merge(earlier: Level, { max }: Level): void {
    if (max !== null) earlier.max = Math.max(earlier.max ?? max, max);
  },
};

interface Gauge {
  readonly levels: Stretches<Level>;
  max: number;
  last: number;
}

/** Checks a history and gathers what a report shows of it. */
export interface Reporter {
  push(record: HistoryRecord): void;
  /** Calls, faults and violations so far, for whoever shows how far it is. */
  readonly progress: {
    readonly records: number;
    readonly faults: number;
    readonly violations: number;
  };
  /** The report on everything that was pushed. `isTorn`: the last line of the history was cut off. */
  finish(isTorn?: boolean): Report;
}

class HistoryReporter implements Reporter {
  readonly #header: HistoryHeader;
  readonly #checker: Checker;
  readonly #grid: Grid;
  readonly #calls: Stretches<CallStretch>;
  readonly #gauges = new Map<string, Gauge>();
  readonly #bounds = new Map<string, number | null>();
  readonly #faults: { fault: string; target: string; fromMs: number; toMs: number | null }[] = [];
  readonly #openFaults = new Map<string, number>();
  readonly #phases: ReportPhase[] = [];
  #records = 0;
  #faultsSeen = 0;
  #firstAt = 0;
  #lastMs = 0;

  constructor(header: HistoryHeader, options: CheckOptions) {
    this.#header = header;
    this.#grid = new Grid(reportStretchesMax, 1);
    this.#calls = this.#grid.series(callStretch);
    this.#checker = createChecker(header, options, {
      onAnswered: (at, ms) => this.#calls.at(at - this.#firstAt).latency.add(ms),
      onRecovered: (at, ms) => this.#calls.at(at - this.#firstAt).recovery.add(ms),
    });
  }

  get progress() {
    const violations = this.#checker.violations;
    return { records: this.#records, faults: this.#faultsSeen, violations };
  }

  push(record: HistoryRecord): void {
    if (this.#records === 0) this.#firstAt = record.at;
    this.#records += 1;
    const ms = Math.max(this.#lastMs, record.at - this.#firstAt);
    this.#lastMs = ms;
    this.#checker.push(record);
    const { event } = record;
    switch (event.type) {
      case 'mesh':
        if (event.event.type === 'call.settled') this.#onSettled(ms, event.event.outcome);
        return;
      case 'world.gauges':
        return this.#onGauges(ms, event.values);
      case 'world.bound':
        this.#bounds.set(event.gauge, event.max);
        return;
      case 'world.fault.began':
        return this.#onFault(ms, event);
      case 'world.fault.ended':
        return this.#onFaultEnded(ms, event.faultId);
      case 'world.phase.began':
        this.#phases.push({ phase: event.phase, fromMs: ms });
        return;
      default:
    }
  }

  #onSettled(ms: number, outcome: string): void {
    const { outcomes } = this.#calls.at(ms);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }

  #onGauges(ms: number, values: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(values)) {
      let gauge = this.#gauges.get(name);
      if (!gauge) {
        if (this.#gauges.size >= reportGaugesMax) continue;
        gauge = { levels: this.#grid.series(level), max: value, last: value };
        this.#gauges.set(name, gauge);
      }
      gauge.last = value;
      gauge.max = Math.max(gauge.max, value);
      level.merge(gauge.levels.at(ms), { max: value });
    }
  }

  #onFault(ms: number, event: HistoryEventOf<'world.fault.began'>): void {
    this.#faultsSeen += 1;
    if (this.#faults.length >= reportFaultsMax) return;
    const { fault, target, faultId, lasts } = event;
    if (lasts) this.#openFaults.set(faultId, this.#faults.length);
    this.#faults.push({ fault, target, fromMs: ms, toMs: lasts ? null : ms });
  }

  #onFaultEnded(ms: number, faultId: string): void {
    const fault = this.#faults[this.#openFaults.get(faultId) ?? -1];
    this.#openFaults.delete(faultId);
    if (fault) fault.toMs = ms;
  }

  finish(isTorn = false): Report {
    const verdict = this.#checker.verdict();
    const count = this.#grid.placeOf(this.#lastMs) + 1;
    const { stretchMs } = this.#grid;
    const stretches = this.#calls
      .list(count)
      .map(({ latency, recovery, outcomes }, place): ReportStretch => ({
        fromMs: place * stretchMs,
        latency: latency.spread,
        recovery: recovery.spread,
        outcomes,
      }));
    return {
      header: this.#header,
      verdict,
      isTorn,
      durationMs: this.#lastMs,
      stretchMs,
      stretches,
      gauges: this.#listGauges(count),
      faults: this.#faults.map((fault): ReportFault => fault),
      faultsOmitted: this.#faultsSeen - this.#faults.length,
      phases: this.#phases,
    };
  }

  #listGauges(count: number): ReportGauge[] {
    return [...this.#gauges].map(([gauge, { levels, max, last }]) => ({
      gauge,
      levels: levels.list(count).map((stretch) => stretch.max),
      max,
      last,
      bound: this.#bounds.get(gauge) ?? null,
    }));
  }
}

/** A reporter for the history with this header. */
export function createReporter(header: HistoryHeader, options: CheckOptions = {}): Reporter {
  return new HistoryReporter(header, options);
}
