/** A history that can be looked at as of any of its records: read whole, or while it is being written. */
import { openHistory, type HistoryChunks } from '../../history/reader.ts';
import type { HistoryEvent, HistoryHeader, HistoryRecord } from '../../history/record.ts';
import { Timeline } from '../../history/timeline.ts';
import { keepLast } from '../../history/view.ts';
import type { Limits } from '../../limits.ts';
import type { TeamBudget } from '../../team/scheduler.ts';
import type { RunAbout, RunTimeline } from './frame.ts';
import {
  RunTimelineBuilder,
  type RunFinding,
  type RunSpan,
  type RunVerdict,
} from './run-timeline.ts';
import type { TeamBudgets } from './team-row.ts';

/** Looks for what was violated in a history, record by record. */
export interface ReplayCheck {
  push(record: HistoryRecord): void;
  /** What was found by now, without taking the last record for the end. */
  soFar(): readonly RunFinding[];
  /** What it says of the whole. Nothing is pushed afterwards. */
  finish(): RunVerdict;
}

/** A history, ready to be shown. */
export interface Replay {
  readonly about: RunAbout;
  readonly timeline: Timeline;
  /** From where to where it goes by now. */
  readonly span: RunSpan;
  /** The run as a whole, as far as it is known. */
  readonly summary: RunTimeline;
  /** What its teams may use. */
  readonly budgets: TeamBudgets;
  /** Whether no record can follow. */
  readonly isOver: boolean;
  /** The records of one session, in order; the newest, if there are more than are kept of one. */
  recordsOf(sessionId: string): readonly HistoryRecord[];
  /** Tells of every record that comes, and of the end; returns how to stop. */
  observe(onGrown: () => void): () => void;
}

/** How a history is read. */
export interface ReplayOptions {
  readonly limits: Limits;
  /** A line for people: the file. */
  readonly name: string;
  /** Makes what checks the run; left out, it is not checked. */
  readonly createCheck?: (header: HistoryHeader) => ReplayCheck;
}

/** A history that is being read. */
export interface FollowedReplay {
  readonly replay: Replay;
  /** Resolves once the history has ended; rejects with `history_invalid` and what reading throws. */
  readonly over: Promise<void>;
}

/** The session that a record is about, or null. */
function sessionOf(event: HistoryEvent): string | null {
  const told = event.type === 'mesh' ? event.event : event;
  return 'sessionId' in told ? told.sessionId : null;
}

/** What has been read of a history. */
class ReadHistory implements Replay {
  readonly about: RunAbout;
  readonly timeline: Timeline;
  readonly #header: HistoryHeader;
  readonly #limits: Limits;
  readonly #builder: RunTimelineBuilder;
  readonly #check: ReplayCheck | null;
  readonly #bySession = new Map<string, HistoryRecord[]>();
  readonly #budgets = new Map<string, TeamBudget>();
  readonly #observers = new Set<() => void>();
  #verdict: RunVerdict | null = null;
  #summary: RunTimeline | null = null;
  #isOver = false;

  constructor(header: HistoryHeader, { limits, name, createCheck }: ReplayOptions) {
    const { source, time } = header;
    this.about = { source, kind: 'replay', time, name, decides: false, converses: false };
    this.#header = header;
    this.#limits = limits;
    this.timeline = new Timeline(limits);
    this.#builder = new RunTimelineBuilder(limits);
    this.#check = createCheck?.(header) ?? null;
  }

  get span(): RunSpan {
    return this.#builder.span;
  }

  get budgets(): TeamBudgets {
    return this.#budgets;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get summary(): RunTimeline {
    const { lastSeq } = this.span;
    const known = this.#summary;
    if (known?.lastSeq === lastSeq && known.isOver === this.#isOver) return known;
    const made = this.#builder.summary(this.#header, this.#isOver, this.#verdictSoFar());
    this.#summary = made;
    return made;
  }

  recordsOf(sessionId: string): readonly HistoryRecord[] {
    const own = this.#bySession.get(sessionId) ?? [];
    return own.slice(-this.#limits.replaySessionRecordsMax);
  }

  observe(onGrown: () => void): () => void {
    this.#observers.add(onGrown);
    return () => void this.#observers.delete(onGrown);
  }

  push(record: HistoryRecord): void {
    this.timeline.push(record);
    this.#builder.push(record);
    this.#check?.push(record);
    const { event } = record;
    if (event.type === 'team' && event.event.type === 'team.started') {
      const { runId, budget } = event.event;
      keepLast(this.#budgets, runId, budget, this.#limits.historyNoticesKeptMax);
    }
    const sessionId = sessionOf(event);
    if (sessionId !== null) this.#keep(sessionId, record);
    for (const tell of this.#observers) tell();
  }

  end(): void {
    this.#isOver = true;
    this.#verdict = this.#check?.finish() ?? null;
    for (const tell of this.#observers) tell();
  }

  #keep(sessionId: string, record: HistoryRecord): void {
    const { replaySessionRecordsMax: countMax } = this.#limits;
    const own = this.#bySession.get(sessionId) ?? [];
    if (own.length === 0) this.#bySession.set(sessionId, own);
    own.push(record);
    // Dropped in bulk, so that a full list does not move for every record.
    if (own.length >= countMax * 2) own.splice(0, countMax);
  }

  #verdictSoFar(): RunVerdict | null {
    if (this.#isOver || !this.#check) return this.#verdict;
    return { findings: this.#check.soFar(), doubts: [] };
  }
}

/**
 * Reads a history to its end.
 * @throws SessionMeshError `history_invalid`, and what reading the chunks throws
 */
export async function readReplay(chunks: HistoryChunks, options: ReplayOptions): Promise<Replay> {
  const { header, records } = await openHistory(chunks);
  const history = new ReadHistory(header, options);
  for await (const record of records) history.push(record);
  history.end();
  return history;
}

/**
 * Begins to read a history that may still be written; resolves once its header was read. It is over with
 * the record that says so, or where the chunks end.
 * @throws SessionMeshError `history_invalid`, and what reading the chunks throws
 */
export async function followReplay(
  chunks: HistoryChunks,
  options: ReplayOptions,
): Promise<FollowedReplay> {
  const { header, records } = await openHistory(chunks);
  const replay = new ReadHistory(header, options);
  const read = async () => {
    for await (const record of records) {
      replay.push(record);
      if (record.event.type === 'history.ended') break;
    }
    replay.end();
  };
  const over = read();
  // Whoever awaits it late is told nevertheless.
  over.catch(() => {});
  return { replay, over };
}
