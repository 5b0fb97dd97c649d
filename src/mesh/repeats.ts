/**
 * Answers for calls that nobody serves any more: over before they came again, or declined. No ledger
 * entry waits for them, but the turn of the call does, so each is handed over until the host decides.
 */
import { backoffMs } from '../backoff.ts';
import type { Env, Timer } from '../env.ts';
import { messageOf } from '../errors.ts';
import type { AnswerVerdict, Host, HostCall } from '../hosts/host.ts';
import { callKey } from '../ledger/call-record.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { ToolOutput } from '../tools/contract.ts';
import { referenceOf } from './live-call.ts';

export interface RepeatsContext {
  readonly host: Host;
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
  /** Whether an answer to this call is on its way already: there is one attempt at a time. */
  isAnswering(key: string): boolean;
}

interface Repeat {
  /** As it was delivered last: its reply address may have changed. */
  call: HostCall;
  readonly output: ToolOutput;
  readonly onTaken: (() => void) | undefined;
  count: number;
  retry: Timer | undefined;
}

export class Repeats {
  readonly #context: RepeatsContext;
  readonly #underWay = new Map<string, Repeat>();
  #closed = false;

  constructor(context: RepeatsContext) {
    this.#context = context;
  }

  /** Answers that the host has not decided on. */
  get size(): number {
    return this.#underWay.size;
  }

  /** Whether an answer to this call is being handed over. */
  has(key: string): boolean {
    return this.#underWay.has(key);
  }

  /** Hands an answer over; one that is under way for the same call goes on instead, at once. */
  send(call: HostCall, output: ToolOutput, onTaken?: () => void): void {
    if (this.#closed) return;
    const key = callKey(call);
    const before = this.#underWay.get(key);
    if (before) {
      before.call = call;
      if (before.retry !== undefined) this.#attempt(key, before);
      return;
    }
    const repeat = { call, output, onTaken, count: 0, retry: undefined };
    this.#underWay.set(key, repeat);
    this.#attempt(key, repeat);
  }

  /** The host no longer waits for the call of this key. */
  withdraw(key: string): void {
    const repeat = this.#underWay.get(key);
    if (repeat) this.#drop(key, repeat);
  }

  /** Drops every timer; the calls stay with the host. */
  close(): void {
    this.#closed = true;
    for (const [key, repeat] of this.#underWay) this.#drop(key, repeat);
  }

  #attempt(key: string, repeat: Repeat): void {
    this.#disarm(repeat);
    if (this.#context.isAnswering(key)) {
      this.#retryLater(key, repeat, this.#context.limits.submitBackoffBaseMs);
      return;
    }
    repeat.count += 1;
    const verdict = this.#answer(repeat);
    if (!(verdict instanceof Promise)) {
      this.#decide(key, repeat, verdict);
      return;
    }
    void verdict
      .catch((thrown: unknown): AnswerVerdict => ({ type: 'again', reason: messageOf(thrown) }))
      .then((settled) => this.#decide(key, repeat, settled));
  }

  #answer({ call, output }: Repeat): AnswerVerdict | Promise<AnswerVerdict> {
    try {
      return this.#context.host.answer(call, output);
    } catch (thrown) {
      return { type: 'again', reason: messageOf(thrown) };
    }
  }

  #decide(key: string, repeat: Repeat, verdict: AnswerVerdict): void {
    if (this.#underWay.get(key) !== repeat) return;
    if (verdict.type === 'again' && this.#underWay.size <= this.#context.limits.outboxCallsMax) {
      this.#retryLater(key, repeat, verdict.afterMs);
      return;
    }
    this.#drop(key, repeat);
    if (verdict.type === 'answered') {
      this.#taken(repeat);
      return;
    }
    // Without a link there is nothing to do: the call comes again with the next one.
    if (verdict.type === 'unlinked') return;
    const fields = { ...referenceOf(repeat.call), reason: verdict.reason };
    this.#context.logger.warn(fields, 'a repeated answer was not taken');
  }

  /** What is written down of it may fail; the answer is where it belongs. */
  #taken({ call, onTaken }: Repeat): void {
    try {
      onTaken?.();
    } catch (thrown) {
      const fields = { ...referenceOf(call), error: messageOf(thrown) };
      this.#context.logger.error(fields, 'a confirmation was not recorded');
    }
  }

  #retryLater(key: string, repeat: Repeat, afterMs: number | undefined): void {
    const { env, limits } = this.#context;
    const backoff = { baseMs: limits.submitBackoffBaseMs, capMs: limits.submitBackoffCapMs };
    const delayMs = afterMs ?? backoffMs(backoff, repeat.count, env.random);
    repeat.retry = env.clock.setTimeout(() => this.#attempt(key, repeat), delayMs);
  }

  #disarm(repeat: Repeat): void {
    if (repeat.retry !== undefined) this.#context.env.clock.clearTimeout(repeat.retry);
    repeat.retry = undefined;
  }

  #drop(key: string, repeat: Repeat): void {
    this.#disarm(repeat);
    this.#underWay.delete(key);
  }
}
