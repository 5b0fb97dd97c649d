/** What records do to the sessions and turns of a view. */
import { defaultLimits } from '../limits.ts';
import type { Occurrence } from '../mesh/event.ts';
import type { Moment } from './fold-call.ts';
import { notice } from './fold-notice.ts';
import { keepLast, type RunView, type SessionView } from './view.ts';

const { historySessionsKeptMax, historyTurnsKeptMax } = defaultLimits;

/** A session of which nothing else is known yet. */
export function freshSession(sessionId: string, { seq, at, by }: Moment): SessionView {
  return {
    sessionId,
    runtime: by,
    title: null,
    tools: [],
    resumed: false,
    status: 'open',
    state: null,
    previousState: null,
    changedSeq: seq,
    changedAt: at,
    dispatchMode: 'neutral',
    lockSince: at,
    turnId: null,
    openedAt: at,
    endedAt: null,
    fault: null,
    openCalls: 0,
    calls: 0,
    failures: 0,
    repeats: 0,
    turns: 0,
  };
}

/** Changes what is known of a session; the first word of one makes it known. */
export function changeSession(
  view: RunView,
  sessionId: string,
  moment: Moment,
  change: (session: SessionView) => Partial<SessionView>,
): void {
  const before = view.sessions.get(sessionId) ?? freshSession(sessionId, moment);
  const session = { ...before, ...change(before) };
  // One that is over goes to the end of the line, so that the first ones are the longest open.
  view.sessions.set(sessionId, session);
  if (view.sessions.size > historySessionsKeptMax) forgetSession(view);
}

/** Forgets the oldest session that is over, or the oldest at all. */
function forgetSession(view: RunView): void {
  let victim: string | undefined;
  for (const { sessionId, status } of view.sessions.values()) {
    victim ??= sessionId;
    if (status === 'open') continue;
    victim = sessionId;
    break;
  }
  if (victim !== undefined) view.sessions.delete(victim);
}

/** A turn ended. */
export function foldTurnEnd(
  view: RunView,
  event: Extract<Occurrence, { type: 'turn.ended' }>,
  moment: Moment,
): void {
  const { sessionId, turnId, status, error, reply, durationMs, calls } = event;
  const key = `${sessionId} ${turnId}`;
  const startedAt = view.turns.get(key)?.startedAt ?? moment.at - durationMs;
  const turn = { sessionId, turnId, startedAt, endedAt: moment.at, status, error, reply, calls };
  keepLast(view.turns, key, turn, historyTurnsKeptMax);
  changeSession(view, sessionId, moment, (session) =>
    session.turnId === turnId ? { turnId: null } : {},
  );
}

/** A turn started. */
export function foldTurnStart(
  view: RunView,
  sessionId: string,
  turnId: string,
  moment: Moment,
): void {
  const open = { endedAt: null, status: null, error: null, reply: null, calls: 0 };
  const turn = { sessionId, turnId, startedAt: moment.at, ...open };
  keepLast(view.turns, `${sessionId} ${turnId}`, turn, historyTurnsKeptMax);
  changeSession(view, sessionId, moment, ({ turns }) => ({ turnId, turns: turns + 1 }));
}

type SessionOccurrence = Extract<Occurrence, { type: `session.${string}` }>;

/** A session was opened, changed or ended. */
export function foldSession(view: RunView, event: SessionOccurrence, moment: Moment): void {
  const { sessionId } = event;
  const { at, seq, by: runtime } = moment;
  switch (event.type) {
    case 'session.opened': {
      const { title, tools, resumed } = event;
      const opened = { title, tools, resumed, runtime, status: 'open', endedAt: null } as const;
      changeSession(view, sessionId, moment, (session) => ({
        ...opened,
        title: title ?? session.title,
        fault: null,
        openedAt: at,
      }));
      return;
    }
    case 'session.changed':
      changeSession(view, sessionId, moment, (session) => ({
        runtime,
        state: event.state,
        previousState: session.state,
        changedSeq: seq,
        changedAt: at,
        dispatchMode: event.dispatchMode,
        lockSince: event.dispatchMode === session.dispatchMode ? session.lockSince : at,
      }));
      return;
    case 'session.closed':
      changeSession(view, sessionId, moment, () => ({
        status: 'closed',
        endedAt: at,
        turnId: null,
      }));
      return;
    case 'session.failed': {
      const { fault } = event;
      changeSession(view, sessionId, moment, () => ({
        status: 'failed',
        endedAt: at,
        turnId: null,
        fault,
      }));
      notice(view, moment, { level: 'error', sessionId, text: fault.message });
    }
  }
}
