/** The calls of a session as the service remembers them since it started, whoever serves them. */
import { requestIdOf } from '../hosts/control-service/frame.ts';
import { routes } from '../hosts/control-service/routes.ts';
import { isRecord, textOf, textOrNull } from '../tools/json.ts';
import type { Connection } from './service-connection.ts';
import { dataOf, msOfIso } from './service-rows.ts';

/** A call. All times are milliseconds since the Unix epoch; what has not happened is null. */
export interface LoggedCall {
  /** What clients answer it by; null for one that the service serves itself. */
  readonly requestId: string | null;
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly tool: string;
  readonly namespace: string | null;
  readonly servedBy: string;
  /** Where it is in its life; its outcome once it is over. */
  readonly state: string;
  readonly outcome: string | null;
  /** What the model was told: that it worked or that it did not. */
  readonly success: boolean | null;
  /** Why it did not work, or null. */
  readonly code: string | null;
  readonly createdAt: number | null;
  readonly endedAt: number | null;
}

/** A call with what it asked for and was answered. */
export interface CallDetail extends LoggedCall {
  readonly arguments: unknown;
  /** What the model was given; null if it was given nothing yet, or that is not kept. */
  readonly contentItems: readonly unknown[] | null;
  readonly isContentKept: boolean;
}

function readLoggedCall(row: unknown): LoggedCall | null {
  if (!isRecord(row) || typeof row.callId !== 'string') return null;
  return {
    requestId: requestIdOf(row.requestId),
    sessionId: textOf(row.threadId),
    turnId: textOf(row.turnId),
    callId: row.callId,
    tool: textOf(row.tool),
    namespace: textOrNull(row.namespace),
    servedBy: textOf(row.servedBy),
    state: textOf(row.state),
    outcome: textOrNull(row.outcome),
    success: typeof row.success === 'boolean' ? row.success : null,
    code: textOrNull(row.code),
    createdAt: msOfIso(row.createdAt),
    endedAt: msOfIso(row.endedAt),
  };
}

/** The newest calls of a session, oldest first. Throws as `Connection.ask`. */
export async function readLoggedCalls(
  connection: Connection,
  sessionId: string,
): Promise<readonly LoggedCall[]> {
  const { sessionCallsShownMax } = connection.limits;
  const body = await connection.ask(routes.calls(sessionId, sessionCallsShownMax), { sessionId });
  return dataOf(body)
    .flatMap((row) => readLoggedCall(row) ?? [])
    .toReversed();
}

/** One call; null if the service does not remember it. Throws as `Connection.request`. */
export async function readCallDetail(
  connection: Connection,
  sessionId: string,
  id: string,
): Promise<CallDetail | null> {
  const { body } = await connection.request(routes.call(sessionId, id));
  const row = isRecord(body) && isRecord(body.call) ? body.call : {};
  const call = readLoggedCall(row);
  if (!call) return null;
  const result = isRecord(row.result) ? row.result : {};
  return {
    ...call,
    arguments: row.arguments ?? null,
    contentItems: Array.isArray(result.contentItems) ? result.contentItems : null,
    isContentKept: row.isContentKept === true,
  };
}
