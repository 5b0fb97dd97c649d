/**
 * The ledger: which calls were taken, and what became of them.
 *
 * - M1 A call is claimed before its handler starts; every later delivery of it finds the claim.
 * - M2 A call leaves the open calls through exactly one outcome.
 * - M6 Open calls live in a Map and are never forgotten; the bounded cache holds finished ones only.
 */
import { isCallOutcome, type CallOutcome } from '../../machines/call-outcome.ts';
import { nextCallState, type CallEvent } from '../../machines/call.ts';
import type { Limits } from '../limits.ts';
import type { ToolOutput } from '../tools/contract.ts';
import { TransientMap } from '../transient-map.ts';
import type { CallIdentity } from './call-record.ts';
import { FinishedCalls } from './finished-calls.ts';
import { ledgerCall, type LedgerCall } from './ledger-call.ts';

/** What a claim found. */
export type Claim =
  /** Nobody has it: it is yours, and open from now on. */
  | { readonly type: 'new'; readonly open: LedgerCall }
  /** It runs, or its answer waits for the host. */
  | { readonly type: 'open'; readonly open: LedgerCall }
  | { readonly type: 'finished'; readonly call: LedgerCall }
  /** The same key with another tool or other arguments: never answered from memory. */
  | { readonly type: 'reused' };

/** A finished call of an earlier process. */
export interface RestoredCall {
  readonly key: string;
  readonly sessionId: string;
  readonly requestId: CallIdentity['requestId'];
  readonly fingerprint: number;
  readonly outcome: CallOutcome;
  readonly output: ToolOutput | null;
}

export interface LedgerStats {
  readonly open: number;
  readonly finished: number;
  /** Finished calls forgotten before `ledgerKeepMs` had passed, because the ledger was full. */
  readonly forgottenEarly: number;
}

/** The memory of one mesh. Synchronous throughout: claiming is one step that nothing can split. */
export class Ledger {
  readonly #open = new TransientMap<string, LedgerCall>();
  readonly #finished: FinishedCalls;
  /** Of all calls so far whose request ids are numbers. */
  #highestRequestId = -1;

  /** @param nowMs monotonic time in milliseconds */
  constructor(limits: Limits, nowMs: () => number) {
    this.#finished = new FinishedCalls(limits, nowMs);
  }

  get stats(): LedgerStats {
    return {
      open: this.#open.size,
      finished: this.#finished.size,
      forgottenEarly: this.#finished.forgottenEarly,
    };
  }

  /**
   * Takes the call if nobody has it, and says what is known of it otherwise.
   * @param requestId the one that `key` was made of
   */
  claim(
    key: string,
    sessionId: string,
    fingerprint: number,
    requestId: CallIdentity['requestId'],
  ): Claim {
    const found = this.#raiseTo(requestId) ? undefined : this.#find(key, sessionId, fingerprint);
    return found ?? this.#take(key, sessionId, fingerprint);
  }

  #find(key: string, sessionId: string, fingerprint: number): Claim | undefined {
    const open = this.#open.get(key);
    if (open) return open.fingerprint === fingerprint ? { type: 'open', open } : { type: 'reused' };
    const call = this.#finished.find(sessionId, key);
    if (call) {
      return call.fingerprint === fingerprint ? { type: 'finished', call } : { type: 'reused' };
    }
    return undefined;
  }

  #take(key: string, sessionId: string, fingerprint: number): Claim {
    const open = ledgerCall(key, sessionId, fingerprint);
    this.#open.set(key, open);
    return { type: 'new', open };
  }

  /**
   * Raises the highest request id to this one. False if it is not higher; if it is, its call is none of those
   * before: a server counts its requests, and to look for a call in vain takes as long as to find one.
   */
  #raiseTo(requestId: CallIdentity['requestId']): boolean {
    if (typeof requestId !== 'number' || !(requestId > this.#highestRequestId)) return false;
    this.#highestRequestId = requestId;
    return true;
  }

  /** Whether the call is taken and not over. */
  isOpen(key: string): boolean {
    return this.#open.has(key);
  }

  /** The answer of a call that is over, if it had one and is remembered. */
  answerOf(key: string, sessionId: string): ToolOutput | null {
    return this.#finished.find(sessionId, key)?.output ?? null;
  }

  /** Whether the call was ever taken, as far as the ledger remembers. */
  knows(key: string, sessionId: string): boolean {
    return this.#open.has(key) || this.#finished.find(sessionId, key) !== undefined;
  }

  /**
   * Moves an open call along its life. Returns its outcome if the event ended it, and false if the event
   * means nothing where the call is: a late result, a second confirmation.
   */
  advance(open: LedgerCall, event: CallEvent['type']): CallOutcome | boolean {
    const next = nextCallState(open.state, event);
    if (next === undefined) return false;
    open.state = next;
    if (!isCallOutcome(next)) return true;
    this.#open.delete(open.key);
    this.#finished.add(open);
    return next;
  }

  /** Records the answer of an open call; it is the one that is ever sent. */
  answer(open: LedgerCall, event: 'finished' | 'timed.out', output: ToolOutput): boolean {
    if (nextCallState(open.state, event) === undefined) return false;
    open.output = output;
    this.advance(open, event);
    return true;
  }

  /** Takes over a finished call from an earlier process. */
  restore({ key, sessionId, requestId, fingerprint, outcome, output }: RestoredCall): void {
    this.#raiseTo(requestId);
    const call = ledgerCall(key, sessionId, fingerprint);
    call.state = outcome;
    call.output = output;
    this.#finished.add(call);
  }

  /** Forgets everything. */
  clear(): void {
    this.#open.clear();
    this.#finished.clear();
  }
}
