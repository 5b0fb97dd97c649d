/**
 * The calls that are over, as far as they are remembered (M6).
 *
 * When there are too many, the oldest call of a session above its quota is forgotten first, and only if no
 * session is above it the oldest of all: a busy session cannot push out another's last calls. When there
 * are too many sessions, all calls of the one in which none finished for longest are. The bounds win over
 * the promised time; what is forgotten too early is counted.
 */
import { LRUCache } from 'lru-cache';
import { AgeList } from '../age-list.ts';
import type { Limits } from '../limits.ts';
import { answerBytes } from './call-record.ts';
import type { LedgerCall } from './ledger-call.ts';
import { SessionWindow } from './session-window.ts';

export class FinishedCalls {
  readonly #limits: Limits;
  readonly #nowMs: () => number;
  /**
   * A cache of sessions, not of calls: to look a call up among so many when it comes and when it goes takes
   * longer than all else that the ledger does for it.
   */
  readonly #sessions: LRUCache<string, SessionWindow>;
  readonly #overQuota = new Set<SessionWindow>();
  readonly #calls = new AgeList<LedgerCall>();
  /** Bytes of all kept answers. */
  #answerBytes = 0;
  #forgottenEarly = 0;

  /** @param nowMs monotonic time in milliseconds */
  constructor(limits: Limits, nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#sessions = new LRUCache({
      max: limits.ledgerSessionsMax,
      disposeAfter: (window) => {
        while (window.size > 0) this.#takeOut(window);
      },
    });
  }

  get size(): number {
    return this.#calls.size;
  }

  /** Calls forgotten before `ledgerKeepMs` had passed. */
  get forgottenEarly(): number {
    return this.#forgottenEarly;
  }

  /** A call of this session. Finding it does not make it younger. */
  find(sessionId: string, key: string): LedgerCall | undefined {
    return this.#sessions.peek(sessionId)?.find(key);
  }

  /** Remembers a call that is over from now on. */
  add(call: LedgerCall): void {
    call.finishedAtMs = Math.trunc(this.#nowMs());
    call.bytes = answerBytes(call.output);
    const window = this.#windowOf(call.sessionId);
    window.append(call);
    this.#calls.add(call);
    this.#answerBytes += call.bytes;
    const { ledgerCallsMax, ledgerSessionCallsMin, ledgerAnswerBytesMax } = this.#limits;
    if (window.size > ledgerSessionCallsMin) this.#overQuota.add(window);
    if (this.#calls.size > ledgerCallsMax) this.#forgetOne(window);
    while (this.#answerBytes > ledgerAnswerBytesMax) this.#forgetOldest(this.#oldestWindow);
  }

  /** Forgets everything. */
  clear(): void {
    this.#sessions.clear();
  }

  #windowOf(sessionId: string): SessionWindow {
    const known = this.#sessions.get(sessionId);
    if (known) return known;
    const window = new SessionWindow();
    this.#sessions.set(sessionId, window);
    return window;
  }

  /** Of the session whose oldest call is the oldest of all. */
  get #oldestWindow(): SessionWindow | undefined {
    const { oldest } = this.#calls;
    return oldest ? this.#sessions.peek(oldest.sessionId) : undefined;
  }

  /** Makes up for a call that was added to `window`. */
  #forgetOne(window: SessionWindow): void {
    const [anyOverQuota] = this.#overQuota;
    const busy = this.#overQuota.has(window) ? window : anyOverQuota;
    this.#forgetOldest(busy ?? this.#oldestWindow);
  }

  /** Forgets the oldest call of a session; in each session calls are forgotten in the order they finished. */
  #forgetOldest(window: SessionWindow | undefined): void {
    const call = window && this.#takeOut(window);
    if (call && window.size === 0) this.#sessions.delete(call.sessionId);
  }

  #takeOut(window: SessionWindow): LedgerCall | null {
    const call = window.shift();
    if (!call) return null;
    this.#calls.delete(call);
    this.#answerBytes -= call.bytes;
    const { ledgerKeepMs, ledgerSessionCallsMin } = this.#limits;
    if (this.#nowMs() - call.finishedAtMs < ledgerKeepMs) this.#forgottenEarly += 1;
    if (window.size === ledgerSessionCallsMin) this.#overQuota.delete(window);
    return call;
  }
}
