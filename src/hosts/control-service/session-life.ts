/**
 * Beginnings and ends of sessions at the service: created, taken up again, let go, deleted. A session that
 * its caller never got is deleted again, and a lease is given back with the session it was for.
 */
import { unlessAborted } from '../../abort.ts';
import { messageOf, SessionMeshError } from '../../errors.ts';
import { isRecord } from '../../tools/json.ts';
import type { HostContext, HostSignal, HostTool } from '../host.ts';
import type { Leases } from './leases.ts';
import type { Link } from './link.ts';
import { routes } from './routes.ts';
import { describeReply, refusalOf, type ServiceClient } from './service-client.ts';
import type { SessionRequests } from './session-requests.ts';
import type { Sessions } from './sessions.ts';
import {
  checkTools,
  messageControls,
  sessionBody,
  type ControlServiceSettings,
} from './settings.ts';
import type { TrackedSession } from './tracked-session.ts';
import type { TurnWatch } from './turn-watch.ts';
import type { ServiceReply } from './wire.ts';

/** What the lives of sessions need. */
export interface SessionLivesOptions {
  readonly client: ServiceClient;
  readonly context: HostContext;
  readonly link: Link;
  readonly sessions: Sessions;
  readonly requests: SessionRequests;
  readonly leases: Leases | null;
  readonly watch: TurnWatch;
  readonly emit: (signal: HostSignal) => void;
  /** The answer to a session that was created. */
  readonly onCreated: (sessionId: string, body: unknown) => void;
}

/** The lives of the sessions of one host. */
export class SessionLives {
  readonly #options: SessionLivesOptions;

  constructor(options: SessionLivesOptions) {
    this.#options = options;
  }

  /**
   * Creates a session.
   * @throws SessionMeshError `host_unsupported`, `request_refused`, `protocol_invalid`, `session_leased`, or as
   * `ServiceClient.request`; the reason of `signal`.
   */
  async open(
    settings: ControlServiceSettings,
    tools: readonly HostTool[],
    signal?: AbortSignal,
  ): Promise<{ sessionId: string }> {
    checkTools(tools, this.#options.link.hasEpochs);
    const body = sessionBody(settings, tools);
    signal?.throwIfAborted();
    // The request itself is not aborted: whoever gives up must not leave a session that nobody knows.
    const created = this.#create(body, settings.title ?? null, signal);
    try {
      return { sessionId: await (signal ? unlessAborted(created, signal) : created) };
    } catch (thrown) {
      created.then((sessionId) => this.#discard(sessionId)).catch(() => {});
      throw thrown;
    }
  }

  /**
   * Takes up a session that exists; its pending calls follow as signals.
   * @throws SessionMeshError `session_unknown`, `session_deleted`, `session_leased`, `host_unsupported`, or as
   * `ServiceClient.request`; the reason of `signal`.
   */
  async resume(
    sessionId: string,
    settings: ControlServiceSettings,
    signal?: AbortSignal,
  ): Promise<void> {
    const controls = messageControls(settings);
    const { leases, requests, link } = this.#options;
    if (leases) await leases.take(sessionId, signal);
    const session = this.#attach(sessionId);
    try {
      await requests.read(sessionId, { signal });
      session.controls = controls;
      const settled = link.settled();
      await (signal ? unlessAborted(settled, signal) : settled);
    } catch (thrown) {
      await this.letGo(sessionId);
      throw thrown;
    }
    queueMicrotask(() => void this.#deliver(session));
  }

  /** Serves a session no more. Never rejects. */
  async letGo(sessionId: string): Promise<void> {
    this.#detach(sessionId);
    await this.#options.leases?.release(sessionId);
  }

  /**
   * Deletes a session for good, or finds that somebody did; resolves with the body of the answer.
   * @throws SessionMeshError `request_refused`, or as `ServiceClient.request`
   */
  async delete(sessionId: string, signal?: AbortSignal): Promise<unknown> {
    const { client, context } = this.#options;
    const { releaseTimeoutMs: timeoutMs } = context.limits;
    const reply = await client.request(routes.deleteSession(sessionId), { timeoutMs, signal });
    const isGone = reply.status === 200 || reply.status === 404 || reply.status === 410;
    if (!isGone) throw refusalOf(reply, sessionId);
    return reply.body;
  }

  async #create(body: object, title: string | null, signal?: AbortSignal): Promise<string> {
    const { client, leases, link, onCreated } = this.#options;
    const reply = await client.request(routes.createSession(body));
    const sessionId = createdId(reply);
    try {
      if (title !== null) {
        const renamed = await client.request(routes.renameSession(sessionId, title));
        if (renamed.status !== 200) throw refusalOf(renamed, sessionId);
      }
      if (leases) await leases.take(sessionId, signal);
    } catch (thrown) {
      await this.#discard(sessionId);
      throw thrown;
    }
    this.#attach(sessionId).isProven = true;
    onCreated(sessionId, reply.body);
    await link.settled();
    return sessionId;
  }

  /** Holds a session anew: one that is taken up again may not have been let go of. */
  #attach(sessionId: string): TrackedSession {
    const { sessions, link } = this.#options;
    this.#detach(sessionId);
    const session = sessions.attach(sessionId);
    session.unfollow = link.filter.follow(sessionId);
    return session;
  }

  #detach(sessionId: string): void {
    const { sessions, watch } = this.#options;
    const session = sessions.detach(sessionId);
    if (session) watch.stop(session);
  }

  async #discard(sessionId: string): Promise<void> {
    await this.letGo(sessionId);
    await this.delete(sessionId).catch((thrown: unknown) => {
      const fields = { sessionId, error: messageOf(thrown) };
      this.#options.context.logger.warn(fields, 'a session that nobody wants was not deleted');
    });
  }

  async #deliver(session: TrackedSession): Promise<void> {
    const { requests, sessions, emit, context } = this.#options;
    try {
      const calls = await requests.listCalls(session.id);
      if (sessions.get(session.id) !== session) return;
      for (const call of calls) emit({ type: 'call.requested', call });
    } catch (thrown) {
      if (sessions.get(session.id) !== session) return;
      const fields = { sessionId: session.id, error: messageOf(thrown) };
      context.logger.warn(fields, 'could not list calls');
    }
  }
}

function createdId(reply: ServiceReply): string {
  if (reply.status < 200 || reply.status >= 300) throw refusalOf(reply);
  const session = isRecord(reply.body) ? reply.body.session : null;
  const sessionId = isRecord(session) ? session.sessionId : null;
  if (typeof sessionId === 'string' && sessionId.trim() !== '') return sessionId;
  const found = describeReply(reply);
  throw new SessionMeshError('protocol_invalid', { expected: 'a session.sessionId', found });
}
