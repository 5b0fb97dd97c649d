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
import { answerBytes, type LedgerCall } from './call-record.ts';

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

/** The finished calls of one session, oldest first; what lies before `first` is forgotten. */
interface SessionWindow {
  keys: string[];
  first: number;
}

const sizeOf = ({ keys, first }: SessionWindow) => keys.length - first;

/** The memory of one mesh. Synchronous throughout: claiming is one step that nothing can split. */
export class Ledger {
  readonly #limits: Limits;
  readonly #nowMs: () => number;
  readonly #open = new TransientMap<string, LedgerCall>();
  readonly #finished: LRUCache<string, LedgerCall>;
  readonly #bySession = new Map<string, SessionWindow>();
  readonly #overQuota = new Set<string>();
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

  /** Takes the call if nobody has it, and says what is known of it otherwise. */
  claim(key: string, sessionId: string, fingerprint: number): Claim {
    const open = this.#open.get(key);
    if (open) return open.fingerprint === fingerprint ? { type: 'open', open } : { type: 'reused' };
    // Without touching its age: calls are forgotten in the order they finished.
    const call = this.#finished.peek(key);
    if (call) {
      return call.fingerprint === fingerprint ? { type: 'finished', call } : { type: 'reused' };
    }
    const claimed: LedgerCall = {
      key,
      sessionId,
      fingerprint,
      state: 'waiting',
      output: null,
      finishedAtMs: 0,
    };
    this.#open.set(key, claimed);
    return { type: 'new', open: claimed };
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
    open.finishedAtMs = Math.trunc(this.#nowMs());
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
  restore({ outcome, ...call }: RestoredCall): void {
    this.#keep({ ...call, state: outcome, finishedAtMs: Math.trunc(this.#nowMs()) });
  }

  /** Forgets everything. */
  clear(): void {
    this.#open.clear();
    this.#bySession.clear();
    this.#finished.clear();
  }

  #keep(call: LedgerCall): void {
    const { key, sessionId, output } = call;
    if (this.#finished.size >= this.#limits.ledgerCallsMax) this.#makeRoom(sessionId);
    this.#finished.set(key, call);
    this.#answerBytes += answerBytes(output);
    let window = this.#bySession.get(sessionId);
    if (!window) this.#bySession.set(sessionId, (window = { keys: [], first: 0 }));
    window.keys.push(key);
    if (sizeOf(window) > this.#limits.ledgerSessionCallsMin) this.#overQuota.add(sessionId);
    while (this.#answerBytes > this.#limits.ledgerAnswerBytesMax) this.#finished.pop();
  }

  #makeRoom(forSessionId: string): void {
    if (this.#overQuota.size === 0) return;
    const [anyOverQuota] = this.#overQuota;
    const victim = this.#overQuota.has(forSessionId) ? forSessionId : anyOverQuota;
    const window = victim === undefined ? undefined : this.#bySession.get(victim);
    const oldest = window?.keys[window.first];
    if (oldest !== undefined) this.#finished.delete(oldest);
  }

  /** A finished call left the cache; it was the oldest of its session, because nothing else ever leaves. */
  #forget({ sessionId, finishedAtMs, output }: LedgerCall): void {
    this.#answerBytes -= answerBytes(output);
    if (this.#nowMs() - finishedAtMs < this.#limits.ledgerKeepMs) this.#forgottenEarly += 1;
    const window = this.#bySession.get(sessionId);
    if (!window) return;
    window.first += 1;
    const size = sizeOf(window);
    if (size <= this.#limits.ledgerSessionCallsMin) this.#overQuota.delete(sessionId);
    if (size === 0) this.#bySession.delete(sessionId);
    else if (window.first > size) {
      window.keys = window.keys.slice(window.first);
      window.first = 0;
    }
  }
}
