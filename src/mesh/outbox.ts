/**
 * Answers on their way to the host, until it confirms them. A submission that fails is tried again with
 * the same bytes; it never runs a handler again.
 *
 * Most answers never stay here: a host that takes one at once confirms it in the same tick.
 */
import type { CallOutcome } from '../../machines/call-outcome.ts';
import type { CallEvent } from '../../machines/call.ts';
import { backoffMs } from '../backoff.ts';
import type { Env, Timer } from '../env.ts';
import { messageOf } from '../errors.ts';
import type { AnswerVerdict, Host } from '../hosts/host.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import { failureText } from '../tools/failure.ts';
import { failureOutput } from '../tools/output.ts';
import type { ToolOutput } from '../tools/contract.ts';
import { referenceOf, type LiveCall } from './live-call.ts';

/** An answer that the outbox is responsible for. */
interface Submission {
  readonly live: LiveCall;
  /** What is sent: the recorded answer, or the small failure that replaces one the host refused. */
  output: ToolOutput;
  count: number;
  retry: Timer | undefined;
  /** A submission is being made: another one must not start. */
  busy: boolean;
  /** The answer was replaced once already because the host refused its body. */
  replaced: boolean;
  /** The call has its outcome: what is still heard of this submission means nothing. */
  over: boolean;
}

export interface OutboxContext {
  readonly host: Host;
  readonly ledger: Ledger;
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
  /** The call is over, after `submissions` attempts. Called once for each answer submitted. */
  onSettled(live: LiveCall, outcome: CallOutcome, submissions: number): void;
}

export class Outbox {
  readonly #context: OutboxContext;
  readonly #held = new Map<string, Submission>();
  /** Calls with an attempt under way, whether or not it still matters. */
  readonly #answering = new Set<string>();
  #closed = false;

  constructor(context: OutboxContext) {
    this.#context = context;
  }

  /** Answers that the host has not confirmed yet. */
  get size(): number {
    return this.#held.size;
  }

  /** Whether an answer to this call is on its way to the host. */
  isAnswering(key: string): boolean {
    return this.#answering.has(key);
  }

  /** Hands over an answer that was just recorded. */
  submit(live: LiveCall, output: ToolOutput): void {
    this.#attempt({
      live,
      output,
      count: 0,
      retry: undefined,
      busy: false,
      replaced: false,
      over: false,
    });
  }

  /** The host delivered a call again whose answer may be held here: it has an address for it now. */
  redeliver(key: string): void {
    const submission = this.#held.get(key);
    if (submission) this.#attempt(submission);
  }

  /** The link is back: sends what is held for this session. */
  flush(sessionId: string): void {
    for (const submission of this.#held.values()) {
      if (submission.live.call.sessionId === sessionId) this.#attempt(submission);
    }
  }

  /** Nobody waits for this answer any more. Returns whether it was held here, and so is recorded. */
  abandon(key: string): boolean {
    const submission = this.#held.get(key);
    if (submission) this.#settle(submission, 'gone');
    return submission !== undefined;
  }

  /** Drops every timer. What is still held stays unconfirmed in the ledger. */
  close(): void {
    this.#closed = true;
    for (const submission of this.#held.values()) this.#disarm(submission);
    this.#held.clear();
  }

  #attempt(submission: Submission): void {
    if (submission.busy || this.#closed) return;
    this.#disarm(submission);
    submission.count += 1;
    const verdict = this.#answer(submission);
    if (!(verdict instanceof Promise)) {
      this.#decide(submission, verdict);
      return;
    }
    const { key } = submission.live.open;
    submission.busy = true;
    this.#answering.add(key);
    this.#hold(submission);
    void verdict
      .catch((thrown: unknown): AnswerVerdict => ({ type: 'again', reason: messageOf(thrown) }))
      .then((settled) => {
        submission.busy = false;
        this.#answering.delete(key);
        if (!this.#closed && !submission.over) this.#decide(submission, settled);
      });
  }

  #answer({ live, output }: Submission): AnswerVerdict | Promise<AnswerVerdict> {
    try {
      return this.#context.host.answer(live.call, output);
    } catch (thrown) {
      return { type: 'again', reason: messageOf(thrown) };
    }
  }

  #decide(submission: Submission, verdict: AnswerVerdict): void {
    switch (verdict.type) {
      case 'answered':
        this.#settle(submission, 'confirmed');
        return;
      case 'abandoned':
        this.#settle(submission, 'gone');
        return;
      case 'refused':
        this.#replace(submission, verdict.reason);
        return;
      case 'unlinked':
        this.#hold(submission);
        return;
      case 'again':
        this.#hold(submission);
        this.#retryLater(submission, verdict.afterMs);
    }
  }

  /** The turn would hang without any answer, so a body the host refuses is replaced by a small one, once. */
  #replace(submission: Submission, reason: string): void {
    this.#context.logger.warn(
      { ...referenceOf(submission.live.call), reason },
      'the host refused an answer',
    );
    if (submission.replaced) {
      this.#settle(submission, 'refused');
      return;
    }
    submission.replaced = true;
    submission.output = failureOutput(failureText({ kind: 'result_too_large' }));
    this.#attempt(submission);
  }

  #hold(submission: Submission): void {
    const { limits, logger } = this.#context;
    this.#held.set(submission.live.open.key, submission);
    if (this.#held.size <= limits.outboxCallsMax) return;
    const [oldest] = this.#held.values();
    if (!oldest) return;
    logger.error(
      referenceOf(oldest.live.call),
      'the outbox is full; its oldest answer was abandoned',
    );
    this.#settle(oldest, 'gone');
  }

  #retryLater(submission: Submission, afterMs: number | undefined): void {
    const { env, limits } = this.#context;
    const backoff = { baseMs: limits.submitBackoffBaseMs, capMs: limits.submitBackoffCapMs };
    const delayMs = afterMs ?? backoffMs(backoff, submission.count, env.random);
    submission.retry = env.clock.setTimeout(() => this.#attempt(submission), delayMs);
  }

  #disarm(submission: Submission): void {
    if (submission.retry !== undefined) this.#context.env.clock.clearTimeout(submission.retry);
    submission.retry = undefined;
  }

  #settle(
    submission: Submission,
    event: Extract<CallEvent['type'], 'confirmed' | 'refused' | 'gone'>,
  ): void {
    this.#disarm(submission);
    submission.over = true;
    const { live, count } = submission;
    this.#held.delete(live.open.key);
    const outcome = this.#context.ledger.advance(live.open, event);
    if (typeof outcome === 'string') this.#context.onSettled(live, outcome, count);
  }
}
