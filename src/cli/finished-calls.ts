/** Calls that are over, as the transcript of their session still shows them. */
import { requestIdOf } from '../hosts/control-service/frame.ts';
import { routes } from '../hosts/control-service/routes.ts';
import { isRecord } from '../tools/json.ts';
import type { Connection } from './service-connection.ts';
import { readSessionDetail, type TranscriptRow } from './service-rows.ts';

/** A call that is over. */
export interface FinishedCall {
  readonly requestId: string;
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly tool: string;
  readonly namespace: string | null;
  readonly arguments: unknown;
  /** How it ended. */
  readonly outcome: 'answered' | 'failed' | 'expired';
  /** What the model was given; empty if nothing is known of it. */
  readonly contentItems: readonly unknown[];
  readonly durationMs: number | null;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function outcomeOf(row: TranscriptRow, item: Readonly<Record<string, unknown>>) {
  if (row.content.includes('expired')) return 'expired';
  return item.success === false || row.content.includes('success=false') ? 'failed' : 'answered';
}

function finishedCall(
  row: TranscriptRow,
  sessionId: string,
  items: ReadonlyMap<string, unknown>,
): FinishedCall | null {
  const details = isRecord(row.details) ? row.details : {};
  const params = isRecord(details.params) ? details.params : {};
  const requestId = requestIdOf(details.requestId);
  if (row.type !== 'tool_call.resolved' || requestId === null) return null;
  const callId = textOf(params.callId);
  const found = items.get(`${row.turnId} ${callId}`);
  const item = isRecord(found) ? found : {};
  return {
    requestId,
    sessionId,
    turnId: row.turnId,
    callId,
    tool: textOf(params.tool),
    namespace: typeof params.namespace === 'string' ? params.namespace : null,
    arguments: item.arguments ?? null,
    outcome: outcomeOf(row, item),
    contentItems: Array.isArray(item.contentItems) ? item.contentItems : [],
    durationMs: typeof item.durationMs === 'number' ? item.durationMs : null,
  };
}

/** The calls of a session that are over, oldest first. Throws as `Connection.ask`. */
export async function readFinishedCalls(
  connection: Connection,
  sessionId: string,
): Promise<readonly FinishedCall[]> {
  const body = await connection.ask(routes.readSession(sessionId), { sessionId });
  const transcript = readSessionDetail(body)?.transcript ?? [];
  const items = new Map<string, unknown>();
  for (const { type, turnId, details } of transcript) {
    if (type === 'dynamicToolCall' && isRecord(details)) {
      items.set(`${turnId} ${textOf(details.id)}`, details);
    }
  }
  return transcript.flatMap((row) => finishedCall(row, sessionId, items) ?? []);
}
