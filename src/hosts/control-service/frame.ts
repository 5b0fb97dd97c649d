/** What comes over the stream, and the tool calls in it. Whatever does not fit is null, never an error. */
import { isRecord, parseRecord, textOrNull } from '../../tools/json.ts';
import { parseToolCall } from '../app-server/protocol.ts';
import type { HostCall } from '../host.ts';

/** One frame, read. */
export interface StreamFrame {
  readonly type: string;
  readonly threadId: string | null;
  readonly payload: unknown;
  /** Its place among all frames of this start of the service, or null where there are no numbers. */
  readonly seq: number | null;
  /** It was sent before, and is shown once more because it waits. Left out: it was not. */
  readonly redelivered?: true;
  /** Which frames are missing, in a `lagged` frame that says so. */
  readonly missing?: FrameRange;
}

/** Frames by their numbers, both ends included. */
export interface FrameRange {
  readonly from: number;
  readonly to: number;
}

/** The first frame of a stream. `epoch`: this start of the service, or null if it does not say. */
export interface ReadyFrame {
  readonly epoch: string | null;
  readonly seq: number | null;
}

/** The text if it is one that says something. */
const wordOrNull = (value: unknown): string | null =>
  typeof value === 'string' && value.trim() !== '' ? value : null;

const integerOrNull = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : null;

function parseRange(type: string, from: unknown, to: unknown): FrameRange | null {
  const [first, last] = [integerOrNull(from), integerOrNull(to)];
  return type === 'lagged' && first !== null && last !== null ? { from: first, to: last } : null;
}

/** Reads a frame; with it, what a `ready` frame says. Null for text that is no JSON object. */
export function parseFrame(text: string): { frame: StreamFrame; ready: ReadyFrame | null } | null {
  const object = parseRecord(text);
  if (!object) return null;
  const { type, threadId, payload, seq, epoch, redelivered, from, to } = object;
  const name = typeof type === 'number' ? String(type) : (wordOrNull(type) ?? 'unknown');
  const missing = parseRange(name, from, to);
  const frame: StreamFrame = {
    type: name,
    threadId: textOrNull(threadId),
    payload: payload ?? null,
    seq: integerOrNull(seq),
    ...(redelivered === true ? { redelivered } : {}),
    ...(missing ? { missing } : {}),
  };
  return { frame, ready: name === 'ready' ? { epoch: wordOrNull(epoch), seq: frame.seq } : null };
}

// Tool calls

/** The type of the frame that brings a call as Codex asked for it. */
export const callSignalType = 'app_server.request.item.tool.call';
/** The type of the frame that brings the same call as it stands in lists. */
export const callRowType = 'tool_call_requested';

/** Which life of the host process a request id belongs to. */
export type EpochOf = (requestId: string) => string;

/** The one form of a request id: in a signal it may be a number, in lists it is its text. */
export function requestIdOf(value: unknown): string | null {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return wordOrNull(value)?.trim() ?? null;
}

/** What of a signal names its call. Also what a user hands back of a signal. */
export interface CallSignal {
  readonly context: unknown;
  readonly params: unknown;
  readonly requestId: unknown;
}

/**
 * The call that a signal brings, or null if it brings none that could be answered. What a service does not
 * know of a call (its turn, its own id) is filled in the same way each time it comes.
 */
export function callOfSignal(
  { context, params, requestId }: CallSignal,
  sessionId: string,
  epochOf: EpochOf,
): HostCall | null {
  const id = requestIdOf(requestId);
  if (id === null || !isRecord(params)) return null;
  const scope = isRecord(context) ? context : {};
  return callOf({ ...params, turnId: params.turnId ?? scope.turnId }, sessionId, id, epochOf);
}

/** The call of one row of a list, or null. */
export function callOfRow(row: unknown, sessionId: string, epochOf: EpochOf): HostCall | null {
  if (!isRecord(row)) return null;
  const { requestId, threadId, turnId, callId, tool, details } = row;
  const id = requestIdOf(requestId);
  const owner = wordOrNull(threadId)?.trim() ?? sessionId;
  if (id === null || owner !== sessionId) return null;
  const asked = isRecord(details) ? details : {};
  const { namespace } = asked;
  const fields = {
    turnId: turnId ?? asked.turnId,
    callId: callId ?? asked.callId,
    tool,
    namespace,
  };
  return callOf({ ...fields, arguments: row.arguments }, sessionId, id, epochOf);
}

function callOf(
  fields: { readonly [name: string]: unknown },
  sessionId: string,
  requestId: string,
  epochOf: EpochOf,
): HostCall | null {
  const call = parseToolCall({
    threadId: sessionId,
    turnId: textOrNull(fields.turnId) ?? '',
    callId: wordOrNull(fields.callId) ?? requestId,
    namespace: wordOrNull(fields.namespace),
    tool: fields.tool,
  });
  const tool = call?.tool.trim() ?? '';
  if (!call || tool === '') return null;
  const { turnId, callId, namespace } = call;
  const args = fields.arguments ?? null;
  const epoch = epochOf(requestId);
  return { epoch, sessionId, turnId, callId, requestId, namespace, tool, arguments: args };
}

/** The call that a frame of the session brings, or null. */
export function callOfFrame(
  { type, payload }: StreamFrame,
  sessionId: string,
  epochOf: EpochOf,
): HostCall | null {
  if (type === callRowType) return callOfRow(payload, sessionId, epochOf);
  if (type !== callSignalType || !isRecord(payload)) return null;
  const { context, params, requestId } = payload;
  return callOfSignal({ context, params, requestId }, sessionId, epochOf);
}

/** How a call ended, as `tool_call_resolved` says it, or null. */
export function parseCallEnd(payload: unknown): { requestId: string; isExpired: boolean } | null {
  if (!isRecord(payload)) return null;
  const requestId = requestIdOf(payload.requestId);
  return requestId === null ? null : { requestId, isExpired: payload.status === 'expired' };
}
