/** A run while somebody looks at it: its overview, and the records of the sessions that are watched. */
import type { HistoryEvent, HistoryRecord } from '../../history/record.ts';
import type { Limits } from '../../limits.ts';
import type { FeedFrame, OverviewView, WaitingRow } from './frame.ts';
import { Overview } from './overview.ts';
import type { InspectionSource, SourceObserver } from './source.ts';
import { WatchedSession } from './watched-session.ts';

type Update = Extract<FeedFrame, { type: 'update' }>;
type SessionFrame = Extract<FeedFrame, { type: 'session' }>;

/** What an observation is made of. */
export interface ObservationOptions {
  readonly source: InspectionSource;
  readonly limits: Limits;
  /** The number from which on everything is observed. */
  readonly seq: number;
  readonly at: number;
}

function sessionOf(event: HistoryEvent): string | null {
  if (event.type !== 'mesh') return null;
  const occurrence = event.event;
  return 'sessionId' in occurrence ? occurrence.sessionId : null;
}

/** One stretch of time in which somebody looks. */
export class Observation {
  /** The number from which on everything was observed. */
  readonly from: number;
  readonly #options: ObservationOptions;
  readonly #overview: Overview;
  readonly #watched = new Map<string, WatchedSession>();
  /** Records as they were written out for this round, by session and number they begin after. */
  readonly #texts = new Map<string, string>();
  #stop: (() => void) | null = null;
  #countersTold = '';
  #waitingTold = '';

  constructor(options: ObservationOptions) {
    const { source, limits, seq, at } = options;
    this.#options = options;
    this.from = seq;
    this.#overview = new Overview(limits, at);
    this.#overview.setHost(source.host());
    const open = new Set<string>();
    for (const facts of source.sessions()) {
      open.add(facts.id);
      this.#overview.addSession(facts, at, seq);
    }
    for (const event of source.teamEvents()) {
      this.#overview.apply({ type: 'team', runtime: source.about.source, event }, event.at, seq);
    }
    // A team tells of sessions that may be over by now.
    this.#overview.endUnless((id) => open.has(id));
    // Whoever looks first is told all of it.
    this.#overview.takeChanges();
  }

  /** Begins to observe. */
  start(observer: SourceObserver): void {
    this.#stop = this.#options.source.observe(observer);
  }

  /** Observes nothing any more. Idempotent. */
  stop(): void {
    this.#stop?.();
    this.#stop = null;
  }

  apply(event: HistoryEvent, at: number, seq: number): void {
    this.#overview.apply(event, at, seq);
    if (this.#watched.size === 0) return;
    const sessionId = sessionOf(event);
    if (sessionId !== null) this.#watched.get(sessionId)?.add({ seq, at, event });
  }

  /** A session is called so from now on. */
  rename(sessionId: string, title: string, seq: number): void {
    this.#overview.rename(sessionId, title, seq);
  }

  view(at: number): OverviewView {
    return this.#overview.view(at, this.#options.source.waiting());
  }

  /** What changed since this was called last as a frame that is written out, or null. */
  takeUpdate(at: number, seq: number): string | null {
    const { host, rows, gone, isTeamChanged } = this.#overview.takeChanges();
    const waiting = this.#changedWaiting();
    const counters = this.#overview.counters(at);
    const countersText = JSON.stringify(counters);
    const areCountersNew = countersText !== this.#countersTold;
    this.#countersTold = countersText;
    const isQuiet = rows.length === 0 && gone.length === 0 && !isTeamChanged;
    if (isQuiet && host === undefined && waiting === null && !areCountersNew) return null;
    const update: Update = {
      type: 'update',
      seq,
      at,
      ...(host === undefined ? {} : { host }),
      ...(areCountersNew ? { counters } : {}),
      ...(rows.length === 0 ? {} : { rows }),
      ...(gone.length === 0 ? {} : { gone }),
      ...(waiting === null ? {} : { waiting }),
      ...(isTeamChanged ? { team: this.#overview.team } : {}),
    };
    return JSON.stringify(update);
  }

  /** What has changed after the event `since`; what has no number of its own is told again. */
  changesSince(since: number, at: number): Omit<Update, 'type' | 'seq' | 'at' | 'records'> {
    const { host, counters, waiting, team } = this.view(at);
    const rows = this.#overview.rowsSince(since);
    return { host, counters, waiting, team, rows, gone: this.#overview.goneSince(since) };
  }

  // Watched sessions

  /** Somebody begins to watch these sessions, after the event `seq`. */
  watch(sessionIds: Iterable<string>, seq: number): void {
    const { inspectionRecordsKeptMax } = this.#options.limits;
    for (const id of sessionIds) {
      const known = this.#watched.get(id) ?? new WatchedSession(seq + 1, inspectionRecordsKeptMax);
      known.viewers += 1;
      this.#watched.set(id, known);
    }
  }

  /** Somebody does not watch them any more. */
  unwatch(sessionIds: Iterable<string>, nowMs: number): void {
    for (const id of sessionIds) {
      const known = this.#watched.get(id);
      if (!known) continue;
      known.viewers -= 1;
      known.leftAtMs = nowMs;
    }
  }

  /** Lets go of sessions that nobody has watched for a while. */
  forgetUnwatched(nowMs: number): void {
    const { inspectionLingerMs } = this.#options.limits;
    for (const [id, { viewers, leftAtMs }] of this.#watched) {
      if (viewers === 0 && nowMs - leftAtMs >= inspectionLingerMs) this.#watched.delete(id);
    }
  }

  /** Whether all that happened in a session after `seq` is known. */
  isComplete(sessionId: string, seq: number): boolean {
    const known = this.#watched.get(sessionId);
    return known !== undefined && known.from <= seq + 1;
  }

  /** The records of a session after `seq`. */
  records(sessionId: string, seq: number): readonly HistoryRecord[] {
    return this.#watched.get(sessionId)?.since(seq) ?? [];
  }

  /** The same of several sessions, written out. Viewers that watch the same are told the same text. */
  recordsText(sessionIds: ReadonlySet<string>, seq: number): string {
    const texts: string[] = [];
    for (const id of sessionIds) {
      const key = `${seq} ${id}`;
      let text = this.#texts.get(key);
      if (text === undefined) {
        text = this.records(id, seq)
          .map((record) => JSON.stringify(record))
          .join(',');
        this.#texts.set(key, text);
      }
      if (text !== '') texts.push(text);
    }
    return texts.join(',');
  }

  forgetTexts(): void {
    this.#texts.clear();
  }

  /** A session as it is, for one who begins to watch it. */
  sessionFrame(sessionId: string, seq: number, at: number): SessionFrame {
    const known = this.#watched.get(sessionId);
    const facts = this.#options.source.session(sessionId);
    const from = known?.from ?? seq + 1;
    return { type: 'session', sessionId, seq, at, facts, from, records: known?.since(0) ?? [] };
  }

  #changedWaiting(): readonly WaitingRow[] | null {
    const waiting = this.#options.source.waiting();
    const ids = waiting.map(({ id }) => id).join(' ');
    if (ids === this.#waitingTold) return null;
    this.#waitingTold = ids;
    return waiting;
  }
}
