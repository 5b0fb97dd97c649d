/**
 * The port between the client of a control service and the network: requests and one stream. Everything
 * that decides anything is on this side of it, so that it can be tested and simulated without sockets.
 */
import type { Transport } from '../../rpc/transport.ts';

/** A request of ours. */
export interface ServiceRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the API's prefix, encoded: `/sessions/01a1`. */
  readonly path: string;
  /** JSON text. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer of the service, whatever its status. */
export interface ServiceReply {
  readonly status: number;
  /** Parsed JSON; the text itself if it is none; null if there is none. */
  readonly body: unknown;
  /** What `Retry-After` asks for, in milliseconds, or null. */
  readonly retryAfterMs: number | null;
  /** What `WWW-Authenticate` asks for: it is our token that is refused. Left out where it is not said. */
  readonly challenge?: string;
}

/** The way to one service. */
export interface ServiceWire {
  /** What it leads to, for people. */
  readonly name: string;
  /**
   * Resolves with whatever the service answers.
   * @throws SessionMeshError `host_unreachable` if the request was certainly never seen, `stream_closed`
   * if it may have been, `frame_too_long` for an answer beyond `frameBytesMax`; the reason of `signal`.
   */
  request(
    request: ServiceRequest,
    token: string | null,
    signal: AbortSignal,
  ): Promise<ServiceReply>;
  /**
   * Opens the stream; `query` begins with `?` or is empty.
   * @throws SessionMeshError `host_unauthorized`, `host_unreachable`; the reason of `signal`.
   */
  openStream(query: string, token: string | null, signal: AbortSignal): Promise<Transport>;
  /** Cuts what is under way. Idempotent, never rejects. */
  close(): Promise<void>;
}

/** Authorization and whatever else is sent each time. */
export function bearer(token: string | null): Readonly<Record<string, string>> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}
