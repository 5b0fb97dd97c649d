/** A message of Codex as the stream brings it, and which session it is for. */
import { callSignalType, type StreamFrame } from '../hosts/control-service/internal.ts';
import { isRecord, textOrNull } from '../tools/json.ts';

/** One frame, as handlers of the stream are given it. */
export interface StreamEvent {
  readonly type: string;
  /** The session it is about, or null. */
  readonly threadId: string | null;
  readonly payload: unknown;
}

/** A JSON object of the service. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A notification or a request of Codex. What does not have its type is null, or empty. */
export interface Signal {
  readonly eventType: string;
  readonly method: string | null;
  readonly signalType: string | null;
  readonly receivedAt: string | null;
  readonly context: JsonObject;
  readonly params: unknown;
  readonly session: JsonObject | null;
  /** The number or text that Codex gave a request, or null. */
  readonly requestId: string | number | null;
}

/** The text without white space around it, or null if there is none in it. */
function wordOrNull(value: unknown): string | null {
  const word = typeof value === 'string' ? value.trim() : '';
  return word === '' ? null : word;
}

const isRequestId = (value: unknown): value is string | number =>
  typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value));

/** The event that a frame is. */
export function eventOf({ type, threadId, payload }: StreamFrame): StreamEvent {
  return { type, threadId, payload };
}

/** The signal in an event. Never throws: what is not there is null. */
export function signalOf({ type, payload }: StreamEvent): Signal {
  const fields = isRecord(payload) ? payload : {};
  const { method, signalType, receivedAt, context, params, session, requestId } = fields;
  return {
    eventType: type,
    method: textOrNull(method),
    signalType: textOrNull(signalType),
    receivedAt: textOrNull(receivedAt),
    context: isRecord(context) ? context : {},
    params: params ?? null,
    session: isRecord(session) ? session : null,
    requestId: isRequestId(requestId) ? requestId : null,
  };
}

/**
 * The session that a signal is for, or null. One that names none is for nobody: every session would take it
 * for its own otherwise.
 */
export function sessionOfSignal({ session, context, params }: Signal): string | null {
  return (
    wordOrNull(session?.id) ??
    wordOrNull(context.threadId) ??
    wordOrNull(isRecord(params) ? params.threadId : null)
  );
}

/** What a signal asks for if it is a tool call, or null. */
export interface AskedCall {
  readonly tool: string;
  readonly arguments: unknown;
  readonly callId: string | null;
}

/** The tool call in a signal, or null. */
export function askedBySignal({ eventType, params }: Signal): AskedCall | null {
  return eventType === callSignalType ? askedBy(params) : null;
}

/** The tool call in a row of a list of pending calls, or null. */
export function askedByRow(row: unknown): AskedCall | null {
  return askedBy(row);
}

function askedBy(fields: unknown): AskedCall | null {
  if (!isRecord(fields)) return null;
  const tool = wordOrNull(fields.tool);
  if (tool === null) return null;
  const { callId } = fields;
  return {
    tool,
    arguments: fields.arguments ?? null,
    callId: wordOrNull(callId) === null ? null : String(callId),
  };
}
