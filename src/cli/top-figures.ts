/** Figures over all sessions of a picture. */
import type { Limits } from '../limits.ts';
import type { SessionState } from './service-rows.ts';
import type { Picture } from './top-picture.ts';
import { stateOf } from './top-session.ts';

/** Figures over all sessions. */
export interface Figures {
  readonly sessions: number;
  readonly byState: Readonly<Partial<Record<SessionState, number>>>;
  readonly callsInFlight: number;
  readonly questions: number;
  /** Calls that end per second; null before anything could be measured. */
  readonly callsPerSecond: number | null;
  /** Milliseconds; null before the first call has ended. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly callsEnded: number;
  readonly failures: number;
  readonly turnsFailed: number;
}

function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

/** The figures as of `nowMs`. */
export function figuresOf(picture: Picture, nowMs: number, limits: Limits): Figures {
  const byState: Partial<Record<SessionState, number>> = {};
  let callsInFlight = 0;
  let questions = 0;
  for (const session of picture.sessions.values()) {
    const state = stateOf(session);
    byState[state] = (byState[state] ?? 0) + 1;
    callsInFlight += session.calls.size;
    questions += session.questions.size;
  }
  const windowMs = Math.min(limits.topRateMs, nowMs - picture.sinceMs);
  const recent = picture.ended.filter(({ endedMs }) => nowMs - endedMs < windowMs);
  const took = picture.ended
    .filter(({ outcome }) => outcome !== 'expired')
    .map(({ tookMs }) => tookMs)
    .toSorted((one, other) => one - other);
  const { callsEnded, failures, turnsFailed } = picture;
  return {
    sessions: picture.sessions.size,
    byState,
    callsInFlight,
    questions,
    callsPerSecond: windowMs < 1_000 ? null : (recent.length * 1_000) / windowMs,
    p50Ms: quantile(took, 0.5),
    p99Ms: quantile(took, 0.99),
    callsEnded,
    failures,
    turnsFailed,
  };
}
