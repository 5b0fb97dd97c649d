/**
 * The journal, as the mesh uses it: intent before a handler starts, outcome before it is submitted (M5),
 * confirmation after. And what a mesh learns from it when it starts: calls that finished are known, so
 * that a repeat gets the same bytes; a call that was started and did not finish is answered as unknown,
 * or run again if its tool is declared `repeatable` (M1).
 */
import type { CallOutcome } from '../../machines/call-outcome.ts';
import { backoffMs } from '../backoff.ts';
import { sleep, type Env } from '../env.ts';
import { messageOf, SessionMeshError, type ErrorCode } from '../errors.ts';
import type { SessionSettings } from '../hosts/host.ts';
import type { Journal, Recovery } from '../ledger/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { ToolOutput } from '../tools/contract.ts';
import { failureText } from '../tools/failure.ts';
import { failureOutput } from '../tools/output.ts';
import type { LiveCall } from './live-call.ts';

export interface DurabilityContext {
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
}

/** A call that an earlier process left open. */
interface InheritedCall {
  readonly sessionId: string;
  /** How it ends if nobody waits for it any more. */
  readonly forsaken: CallOutcome;
  /** How it ends once the host has its answer. */
  readonly confirmed: CallOutcome;
}

export class Durability {
  readonly #context: DurabilityContext;
  readonly #closed = new AbortController();
  /** Starts so far of repeatable calls that a crash interrupted. */
  readonly #attempts = new Map<string, number>();
  /** Calls of an earlier process that are not over, by key. */
  readonly #inherited = new Map<string, InheritedCall>();
  readonly #sessions: Map<string, Recovery['sessions'][number]>;

  /** Reads the journal and teaches the ledger what it says. */
  constructor(context: DurabilityContext) {
    this.#context = context;
    const { unconfirmed, unknown, finished, sessions } = context.journal.recover();
    this.#sessions = new Map(sessions.map((session) => [session.sessionId, session]));
    const { ledger, env } = context;
    for (const { key, call, outcome, output } of finished.toReversed()) {
      const { sessionId, requestId, fingerprint } = call;
      ledger.restore({ key, sessionId, requestId, fingerprint, outcome, output });
    }
    for (const { key, call, output, expired } of unconfirmed) {
      const { sessionId, requestId, fingerprint } = call;
      const forsaken = expired ? 'expired' : 'abandoned';
      const confirmed = expired ? 'expired' : 'answered';
      ledger.restore({ key, sessionId, requestId, fingerprint, outcome: forsaken, output });
      this.#inherited.set(key, { sessionId, forsaken, confirmed });
    }
    for (const { key, call, effects, attempt } of unknown) {
      const { sessionId, requestId, fingerprint } = call;
      if (effects === 'repeatable') {
        this.#attempts.set(key, attempt);
        this.#inherited.set(key, { sessionId, forsaken: 'unknown', confirmed: 'unknown' });
        continue;
      }
      const output = failureOutput(failureText({ kind: 'outcome_unknown' }));
      ledger.restore({ key, sessionId, requestId, fingerprint, outcome: 'unknown', output });
      context.journal.append({ type: 'settled', key, outcome: 'unknown', at: env.clock.now() });
    }
  }

  /** Which start of its handler this call is about to make. */
  attemptOf(key: string): number {
    // Empty most of the time, and then not worth a look.
    return this.#attempts.size === 0 ? 1 : (this.#attempts.get(key) ?? 0) + 1;
  }

  /**
   * Records that a handler is about to start, or that a call is answered without one. Resolves when
   * that is committed; rejects, or throws, when the call must not be taken.
   */
  intent(live: LiveCall): Promise<void> {
    const { journal, env } = this.#context;
    const effects = live.tool?.policy.effects ?? 'at-most-once';
    const { epoch, sessionId, turnId, callId, requestId, tool, namespace } = live.call;
    const { key, fingerprint } = live.open;
    journal.append({
      type: 'intent',
      key,
      call: {
        epoch,
        sessionId,
        turnId,
        callId,
        requestId,
        tool,
        namespace,
        fingerprint,
      },
      effects,
      attempt: live.attempt,
      at: env.clock.now(),
    });
    live.isJournaled = true;
    if (this.#attempts.size > 0) this.#attempts.delete(key);
    if (this.#inherited.size > 0) this.#inherited.delete(key);
    return journal.committed();
  }

  /** Records an answer. Resolves when that is committed and it may be submitted; see {@link retry}. */
  outcome(live: LiveCall, output: ToolOutput, code: ErrorCode | null): Promise<void> {
    const { journal, env } = this.#context;
    const expired = live.open.state === 'expiring';
    const { key } = live.open;
    journal.append({ type: 'outcome', key, output, code, expired, at: env.clock.now() });
    return journal.committed();
  }

  /**
   * Resolves when an answer is committed that was not at first. A disk that fails is asked again, with
   * backoff, until the mesh closes: an answer is never submitted unrecorded.
   * @param thrown why it was not
   */
  async retry(thrown: unknown): Promise<void> {
    let cause: unknown = thrown;
    for (let attempt = 1; cause !== undefined; attempt += 1) {
      this.#context.logger.error({ error: messageOf(cause) }, 'an outcome could not be recorded');
      await this.#wait(attempt);
      cause = await this.#failureOfCommit();
    }
  }

  /** Records the end of a call. */
  settled(live: LiveCall, outcome: CallOutcome): void {
    if (live.isJournaled) this.#settle(live.open.key, outcome);
  }

  /** The host has taken an answer of an earlier process. */
  confirmed(key: string): void {
    const call = this.#inherited.get(key);
    if (!call) return;
    this.#inherited.delete(key);
    this.#settle(key, call.confirmed);
  }

  /** Nobody waits for calls of this session any more: what an earlier process left of them is over. */
  forsake(sessionId: string): void {
    for (const [key, call] of this.#inherited) {
      if (call.sessionId !== sessionId) continue;
      this.#inherited.delete(key);
      this.#settle(key, call.forsaken);
    }
  }

  /** Sessions that an earlier process left open, oldest first, without those that were closed since. */
  get sessions(): Recovery['sessions'] {
    return [...this.#sessions.values()];
  }

  /** A session of an earlier process that is not open is not wanted any more. */
  giveUp(sessionId: string): void {
    if (!this.#sessions.has(sessionId)) return;
    this.forsake(sessionId);
    this.sessionClosed(sessionId);
  }

  sessionOpened(
    sessionId: string,
    tools: readonly string[],
    { title, ...settings }: SessionSettings,
  ): void {
    const at = this.#context.env.clock.now();
    const entry = { sessionId, title: title ?? null, tools, settings, at };
    this.#context.journal.append({ type: 'session.opened', ...entry });
  }

  sessionClosed(sessionId: string): void {
    this.#sessions.delete(sessionId);
    const at = this.#context.env.clock.now();
    this.#context.journal.append({ type: 'session.closed', sessionId, at });
  }

  /** Writes what is queued and lets go of the journal. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#context.journal.close();
  }

  #settle(key: string, outcome: CallOutcome): void {
    const at = this.#context.env.clock.now();
    this.#context.journal.append({ type: 'settled', key, outcome, at });
  }

  async #failureOfCommit(): Promise<unknown> {
    try {
      await this.#context.journal.committed();
      return undefined;
    } catch (thrown) {
      return thrown ?? new SessionMeshError('ledger_write_failed');
    }
  }

  #wait(attempt: number): Promise<void> {
    const { env, limits } = this.#context;
    const backoff = { baseMs: limits.submitBackoffBaseMs, capMs: limits.submitBackoffCapMs };
    return sleep(env.clock, backoffMs(backoff, attempt, env.random), this.#closed.signal);
  }
}
