/** What the ledger knows of one call, and the finished calls of one session. */
import type { CallState } from '../../machines/call.ts';
import type { ToolOutput } from '../tools/contract.ts';

/** One call, from its claim until it is forgotten: one object for all of it. */
export interface LedgerCall {
  readonly key: string;
  readonly sessionId: string;
  readonly fingerprint: number;
  /** Its place in the life that `machines/call.ts` specifies. */
  state: CallState;
  /** The answer, once there is one. Set once; the same object is submitted every time. */
  output: ToolOutput | null;
  /** When it was over, in whole monotonic milliseconds; 0 while it is open. */
  finishedAtMs: number;
  /** What its answer counts for; 0 while it is open. Kept, so that forgetting need not look at the answer. */
  bytes: number;
  /** Where it is remembered. Null while it is open. */
  window: SessionWindow | null;
  /** The call of its session that finished next. */
  newer: LedgerCall | null;
}

/** The finished calls of one session, as a list. */
export interface SessionWindow {
  size: number;
  oldest: LedgerCall | null;
  newest: LedgerCall | null;
}

/** A call that was just claimed, or is to be restored. */
export function ledgerCall(key: string, sessionId: string, fingerprint: number): LedgerCall {
  return {
    key,
    sessionId,
    fingerprint,
    state: 'waiting',
    output: null,
    finishedAtMs: 0,
    bytes: 0,
    window: null,
    newer: null,
  };
}

/** Adds a call that has just finished. */
export function appendTo(window: SessionWindow, call: LedgerCall): void {
  if (window.newest) window.newest.newer = call;
  else window.oldest = call;
  window.newest = call;
  window.size += 1;
  call.window = window;
}

/** Takes the oldest call out. */
export function shiftFrom(window: SessionWindow): void {
  const { oldest } = window;
  if (!oldest) return;
  window.oldest = oldest.newer;
  if (!oldest.newer) window.newest = null;
  window.size -= 1;
  // Whoever still holds the call shall not hold all that came after it.
  oldest.newer = null;
  oldest.window = null;
}
