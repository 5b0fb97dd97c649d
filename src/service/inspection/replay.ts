/** A history that can be looked at: read once, then shown as of any of its records. */
import { openHistory, type HistoryChunks } from '../../history/reader.ts';
import type { HistoryEvent, HistoryHeader, HistoryRecord } from '../../history/record.ts';
import { Timeline } from '../../history/timeline.ts';
import type { Limits } from '../../limits.ts';
import type { RunAbout, RunTimeline } from './frame.ts';
import { RunTimelineBuilder, type RunVerdict } from './run-timeline.ts';

/** Looks for what was violated in a history, record by record. */
export interface ReplayCheck {
  push(record: HistoryRecord): void;
  /** What it says of the whole. */
  finish(): RunVerdict;
}

/** A history, ready to be shown. */
export interface Replay {
  readonly about: RunAbout;
  readonly timeline: Timeline;
  readonly summary: RunTimeline;
  /** The records of one session, in order; the newest, if there are more than are kept of one. */
  recordsOf(sessionId: string): readonly HistoryRecord[];
}

/** How a history is read. */
export interface ReplayOptions {
  readonly limits: Limits;
  /** A line for people: the file. */
  readonly name: string;
  /** Makes what checks the run; left out, it is not checked. */
  readonly createCheck?: (header: HistoryHeader) => ReplayCheck;
}

/** The session that a record is about, or null. */
function sessionOf(event: HistoryEvent): string | null {
  const told = event.type === 'mesh' ? event.event : event;
  return 'sessionId' in told ? told.sessionId : null;
}

/**
 * Reads a history.
 * @throws SessionMeshError `history_invalid`, and what reading the chunks throws
 */
export async function readReplay(chunks: HistoryChunks, options: ReplayOptions): Promise<Replay> {
  const { limits, name, createCheck } = options;
  const { header, records } = await openHistory(chunks);
  const check = createCheck?.(header) ?? null;
  const timeline = new Timeline(limits);
  const builder = new RunTimelineBuilder(limits);
  const bySession = new Map<string, HistoryRecord[]>();
  for await (const record of records) {
    timeline.push(record);
    builder.push(record);
    check?.push(record);
    const sessionId = sessionOf(record.event);
    if (sessionId === null) continue;
    const own = bySession.get(sessionId) ?? [];
    if (own.length === 0) bySession.set(sessionId, own);
    own.push(record);
  }
  const { source, time } = header;
  return {
    about: { source, kind: 'replay', time, name, decides: false, converses: false },
    timeline,
    summary: builder.finish(header, check?.finish() ?? null),
    recordsOf: (sessionId) =>
      (bySession.get(sessionId) ?? []).slice(-limits.replaySessionRecordsMax),
  };
}
