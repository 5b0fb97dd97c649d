/**
 * The ledger: which calls were taken, and what became of them.
 *
 * - M1 A call is claimed before its handler starts; every later delivery of it finds the claim.
 * - M2 A call leaves the open calls through exactly one outcome.
 * - M6 Open calls live in a Map and are never forgotten; the bounded cache holds finished ones only.
 *
 * When the cache is full the oldest call of a session above its quota is forgotten first, and only if no
 * session is above it the oldest of all: a busy session cannot push out another's last
 * calls. The bound wins over the promised time; what is forgotten too early is counted.
 */
import { LRUCache } from 'lru-cache';
import { isCallOutcome, type CallOutcome } from '../../machines/call-outcome.ts';
import { nextCallState, type CallEvent } from '../../machines/call.ts';
import type { Limits } from '../limits.ts';
import type { ToolOutput } from '../tools/contract.ts';
import { TransientMap } from '../transient-map.ts';
import { answerBytes, type CallIdentity } from './call-record.ts';
import {
  appendTo,
  ledgerCall,
  shiftFrom,
  type LedgerCall,
  type SessionWindow,
} from './ledger-call.ts';

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
  readonly #limits: Limits;
  readonly #nowMs: () => number;
  readonly #open = new TransientMap<string, LedgerCall>();
  readonly #finished: LRUCache<string, LedgerCall>;
  readonly #bySession = new Map<string, SessionWindow>();
  readonly #overQuota = new Set<SessionWindow>();
  /** Of all calls so far whose request ids are numbers. */
  #highestRequestId = -1;
  /** Bytes of all kept answers. */
  #answerBytes = 0;
  #forgottenEarly = 0;

  /** @param nowMs monotonic time in milliseconds */
  constructor(limits: Limits, nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#finished = new LRUCache({
      max: limits.ledgerCallsMax,
      dispose: (call) => this.#forget(call),
    });
  }

  get stats(): LedgerStats {
    return {
      open: this.#open.size,
      finished: this.#finished.size,
      forgottenEarly: this.#forgottenEarly,
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
    const found = this.#raiseTo(requestId) ? undefined : this.#find(key, fingerprint);
    return found ?? this.#take(key, sessionId, fingerprint);
  }

  #find(key: string, fingerprint: number): Claim | undefined {
    const open = this.#open.get(key);
    if (open) return open.fingerprint === fingerprint ? { type: 'open', open } : { type: 'reused' };
    // Without touching its age: calls are forgotten in the order they finished.
    const call = this.#finished.peek(key);
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
  answerOf(key: string): ToolOutput | null {
    return this.#finished.peek(key)?.output ?? null;
  }

  /** Whether the call was ever taken, as far as the ledger remembers. */
  knows(key: string): boolean {
    return this.#open.has(key) || this.#finished.has(key);
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
    this.#keep(open);
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
    this.#keep(call);
  }

  /** Forgets everything. */
  clear(): void {
    this.#open.clear();
    this.#bySession.clear();
    this.#finished.clear();
  }

  #keep(call: LedgerCall): void {
    const { key, sessionId } = call;
    const window = this.#bySession.get(sessionId) ?? { size: 0, oldest: null, newest: null };
    call.finishedAtMs = Math.trunc(this.#nowMs());
    call.bytes = answerBytes(call.output);
    if (this.#finished.size >= this.#limits.ledgerCallsMax) this.#makeRoom(window);
    this.#finished.set(key, call);
    this.#answerBytes += call.bytes;
    // New, or emptied by what was forgotten for this call.
    if (window.size === 0) this.#bySession.set(sessionId, window);
    appendTo(window, call);
    if (window.size > this.#limits.ledgerSessionCallsMin) this.#overQuota.add(window);
    while (this.#answerBytes > this.#limits.ledgerAnswerBytesMax) this.#finished.pop();
  }

  #makeRoom(forWindow: SessionWindow): void {
    if (this.#overQuota.size === 0) return;
    const [anyOverQuota] = this.#overQuota;
    const victim = this.#overQuota.has(forWindow) ? forWindow : anyOverQuota;
    if (victim?.oldest) this.#finished.delete(victim.oldest.key);
  }

  /** A finished call left the cache; it was the oldest of its session, because nothing else ever leaves. */
  #forget({ sessionId, finishedAtMs, bytes, window }: LedgerCall): void {
    this.#answerBytes -= bytes;
    if (this.#nowMs() - finishedAtMs < this.#limits.ledgerKeepMs) this.#forgottenEarly += 1;
    if (!window) return;
    shiftFrom(window);
    if (window.size <= this.#limits.ledgerSessionCallsMin) this.#overQuota.delete(window);
    if (window.size === 0) this.#bySession.delete(sessionId);
  }
}
