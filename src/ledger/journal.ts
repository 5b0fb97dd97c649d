/**
 * The durable memory of the ledger: a journal of what was taken and what became of it, from which the
 * next process goes on.
 *
 * - J1 Entries of one call come in the order of its life, as `machines/call.ts` has it: an intent, at
 *   most one outcome, one end (M2). Anything else is refused before it is queued.
 * - J2 What `committed()` has resolved for survives as the {@link JournalMode} says.
 * - J3 What becomes of a call that was taken is never refused; only new calls and sessions are.
 * - J4 Nobody waits for the disk but who asks to: `append` only queues, and everything appended in one
 *   turn of the event loop shares one transaction, as does what the turns after it bring without a break
 *   (`journalTurnsMax`). Ends, for which nobody waits, make none of their own: a call whose end a crash
 *   took is recovered as unconfirmed or unknown, and the host is asked.
 */
import type { CallOutcome } from '../../machines/call-outcome.ts';
import type { ToolOutput, ToolPolicy } from '../tools/contract.ts';
import type { CallIdentity } from './call-record.ts';

/**
 * When an entry counts as committed.
 *
 * - `sync`: once its transaction was flushed to the disk. A crash of the process or of the machine
 *   loses nothing that was committed. The event loop stands still for that flush, once a transaction.
 * - `async`: once it was handed to the operating system. A crash of the process loses nothing that
 *   was committed; a crash of the machine may lose the last 50 ms of it (`journalSyncMs`, and the time
 *   of one flush). The event loop does not wait for the disk, except now and then to fold the
 *   write-ahead log into the file.
 */
export type JournalMode = 'sync' | 'async';

/** What may happen to a call that was started and is not known to have finished; see `ToolPolicy`. */
export type CallEffects = NonNullable<ToolPolicy['effects']>;

/** What a call asks for, as far as it must outlive the process. */
export interface JournaledCall extends CallIdentity {
  readonly tool: string;
  readonly namespace: string | null;
  readonly fingerprint: number;
  /** Plain JSON. Only needed to run a `repeatable` call again; leave it out to keep it off the disk. */
  readonly arguments?: unknown;
}

/** A handler is about to start. Times are milliseconds since the Unix epoch, here and below. */
export interface IntentEntry {
  readonly type: 'intent';
  /** `callKey(call)`. */
  readonly key: string;
  readonly call: JournaledCall;
  readonly effects: CallEffects;
  /** 1 at first. A higher one may follow while a `repeatable` call has no outcome: it runs again. */
  readonly attempt: number;
  readonly at: number;
}

/** There is an answer, which may be submitted once this is committed (M5). */
export interface OutcomeEntry {
  readonly type: 'outcome';
  readonly key: string;
  readonly output: ToolOutput;
  /** The error code of a failure, or null. */
  readonly code: string | null;
  /** The handler passed its deadline; `output` says so. */
  readonly expired: boolean;
  readonly at: number;
}

/** The call is over. `cancelled` and `unknown` need no outcome before them; the others do. */
export interface SettledEntry {
  readonly type: 'settled';
  readonly key: string;
  readonly outcome: CallOutcome;
  readonly at: number;
}

/** A session is open; what a restart needs to resume it. Said again, it replaces what was said before. */
export interface SessionOpenedEntry {
  readonly type: 'session.opened';
  readonly sessionId: string;
  readonly title: string | null;
  /** Names of the tools of its catalog. */
  readonly tools: readonly string[];
  /** Plain JSON, given back as it was. */
  readonly settings: unknown;
  readonly at: number;
}

/** A session will not be resumed. Means nothing for one that is not open. */
export interface SessionClosedEntry {
  readonly type: 'session.closed';
  readonly sessionId: string;
  readonly at: number;
}

export type JournalEntry =
  IntentEntry | OutcomeEntry | SettledEntry | SessionOpenedEntry | SessionClosedEntry;

/** A call whose handler was started and is not known to have finished. `at` is its last start. */
export type UnknownCall = Omit<IntentEntry, 'type'>;

/** A call whose answer was recorded and is not known to have reached the host. */
export interface UnconfirmedCall extends UnknownCall {
  readonly output: ToolOutput;
  readonly code: string | null;
  readonly expired: boolean;
}

/** A call that is over, with its answer if it had one. */
export interface SettledCall extends UnknownCall {
  readonly outcome: CallOutcome;
  readonly output: ToolOutput | null;
  readonly code: string | null;
  readonly settledAt: number;
}

/** What a process that starts must know of the one before it. */
export interface Recovery {
  /** Answers to submit again, in the order their calls were taken. */
  readonly unconfirmed: readonly UnconfirmedCall[];
  /** Calls to report as unknown, or to run again if they are `repeatable`; in the same order. */
  readonly unknown: readonly UnknownCall[];
  /** Calls to recognise should they come again, the last to end first; as many as the ledger remembers. */
  readonly finished: readonly SettledCall[];
  /** Open sessions, in the order they were opened. */
  readonly sessions: readonly Omit<SessionOpenedEntry, 'type'>[];
}

export interface JournalStats {
  /** Entries that are not committed yet. */
  readonly queued: number;
  /** Calls that are not over. */
  readonly open: number;
  readonly finished: number;
  /** Transactions that wrote entries. */
  readonly commits: number;
  /** Finished calls that were removed. */
  readonly forgotten: number;
  /** Those of them that were removed before `ledgerKeepMs` had passed, because the file was full. */
  readonly forgottenEarly: number;
  /** Bytes in use when last measured. */
  readonly bytes: number;
  /** The last attempt to write failed, and new calls are refused until one succeeds. */
  readonly failing: boolean;
}

export interface Journal {
  readonly stats: JournalStats;
  /**
   * Queues an entry; it is written in one of the next turns of the event loop. The end of a call or a
   * session is written with whatever is written next, or `journalEndsMs` later, or once it is asked for.
   * @throws SessionMeshError `ledger_full` or `ledger_write_failed` for a new call or session while too
   * much waits or the disk fails; `ledger_misused` for an entry that does not follow from those before it;
   * `json_invalid` for what JSON cannot express; `ledger_closed`. Nothing changes then.
   */
  append(entry: JournalEntry): void;
  /**
   * Resolves once everything appended so far is committed. Rejects with `ledger_write_failed` if the
   * attempt to write it fails: the entries stay queued, are tried again, and may be asked for again.
   */
  committed(): Promise<void>;
  /**
   * What is committed, for a process that starts. Reads the whole journal.
   * @throws SessionMeshError `ledger_damaged`, `ledger_closed`.
   */
  recover(): Recovery;
  /**
   * Forgets a few finished calls: the first to end of those that are over for `ledgerKeepMs`, beyond
   * `ledgerCallsMax`; and gives unused space back. Returns whether there was anything to do, so that it
   * may be called until there is not. The journal does it by itself as it grows.
   * @throws SessionMeshError `ledger_write_failed`, `ledger_closed`.
   */
  compact(): boolean;
  /**
   * Writes what is queued and lets go of the file. Idempotent. Rejects with `ledger_write_failed` if
   * that could not be written; the file is let go of all the same.
   */
  close(): Promise<void>;
}
