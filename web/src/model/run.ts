/** What the page knows of the run it shows. Frames of the feed change it; views read its signals. */
import { batch, signal } from '@preact/signals';
import type { HistoryRecord } from '../../../src/history/record.ts';
import type {
  Counters,
  FeedFrame,
  HostRow,
  RunAbout,
  SessionFacts,
  SessionRow,
  TeamView,
  WaitingRow,
} from '../../../src/service/inspection/frame.ts';
import type { LinkState } from '../feed/connection.ts';

/** A watched session: how it was, and everything since. */
export interface WatchedSession {
  readonly facts: SessionFacts | null;
  /** The event after which it was so. */
  readonly factsSeq: number;
  readonly factsAt: number;
  /** The number from which on all records are here. */
  readonly from: number;
  readonly records: HistoryRecord[];
}

/** A point of the curves on the overview. */
export interface Sample {
  readonly at: number;
  readonly perSecond: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

const samplesMax = 240;
const sampleMs = 500;

export const link = signal<LinkState>({ type: 'connecting' });
export const about = signal<RunAbout | null>(null);
export const host = signal<HostRow | null>(null);
export const counters = signal<Counters | null>(null);
export const waiting = signal<readonly WaitingRow[]>([]);
export const team = signal<TeamView | null>(null);
/** Grows with every change of {@link rows}. */
export const rowsVersion = signal(0);
/** Grows with every change of which sessions there are. */
export const membershipVersion = signal(0);
/** Grows with every record of a watched session. */
export const watchedVersion = signal(0);
export const samples = signal<readonly Sample[]>([]);
/** Whether what is shown has gaps since the last snapshot, and how many events were skipped. */
export const skipped = signal(0);
/** The last number, and when that was, by the clock of the run. */
export const now = signal({ seq: 0, at: 0 });
/** Where a recorded run ends by now; null for one that was over when somebody began to look. */
export const growth = signal<Extract<FeedFrame, { type: 'grown' }> | null>(null);
/** The clock of the service less that of this browser, in milliseconds. */
export const clockSkewMs = signal(0);

/** The sessions. Not a signal: thousands of them change many times a second. */
export const rows = new Map<string, SessionRow>();
export const watched = new Map<string, WatchedSession>();

function takeSample(at: number): void {
  const known = counters.peek();
  const last = samples.peek().at(-1);
  if (!known || (last && at - last.at < sampleMs)) return;
  const { perSecond, p50Ms, p99Ms } = known;
  samples.value = [...samples.peek(), { at, perSecond, p50Ms, p99Ms }].slice(-samplesMax);
}

/** Goes on with the curves while nothing happens: the feed tells only of changes. */
export function startSampling(): void {
  setInterval(() => {
    const isLive = about.peek()?.kind === 'live' && link.peek().type === 'live';
    if (isLive) takeSample(Date.now() + clockSkewMs.peek());
  }, sampleMs * 2);
}

function takeCounters(next: Counters, at: number): void {
  counters.value = next;
  // A replay has curves of its own: here time may go back.
  if (about.peek()?.kind === 'live') takeSample(at);
}

function takeRows(changed: readonly SessionRow[]): void {
  const before = rows.size;
  for (const row of changed) rows.set(row.id, row);
  rowsVersion.value += 1;
  if (rows.size !== before) membershipVersion.value += 1;
}

function sessionIdOf({ event }: HistoryRecord): string | null {
  if (event.type !== 'mesh' || !('sessionId' in event.event)) return null;
  return event.event.sessionId;
}

function takeRecords(records: readonly HistoryRecord[]): void {
  for (const record of records) {
    const id = sessionIdOf(record);
    const session = id === null ? undefined : watched.get(id);
    const last = session?.records.at(-1)?.seq ?? 0;
    if (record.seq > last) session?.records.push(record);
  }
  watchedVersion.value += 1;
}

function takeSnapshot(frame: Extract<FeedFrame, { type: 'snapshot' }>): void {
  const { overview, at } = frame;
  rows.clear();
  takeRows(overview.rows);
  membershipVersion.value += 1;
  host.value = overview.host;
  waiting.value = overview.waiting;
  team.value = overview.team;
  takeCounters(overview.counters, at);
}

function takeUpdate(frame: Extract<FeedFrame, { type: 'update' }>): void {
  if (frame.rows) takeRows(frame.rows);
  if (frame.gone?.length) {
    for (const id of frame.gone) rows.delete(id);
    rowsVersion.value += 1;
    membershipVersion.value += 1;
  }
  if (frame.host !== undefined) host.value = frame.host;
  if (frame.waiting) waiting.value = frame.waiting;
  if (frame.team !== undefined) team.value = frame.team;
  if (frame.counters) takeCounters(frame.counters, frame.at);
  if (frame.records?.length) takeRecords(frame.records);
}

/** A watched session is told of: what is known of it goes on where it can, and begins anew where not. */
function takeSession(frame: Extract<FeedFrame, { type: 'session' }>): void {
  const { sessionId, facts, from, records } = frame;
  watched.set(sessionId, {
    facts,
    factsSeq: frame.seq,
    factsAt: frame.at,
    from,
    records: [...records],
  });
  watchedVersion.value += 1;
}

/** Takes the next frame in. */
export function takeFrame(frame: FeedFrame): void {
  batch(() => {
    if ('seq' in frame && 'at' in frame) {
      now.value = { seq: frame.seq, at: frame.at };
      if (about.value?.time !== 'virtual') clockSkewMs.value = frame.at - Date.now();
    }
    switch (frame.type) {
      case 'hello':
        about.value = frame.about;
        return;
      case 'snapshot':
        takeSnapshot(frame);
        return;
      case 'update':
        takeUpdate(frame);
        return;
      case 'session':
        takeSession(frame);
        return;
      case 'grown':
        growth.value = frame;
        return;
      case 'lagged':
        skipped.value += Math.max(0, frame.to - frame.from + 1);
        return;
      case 'pong':
      case 'error':
    }
  });
}
