/** What a check knows of the run as a whole, and where it finds its calls again. */
import { defaultLimits } from '../../limits.ts';
import { historyCallKey, type HistoryHeader, type WorldCallId } from '../../history/record.ts';
import {
  newCall,
  type CallFacts,
  type LifeFacts,
  type SessionFacts,
  type TurnFacts,
} from './call-facts.ts';

/**
 * What a run is measured by, where its history does not say so itself (`world.promised`). Times in
 * milliseconds.
 */
export interface CheckOptions {
  /** How soon after a fault every waiting call must go on. Default: 5 s and one poll period. */
  readonly recoveryMs?: number;
  /** How soon a dead link must be noticed. Default: two heartbeats and a second. */
  readonly detectionMs?: number;
  /** How long a runtime may take to stop. Default: its grace, the release and two seconds. */
  readonly stopMs?: number;
  /** How late a deadline may be kept. Default: 1 s. */
  readonly deadlineSlackMs?: number;
  /** What a crash of the machine may cost under `async`. Default: 50 ms. */
  readonly asyncLossMs?: number;
  /**
   * How long a call may be held up by more than its own session while something is wrong in another one, and
   * nothing else was for as long. Default: not looked at.
   */
  readonly isolationMs?: number;
  /** What the p99 of other sessions may grow by on top of doubling. Default: 5 ms. */
  readonly isolationSlackMs?: number;
  /** Latencies on either side before they are compared. Default: 200. */
  readonly isolationCallsMin?: number;
  /** How many finished calls a runtime remembers. Default: `ledgerCallsMax`. */
  readonly callsKept?: number;
  /** How many of these are the last of each session, whatever the others do. Default: `ledgerSessionCallsMin`. */
  readonly sessionCallsKept?: number;
}

const limits = defaultLimits;

/** How soon a dead link must be noticed where pings are so far apart: two of them, and a second. */
export function detectionMsOf(heartbeatMs: number): number {
  return 2 * heartbeatMs + 1_000;
}

const usual: Required<CheckOptions> = {
  recoveryMs: 5_000 + limits.pollMaxMs,
  detectionMs: detectionMsOf(limits.heartbeatMs),
  stopMs: limits.closeGraceMs + limits.releaseTimeoutMs + 2_000,
  deadlineSlackMs: 1_000,
  asyncLossMs: 50,
  isolationMs: Infinity,
  isolationSlackMs: 5,
  isolationCallsMin: 200,
  callsKept: limits.ledgerCallsMax,
  sessionCallsKept: limits.ledgerSessionCallsMin,
};

const isBound = (name: string): name is keyof CheckOptions => Object.hasOwn(usual, name);

/** A tool that was declared. */
export interface ToolFacts {
  readonly ordered: boolean;
  readonly timeoutMs: number | null;
}

/** A fault that is on. */
export interface OpenFault {
  readonly fault: string;
  readonly target: string;
  readonly seq: number;
}

function requestKey(epoch: string, requestId: string | number): string {
  return typeof requestId === 'number' ? `${epoch} ${requestId}` : `${epoch} "${requestId}"`;
}

const lifeless = {
  endedSeq: 0,
  endedAt: 0,
  endedAs: null,
  stoppingSeq: 0,
  stoppingAt: 0,
  pausedSeq: 0,
  isPaused: false,
  isLinked: false,
  lostSeq: 0,
} as const;

/** Everything that more than one rule needs. */
export class RunFacts {
  readonly options: { -readonly [Name in keyof CheckOptions]-?: number };
  /** What a caller insists on, whatever the history says. */
  readonly #given: CheckOptions;
  /** Whether the order of records of different witnesses is the order of what happened. */
  readonly isExact: boolean;
  readonly calls = new Map<string, CallFacts>();
  readonly lives = new Map<string, LifeFacts>();
  readonly tools = new Map<string, ToolFacts>();
  readonly openFaults = new Map<string, OpenFault>();
  /** Faults that are on and hit one session only, by session. */
  readonly sessionFaults = new Map<string, number>();
  readonly #sessions = new Map<string, SessionFacts>();
  readonly #turns = new Map<string, TurnFacts>();
  readonly #byRequest = new Map<string, CallFacts>();
  /** Calls that are over, oldest first, from `#firstOver` on. */
  #over: CallFacts[] = [];
  #firstOver = 0;
  forgotten = 0;
  phase: 'warm-up' | 'chaos' | 'quiet' | 'idle' | null = null;
  /** Calls that Codex asked for, since the warm-up and in all. */
  measured = 0;
  issued = 0;
  claims = 0;
  /** Goes up with everything that may hold calls up. */
  disturbances = 0;
  /** The same, without what concerns one session only; and when that was. */
  commonDisturbances = 0;
  commonSince = 0;
  /** Since when no fault is on and nothing was disturbed. */
  calmSince = 0;
  at = 0;

  /** Told of each call that is forgotten. */
  readonly #onForgotten: (call: CallFacts) => void;

  constructor(
    header: HistoryHeader,
    options: CheckOptions,
    onForgotten: (call: CallFacts) => void,
  ) {
    this.options = { ...usual, ...options };
    this.#given = options;
    this.isExact = header.time === 'virtual';
    this.#onForgotten = onForgotten;
  }

  /** The history says what the run is held to. Returns the names that mean nothing here. */
  promise(bounds: Readonly<Record<string, number>>): readonly string[] {
    for (const [name, bound] of Object.entries(bounds)) {
      if (isBound(name)) this.options[name] = this.#given[name] ?? bound;
    }
    return Object.keys(bounds).filter((name) => !isBound(name));
  }

  /** Whether no fault is on, and no process stands still. */
  get isCalm(): boolean {
    return this.openFaults.size === 0 && this.#paused === 0;
  }
  #paused = 0;

  /** Something happened that may hold calls up: those of all sessions, or of one. */
  disturb(sessionId: string | null = null): void {
    this.disturbances += 1;
    this.calmSince = this.at;
    if (sessionId !== null) {
      this.session(sessionId).disturbances += 1;
      return;
    }
    this.commonDisturbances += 1;
    this.commonSince = this.at;
  }

  /** A process stands still, or goes on. */
  pause(life: LifeFacts, seq: number, isPaused: boolean): void {
    // What it had just begun, it goes on with afterwards; and it may stop again in the moment it goes on.
    if (isPaused || life.isPaused) life.pausedSeq = seq;
    if (life.isPaused === isPaused) return;
    life.isPaused = isPaused;
    this.#paused += isPaused ? 1 : -1;
    this.disturb();
  }

  /** The life of this name; one that was not announced began before the history did. */
  life(name: string): LifeFacts {
    const known = this.lives.get(name);
    if (known) return known;
    const life: LifeFacts = {
      name,
      kind: 'runtime',
      ledger: null,
      journal: null,
      isWhole: false,
      beganSeq: 0,
      ...lifeless,
    };
    this.lives.set(name, life);
    return life;
  }

  /** The session of this id. */
  session(sessionId: string): SessionFacts {
    const known = this.#sessions.get(sessionId);
    if (known) return known;
    const session: SessionFacts = {
      claims: 0,
      closedSeq: 0,
      closedBy: null,
      leaseHolder: null,
      leaseSeq: 0,
      disturbances: 0,
      running: new Set(),
      busySince: 0,
      busyMs: 0,
      lines: null,
    };
    this.#sessions.set(sessionId, session);
    return session;
  }

  /** The turn of these ids. */
  turn(sessionId: string, turnId: string): TurnFacts {
    const key = `${sessionId} ${turnId}`;
    const known = this.#turns.get(key);
    if (known) return known;
    const turn: TurnFacts = { endedSeq: 0, calls: [] };
    this.#turns.set(key, turn);
    return turn;
  }

  /** The call of these ids. */
  call(ids: Omit<WorldCallId, 'epoch'>): CallFacts {
    const key = historyCallKey(ids);
    const known = this.calls.get(key);
    if (known) return known;
    const turn = this.turn(ids.sessionId, ids.turnId);
    const call = newCall(key, ids, this.session(ids.sessionId), turn);
    turn.calls.push(call);
    this.calls.set(key, call);
    return call;
  }

  /** Remembers under which request of which process Codex asked for a call. */
  address(call: CallFacts, epoch: string): void {
    this.#byRequest.set(requestKey(epoch, call.requestId), call);
  }

  /** The call that this process asked for under this request id. */
  requested(epoch: string, requestId: string | number): CallFacts | undefined {
    return this.#byRequest.get(requestKey(epoch, requestId));
  }

  /** Whether nobody outside waits for the call: it has its answer, or its turn or process is over. */
  isDone(call: CallFacts): boolean {
    if (call.takenSeq > 0 || call.turn.endedSeq > 0 || call.issuedSeq === 0) return true;
    return call.epoch !== null && (this.lives.get(call.epoch)?.endedSeq ?? 0) > 0;
  }

  /** Counts the call among those that are over, once it is, and forgets the oldest of those. */
  retire(call: CallFacts): void {
    if (call.isOver || call.waitingFor !== 'nothing') return;
    if (call.claimSeq > 0 && call.settledSeq < call.claimSeq) return;
    if (!this.isDone(call) || call.formerOwners?.some((life) => life.endedSeq === 0)) return;
    call.isOver = true;
    this.#over.push(call);
    if (this.#over.length - this.#firstOver > limits.checkCallsKeptMax) this.#forget();
  }

  #forget(): void {
    const call = this.#over[this.#firstOver];
    if (!call) return;
    this.#firstOver += 1;
    this.forgotten += 1;
    this.calls.delete(call.key);
    this.#onForgotten(call);
    const { epoch, turn, sessionId, turnId, requestId } = call;
    if (epoch !== null && this.requested(epoch, requestId) === call) {
      this.#byRequest.delete(requestKey(epoch, requestId));
    }
    turn.calls.splice(turn.calls.indexOf(call), 1);
    if (turn.calls.length === 0 && turn.endedSeq > 0) this.#turns.delete(`${sessionId} ${turnId}`);
    if (this.#firstOver < 65_536) return;
    this.#over = this.#over.slice(this.#firstOver);
    this.#firstOver = 0;
  }
}
