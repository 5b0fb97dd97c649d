/**
 * A run at one moment, as the dashboard and the replay show it. Every entry is replaced and never
 * changed, so that a copy of a view costs only its Maps, and an entry that is the same object as before
 * needs no new drawing.
 */
import type { CallOutcome } from '../../machines/call-outcome.ts';
import type { CallSource, DispatchMode } from '../../machines/session.ts';
import type { Fault } from '../mesh/event.ts';
import type { TurnResult } from '../team/event.ts';
import type { Artifact, Task } from '../team/task.ts';
import type { LedgerState, ProcessKind } from './record.ts';

/** A runtime and its link to Codex. */
export interface RuntimeView {
  readonly runtime: string;
  readonly host: string | null;
  readonly codex: string | null;
  readonly link: 'starting' | 'online' | 'lost' | 'failed' | 'closed';
  readonly epoch: string | null;
  /** Since when the link is so. */
  readonly since: number;
  readonly losses: number;
  readonly fault: Fault | null;
}

/** A session and its state chart. */
export interface SessionView {
  readonly sessionId: string;
  readonly runtime: string;
  readonly title: string | null;
  readonly tools: readonly string[];
  readonly resumed: boolean;
  readonly status: 'open' | 'closed' | 'failed';
  /** The machine's state value, or null before the first change. */
  readonly state: unknown;
  readonly previousState: unknown;
  /** The record and the time of its last change. */
  readonly changedSeq: number;
  readonly changedAt: number;
  /** Who holds the dispatch lock, and since when. */
  readonly dispatchMode: DispatchMode;
  readonly lockSince: number;
  readonly turnId: string | null;
  readonly openedAt: number;
  readonly endedAt: number | null;
  readonly fault: Fault | null;
  readonly openCalls: number;
  readonly calls: number;
  readonly failures: number;
  readonly repeats: number;
  readonly turns: number;
}

/** A turn of a session. */
export interface TurnView {
  readonly sessionId: string;
  readonly turnId: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly status: string | null;
  readonly error: string | null;
  readonly reply: string | null;
  readonly calls: number;
}

/** One thing that happened to a call: the type of its record, who said it, and why. */
export interface CallStep {
  readonly seq: number;
  readonly at: number;
  readonly type: string;
  /** The runtime, or `world` for what was seen from outside. */
  readonly by: string;
  readonly detail: string | null;
}

/**
 * Where a call is: `issued` until a runtime takes it, `submitting` once it has an answer; then its
 * outcome, or `lost` if the runtime that had it went.
 */
export type CallViewState =
  'issued' | 'waiting' | 'approval' | 'running' | 'submitting' | 'lost' | CallOutcome;

/** A call, from signal to confirmation. */
export interface CallView {
  readonly key: string;
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly requestId: string | number;
  readonly epoch: string | null;
  readonly tool: string;
  readonly namespace: string | null;
  readonly runtime: string | null;
  readonly state: CallViewState;
  readonly source: CallSource | null;
  readonly issuedAt: number | null;
  readonly claimedAt: number | null;
  readonly startedAt: number | null;
  readonly answeredAt: number | null;
  readonly takenAt: number | null;
  readonly settledAt: number | null;
  readonly success: boolean | null;
  readonly code: string | null;
  readonly submissions: number;
  readonly starts: number;
  readonly repeats: number;
  readonly declines: number;
  /** What the ledger held of it when it was last read. */
  readonly ledger: { readonly state: LedgerState; readonly outcome: CallOutcome | null } | null;
  readonly steps: readonly CallStep[];
  /** Steps beyond `historyCallStepsMax`. */
  readonly stepsOmitted: number;
}

/** A call that waits for somebody to agree. */
export interface ApprovalView {
  readonly approvalId: string;
  readonly runtime: string;
  readonly callKey: string;
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly tool: string;
  readonly requestedAt: number;
}

/** A fault that was injected. */
export interface FaultView {
  readonly fault: string;
  readonly faultId: string;
  readonly target: string;
  readonly detail: string | null;
  readonly seq: number;
  readonly beganAt: number;
  readonly endedAt: number | null;
}

/** A process of the run. */
export interface ProcessView {
  readonly process: string;
  readonly kind: ProcessKind;
  readonly state: 'running' | 'stopping' | 'paused' | 'closed' | 'killed' | 'power-lost';
  readonly ledger: string | null;
  readonly beganAt: number;
  readonly endedAt: number | null;
}

/** Levels that a process reported last. */
export interface GaugesView {
  readonly process: string;
  readonly at: number;
  readonly values: Readonly<Record<string, number>>;
}

/** Something worth telling a person. */
export interface NoticeView {
  readonly seq: number;
  readonly at: number;
  readonly level: 'info' | 'warn' | 'error';
  readonly sessionId: string | null;
  readonly text: string;
}

/** A member of a team. `state` is that of its machine: `waiting.retry`, `working.open`, `done`. */
export interface TeamMemberView {
  readonly name: string;
  readonly sessionId: string | null;
  readonly state: string;
  readonly turns: number;
  readonly nudged: boolean;
  readonly lastResult: TurnResult | null;
  readonly stallCause: string | null;
}

/** The board of one run of a team. */
export interface TeamView {
  readonly runId: string;
  readonly runtime: string;
  readonly task: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly members: ReadonlyMap<string, TeamMemberView>;
  readonly tasks: ReadonlyMap<string, Task>;
  readonly artifacts: readonly Artifact[];
  readonly refusals: number;
}

/** How often what happened. */
export interface RunCounts {
  readonly issued: number;
  readonly claimed: number;
  readonly started: number;
  readonly answered: number;
  readonly taken: number;
  readonly settled: number;
  readonly failed: number;
  readonly repeated: number;
  readonly declined: number;
  readonly late: number;
  readonly stray: number;
  readonly dropped: number;
}

/** A run at one moment. Times are as in the records. */
export interface RunView {
  /** The last record that is part of it; 0 for none. */
  seq: number;
  at: number;
  phase: 'warm-up' | 'chaos' | 'quiet' | 'idle' | null;
  counts: RunCounts;
  readonly runtimes: Map<string, RuntimeView>;
  readonly sessions: Map<string, SessionView>;
  /** By session and turn id with a space between. */
  readonly turns: Map<string, TurnView>;
  /** By `historyCallKey`, in the order they came. */
  readonly openCalls: Map<string, CallView>;
  /** In the order they ended. */
  readonly finishedCalls: Map<string, CallView>;
  readonly approvals: Map<string, ApprovalView>;
  readonly openFaults: Map<string, FaultView>;
  readonly pastFaults: Map<string, FaultView>;
  /** How often each planned fault happened. */
  readonly plannedFaults: Map<string, number>;
  readonly processes: Map<string, ProcessView>;
  readonly gauges: Map<string, GaugesView>;
  /** The runtime that may answer for a session. */
  readonly leases: Map<string, { readonly runtime: string; readonly token: number }>;
  readonly teams: Map<string, TeamView>;
  /** Oldest first. */
  readonly notices: Map<number, NoticeView>;
}

const noCounts: RunCounts = {
  issued: 0,
  claimed: 0,
  started: 0,
  answered: 0,
  taken: 0,
  settled: 0,
  failed: 0,
  repeated: 0,
  declined: 0,
  late: 0,
  stray: 0,
  dropped: 0,
};

/** The run before its first record. */
export function emptyView(): RunView {
  return {
    seq: 0,
    at: 0,
    phase: null,
    counts: noCounts,
    runtimes: new Map(),
    sessions: new Map(),
    turns: new Map(),
    openCalls: new Map(),
    finishedCalls: new Map(),
    approvals: new Map(),
    openFaults: new Map(),
    pastFaults: new Map(),
    plannedFaults: new Map(),
    processes: new Map(),
    gauges: new Map(),
    leases: new Map(),
    teams: new Map(),
    notices: new Map(),
  };
}

/** A view of its own that shares every entry. */
export function copyView(view: RunView): RunView {
  return {
    ...view,
    runtimes: new Map(view.runtimes),
    sessions: new Map(view.sessions),
    turns: new Map(view.turns),
    openCalls: new Map(view.openCalls),
    finishedCalls: new Map(view.finishedCalls),
    approvals: new Map(view.approvals),
    openFaults: new Map(view.openFaults),
    pastFaults: new Map(view.pastFaults),
    plannedFaults: new Map(view.plannedFaults),
    processes: new Map(view.processes),
    gauges: new Map(view.gauges),
    leases: new Map(view.leases),
    teams: new Map(view.teams),
    notices: new Map(view.notices),
  };
}

/** Puts an entry last and forgets the first where there are more than `entriesMax`. */
export function keepLast<Key, Entry>(
  entries: Map<Key, Entry>,
  key: Key,
  entry: Entry,
  entriesMax: number,
): void {
  entries.set(key, entry);
  if (entries.size <= entriesMax) return;
  for (const first of entries.keys()) {
    entries.delete(first);
    return;
  }
}

/** The calls of one session, open ones last. */
export function callsOf(view: RunView, sessionId: string): CallView[] {
  const isOwn = (call: CallView) => call.sessionId === sessionId;
  return [
    ...[...view.finishedCalls.values()].filter(isOwn),
    ...[...view.openCalls.values()].filter(isOwn),
  ];
}
