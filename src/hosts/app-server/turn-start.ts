/**
 * Starts a turn at most once. Codex does not recognise a turn that is sent twice, so where the answer
 * is lost, the thread itself is asked: the user message carries an id of ours.
 */
import { sleep } from '../../env.ts';
import { isSessionMeshError, SessionMeshError } from '../../errors.ts';
import type { HostContext } from '../host.ts';
import type { AttachedSession } from './attached-session.ts';
import type { Link } from './link.ts';
import { parseClientIds, parseTurns, parseTurnStart, textInput } from './protocol.ts';
import type { Sessions } from './sessions.ts';

/** What starting a turn needs. */
export interface TurnStartOptions {
  readonly session: AttachedSession;
  readonly sessions: Sessions;
  readonly context: HostContext;
  /** Resolves with the link once the session is subscribed on it. */
  readonly whenLinked: () => Promise<Link>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Resolves with the id of the turn that was accepted.
 * @throws SessionMeshError `turn_lost` if it is certain that there is none; as `Link.request`; the
 * reason of `signal`, and then the turn may have been accepted.
 */
export async function startTurn(text: string, options: TurnStartOptions): Promise<string> {
  const { session, sessions, context, signal } = options;
  const messageId = context.env.id();
  const params = {
    threadId: session.id,
    clientUserMessageId: messageId,
    input: textInput(text),
  };
  const link = await linkFor(options);
  try {
    const turnId = parseTurnStart(await link.request('turn/start', params, signal && { signal }));
    sessions.beginTurn(session.id, turnId);
    return turnId;
  } catch (error) {
    const isLate = isSessionMeshError(error, 'request_timeout');
    if ((link.isOpen && !isLate) || signal?.aborted) throw error;
    const turnId = await findTurn(messageId, options);
    if (turnId !== null) return turnId;
    // A server that is slow to answer may be slow to begin, too: that is not certain.
    if (isLate) throw error;
    throw new SessionMeshError('turn_lost', { sessionId: session.id, cause: error });
  }
}

async function linkFor({ whenLinked, session }: TurnStartOptions): Promise<Link> {
  try {
    return await whenLinked();
  } catch (cause) {
    if (!isSessionMeshError(cause, 'stream_closed')) throw cause;
    throw new SessionMeshError('turn_lost', { sessionId: session.id, cause });
  }
}

/** The turn that took the message with this id, or null. Goes on over as many links as it takes. */
async function findTurn(messageId: string, options: TurnStartOptions): Promise<string | null> {
  const { context, whenLinked, signal } = options;
  for (;;) {
    const link = await whenLinked();
    try {
      const found = await lookForTurn(link, messageId, options);
      if (found !== null) return found;
      // The server may still have the request in a queue of the link that is gone.
      await sleep(context.env.clock, context.limits.turnLandingMs, signal);
      return await lookForTurn(link, messageId, options);
    } catch (error) {
      if (link.isOpen || signal?.aborted) throw error;
    }
  }
}

async function lookForTurn(
  link: Link,
  messageId: string,
  { session, sessions, context, signal }: TurnStartOptions,
): Promise<string | null> {
  const page = { limit: context.limits.turnsListedMax, sortDirection: 'desc' } as const;
  const threadId = session.id;
  const listed = await link.request(
    'thread/turns/list',
    { threadId, ...page, itemsView: 'summary' },
    signal && { signal },
  );
  const turns = parseTurns('thread/turns/list', listed);
  const landed = turns.find(({ clientIds }) => clientIds.includes(messageId));
  if (landed) {
    // Its beginning, and maybe its end, happened while nobody listened.
    sessions.beginTurn(threadId, landed.id);
    sessions.observeTurn(threadId, landed);
    return landed.id;
  }
  const [newest] = turns;
  if (newest?.status !== 'inProgress') return null;
  // A text that is sent while a turn runs becomes part of that turn.
  const items = await link.request(
    'thread/items/list',
    { threadId, turnId: newest.id, ...page },
    signal && { signal },
  );
  return parseClientIds(items).includes(messageId) ? newest.id : null;
}
