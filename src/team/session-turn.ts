/** One turn of one session, brought to an end in every case: by itself, by its deadline, or by force. */
import { follow, unlessAborted } from '../abort.ts';
import { sleep, type Clock } from '../env.ts';
import { isSessionMeshError, messageOf, SessionMeshError, type ErrorCode } from '../errors.ts';
import type { TurnEnd } from './board.ts';
import type { TeamSession, TeamTurn } from './member-session.ts';

interface SessionTurnOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** How long a session may take to end a turn after it was told to. */
  readonly graceMs: number;
  /** Aborts when the run is over. */
  readonly signal: AbortSignal;
}

/** After these no further turn of the session can succeed. */
const lossCodes: ReadonlySet<ErrorCode> = new Set([
  'session_closed',
  'session_failed',
  'session_unknown',
  'mesh_closed',
  'host_failed',
  'host_unauthorized',
]);

/** Whether `work` settled within `delayMs`. Never rejects; leaves no timer behind. */
export async function settlesWithin(
  clock: Clock,
  delayMs: number,
  work: Promise<unknown>,
): Promise<boolean> {
  const timer = new AbortController();
  const settled = work.then(
    () => true,
    () => true,
  );
  const late = sleep(clock, delayMs, timer.signal).then(
    () => false,
    () => false,
  );
  const inTime = await Promise.race([settled, late]);
  timer.abort();
  return inTime;
}

function endOf(turn: TeamTurn): TurnEnd {
  const { turnId, status, reply } = turn;
  if (status === 'completed') return { result: 'ended', turnId, error: null, reply };
  return { result: 'failure', turnId, error: turn.error ?? `the turn was ${status}`, reply };
}

function endAfter(error: unknown): TurnEnd {
  const ours = isSessionMeshError(error);
  return {
    result: ours && lossCodes.has(error.code) ? 'loss' : 'failure',
    turnId: (ours && error.facts.turnId) || null,
    error: messageOf(error),
    reply: null,
  };
}

/**
 * Plays one turn and says how it ended. Never rejects, and never takes longer than the time of the
 * turn and twice the grace, whatever the session does: the session's deadline comes first, then this
 * one, and then the session is given the grace to interrupt the turn.
 */
export async function playTurn(
  session: TeamSession,
  text: string,
  { clock, timeoutMs, graceMs, signal }: SessionTurnOptions,
): Promise<TurnEnd> {
  if (signal.aborted) return { ...endAfter(signal.reason), result: 'stop' };
  const cut = new AbortController();
  const unfollow = follow(signal, cut);
  const timer = clock.setTimeout(
    () => cut.abort(new SessionMeshError('turn_timeout', { sessionId: session.id })),
    timeoutMs + graceMs,
  );
  const send = async () => session.sendAndHandle(text, { timeoutMs, signal: cut.signal });
  const sent = send();
  try {
    return endOf(await unlessAborted(sent, cut.signal));
  } catch (error) {
    if (!cut.signal.aborted) return endAfter(error);
    await settlesWithin(clock, graceMs, sent);
    const end = endAfter(cut.signal.reason);
    return signal.aborted ? { ...end, result: 'stop' } : end;
  } finally {
    clock.clearTimeout(timer);
    unfollow();
  }
}
