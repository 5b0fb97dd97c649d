/** What the ledger knows of one call. */
import type { CallState } from '../../machines/call.ts';
import type { Aged } from '../age-list.ts';
import type { ToolOutput } from '../tools/contract.ts';

/** One call, from its claim until it is forgotten: one object for all of it. */
export interface LedgerCall extends Aged<LedgerCall> {
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
  /** The call of its session that finished next. */
  newerOfSession: LedgerCall | null;
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
    older: null,
    newer: null,
    newerOfSession: null,
  };
}
