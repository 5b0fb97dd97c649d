/** What a check knows of one call, one process, one turn: plain records that the rules share. */
import type { CallOutcome } from '../../../machines/call-outcome.ts';
import type { LedgerState, ProcessKind, WorldCallId } from '../../history/record.ts';

/** One life of a process. */
export interface LifeFacts {
  readonly name: string;
  kind: ProcessKind;
  ledger: string | null;
  journal: 'sync' | 'async' | null;
  /** The history holds its first words. Of what it did before, nothing can be said. */
  isWhole: boolean;
  beganSeq: number;
  endedSeq: number;
  endedAt: number;
  endedAs: 'closed' | 'killed' | 'power-lost' | null;
  stoppingSeq: number;
  stoppingAt: number;
  /** Number of the record at which it stood still last; 0 for never. */
  pausedSeq: number;
  isPaused: boolean;
  /** Whether its link is up, as far as it knows. */
  isLinked: boolean;
  /** Number of its last `host.lost`. */
  lostSeq: number;
}

/** One turn of a session. */
export interface TurnFacts {
  /** Number of the record with which it was over for Codex; 0 while it goes on. */
  endedSeq: number;
  readonly calls: CallFacts[];
}

/** One session. */
export interface SessionFacts {
  /** Calls that runtimes have taken in it. */
  claims: number;
  /** Number of the record with which its runtime began to close it, or lost it; 0 while it is open. */
  closedSeq: number;
  closedBy: string | null;
  /** Who was given the lease last, and when; 0 for never. */
  leaseHolder: string | null;
  leaseSeq: number;
  /** How often something happened that may hold up its calls, and no others. */
  disturbances: number;
  /** Calls that are served: their handlers have started. Since when there is one, and for how long before. */
  readonly running: Set<CallFacts>;
  busySince: number;
  busyMs: number;
  /** Ordered tools: calls that were taken and have not started, in the order they came. */
  lines: Map<string, CallFacts[]> | null;
}

/** What a call waits for that a runtime has to do: be taken, or have its answer taken. */
export type WaitingFor = 'nothing' | 'runtime' | 'confirmation';

/** One call. A number of 0 stands for a record that has not come. */
export interface CallFacts extends Omit<WorldCallId, 'epoch'> {
  readonly key: string;
  epoch: string | null;
  tool: string;
  readonly session: SessionFacts;
  readonly turn: TurnFacts;

  issuedSeq: number;
  issuedAt: number;
  argumentsHash: string | null;
  canary: string | null;
  /** The hash of other arguments under the same key, if they came. */
  reusedHash: string | null;
  reusedSeq: number;
  /** How often the run had been disturbed by then; -1 once that was refused, or if a fault was on. */
  reusedDisturbances: number;

  /** Starts that the handler told of, and the last of them. */
  starts: number;
  startSeq: number;
  startAt: number;
  startLife: LifeFacts | null;

  /** The runtime that has taken it last. */
  owner: LifeFacts | null;
  /** Runtimes that had taken it before and have not said how it ended for them. */
  formerOwners: readonly LifeFacts[] | null;
  claimSeq: number;
  /** How many calls its session, and the run, had taken by then. */
  sessionOrdinal: number;
  runOrdinal: number;
  /** It was taken once more after it had rightly been forgotten. */
  wasForgotten: boolean;
  /** The owner's own word that the handler runs. */
  runSeq: number;
  runAt: number;
  answeredSeq: number;
  answeredBy: LifeFacts | null;
  /** It was answered in a life in which its handler had not started: nothing is lost if that is forgotten. */
  isRefused: boolean;
  settledSeq: number;
  settledAt: number;
  settledBy: LifeFacts | null;
  outcome: CallOutcome | null;

  takenSeq: number;
  takenAt: number;
  /** The hash of its answer, and where that was seen first. */
  answerHash: string | null;
  answerSeq: number;

  /** What the ledger held of it when it was read last. */
  ledgerSeq: number;
  ledgerState: LedgerState | null;
  ledgerHash: string | null;

  waitingFor: WaitingFor;
  waitingSince: number;
  /** How often the run had been disturbed when it was asked for; and without what concerns other sessions. */
  disturbances: number;
  ownDisturbances: number;
  /** For how long calls of its session had been served when it was asked for. */
  busyMs: number;
  /** When its handler ended; 0 if it has not. */
  workedAt: number;
  /** It is among those that are over. */
  isOver: boolean;
}

/** A call of which nothing is known but its ids. */
export function newCall(
  key: string,
  ids: Omit<WorldCallId, 'epoch'>,
  session: SessionFacts,
  turn: TurnFacts,
): CallFacts {
  const { sessionId, turnId, callId, requestId } = ids;
  return {
    key,
    epoch: null,
    sessionId,
    turnId,
    callId,
    requestId,
    tool: '',
    session,
    turn,
    issuedSeq: 0,
    issuedAt: 0,
    argumentsHash: null,
    canary: null,
    reusedHash: null,
    reusedSeq: 0,
    reusedDisturbances: -1,
    starts: 0,
    startSeq: 0,
    startAt: 0,
    startLife: null,
    owner: null,
    formerOwners: null,
    claimSeq: 0,
    sessionOrdinal: 0,
    runOrdinal: 0,
    wasForgotten: false,
    runSeq: 0,
    runAt: 0,
    answeredSeq: 0,
    answeredBy: null,
    isRefused: false,
    settledSeq: 0,
    settledAt: 0,
    settledBy: null,
    outcome: null,
    takenSeq: 0,
    takenAt: 0,
    answerHash: null,
    answerSeq: 0,
    ledgerSeq: 0,
    ledgerState: null,
    ledgerHash: null,
    waitingFor: 'nothing',
    waitingSince: 0,
    disturbances: 0,
    ownDisturbances: 0,
    busyMs: 0,
    workedAt: 0,
    isOver: false,
  };
}
