/** What goes over the stream: the frames, and how each is made. */
import type { PendingCall, CallEnd } from './pending-call.ts';
import { eventName } from './event-name.ts';
import { isRecord } from '../tools/json.ts';

/** A frame before it has its place in the sequence. */
export interface Frame {
  readonly type: string;
  /** The session it is about, or null. */
  readonly threadId: string | null;
  readonly payload: unknown;
}

/** The session that a frame belongs to, as far as it is known. */
export interface FrameSession {
  readonly id: string;
  readonly title: string | null;
}

interface Signal {
  readonly signalType: 'notification' | 'request';
  readonly method: string;
  readonly params: unknown;
  readonly session: FrameSession | null;
  readonly turnId: string | null;
  /** Milliseconds since the Unix epoch. */
  readonly receivedAt: number;
  readonly requestId?: string;
}

/** A message of Codex as such. */
export function signalFrame(signal: Signal): Frame {
  const { signalType, method, params, session, turnId, receivedAt, requestId } = signal;
  const prefix = signalType === 'request' ? 'app_server.request.' : 'app_server.';
  const eventType = `${prefix}${eventName(method)}`;
  const threadId = session?.id ?? null;
  return {
    type: eventType,
    threadId,
    payload: {
      source: 'app_server',
      signalType,
      eventType,
      method,
      receivedAt: new Date(receivedAt).toISOString(),
      context: { threadId, turnId },
      params: params ?? null,
      session: session && { ...session, projectId: null },
      ...(requestId === undefined ? {} : { requestId }),
    },
  };
}

function idOf(value: unknown, part: unknown): string | null {
  if (typeof value === 'string') return value;
  return isRecord(part) && typeof part.id === 'string' ? part.id : null;
}

/** The thread and the turn that a message of Codex is about. */
export function scopeOf(params: unknown): { threadId: string | null; turnId: string | null } {
  if (!isRecord(params)) return { threadId: null, turnId: null };
  const { threadId, conversationId, turnId, thread, turn } = params;
  return { threadId: idOf(threadId ?? conversationId, thread), turnId: idOf(turnId, turn) };
}

const callMethod = 'item/tool/call';

/** What Codex asked, as it asked it. */
function paramsOf({ sessionId, turnId, callId, namespace, tool, ...rest }: PendingCall): object {
  const args = rest.arguments;
  return { threadId: sessionId, turnId, callId, namespace, tool, arguments: args ?? null };
}

/** A tool call as it stands in lists and in `tool_call_requested`. */
export function callRow(call: PendingCall): object {
  const { requestId, sessionId, turnId, callId, tool, createdAt } = call;
  return {
    requestId,
    method: callMethod,
    threadId: sessionId,
    turnId,
    itemId: callId,
    callId,
    tool,
    arguments: call.arguments ?? null,
    summary: `Tool call requested: ${tool}`,
    details: paramsOf(call),
    createdAt: new Date(createdAt).toISOString(),
    status: 'pending',
  };
}

/** What a call is told by: the request as such, then its row. The same request id stands in both. */
export function callFrames(call: PendingCall, title: string | null): readonly Frame[] {
  const { requestId, sessionId, turnId, createdAt } = call;
  const signal = signalFrame({
    signalType: 'request',
    method: callMethod,
    params: paramsOf(call),
    session: { id: sessionId, title },
    turnId,
    receivedAt: createdAt,
    requestId,
  });
  return [signal, { type: 'tool_call_requested', threadId: sessionId, payload: callRow(call) }];
}

/** What the end of a call is told by. */
export function callEndFrame({ requestId, sessionId }: PendingCall, end: CallEnd): Frame {
  return {
    type: 'tool_call_resolved',
    threadId: sessionId,
    payload: { requestId, status: end.status, success: end.success },
  };
}
