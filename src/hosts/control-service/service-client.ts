/**
 * Requests to a control service, with what concerns all of them: the token, deadlines, a bound on how many
 * are under way, and the patience that an overloaded service asks for.
 */
import { follow } from '../../abort.ts';
import { sleep } from '../../env.ts';
import { isSessionMeshError, SessionMeshError } from '../../errors.ts';
import { isRecord } from '../../tools/json.ts';
import type { HostContext } from '../host.ts';
import type { Credential, Credentials } from './credentials.ts';
import type { ServiceReply, ServiceRequest, ServiceWire } from './wire.ts';

/** How long an answer may take, and who may give up before. */
export interface RequestOptions {
  /** Milliseconds. Default `requestTimeoutMs`. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What a client of a service is made of. */
export interface ServiceClientOptions {
  readonly wire: ServiceWire;
  readonly credentials: Credentials;
  readonly context: HostContext;
  /** The service refuses us for good. */
  readonly onUnauthorized: (cause: SessionMeshError) => void;
}

/** The `code` of an error body, or null. */
export function codeOf({ body }: ServiceReply): string | null {
  return isRecord(body) && typeof body.code === 'string' ? body.code.trim() : null;
}

/** Whether Codex is what is not logged in, of an answer that {@link ServiceClient.request} resolved with. */
export const isLoggedOut = (reply: ServiceReply): boolean =>
  reply.status === 401 && codeOf(reply) === 'auth_required';

/**
 * Whether the token is what was refused: neither Codex itself, which may not be logged in, nor a session
 * that belongs to the service. A service may say `auth_required` of both, and asks for a token by its head.
 */
function isRefusal(reply: ServiceReply): boolean {
  if (reply.status === 401) return reply.challenge !== undefined || !isLoggedOut(reply);
  return reply.status === 403 && codeOf(reply) !== 'system_session';
}

/** The client of one service. */
export class ServiceClient {
  readonly #options: ServiceClientOptions;
  readonly #life = new AbortController();
  /** Of each request that has no answer. */
  readonly #underWay = new Set<AbortController>();
  /** Monotonic milliseconds before which nothing is sent. */
  #pausedUntilMs = 0;

  constructor(options: ServiceClientOptions) {
    this.#options = options;
  }

  /** Aborts when the client is closed. */
  get signal(): AbortSignal {
    return this.#life.signal;
  }

  /**
   * Sends a request and resolves with the answer, whatever its status, 401 and 403 aside.
   * @throws SessionMeshError `host_unauthorized`, `request_timeout`, `overloaded`, or as `ServiceWire.request`;
   * the reason of `signal`.
   */
  async request(request: ServiceRequest, options: RequestOptions = {}): Promise<ServiceReply> {
    const { env, limits } = this.#options.context;
    const { timeoutMs = limits.requestTimeoutMs, signal } = options;
    if (this.#underWay.size >= limits.requestsQueuedMax) {
      throw new SessionMeshError('overloaded', {
        expected: `at most ${limits.requestsQueuedMax} requests`,
      });
    }
    const abort = new AbortController();
    const late = () => abort.abort(tooLate(request, timeoutMs));
    const timer = env.clock.setTimeout(late, timeoutMs);
    const unfollow = signal && follow(signal, abort);
    if (this.#life.signal.aborted) abort.abort(this.#life.signal.reason);
    this.#underWay.add(abort);
    try {
      const reply = await this.#authorized(request, abort.signal);
      if (reply.status === 429) this.#pause(reply);
      return reply;
    } finally {
      this.#underWay.delete(abort);
      unfollow?.();
      env.clock.clearTimeout(timer);
    }
  }

  /**
   * The token for a stream, and what to do when it is refused.
   * @throws SessionMeshError `host_unauthorized` from `send` if there is no other token, or none that is taken
   */
  async withToken<Result>(send: (token: string | null) => Promise<Result>): Promise<Result> {
    const { credentials } = this.#options;
    for (let tried = 1; ; tried += 1) {
      const used = await credentials.current();
      try {
        return await send(used.token);
      } catch (thrown) {
        if (!isSessionMeshError(thrown, 'host_unauthorized')) throw thrown;
        if (!(await this.#mayTryAnother(used, tried))) throw thrown;
      }
    }
  }

  /** Gives up what is under way. Idempotent. */
  async close(): Promise<void> {
    const closed = new SessionMeshError('mesh_closed');
    this.#life.abort(closed);
    for (const abort of this.#underWay) abort.abort(closed);
    await this.#options.wire.close();
  }

  async #authorized(request: ServiceRequest, signal: AbortSignal): Promise<ServiceReply> {
    const { credentials, onUnauthorized } = this.#options;
    for (let tried = 1; ; tried += 1) {
      const used = await credentials.current();
      const reply = await this.#send(request, used, signal);
      if (!isRefusal(reply)) return reply;
      if (await this.#mayTryAnother(used, tried)) continue;
      const found = `HTTP ${reply.status} for ${request.method} ${request.path}`;
      const cause = new SessionMeshError('host_unauthorized', { found });
      // A token may be good for some requests only, which says nothing about the others.
      if (reply.status === 401) onUnauthorized(cause);
      throw cause;
    }
  }

  /** A token may be replaced once more while the new one is read. */
  async #mayTryAnother(refused: Credential, tried: number): Promise<boolean> {
    const { context, credentials } = this.#options;
    return tried < context.limits.tokensTriedMax && (await credentials.renew(refused));
  }

  async #send(
    request: ServiceRequest,
    { token }: Credential,
    signal: AbortSignal,
  ): Promise<ServiceReply> {
    const { wire, context } = this.#options;
    const { clock } = context.env;
    signal.throwIfAborted();
    for (let restMs = this.#restMs(); restMs > 0; restMs = this.#restMs()) {
      await sleep(clock, restMs, signal);
    }
    return wire.request(request, token, signal);
  }

  #restMs(): number {
    return this.#pausedUntilMs - this.#options.context.env.clock.monotonic();
  }

  #pause({ retryAfterMs }: ServiceReply): void {
    const { env, limits } = this.#options.context;
    const untilMs = env.clock.monotonic() + Math.min(retryAfterMs ?? 0, limits.retryAfterMaxMs);
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs);
  }
}

function tooLate({ method, path }: ServiceRequest, timeoutMs: number): SessionMeshError {
  const expected = `an answer to ${method} ${path} within ${timeoutMs} ms`;
  return new SessionMeshError('request_timeout', { expected });
}

/** What the service says in an answer that is not what was asked for: `HTTP 400 invalid_request: …`. */
export function describeReply(reply: ServiceReply): string {
  const { status, body } = reply;
  const fields = isRecord(body) ? body : {};
  const issues = Array.isArray(fields.issues) ? fields.issues.flatMap(describeIssue) : [];
  const message = typeof fields.message === 'string' ? fields.message : null;
  const words = [codeOf(reply) ?? (typeof fields.status === 'string' ? fields.status : null)];
  const said = [message, ...issues].filter((part) => part !== null).join('; ');
  return (
    [`HTTP ${status}`, ...words.filter((word) => word !== null)].join(' ') + (said && `: ${said}`)
  );
}

function describeIssue(issue: unknown): readonly string[] {
  if (!isRecord(issue) || typeof issue.message !== 'string') return [];
  const path = Array.isArray(issue.path) ? issue.path.join('.') : '';
  return [path === '' ? issue.message : `${path}: ${issue.message}`];
}

/** The error of an answer that says no to something about a session. */
export function refusalOf(reply: ServiceReply, sessionId?: string): SessionMeshError {
  const found = describeReply(reply);
  const facts = { found, cause: reply, ...(sessionId === undefined ? {} : { sessionId }) };
  const isNotFound = isRecord(reply.body) && reply.body.status === 'not_found';
  if (reply.status === 404 && isNotFound) return new SessionMeshError('session_unknown', facts);
  if (reply.status === 410) return new SessionMeshError('session_deleted', facts);
  return new SessionMeshError(reply.status === 429 ? 'overloaded' : 'request_refused', facts);
}
