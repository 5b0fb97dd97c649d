/** What is asked of the service about one session, with what its answers mean for what is known of it. */
import { isSessionMeshError, SessionMeshError } from '../../errors.ts';
import { isRecord } from '../../tools/json.ts';
import type { HostCall } from '../host.ts';
import { callOfRow, type EpochOf } from './frame.ts';
import { routes } from './routes.ts';
import {
  codeOf,
  describeReply,
  refusalOf,
  type RequestOptions,
  type ServiceClient,
} from './service-client.ts';
import type { Sessions } from './sessions.ts';
import type { ServiceReply } from './wire.ts';

/** What the requests need. */
export interface SessionRequestsOptions {
  readonly client: ServiceClient;
  readonly sessions: Sessions;
  readonly epochOf: EpochOf;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** Failed reads in a row after which a session is taken to be gone. */
  readonly failedReadsMax: number;
  /** Whether the service tells a session that it does not have from one that it cannot read. */
  readonly namesUnknown: () => boolean;
}

/** Requests about sessions. */
export class SessionRequests {
  readonly #options: SessionRequestsOptions;

  constructor(options: SessionRequestsOptions) {
    this.#options = options;
  }

  /**
   * The whole session as the service shows it. What it tells of turns is taken in.
   * @throws SessionMeshError `session_unknown`, `session_deleted`, `request_refused`, or as
   * `ServiceClient.request`
   */
  async read(sessionId: string, options?: RequestOptions): Promise<unknown> {
    const { client, sessions, nowMs } = this.#options;
    const askedAtMs = nowMs();
    const reply = await client.request(routes.readSession(sessionId), options);
    if (reply.status !== 200) throw this.gone(await this.#readRefusal(reply, sessionId, options));
    const session = sessions.get(sessionId);
    if (session) {
      session.isProven = true;
      session.failedReads = 0;
      sessions.observe(session, reply.body, askedAtMs);
    }
    return reply.body;
  }

  /**
   * The calls that the service waits for, oldest first. None for a session that is gone.
   * @throws SessionMeshError `protocol_invalid`, `request_refused`, or as `ServiceClient.request`
   */
  async listCalls(sessionId: string, options?: RequestOptions): Promise<readonly HostCall[]> {
    const { client, sessions, epochOf } = this.#options;
    const reply = await client.request(routes.pendingCalls(sessionId), options);
    const { status, body } = reply;
    const fields = isRecord(body) ? body : {};
    if (!Array.isArray(fields.data)) {
      if (status === 404 || status === 410) this.gone(refusalOf(reply, sessionId));
      const isEmpty = status === 404 || status === 410 || codeOf(reply) === 'system_session';
      if (isEmpty) return [];
      if (status !== 200) throw refusalOf(reply, sessionId);
      const found = describeReply(reply);
      throw new SessionMeshError('protocol_invalid', { expected: 'a data list', found, sessionId });
    }
    const session = sessions.get(sessionId);
    return fields.data.flatMap((row) => {
      const call = callOfRow(row, sessionId, epochOf);
      if (call && session) sessions.seeCall(session, call);
      return call ?? [];
    });
  }

  /**
   * Posts a message, whatever the answer. A turn that it began or joined is taken in.
   * @throws SessionMeshError as `ServiceClient.request`
   */
  async post(sessionId: string, body: object, options?: RequestOptions): Promise<ServiceReply> {
    const { client, sessions } = this.#options;
    const reply = await client.request(routes.postMessage(sessionId, body), options);
    const turnId = turnIdOf(reply);
    const session = sessions.get(sessionId);
    if (turnId !== null && session) sessions.beginTurn(session, turnId);
    if (reply.status === 404 || reply.status === 410) this.gone(refusalOf(reply, sessionId));
    return reply;
  }

  /** An error that means that the session is gone is told as such. Returns the error. */
  gone(cause: SessionMeshError): SessionMeshError {
    const { sessionId } = cause.facts;
    const isGone =
      isSessionMeshError(cause, 'session_unknown') || isSessionMeshError(cause, 'session_deleted');
    if (isGone && sessionId !== undefined) this.#options.sessions.lose(sessionId, cause);
    return cause;
  }

  /** One failed read of a session that was there a moment ago is no proof that it is gone. */
  #isPassing(sessionId: string): boolean {
    const session = this.#options.sessions.get(sessionId);
    if (!session?.isProven) return false;
    session.failedReads += 1;
    return session.failedReads < this.#options.failedReadsMax;
  }

  /** Some services answer 500 for a session that they do not have, and also while they are out of order. */
  async #readRefusal(
    reply: ServiceReply,
    sessionId: string,
    options?: RequestOptions,
  ): Promise<SessionMeshError> {
    if (reply.status !== 500 || this.#options.namesUnknown()) return refusalOf(reply, sessionId);
    const health = await this.#options.client.request(routes.health(), options);
    const codex = isRecord(health.body) ? health.body.codex : null;
    const isInOrder = isRecord(codex) && codex.running === true && codex.initialized === true;
    if (!isInOrder || this.#isPassing(sessionId)) return refusalOf(reply, sessionId);
    const found = describeReply(reply);
    return new SessionMeshError('session_unknown', { sessionId, found });
  }
}

/** The turn that a message began or joined, or null if it was not accepted. */
export function turnIdOf({ status, body }: ServiceReply): string | null {
  const isAccepted = status >= 200 && status < 300 && isRecord(body);
  const turnId = isAccepted ? body.turnId : null;
  return typeof turnId === 'string' && turnId.trim() !== '' ? turnId : null;
}
