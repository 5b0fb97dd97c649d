/**
 * Looks after turns of which nothing is heard: their sessions are read, at growing intervals, until a turn
 * is over. A read shows the whole session, so it is the exception: where the stream is up, `turnReadMaxMs`
 * of silence come before it.
 */
import { messageOf } from '../../errors.ts';
import type { HostContext } from '../host.ts';
import type { TrackedSession } from './tracked-session.ts';

/** What the watch needs. */
export interface TurnWatchOptions {
  readonly context: HostContext;
  readonly isOnline: () => boolean;
  /** Reads the session and takes in what it finds. */
  readonly read: (session: TrackedSession) => Promise<void>;
}

/** The watch over the turns of one host. One timer for each turn that is active. */
export class TurnWatch {
  readonly #options: TurnWatchOptions;

  constructor(options: TurnWatchOptions) {
    this.#options = options;
  }

  /** A turn of this session has begun or ended, or something else makes a soon look worthwhile. */
  refresh(session: TrackedSession): void {
    this.stop(session);
    const { turnReadMinMs, turnReadMaxMs } = this.#options.context.limits;
    if (session.activeTurnId === null) return;
    session.heardAtMs = this.#nowMs();
    this.#arm(session, this.#options.isOnline() ? turnReadMaxMs : turnReadMinMs);
  }

  /** Looks no more. */
  stop(session: TrackedSession): void {
    if (session.reading) this.#options.context.env.clock.clearTimeout(session.reading.timer);
    session.reading = undefined;
  }

  #nowMs(): number {
    return this.#options.context.env.clock.monotonic();
  }

  #arm(session: TrackedSession, delayMs: number, leftMs = delayMs): void {
    const { clock } = this.#options.context.env;
    const timer = clock.setTimeout(() => void this.#look(session), leftMs);
    session.reading = { timer, delayMs };
  }

  async #look(session: TrackedSession): Promise<void> {
    const { context, isOnline, read } = this.#options;
    const { reading } = session;
    const delayMs = reading?.delayMs ?? 0;
    const leftMs = session.heardAtMs + delayMs - this.#nowMs();
    if (isOnline() && leftMs > 0) {
      this.#arm(session, delayMs, leftMs);
      return;
    }
    try {
      await read(session);
    } catch (thrown) {
      const fields = { sessionId: session.id, error: messageOf(thrown) };
      context.logger.warn(fields, 'a session could not be read');
    }
    // Unless the read ended it, or somebody looks anew already.
    if (session.activeTurnId === null || session.reading !== reading) return;
    this.#arm(session, Math.min(delayMs * 2, context.limits.turnReadMaxMs));
  }
}
