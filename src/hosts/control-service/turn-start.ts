/**
 * Starts a turn at most once. A service does not recognise a message that is sent twice, so where the answer
 * is lost the session itself is read: a turn that was not there before and holds our text is ours.
 */
import { sleep } from '../../env.ts';
import { isSessionMeshError, messageOf, SessionMeshError } from '../../errors.ts';
import type { HostContext } from '../host.ts';
import { describeReply, refusalOf } from './service-client.ts';
import { turnIdOf, type SessionRequests } from './session-requests.ts';
import { turnsOf } from './session-view.ts';
import type { Sessions } from './sessions.ts';
import type { TrackedSession } from './tracked-session.ts';
import type { ServiceReply } from './wire.ts';

/** What starting a turn needs. */
export interface TurnStartOptions {
  readonly session: TrackedSession;
  readonly sessions: Sessions;
  readonly requests: SessionRequests;
  readonly context: HostContext;
  readonly signal: AbortSignal | undefined;
}

/** A message whose turn is looked for. */
interface LostMessage extends TurnStartOptions {
  readonly text: string;
  /** The turns that were there before. */
  readonly before: ReadonlySet<string>;
}

/**
 * Resolves with the id of the turn that took the text.
 * @throws SessionMeshError `turn_lost` if it is certain that there is none; why the service refused it;
 * `request_timeout` where it may still begin one; the reason of `signal`.
 */
export async function startTurn(text: string, options: TurnStartOptions): Promise<string> {
  const { session, requests, signal } = options;
  const before = session.knownTurns();
  let reply: ServiceReply;
  try {
    reply = await requests.post(session.id, { text, ...session.controls }, { signal });
  } catch (thrown) {
    return findLost(thrown, { ...options, text, before });
  }
  const turnId = turnIdOf(reply);
  if (turnId === null) throw refusedTurn(reply, session.id);
  session.controls = {};
  return turnId;
}

/** The error of a message that no turn took. */
export function refusedTurn(reply: ServiceReply, sessionId: string): SessionMeshError {
  const isAccepted = reply.status >= 200 && reply.status < 300;
  if (!isAccepted) return refusalOf(reply, sessionId);
  const found = describeReply(reply);
  return new SessionMeshError('protocol_invalid', { expected: 'a turnId', found, sessionId });
}

async function findLost(thrown: unknown, message: LostMessage): Promise<string> {
  const { session, context, signal } = message;
  const lost = new SessionMeshError('turn_lost', { sessionId: session.id, cause: thrown });
  if (isSessionMeshError(thrown, 'host_unreachable')) throw lost;
  const isLate = isSessionMeshError(thrown, 'request_timeout');
  if (signal?.aborted || (!isLate && !isSessionMeshError(thrown, 'stream_closed'))) throw thrown;
  let turnId = await lookForTurn(message);
  if (turnId === null) {
    // The service may still have the message in a queue.
    await sleep(context.env.clock, context.limits.turnLandingMs, signal);
    turnId = await lookForTurn(message);
  }
  if (turnId !== null) return turnId;
  // A service that is slow to answer may be slow to begin, too: that is not certain.
  throw isLate ? thrown : lost;
}

/** The turn that took the text, or null. Asks until the service answers, within `requestTimeoutMs`. */
async function lookForTurn(message: LostMessage): Promise<string | null> {
  const { session, sessions, requests, context, text, before, signal } = message;
  const { env, limits } = context;
  const deadlineMs = env.clock.monotonic() + limits.requestTimeoutMs;
  for (;;) {
    try {
      const detail = await requests.read(session.id, { signal });
      const landed = turnsOf(detail, limits.turnsListedMax).findLast(
        ({ id, texts }) => !before.has(id) && texts.some((said) => said.trim() === text.trim()),
      );
      if (!landed) return null;
      // Its beginning, and maybe its end, happened while nobody knew it.
      sessions.beginTurn(session, landed.id);
      sessions.observe(session, detail, 0);
      return landed.id;
    } catch (thrown) {
      const isOver = signal?.aborted || sessions.get(session.id) !== session;
      if (isOver || env.clock.monotonic() >= deadlineMs) throw thrown;
      context.logger.warn({ error: messageOf(thrown) }, 'could not look for a turn');
      await sleep(env.clock, limits.turnLandingMs, signal);
    }
  }
}
