/**
 * The shapes of JSON-RPC messages and the one parser of what comes in.
 *
 * The member `jsonrpc` is neither required nor sent: the peers this is made for leave it out.
 * What `JSON.parse` returns is handed on untouched. A key `__proto__` in it is an own, harmless
 * property there; it becomes harmful only where somebody merges, so nothing here does.
 */

/** A request id. Its JSON type belongs to it: 1 and "1" are two ids. */
export type RequestId = number | string;

/** A request of the other side. It waits for exactly one answer. */
export interface RpcRequest {
  readonly type: 'request';
  readonly id: RequestId;
  readonly method: string;
  readonly params: unknown;
}

/** Something the other side tells and wants no answer to. */
interface RpcNotification {
  readonly type: 'notification';
  readonly method: string;
  readonly params: unknown;
}

/** The error object of a response, as it stands on the wire. */
export interface RpcErrorObject {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** The answer to a request of ours: a result, or an error. */
export type RpcResponse =
  | { readonly type: 'result'; readonly id: RequestId; readonly result: unknown }
  | { readonly type: 'refusal'; readonly id: RequestId; readonly error: RpcErrorObject };

/** The ways in which something that came in can be of no use. */
export type GarbageKind =
  /** The text is not JSON. */
  | 'not_json'
  /** An array, a string, a number, a boolean or null. Batches are not spoken here. */
  | 'not_object'
  /** Neither a method nor a result nor an error. */
  | 'shape_unknown'
  /** The method is no string. */
  | 'method_invalid'
  /** The id is neither a string nor an integer that a double holds exactly. */
  | 'id_invalid'
  /** A response to an id that was never sent. */
  | 'response_unknown'
  /** A response to a request that is over: answered already, timed out or aborted. */
  | 'response_late'
  /** The stream ended within a frame. */
  | 'frame_truncated'
  /** A binary frame where text is spoken. */
  | 'frame_binary';

/** Something that is none of the other messages. It is counted and otherwise ignored. */
interface RpcGarbage {
  readonly type: 'garbage';
  readonly kind: GarbageKind;
}

/** Whatever one frame can be. */
export type RpcMessage = RpcRequest | RpcNotification | RpcResponse | RpcGarbage;

/** The error codes this side sends or looks for; the others are the other side's business. */
export const rpcCodes = {
  methodNotFound: -32601,
  internalError: -32603,
  overloaded: -32001,
} as const;

/**
 * The error a peer answered a request with. It is the `cause` of a `request_refused` (or of an
 * `overloaded`), so that a host can look at what exactly the other side said.
 */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(error: RpcErrorObject) {
    super(error.message);
    this.name = 'RpcError';
    this.code = error.code;
    this.data = error.data;
  }
}

/** The {@link RpcError} behind a rejected request, or null where the other side did not refuse it. */
export function rpcErrorOf(error: unknown): RpcError | null {
  return error instanceof Error && error.cause instanceof RpcError ? error.cause : null;
}

const garbage = (kind: GarbageKind): RpcGarbage => ({ type: 'garbage', kind });

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isRequestId = (id: unknown): id is RequestId =>
  typeof id === 'string' || Number.isSafeInteger(id);

/** A malformed error object still says that the request failed, so what lacks is filled in. */
function parseErrorObject(error: unknown): RpcErrorObject {
  const { code, message, data } = isObject(error) ? error : {};
  return {
    code: typeof code === 'number' ? code : rpcCodes.internalError,
    message: typeof message === 'string' ? message : 'an error without a message',
    data,
  };
}

function parseResponse(value: { readonly [key: string]: unknown }): RpcMessage {
  const { id, result, error } = value;
  const failed = error !== undefined && error !== null;
  if (!failed && result === undefined) return garbage('shape_unknown');
  if (!isRequestId(id)) return garbage('id_invalid');
  if (failed) return { type: 'refusal', id, error: parseErrorObject(error) };
  return { type: 'result', id, result };
}

/** Reads one frame. Never throws: what cannot be understood comes back as garbage, with its kind. */
export function parseMessage(text: string): RpcMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return garbage('not_json');
  }
  if (!isObject(value)) return garbage('not_object');
  const { method, id, params } = value;
  if (method === undefined) return parseResponse(value);
  if (typeof method !== 'string') return garbage('method_invalid');
  if (id === undefined) return { type: 'notification', method, params };
  if (!isRequestId(id)) return garbage('id_invalid');
  return { type: 'request', id, method, params };
}
