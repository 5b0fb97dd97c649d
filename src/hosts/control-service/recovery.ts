/**
 * After every new stream, and wherever frames are missing: what the service waits for is read, session by
 * session, before a session counts as linked again. A newer recovery takes the place of one that runs.
 */
import { backoffMs } from '../../backoff.ts';
import { sleep } from '../../env.ts';
import { messageOf } from '../../errors.ts';
import type { HostContext, HostSignal } from '../host.ts';
import type { Leases } from './leases.ts';
import type { Link } from './link.ts';
import type { SessionRequests } from './session-requests.ts';
import type { Sessions } from './sessions.ts';
import type { TrackedSession } from './tracked-session.ts';

/** What recovery needs. */
export interface RecoveryOptions {
  readonly context: HostContext;
  readonly link: Link;
  readonly sessions: Sessions;
  readonly requests: SessionRequests;
  readonly leases: Leases | null;
  readonly emit: (signal: HostSignal) => void;
}

/** The recovery of one host. */
export class Recovery {
  readonly #options: RecoveryOptions;
  /** Aborts the one that runs. */
  #run: AbortController | null = null;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** Looks after all sessions. `isSeamless`: no end of a turn was missed. Never throws. */
  begin(isSeamless: boolean): void {
    this.stop();
    this.#run = new AbortController();
    void this.#all(isSeamless, this.#run.signal);
  }

  /** The stream is gone: what runs is of no use. */
  stop(): void {
    this.#run?.abort(new Error('the stream is gone'));
    this.#run = null;
  }

  /** A few at a time: all of them draw from one iterator. */
  async #all(isSeamless: boolean, signal: AbortSignal): Promise<void> {
    const { sessions, context } = this.#options;
    const waiting = sessions.all().values();
    const work = async () => {
      for (const session of waiting) {
        if (signal.aborted) return;
        await this.#repeatedly(session, isSeamless, signal);
      }
    };
    await Promise.all(Array.from({ length: context.limits.resumesInFlightMax }, work));
  }

  /** As long as there is a stream that could be trusted, it is worth trying: the service is up. */
  async #repeatedly(session: TrackedSession, isSeamless: boolean, signal: AbortSignal) {
    const { env, limits, logger } = this.#options.context;
    const { reconnectBackoffBaseMs: baseMs, reconnectBackoffCapMs: capMs } = limits;
    for (let attempt = 1; this.#isCurrent(session, signal); attempt += 1) {
      try {
        await this.#one(session, isSeamless, signal);
        return;
      } catch (thrown) {
        if (!this.#isCurrent(session, signal)) return;
        logger.warn({ sessionId: session.id, error: messageOf(thrown) }, 'could not resume');
        const delayMs = backoffMs({ baseMs, capMs }, attempt, () => env.random());
        await sleep(env.clock, delayMs, signal).catch(() => {});
      }
    }
  }

  async #one(session: TrackedSession, isSeamless: boolean, signal: AbortSignal): Promise<void> {
    const { requests, sessions, link, leases, emit } = this.#options;
    const { id: sessionId } = session;
    if (leases && !(await leases.confirm(sessionId))) {
      // Lost to somebody else, or never held.
      if (!this.#isCurrent(session, signal)) return;
      await leases.take(sessionId, signal);
    }
    const known = [...session.calls.values()];
    const listed = await requests.listCalls(sessionId, { signal });
    if (!this.#isCurrent(session, signal)) return;
    // What is not listed is over, unless it came with this stream, or an answer of ours is under way.
    for (const { call, seenDuring, attempts } of known) {
      const isOver = seenDuring !== link.connections && attempts === 0;
      if (isOver && session.findCall(call)) sessions.withdraw(session, call, notListed);
    }
    if (!isSeamless && session.activeTurnId !== null) await requests.read(sessionId, { signal });
    if (!this.#isCurrent(session, signal)) return;
    for (const call of listed) emit({ type: 'call.requested', call });
    emit({ type: 'session.resumed', sessionId });
  }

  #isCurrent(session: TrackedSession, signal: AbortSignal): boolean {
    return !signal.aborted && this.#options.sessions.get(session.id) === session;
  }
}

const notListed = 'the service no longer lists it';
