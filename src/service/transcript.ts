/**
 * A session's turns as one list of rows: what was said, what was done, and the calls that went to clients.
 * Items that Codex does not list yet because they are under way come from the calls that wait.
 */
import { isRecord, textOf } from '../tools/json.ts';
import type { CallContent, LoggedCall } from './call-log.ts';
import { callEnd } from './pending-call.ts';

/** One row. Times are milliseconds since the Unix epoch. */
export interface TranscriptRow {
  readonly messageId: string;
  readonly turnId: string;
  readonly role: 'user' | 'assistant' | 'system';
  readonly type: string;
  readonly content: string;
  /** The whole of it as JSON, for rows that are no messages. */
  readonly details?: string;
  readonly status: 'streaming' | 'complete' | 'canceled' | 'error';
  readonly startedAt?: number;
  readonly completedAt?: number;
}

type Json = Readonly<Record<string, unknown>>;

function times(item: Json, turn: Json): Pick<TranscriptRow, 'startedAt' | 'completedAt'> {
  const { startedAt } = turn;
  const begun =
    typeof item.startedAtMs === 'number'
      ? item.startedAtMs
      : typeof startedAt === 'number' && startedAt * 1000;
  const ended = typeof item.completedAtMs === 'number' && item.completedAtMs;
  return {
    ...(begun === false ? {} : { startedAt: Math.trunc(begun) }),
    ...(ended === false ? {} : { completedAt: Math.trunc(ended) }),
  };
}

/** The texts of a user's message; what is no text is named in brackets. */
function userText(content: unknown): string {
  const parts = Array.isArray(content) ? content.filter(isRecord) : [];
  return parts
    .map((part) => (part.type === 'text' ? textOf(part.text) : `[${textOf(part.type)}]`))
    .join('\n');
}

const statusWords: Readonly<Record<string, TranscriptRow['status']>> = {
  inProgress: 'streaming',
  failed: 'error',
  declined: 'canceled',
  interrupted: 'canceled',
};

function itemRow(item: Json, turn: Json): TranscriptRow {
  const type = textOf(item.type) || 'unknown';
  const row = { messageId: textOf(item.id), turnId: textOf(turn.id), type, ...times(item, turn) };
  if (type === 'userMessage') {
    return { ...row, role: 'user', content: userText(item.content), status: 'complete' };
  }
  if (type === 'agentMessage') {
    return { ...row, role: 'assistant', content: textOf(item.text), status: 'complete' };
  }
  const status = statusWords[textOf(item.status)] ?? 'complete';
  const details = JSON.stringify(item, null, 2);
  return { ...row, role: 'system', content: `[${type}]`, details, status };
}

/** A call, with what it asked for while it is open. */
export interface ShownCall {
  readonly call: LoggedCall;
  readonly content: CallContent | null;
}

/** The item of a call that Codex does not list before it is over. */
function openItem({ call, content }: ShownCall): Json | null {
  const { callId, tool, namespace, createdAt, outcome } = call;
  if (outcome !== null || !content) return null;
  return {
    type: 'dynamicToolCall',
    id: callId,
    namespace,
    tool,
    arguments: content.arguments ?? null,
    status: 'inProgress',
    contentItems: null,
    success: null,
    durationMs: null,
    startedAtMs: createdAt,
  };
}

/** The row of a call that clients were shown; the others are Codex's own items and no more. */
function callRow({ call, content }: ShownCall): readonly TranscriptRow[] {
  const { requestId, turnId, callId, tool, namespace, createdAt, outcome } = call;
  if (requestId === null) return [];
  const end = outcome && callEnd(outcome, call.success);
  const asked = end ? {} : { arguments: content?.arguments };
  const params = { turnId, callId, namespace, tool, ...asked };
  return [
    {
      messageId: `tool-call-${requestId}`,
      turnId,
      role: 'system',
      type: end ? 'tool_call.resolved' : 'tool_call.request',
      content: end
        ? `Tool call ${end.status} (success=${end.success})`
        : `Tool call requested: ${tool}`,
      details: JSON.stringify({ method: 'item/tool/call', requestId, params }, null, 2),
      startedAt: createdAt,
      status: end?.status === 'expired' ? 'canceled' : 'complete',
    },
  ];
}

function turnRows(turn: Json, calls: readonly ShownCall[]): TranscriptRow[] {
  const items = Array.isArray(turn.items) ? turn.items.filter(isRecord) : [];
  const listed = new Set(items.map(({ id }) => id));
  const open = calls
    .filter(({ call }) => !listed.has(call.callId))
    .map(openItem)
    .filter((item) => item !== null);
  const byCallId = Map.groupBy(calls, ({ call }) => call.callId);
  const rows = [...items, ...open].flatMap((item) => {
    const own = byCallId.get(textOf(item.id)) ?? [];
    byCallId.delete(textOf(item.id));
    return [itemRow(item, turn), ...own.flatMap(callRow)];
  });
  // Calls that left no item: their turn ended before Codex wrote it.
  return [...rows, ...[...byCallId.values()].flat().flatMap(callRow)];
}

/** The transcript of turns, oldest first, with their calls. */
export function transcriptOf(
  turns: readonly Json[],
  calls: readonly ShownCall[],
): readonly TranscriptRow[] {
  const byTurn = Map.groupBy(calls, ({ call }) => call.turnId);
  return turns.flatMap((turn) => turnRows(turn, byTurn.get(textOf(turn.id)) ?? []));
}
