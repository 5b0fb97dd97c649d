/**
 * Serves the calls of one turn by polling, and waits for its end. The stream says when there is something to
 * poll; where it does not, a look now and then does.
 */
import { isSessionMeshError, messageOf } from '../errors.ts';
import { callRowType, callSignalType, endingOf } from '../hosts/control-service/internal.ts';
import type { Logger } from '../logger.ts';
import type { Session } from '../mesh/session.ts';
import type { TurnResult } from '../mesh/turn.ts';
import type { CallMemory } from './call-memory.ts';
import type { Dispatch } from './dispatch.ts';
import type { SendAndHandleOptions } from './sending.ts';
import type { Wait, WaitContext } from './wait.ts';

/** A turn that was begun. */
export interface ServedTurn {
  readonly session: Session;
  readonly turnId: string;
  /** The statuses that end it, in lower case. */
  readonly statuses: ReadonlySet<string>;
  readonly options: SendAndHandleOptions;
  /** One pass over the list of pending calls: what becomes of those that are new. */
  readonly drain: () => Promise<readonly Promise<Dispatch>[]>;
}

/** What serving needs besides. */
export interface TurnServiceContext extends WaitContext {
  readonly wait: Wait;
  readonly memory: CallMemory;
  readonly logger: Logger;
}

/** What became of the turn. */
export interface TurnServed {
  /** The session as it was read afterwards, or null if it could not be. */
  readonly detail: unknown;
  /** In the order the calls were taken. */
  readonly dispatches: readonly Dispatch[];
  /** How it ended, unless another status than an end was waited for. */
  readonly result: TurnResult | null;
}

/**
 * Serves the turn until it is over.
 * @throws SessionMeshError `turn_timeout`, `session_failed`; the reason of the signal
 */
export async function serveTurn(
  turn: ServedTurn,
  context: TurnServiceContext,
): Promise<TurnServed> {
  const over = new AbortController();
  const polling = pollCalls(turn, context, over.signal);
  try {
    const result = await whenOver(turn, context);
    over.abort();
    const taken = await polling;
    const { memory } = context;
    const dispatches = result?.dispatches.map((record) =>
      memory.dispatchOf(turn.session.id, turn.turnId, record),
    );
    return { detail: await readAfter(turn, context), dispatches: dispatches ?? taken, result };
  } finally {
    over.abort();
  }
}

/** The end of the turn; or null for a status that somebody waits for although no turn ends in it. */
async function whenOver(
  { session, turnId, statuses, options }: ServedTurn,
  { wait }: TurnServiceContext,
): Promise<TurnResult | null> {
  const { timeoutSeconds = 60, signal } = options;
  const given = signal ? { signal } : {};
  if ([...statuses].every((status) => endingOf(status) !== null)) {
    return session.turnEnded(turnId, { timeoutMs: timeoutSeconds * 1_000, ...given });
  }
  const expected = [...statuses];
  const turn = { sessionId: session.id, turnId, expected, timeoutSeconds, ...given };
  try {
    await wait.turnStatus(turn);
  } catch (thrown) {
    // The turn ended, in another status than one of these: it is over all the same.
    if (isSessionMeshError(thrown, 'wait_over')) return null;
    await session.core.interrupt().catch(() => {});
    throw thrown;
  }
  return null;
}

/** Polls until the turn is over; resolves once all calls that were taken have ended. Never rejects. */
async function pollCalls(
  { session, drain, options }: ServedTurn,
  { hub, env, host, limits, logger }: TurnServiceContext,
  over: AbortSignal,
): Promise<readonly Dispatch[]> {
  const taken: Promise<Dispatch | null>[] = [];
  const intervalMs = (options.intervalSeconds ?? 0.25) * 1_000;
  let nudge = Promise.withResolvers<void>();
  const onAbort = () => nudge.resolve();
  over.addEventListener('abort', onAbort);
  const undo = [
    hub.watch(session.id, ({ type }) => {
      if (type === callSignalType || type === callRowType) nudge.resolve();
    }),
    hub.watchState(() => nudge.resolve()),
  ];
  while (!over.aborted && !session.core.obstacle) {
    nudge = Promise.withResolvers();
    try {
      for (const dispatching of await drain()) taken.push(reported(dispatching, options));
    } catch (thrown) {
      const fields = { sessionId: session.id, error: messageOf(thrown) };
      if (!over.aborted && !session.core.obstacle) logger.warn(fields, 'could not list calls');
    }
    if (over.aborted) break;
    // Where the stream is up it says when to look, and this is for what it misses.
    const delayMs =
      host.state === 'online' ? Math.max(limits.silentCallMs, intervalMs) : intervalMs;
    const timer = env.clock.setTimeout(nudge.resolve, delayMs);
    await nudge.promise;
    env.clock.clearTimeout(timer);
  }
  for (const step of undo) step();
  const dispatches = await Promise.all(taken);
  return dispatches.filter((dispatch) => dispatch !== null);
}

async function reported(
  dispatching: Promise<Dispatch>,
  { onDispatch }: SendAndHandleOptions,
): Promise<Dispatch | null> {
  try {
    const dispatch = await dispatching;
    onDispatch?.(dispatch);
    return dispatch;
  } catch {
    // The lock was reset and taken by somebody else, or the session is over: it was not handled here.
    return null;
  }
}

/** The session once the turn is over. A service that cannot be asked for that long leaves it out. */
async function readAfter(
  { session, options }: ServedTurn,
  { wait, limits }: TurnServiceContext,
): Promise<unknown> {
  const timeoutSeconds = limits.requestTimeoutMs / 1_000;
  const time = { timeoutSeconds, ...(options.signal ? { signal: options.signal } : {}) };
  const subject = `session ${session.id} to be read`;
  try {
    return await wait.look(session.id, time, subject, (detail) => ({ value: detail }));
  } catch (thrown) {
    if (isSessionMeshError(thrown, 'wait_timeout')) return null;
    throw thrown;
  }
}
