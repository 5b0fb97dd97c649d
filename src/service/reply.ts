/** Answers over HTTP, and the bodies of those that say no. */
import { isSessionMeshError, messageOf, type ErrorCode, type SessionMeshError } from '../errors.ts';
import { rpcErrorOf, type RpcError } from '../rpc/message.ts';
import type { Issue } from './validation.ts';

/** One answer. A text as body is JSON already. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** 200 with this body. */
export const ok = (body: unknown): Reply => ({ status: 200, body });

/** An error with a code of its own. */
export function refusal(status: number, code: string, message: string, more: object = {}): Reply {
  return { status, body: { status: 'error', code, message, ...more } };
}

/** The token is good for certain sessions, and the request is about all of them. */
export const partialToken: Reply = refusal(
  403,
  'forbidden',
  'this token is good for certain sessions only',
);

/** The request does not fit its schema. */
export function invalidRequest(issues: readonly Issue[]): Reply {
  return refusal(400, 'invalid_request', 'request validation failed', { issues });
}

/** There is no such thing, or not for this holder: `{ sessionId }`, `{ requestId }`, `{ approvalId }`. */
export function notFound(id: Readonly<Record<string, string>>, reason?: string): Reply {
  const message = reason === undefined ? {} : { message: reason };
  return { status: 404, body: { status: 'not_found', ...id, ...message } };
}

/** No route. The one body that has a form of its own. */
export function noRoute(method: string, url: string): Reply {
  const message = `Route ${method}:${url} not found`;
  return { status: 404, body: { message, error: 'Not Found', statusCode: 404 } };
}

/** Whatever went wrong that nobody may be told of. */
export const internalError = (): Reply => refusal(500, 'internal_error', 'internal server error');

/** What Codex says of a thread that it does not have. */
const unknownThread =
  /no (?:archived )?rollout found|thread not found|thread not loaded|session not found|invalid (?:thread|session) id/i;

/** Whether an error means that there is no such thread. */
export function isUnknownThread(thrown: unknown): boolean {
  const refused = rpcErrorOf(thrown);
  if (refused) return unknownThread.test(refused.message);
  return isSessionMeshError(thrown, 'session_unknown');
}

/** What a refusal of Codex means over HTTP. */
function refusedByCodex({ code, message }: RpcError): { status: number; code: string } {
  if (code === -32_601) return { status: 501, code: 'method_not_supported' };
  if (/unauthori[sz]ed|not logged in|auth(?:entication)? required/i.test(message)) {
    return { status: 401, code: 'auth_required' };
  }
  if (unknownThread.test(message) || /active (?:turn|writer)|is archived/i.test(message)) {
    return { status: 409, code: 'invalid_state' };
  }
  if (code === -32_600 || code === -32_602) return { status: 400, code: 'invalid_params' };
  return { status: 500, code: 'codex_error' };
}

const badRequest = { status: 400, code: 'invalid_request' } as const;
const badState = { status: 409, code: 'invalid_state' } as const;
const timedOut = { status: 504, code: 'codex_timeout' } as const;
const unavailable = { status: 503, code: 'codex_unavailable' } as const;
const tooMuch = { status: 429, code: 'overloaded' } as const;

/** Our own errors that a client can do something about. All others are the service's business. */
const statuses: Partial<Readonly<Record<ErrorCode, { status: number; code: string }>>> = {
  option_invalid: badRequest,
  text_invalid: badRequest,
  tool_invalid: badRequest,
  tool_name_invalid: badRequest,
  tool_name_reserved: badRequest,
  tool_duplicate: badRequest,
  schema_invalid: badRequest,
  json_invalid: badRequest,
  tools_full: badRequest,
  message_invalid: badRequest,
  frame_too_long: badRequest,
  turn_active: badState,
  turn_none: badState,
  session_open: badState,
  session_closed: badState,
  session_failed: badState,
  request_timeout: timedOut,
  session_open_failed: timedOut,
  stream_closed: unavailable,
  send_buffer_full: unavailable,
  host_failed: unavailable,
  host_unreachable: unavailable,
  host_start_failed: unavailable,
  codex_not_found: unavailable,
  mesh_closed: unavailable,
  turn_lost: unavailable,
  ledger_full: unavailable,
  ledger_write_failed: unavailable,
  overloaded: tooMuch,
  sessions_full: tooMuch,
};

const retrySoon = { 'retry-after': '1' };

function meshErrorReply(error: SessionMeshError, details: object): Reply {
  const refused = rpcErrorOf(error);
  if (refused && error.code === 'request_refused') {
    const { status, code } = refusedByCodex(refused);
    const message = `codex rpc error ${refused.code}: ${refused.message}`;
    // What was refused is what was expected: a method of Codex.
    return refusal(status, code, message, {
      details: { method: error.facts.expected, ...details },
    });
  }
  const known = statuses[error.code];
  if (!known) return internalError();
  const reply = refusal(known.status, known.code, error.message, { details });
  const isPassing = known === unavailable || known === tooMuch;
  return isPassing ? { ...reply, headers: retrySoon } : reply;
}

/** The answer to a request that failed: what was thrown, where a client can use it. */
export function errorReply(thrown: unknown, details: object): Reply {
  return isSessionMeshError(thrown) ? meshErrorReply(thrown, details) : internalError();
}

/** What was thrown, for the log: never more than its own words. */
export function describeThrown(thrown: unknown): { error: string; code?: string } {
  const code = isSessionMeshError(thrown) ? { code: thrown.code } : {};
  return { error: messageOf(thrown), ...code };
}
