/** Where a journal keeps its rows, and what is made of them when a process starts. */
import type { Limits } from '../limits.ts';
import { answerBytes } from './call-record.ts';
import type { Recovery, SettledCall, UnconfirmedCall, UnknownCall } from './journal.ts';
import {
  readIntent,
  readSession,
  readSettled,
  readUnconfirmed,
  type JournalRow,
  type SessionRow,
  type StoredCall,
} from './journal-row.ts';

/** What one step of forgetting may remove: the oldest calls that are over, within these bounds. */
export interface ForgetPlan {
  /** Finished calls that stay. */
  readonly keepCalls: number;
  /** Only what was over before this time goes, in milliseconds since the Unix epoch. */
  readonly before: number;
  /** Calls, and sessions, that one step looks at. */
  readonly stepMax: number;
}

/** What one step removed. */
export interface Forgotten {
  /** When each of the calls was settled. */
  readonly settledAt: readonly number[];
  readonly sessions: number;
  /** Space was given back as well. */
  readonly shrunk: boolean;
}

/**
 * The rows of one journal. Synchronous; whoever writes decides when. Failures are SessionMeshErrors:
 * `ledger_write_failed`, `ledger_damaged`.
 */
export interface JournalStore {
  /** The highest ids that were ever given, as far as is remembered; 0 if none was. */
  readonly lastCallId: number;
  readonly lastSessionId: number;
  /** Calls that are over. */
  readonly finished: number;
  /** Calls that are not over, in the order they were taken. */
  openCalls(): Iterable<StoredCall>;
  /** Calls that are over, the last taken first. */
  finishedCalls(): Iterable<StoredCall>;
  /** Sessions that have not ended, in the order they were opened. */
  openSessions(): Iterable<SessionRow>;
  /** All of them or none. With no rows it only finds out whether writing works again. */
  write(rows: readonly JournalRow[]): void;
  forget(plan: ForgetPlan): Forgotten;
  /** Bytes in use. */
  measure(): number;
  /** Calls `listener` when something written before is found not to have reached the disk. */
  onLost(listener: (cause: unknown) => void): void;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Finished calls, as many as the ledger will keep. */
function recoverFinished(store: JournalStore, limits: Limits): SettledCall[] {
  const finished: SettledCall[] = [];
  let bytes = 0;
  for (const stored of store.finishedCalls()) {
    if (!stored.settlement || finished.length >= limits.ledgerCallsMax) break;
    const call = readSettled(stored, stored.settlement);
    bytes += answerBytes(call.output);
    if (bytes > limits.ledgerAnswerBytesMax) break;
    finished.push(call);
  }
  return finished;
}

/** Folds the rows of a store into what a process that starts must know. */
export function recoverFrom(store: JournalStore, limits: Limits): Recovery {
  const unconfirmed: UnconfirmedCall[] = [];
  const unknown: UnknownCall[] = [];
  for (const stored of store.openCalls()) {
    if (stored.outcome) unconfirmed.push(readUnconfirmed(stored, stored.outcome));
    else unknown.push(readIntent(stored));
  }
  const sessions = [...store.openSessions()].map(readSession);
  return { unconfirmed, unknown, finished: recoverFinished(store, limits), sessions };
}
