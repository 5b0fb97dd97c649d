/**
 * The calls of a service that wait for an answer. Of all sessions they come over the stream, which shows
 * what waits to whoever begins to follow; asking each session for them would load every one of them.
 */
import { SessionMeshError } from '../errors.ts';
import { callRowType, type StreamFrame } from '../hosts/control-service/frame.ts';
import { routes } from '../hosts/control-service/routes.ts';
import { isRecord } from '../tools/json.ts';
import { plainLine } from './plain-text.ts';
import type { Connection } from './service-connection.ts';
import { dataOf, readCallRow, type CallRow } from './service-rows.ts';

/** Calls of one session, oldest first. Throws as `Connection.ask`. */
export async function callsOfSession(
  connection: Connection,
  sessionId: string,
): Promise<readonly CallRow[]> {
  const body = await connection.ask(routes.pendingCalls(sessionId), { sessionId });
  return dataOf(body).flatMap((row) => readCallRow(row) ?? []);
}

/** Calls of all sessions, oldest first, with the titles of their sessions. Throws as `Connection.openFeed`. */
export async function callsOfAllSessions(connection: Connection): Promise<{
  readonly calls: readonly CallRow[];
  readonly titles: ReadonlyMap<string, string>;
}> {
  const calls = new Map<string, CallRow>();
  const titles = new Map<string, string>();
  const onFrame = ({ type, threadId, payload }: StreamFrame) => {
    const fields = isRecord(payload) ? payload : {};
    const title = isRecord(fields.session) ? fields.session.title : null;
    if (threadId !== null && typeof title === 'string') titles.set(threadId, title);
    if (type === 'tool_call_resolved') calls.delete(String(fields.requestId));
    const row = type === callRowType ? readCallRow(payload) : null;
    if (row) calls.set(row.requestId, row);
  };
  const feed = await connection.openFeed({ onFrame });
  try {
    feed.follow(null);
    await feed.settled();
  } finally {
    await feed.close();
  }
  const oldestFirst = [...calls.values()].toSorted(
    (one, other) => (one.createdAt ?? 0) - (other.createdAt ?? 0),
  );
  return { calls: oldestFirst, titles };
}

/** What names a call. */
interface NamedCall {
  readonly requestId: string | null;
  readonly callId: string;
  readonly tool: string;
}

const isNamed = ({ requestId, callId }: NamedCall, given: string): boolean =>
  requestId === given || callId === given || requestId?.endsWith(`.${given}`) === true;

const isBegun = ({ requestId, callId }: NamedCall, given: string): boolean =>
  requestId?.startsWith(given) === true || callId.startsWith(given);

/**
 * The one among `calls` that `given` names: by its id, the number at the end of its id, the id that it
 * has in Codex, or the beginning of one of those. Undefined for none.
 * @throws SessionMeshError `option_invalid` for several
 */
export function findCall<Call extends NamedCall>(
  calls: readonly Call[],
  given: string,
): Call | undefined {
  const exact = calls.filter((call) => isNamed(call, given));
  const found = exact.length > 0 ? exact : calls.filter((call) => isBegun(call, given));
  if (found.length < 2) return found[0];
  const named = found
    .map(({ requestId, callId, tool }) => plainLine(`${requestId ?? callId} (${tool})`))
    .join(', ');
  throw new SessionMeshError('option_invalid', {
    expected: 'one call',
    found: `${found.length}: ${named}`,
    fix: 'give the whole id, or --session',
  });
}
