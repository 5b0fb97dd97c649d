/** A recorded run as a whole: what happened when, and the moments that people jump to. */
import type { HistoryEvent, HistoryHeader, HistoryRecord } from '../../history/record.ts';
import type { Limits } from '../../limits.ts';
import type { Occurrence } from '../../mesh/event.ts';
import type { GaugeCurve, RunMark, RunTimeline } from './frame.ts';

/** Something that a check of the run has found. */
export interface RunFinding {
  /** The record that proves it. */
  readonly seq: number;
  readonly at: number;
  readonly text: string;
}

/** What a check says of a run. */
export interface RunVerdict {
  readonly findings: readonly RunFinding[];
  /** Why the run cannot show that nothing was violated; empty if it can. */
  readonly doubts: readonly string[];
}

/** From where to where a run goes. */
export type RunSpan = Pick<RunTimeline, 'firstSeq' | 'lastSeq' | 'firstAt' | 'lastAt'>;

/** Stretches of time that the curves are made of. */
const stretches = 240;

interface Ended {
  readonly at: number;
  readonly durationMs: number;
}

type MarkText = Pick<RunMark, 'kind' | 'text'>;

function meshMark(event: Occurrence): MarkText | null {
  switch (event.type) {
    case 'host.lost':
    case 'host.failed':
      return { kind: 'loss', text: event.fault.message };
    case 'session.failed':
      return { kind: 'failure', text: `session ${event.sessionId}: ${event.fault.message}` };
    default:
      return null;
  }
}

function markOf(event: HistoryEvent): MarkText | null {
  switch (event.type) {
    case 'mesh':
      return meshMark(event.event);
    case 'world.fault.began':
      return { kind: 'fault', text: `${event.fault} on ${event.target}` };
    case 'world.phase.began':
      return { kind: 'phase', text: event.phase };
    case 'world.leak':
      return { kind: 'failure', text: `a canary was found in ${event.place}` };
    case 'world.process.ended':
      return event.as === 'closed' ? null : { kind: 'fault', text: `${event.process} ${event.as}` };
    default:
      return null;
  }
}

function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.ceil(share * sorted.length) - 1] ?? null;
}

/** Gathers what the timeline of a run is made of, record by record. */
export class RunTimelineBuilder {
  readonly #limits: Limits;
  readonly #marks: RunMark[] = [];
  /** When calls were taken (1) and when they were over (-1). */
  readonly #steps: { readonly at: number; readonly change: number }[] = [];
  /** Calls without an outcome, by the runtime that has them. */
  readonly #open = new Map<string, number>();
  readonly #ended: Ended[] = [];
  readonly #gauges = new Map<string, { readonly at: number; readonly value: number }[]>();
  readonly #counts = new Map<string, number>();
  #omitted = 0;
  #first: HistoryRecord | null = null;
  #last: HistoryRecord | null = null;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** The next record. */
  push(record: HistoryRecord): void {
    const { event, at, seq } = record;
    this.#first ??= record;
    this.#last = record;
    const mark = markOf(event);
    if (mark) this.#mark({ seq, at, ...mark });
    if (event.type === 'mesh') this.#pushMesh(event.runtime, event.event, at);
    else if (event.type === 'world.gauges') this.#pushGauges(event.process, event.values, at);
    else if (event.type === 'world.fault.began') this.#count('faults');
    // Its calls go with it.
    else if (event.type === 'world.process.ended') this.#step(event.process, at, null);
  }

  /** The first and the last record; zeros before there is one. */
  get span(): RunSpan {
    return {
      firstSeq: this.#first?.seq ?? 0,
      lastSeq: this.#last?.seq ?? 0,
      firstAt: this.#first?.at ?? 0,
      lastAt: this.#last?.at ?? 0,
    };
  }

  /** Everything so far, with what a check says; null if the run is not checked. */
  summary(header: HistoryHeader, isOver: boolean, verdict: RunVerdict | null): RunTimeline {
    const { span } = this;
    const { firstAt, lastAt } = span;
    // What is violated is always told: it is bounded by whoever checks.
    const violations = (verdict?.findings ?? []).map((finding): RunMark => ({
      ...finding,
      kind: 'violation',
    }));
    const stepMs = Math.max(1, (lastAt - firstAt) / stretches);
    const times = Array.from({ length: stretches }, (_, index) => firstAt + (index + 1) * stepMs);
    const slotOf = (at: number) =>
      Math.min(stretches - 1, Math.max(0, Math.floor((at - firstAt) / stepMs)));
    return {
      ...span,
      header,
      isOver,
      counts: Object.fromEntries(this.#counts),
      marks: [...this.#marks, ...violations].toSorted((one, other) => one.seq - other.seq),
      marksOmitted: this.#omitted,
      isChecked: verdict !== null,
      doubts: verdict?.doubts ?? [],
      times,
      ...this.#curves(slotOf, stepMs),
      gauges: this.#gaugeCurves(slotOf),
    };
  }

  #count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  #mark(mark: RunMark): void {
    if (this.#marks.length < this.#limits.replayMarksMax) this.#marks.push(mark);
    else this.#omitted += 1;
  }

  /** One more call or one less; null: none of this runtime is left. */
  #step(runtime: string, at: number, change: number | null): void {
    const open = this.#open.get(runtime) ?? 0;
    const next = change === null ? 0 : Math.max(0, open + change);
    this.#open.set(runtime, next);
    this.#steps.push({ at, change: next - open });
  }

  #pushMesh(runtime: string, event: Occurrence, at: number): void {
    if (event.type === 'session.opened') this.#count('sessions');
    else if (event.type === 'turn.started') this.#count('turns');
    else if (event.type === 'call.claimed') this.#step(runtime, at, 1);
    else if (event.type === 'call.repeated') this.#count('repeated');
    else if (event.type === 'host.lost') this.#count('links lost');
    else if (event.type === 'call.settled') {
      this.#count('calls');
      if (event.success !== true) this.#count('failed');
      this.#ended.push({ at, durationMs: event.durationMs });
      this.#step(runtime, at, -1);
    }
  }

  #pushGauges(process: string, values: Readonly<Record<string, number>>, at: number): void {
    for (const [gauge, value] of Object.entries(values)) {
      const name = `${process} ${gauge}`;
      const points = this.#gauges.get(name) ?? [];
      points.push({ at, value });
      if (this.#gauges.size < this.#limits.replayGaugesMax || this.#gauges.has(name)) {
        this.#gauges.set(name, points);
      }
    }
  }

  #curves(
    slotOf: (at: number) => number,
    stepMs: number,
  ): Pick<RunTimeline, 'perSecond' | 'inFlight' | 'p50Ms' | 'p99Ms'> {
    const durations = Array.from({ length: stretches }, (): number[] => []);
    const change = Array.from({ length: stretches }, () => 0);
    for (const { at, durationMs } of this.#ended) durations[slotOf(at)]?.push(durationMs);
    for (const step of this.#steps) {
      change[slotOf(step.at)] = (change[slotOf(step.at)] ?? 0) + step.change;
    }
    const sorted = durations.map((list) => list.toSorted((one, other) => one - other));
    let open = 0;
    return {
      perSecond: durations.map((list) => (list.length * 1_000) / stepMs),
      inFlight: change.map((step) => (open += step)),
      p50Ms: sorted.map((list) => quantile(list, 0.5)),
      p99Ms: sorted.map((list) => quantile(list, 0.99)),
    };
  }

  #gaugeCurves(slotOf: (at: number) => number): readonly GaugeCurve[] {
    return [...this.#gauges].map(([name, points]) => {
      const values = Array.from({ length: stretches }, (): number | null => null);
      for (const { at, value } of points) values[slotOf(at)] = value;
      return { name, values };
    });
  }
}
