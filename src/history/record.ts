/**
 * The history of a run: JSON lines that a mesh, a soak run or a person's own system writes while it goes
 * on, and that the checker, the replay and the dashboard read afterwards.
 *
 * There are two kinds of witness. What a runtime says of itself is a mesh's or a team's event, wrapped in
 * the name of the runtime that said it. What was seen from outside of it, by a simulated Codex, a proxy or
 * a handler that counts its own starts, is `world.*`, and proves or disproves the first.
 *
 * Nothing here or in `fold.ts` needs Node: the dashboard uses both in the browser.
 */
import type { CallOutcome } from '../../machines/call-outcome.ts';
import type { Occurrence } from '../mesh/event.ts';
import type { TeamEvent } from '../team/event.ts';

/** The version of the format. A reader refuses versions it does not know. */
export const historyVersion = 1;

/** The first line of every history. */
export interface HistoryHeader {
  readonly type: 'history.began';
  readonly version: typeof historyVersion;
  /** What wrote it: `soak sim`, `soak real`, `serve`, `team`, `mesh`. */
  readonly source: string;
  /** Names the run. */
  readonly runId: string;
  /**
   * Whether `at` is real time or the simulation's. Under `virtual` the order of records is the order of
   * what happened; under `wall` witnesses in different processes may be a little apart.
   */
  readonly time: 'wall' | 'virtual';
  /** The seed of a simulation, or null. */
  readonly seed: number | null;
  /** Whatever else a person wants to know of the run: its options, versions, the machine. */
  readonly about: Readonly<Record<string, unknown>>;
}

/** The five ids that make one call. */
export interface WorldCallId {
  /** One life of the process that asked. */
  readonly epoch: string;
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly requestId: string | number;
}

/** The call as whoever is outside of the runtime knows it. */
export interface WorldCall extends WorldCallId {
  readonly tool: string;
}

/** What kind of process takes part in a run. */
export type ProcessKind = 'runtime' | 'codex' | 'service' | 'proxy';

/** What became of a call according to a ledger that was read. */
export type LedgerState = 'unknown' | 'unconfirmed' | 'settled';

/** What was seen of a call from outside. Texts and arguments never stand here, only their hashes. */
export type WorldCallEvent =
  /**
   * Codex asked for a tool: once for each request, however often it is delivered. `argumentsHash` is any
   * stable hash. `canary` is a text of this call alone that stands in its arguments.
   */
  | ({
      readonly type: 'world.call.issued';
      readonly argumentsHash: string;
      readonly canary: string;
    } & WorldCall)
  /** The handler itself says that it was started, with the hash of what it was given. */
  | ({
      readonly type: 'world.handler.started';
      /** The process that runs it. */
      readonly runtime: string;
      /** The session to whose tools the handler belongs. */
      readonly boundTo: string;
      readonly argumentsHash: string;
      /** Whether the tool is declared to be safe to run again. */
      readonly repeatable: boolean;
    } & WorldCall)
  | ({
      readonly type: 'world.handler.ended';
      readonly runtime: string;
      readonly as: 'returned' | 'threw' | 'aborted';
      /** Hash of the result, or null. */
      readonly resultHash: string | null;
    } & WorldCall)
  /** An answer reached Codex for an open request. */
  | ({
      readonly type: 'world.answer.taken';
      /** Who sent it, or null where that cannot be told. */
      readonly runtime: string | null;
      readonly success: boolean;
      readonly answerHash: string;
      /** The canary of the call it was computed for, where the result carries one; null otherwise. */
      readonly computedFor: string | null;
    } & WorldCall)
  /** The host refused the body of an answer: a smaller one may follow. */
  | ({
      readonly type: 'world.answer.refused';
      readonly runtime: string | null;
      readonly answerHash: string;
    } & WorldCall)
  /**
   * An answer reached Codex that no open request waits for: late, twice, or of another epoch. `epoch` is
   * that of the process it reached. One that a fault made up is not recorded.
   */
  | {
      readonly type: 'world.answer.stray';
      readonly runtime: string | null;
      readonly epoch: string;
      readonly requestId: string | number;
      readonly answerHash: string;
      readonly computedFor: string | null;
    }
  | {
      readonly type: 'world.turn.began' | 'world.turn.ended';
      readonly epoch: string;
      readonly sessionId: string;
      readonly turnId: string;
      /** `completed`, `failed`, `interrupted`; null while it goes on. */
      readonly status: string | null;
    }
  /**
   * One call that a ledger holds, read between two lives of the runtime that writes it. All of them, then
   * `world.ledger.read`.
   */
  | ({
      readonly type: 'world.ledger.call';
      readonly ledger: string;
      readonly state: LedgerState;
      readonly outcome: CallOutcome | null;
      /** Hash of the kept answer, by the same measure as `world.answer.taken`; null if there is none. */
      readonly answerHash: string | null;
    } & WorldCallId)
  | {
      readonly type: 'world.ledger.read';
      readonly ledger: string;
      readonly calls: number;
      /** What was over before this may have been forgotten, as the ledger promises. */
      readonly completeSince: number;
    };

/** What was seen of the run around the calls. */
export type WorldRunEvent =
  /**
   * What the run is held to where that is not what every run is held to. Comes before its calls.
   * `bounds` are by the names of the checker's options, such as `recoveryMs`.
   *
   * `rivals` compete for the same sessions, each on a ledger of its own, so that what only a ledger can
   * promise each of them owes by itself. The lives of a rival are named `RIVAL.…`; none if nobody competes.
   */
  | {
      readonly type: 'world.promised';
      readonly bounds: Readonly<Record<string, number>>;
      readonly rivals: readonly string[];
    }
  /** A tool of the run; only what is declared is held to it. */
  | {
      readonly type: 'world.tool.declared';
      readonly tool: string;
      readonly repeatable: boolean;
      /** Within a session its calls start in the order they came: no approval, no keyed lane. */
      readonly ordered: boolean;
      /** The longest a handler may take before its call is answered; null where it may ask for more. */
      readonly timeoutMs: number | null;
    }
  /**
   * A life of a process began. Names are unique within the run, so a restart has another one. A Codex
   * process is named by its epoch.
   */
  | {
      readonly type: 'world.process.began';
      readonly process: string;
      readonly kind: ProcessKind;
      /** Names the ledger that a runtime shares with those before and after it; null for none on disk. */
      readonly ledger: string | null;
      readonly journal: 'sync' | 'async' | null;
    }
  /** It was asked to end by itself (`stopping`), stands still, or goes on. */
  | {
      readonly type: 'world.process.stopping' | 'world.process.paused' | 'world.process.resumed';
      readonly process: string;
    }
  /** `power-lost`: what was not flushed to the disk went with it. */
  | {
      readonly type: 'world.process.ended';
      readonly process: string;
      readonly as: 'closed' | 'killed' | 'power-lost';
    }
  /** A service gave `runtime` the right to answer for a session, or took it back. */
  | {
      readonly type: 'world.lease.granted' | 'world.lease.ended';
      readonly sessionId: string;
      readonly runtime: string;
      readonly token: number;
    }
  /** A fault that was planned. One that never happens makes a run worthless. */
  | { readonly type: 'world.fault.planned'; readonly fault: string }
  /**
   * A fault began; one that is over at once has no `world.fault.ended` and says `lasts: false`. `target`
   * is what it hit: the name of a process, `session ID`, `link NAME`, or `*`.
   */
  | {
      readonly type: 'world.fault.began';
      readonly fault: string;
      readonly faultId: string;
      readonly target: string;
      readonly lasts: boolean;
      readonly detail: string | null;
    }
  | { readonly type: 'world.fault.ended'; readonly fault: string; readonly faultId: string }
  /**
   * `warm-up`: not measured. `chaos`: faults happen. `quiet`: none do any more, everything must finish.
   * `idle`: nothing is left to do, every level must be back.
   */
  | {
      readonly type: 'world.phase.began';
      readonly phase: 'warm-up' | 'chaos' | 'quiet' | 'idle';
    }
  /** Levels of queues, caches, timers, sockets, memory. */
  | {
      readonly type: 'world.gauges';
      readonly process: string;
      readonly values: Readonly<Record<string, number>>;
    }
  /** Bounds that hold for a gauge in every process from now on; null where there is none. */
  | {
      readonly type: 'world.bound';
      readonly gauge: string;
      readonly max: number | null;
      /** Holds while the phase is `idle`. */
      readonly idleMax: number | null;
      /** Growth for each call issued after the warm-up, as a straight line through the samples. */
      readonly perCallMax: number | null;
    }
  /** So many texts of a place were searched for canaries that must not stand there. */
  | { readonly type: 'world.searched'; readonly place: string; readonly texts: number }
  /** A canary was found where it must never stand. */
  | {
      readonly type: 'world.leak';
      readonly canary: string;
      /** What it was found in: `log`, `session s-2`. */
      readonly place: string;
    }
  /** An invariant was broken, as only whoever runs everything can see. */
  | { readonly type: 'world.broken'; readonly invariant: string; readonly what: string };

/** What was seen from outside of the runtime. */
export type WorldEvent = WorldCallEvent | WorldRunEvent;

/** What the writer says of the history itself. */
export type WriterEvent =
  /** Records are missing here: whoever reads them was too slow, or one was too long. */
  | { readonly type: 'history.dropped'; readonly records: number }
  /** The last record of a history that was closed; a crash leaves it out. */
  | { readonly type: 'history.ended' };

/** What happened. `mesh` and `team` events name the runtime that speaks. */
export type HistoryEvent =
  | WriterEvent
  | WorldEvent
  | { readonly type: 'mesh'; readonly runtime: string; readonly event: Occurrence }
  | { readonly type: 'team'; readonly runtime: string; readonly event: TeamEvent };

/** The events of this type; members that share a shape are not told apart. */
export type HistoryEventOf<Type, Event = HistoryEvent> = Event extends {
  readonly type: infer Own;
}
  ? Type extends Own
    ? Event
    : never
  : never;

/** One line after the header. */
export interface HistoryRecord {
  /** 1 for the first record after the header, without gaps. */
  readonly seq: number;
  /** Milliseconds since the Unix epoch, or since the beginning of a simulation. */
  readonly at: number;
  readonly event: HistoryEvent;
}

/** A history that was read whole. */
export interface History {
  readonly header: HistoryHeader;
  readonly records: readonly HistoryRecord[];
}

/** The parts of a call that tell it from every other one: all but the epoch, which turn ids imply. */
export type CallIds = Omit<WorldCallId, 'epoch'>;

/** One string for one call. The request id keeps its JSON type, because Codex does. */
export function historyCallKey(call: CallIds): string {
  const { requestId } = call;
  return typeof requestId === 'number'
    ? `${call.sessionId} ${call.turnId} ${call.callId} ${requestId}`
    : `${call.sessionId} ${call.turnId} ${call.callId} "${requestId}"`;
}
