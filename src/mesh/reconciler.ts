/**
 * The reconciler: compares what the host lists as unanswered with what the mesh has taken.
 *
 * It runs one pass after every reconnect, passes at a growing interval while a session is served by
 * polling, and a cheap watch while a turn is active, which finds a stream that fell silent: a call
 * listed at two looks, `silentCallMs` apart, that no signal brought or whose answer did not arrive. One pass at a time per session.
 */
import type { CallSource, DispatchMode } from '../../machines/session.ts';
import type { Env, Timer } from '../env.ts';
import { messageOf } from '../errors.ts';
import type { Host, HostCall } from '../hosts/host.ts';
import { callKey } from '../ledger/call-record.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';

/** What the reconciler needs to know of a session, and what it may do to it. */
export interface Reconciled {
  readonly sessionId: string;
  readonly dispatchMode: DispatchMode;
  readonly linked: boolean;
  readonly turnActive: boolean;
  /** Whether something is being done about the call: it runs, or its answer is on its way. */
  serves(call: HostCall): boolean;
  take(call: HostCall, source: CallSource): void;
  /** A pass under `polling` is complete. */
  onReconciled(): void;
  /** The stream does not bring what the host lists. */
  onSilent(): void;
}

export interface ReconcilerContext {
  readonly host: Host;
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
}

/** The reconciliation of one session. Made when it is first needed. */
export class Reconciler {
  readonly #context: ReconcilerContext;
  readonly #session: Reconciled;
  readonly #stopped = new AbortController();
  #timer: Timer | undefined;
  #pass: Promise<number> | undefined;
  #delayMs: number;
  /** Listed calls that no signal had brought when the watch last looked. */
  #unseen: ReadonlySet<string> = new Set();

  constructor(context: ReconcilerContext, session: Reconciled) {
    this.#context = context;
    this.#session = session;
    this.#delayMs = context.limits.pollMinMs;
  }

  /**
   * One pass: every call that the host lists goes through the intake as `polling`. Joins a pass that
   * runs already. Resolves to the number of calls listed; rejects if the host cannot list them.
   */
  reconcile(): Promise<number> {
    this.#pass ??= this.#takePending().finally(() => {
      this.#pass = undefined;
    });
    return this.#pass;
  }

  /** Looks again at what the session needs now: polling, watching, or nothing. */
  schedule(): void {
    if (this.#stopped.signal.aborted || this.#timer !== undefined) return;
    const delayMs = this.#nextDelayMs();
    if (delayMs === undefined) return;
    this.#timer = this.#context.env.clock.setTimeout(() => {
      this.#timer = undefined;
      void this.#tick();
    }, delayMs);
  }

  /** Starts again with the shortest interval; for when something has just changed. */
  hurry(): void {
    this.#disarm();
    this.#delayMs = this.#context.limits.pollMinMs;
    this.schedule();
  }

  /** Idempotent. Leaves no timer behind. */
  stop(): void {
    this.#stopped.abort();
    this.#disarm();
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#context.env.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #nextDelayMs(): number | undefined {
    const { limits, env, host } = this.#context;
    const { dispatchMode, linked, turnActive } = this.#session;
    if (dispatchMode === 'polling' && (linked || host.listsWhileLost)) {
      return Math.round(this.#delayMs * (0.5 + env.random() / 2));
    }
    return turnActive && linked ? limits.silentCallMs : undefined;
  }

  async #tick(): Promise<void> {
    try {
      if (this.#session.dispatchMode === 'polling') await this.#poll();
      else await this.#watch();
    } catch (thrown) {
      if (this.#stopped.signal.aborted) return;
      const { sessionId } = this.#session;
      this.#context.logger.warn({ sessionId, error: messageOf(thrown) }, 'could not list calls');
    }
    this.schedule();
  }

  async #poll(): Promise<void> {
    const { pollMinMs, pollMaxMs } = this.#context.limits;
    this.#delayMs = Math.min(this.#delayMs * 2, pollMaxMs);
    if ((await this.reconcile()) > 0) this.#delayMs = pollMinMs;
  }

  async #watch(): Promise<void> {
    const listed = await this.#list();
    const unseen = listed.filter((call) => !this.#session.serves(call)).map(callKey);
    const isSilent = unseen.some((key) => this.#unseen.has(key));
    this.#unseen = new Set(unseen);
    if (!isSilent) return;
    this.#unseen = new Set();
    this.#session.onSilent();
    await this.reconcile();
  }

  async #takePending(): Promise<number> {
    const listed = await this.#list();
    for (const call of listed) this.#session.take(call, 'polling');
    if (!this.#stopped.signal.aborted) this.#session.onReconciled();
    return listed.length;
  }

  #list(): Promise<readonly HostCall[]> {
    const { host } = this.#context;
    return host.pendingCalls(this.#session.sessionId, this.#stopped.signal);
  }
}
