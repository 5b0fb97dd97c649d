/**
 * Leases of ours: taken before a session is served, renewed while it is, given back afterwards.
 *
 * - A lease that somebody else holds is waited for, within `leaseWaitMs`.
 * - One that was lost to somebody else ends the session here: two who serve it would both run its calls.
 * - The fence goes with every answer, so that one of an earlier holder is turned away.
 * - Each lease has a nonce: requests that overlap, or whose replies are lost, do not compete with each other.
 */
import { eitherSignal } from '../../abort.ts';
import { sleep, type Timer } from '../../env.ts';
import { messageOf, SessionMeshError } from '../../errors.ts';
import { isRecord } from '../../tools/json.ts';
import type { HostContext } from '../host.ts';
import { routes } from './routes.ts';
import { codeOf, refusalOf, type ServiceClient } from './service-client.ts';
import type { ServiceReply } from './wire.ts';

/** What leases need. */
export interface LeasesOptions {
  readonly client: ServiceClient;
  readonly context: HostContext;
  readonly holder: string;
  readonly ttlMs: number;
  /** A session was lost to somebody else. */
  readonly onLost: (sessionId: string, cause: SessionMeshError) => void;
}

/** Who holds a session that we want. */
export interface ForeignLease {
  readonly holder: string | null;
  /** Milliseconds since the Unix epoch, by the clock of the service; or null. */
  readonly expiresAt: number | null;
}

type Taken =
  { readonly type: 'ours'; readonly fence: number } | ({ readonly type: 'foreign' } & ForeignLease);

interface Held {
  fence: number;
  readonly nonce: string;
  renewal: Timer | undefined;
}

/** Reads who holds the lease from an answer that says it is somebody else's, or returns null. */
export function parseForeignLease(reply: ServiceReply): ForeignLease | null {
  if (reply.status !== 409 || codeOf(reply) !== 'leased') return null;
  const { holder, expiresAt } = isRecord(reply.body) ? reply.body : {};
  return {
    holder: typeof holder === 'string' ? holder : null,
    expiresAt: typeof expiresAt === 'number' ? expiresAt : null,
  };
}

function parseFence({ status, body }: ServiceReply): number | null {
  const lease = isRecord(body) ? body.lease : null;
  const isFence = status === 200 && isRecord(lease) && typeof lease.fence === 'number';
  return isFence && typeof lease.fence === 'number' ? lease.fence : null;
}

/** The error of a session that somebody else holds. */
export function leasedTo({ holder }: ForeignLease, sessionId: string): SessionMeshError {
  const found = `the lease of ${holder ?? 'somebody else'}`;
  return new SessionMeshError('session_leased', { found, sessionId });
}

/** The leases of one host. */
export class Leases {
  readonly #options: LeasesOptions;
  readonly #held = new Map<string, Held>();

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  /** What goes with an answer for this session, or null. */
  fenceOf(sessionId: string): number | null {
    return this.#held.get(sessionId)?.fence ?? null;
  }

  /**
   * Takes the lease of a session, as soon as nobody else holds it.
   * @throws SessionMeshError `session_leased` after `leaseWaitMs`, `host_unsupported`, or as `ServiceClient.request`;
   * the reason of `signal`.
   */
  async take(sessionId: string, signal?: AbortSignal): Promise<void> {
    const { client, context } = this.#options;
    const { env, limits } = context;
    let abort: AbortSignal | undefined;
    const deadlineMs = env.clock.monotonic() + limits.leaseWaitMs;
    const nonce = this.#held.get(sessionId)?.nonce ?? env.id();
    for (;;) {
      const taken = await this.#ask(sessionId, nonce, signal);
      if (taken.type === 'ours') {
        this.#hold(sessionId, nonce, taken.fence);
        return;
      }
      const leftMs = deadlineMs - env.clock.monotonic();
      if (leftMs <= 0) throw leasedTo(taken, sessionId);
      // Clocks differ, and a lease may be given back early: not too long at a time.
      const endsMs = (taken.expiresAt ?? 0) - env.clock.now() + limits.pollMinMs;
      const waitMs = Math.min(Math.max(endsMs, limits.pollMinMs), limits.pollMaxMs, leftMs);
      abort ??= eitherSignal(signal, client.signal);
      await sleep(env.clock, waitMs, abort);
    }
  }

  /**
   * Makes sure that a session is still ours: true if it is. If somebody else has it, it is lost.
   * @throws SessionMeshError as `ServiceClient.request`
   */
  async confirm(sessionId: string): Promise<boolean> {
    const held = this.#held.get(sessionId);
    if (!held) return false;
    const taken = await this.#ask(sessionId, held.nonce);
    // It may have been given back while the service was asked.
    if (this.#held.get(sessionId) !== held) return false;
    if (taken.type === 'ours') this.#hold(sessionId, held.nonce, taken.fence);
    else this.#lose(sessionId, taken);
    return taken.type === 'ours';
  }

  /** Gives the lease of a session back. Never rejects: it ends by itself, too. */
  async release(sessionId: string): Promise<void> {
    const held = this.#held.get(sessionId);
    if (!held) return;
    this.#drop(sessionId);
    const { client, context } = this.#options;
    const { releaseTimeoutMs: timeoutMs } = context.limits;
    try {
      await client.request(routes.releaseLease(sessionId, held.fence), { timeoutMs });
    } catch (thrown) {
      context.logger.warn({ sessionId, error: messageOf(thrown) }, 'a lease was not given back');
    }
  }

  /** Renews no more. What is held ends by itself. */
  close(): void {
    for (const sessionId of this.#held.keys()) this.#drop(sessionId);
  }

  async #ask(sessionId: string, nonce: string, signal?: AbortSignal): Promise<Taken> {
    const { client, holder, ttlMs } = this.#options;
    const fence = this.fenceOf(sessionId);
    const request = { holder, ttlMs, nonce, ...(fence === null ? {} : { fence }) };
    const reply = await client.request(routes.takeLease(sessionId, request), { signal });
    const foreign = parseForeignLease(reply);
    if (foreign) return { type: 'foreign', ...foreign };
    const ours = parseFence(reply);
    if (ours !== null) return { type: 'ours', fence: ours };
    // Without the route the body of a 404 has a form of its own.
    const isMissing = reply.status === 404 && !(isRecord(reply.body) && 'status' in reply.body);
    if (!isMissing) throw refusalOf(reply, sessionId);
    throw new SessionMeshError('host_unsupported', {
      expected: 'a service that has leases',
      sessionId,
      fix: 'leave `holder` and `lease` out',
    });
  }

  #hold(sessionId: string, nonce: string, fence: number): void {
    const { clock } = this.#options.context.env;
    const before = this.#held.get(sessionId);
    if (before?.renewal) clock.clearTimeout(before.renewal);
    const held: Held = before ?? { fence, nonce, renewal: undefined };
    held.fence = fence;
    held.renewal = clock.setTimeout(() => void this.#renew(sessionId), this.#options.ttlMs / 3);
    this.#held.set(sessionId, held);
  }

  async #renew(sessionId: string): Promise<void> {
    const held = this.#held.get(sessionId);
    try {
      await this.confirm(sessionId);
    } catch (thrown) {
      const { logger } = this.#options.context;
      logger.warn({ sessionId, error: messageOf(thrown) }, 'a lease was not renewed');
      // Until the service says otherwise it may still be ours.
      if (held && this.#held.get(sessionId) === held) this.#hold(sessionId, held.nonce, held.fence);
    }
  }

  #lose(sessionId: string, foreign: ForeignLease): void {
    this.#drop(sessionId);
    this.#options.onLost(sessionId, leasedTo(foreign, sessionId));
  }

  #drop(sessionId: string): void {
    const held = this.#held.get(sessionId);
    if (held?.renewal) this.#options.context.env.clock.clearTimeout(held.renewal);
    this.#held.delete(sessionId);
  }
}
