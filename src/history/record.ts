/**
 * The history of a run: JSON lines that a mesh, a soak run or a person's own system writes while it goes
 * on, and that the checker, the replay and the dashboard read afterwards.
 *
 * There are two kinds of witness. What a runtime says of itself is a mesh's or a team's event, wrapped in
 * the name of the runtime that said it. What was seen from outside of it, by a simulated Codex, a proxy or
 * a handler that counts its own starts, is `world.*`, and proves or disproves the first.
 */
import type { Occurrence } from '../mesh/event.ts';
import type { TeamEvent } from '../team/event.ts';

/** The version of the format. A reader refuses versions it does not know. */
export const historyVersion = 1;

/** The first record of every history. */
export interface HistoryHeader {
  readonly type: 'history.began';
  readonly version: typeof historyVersion;
  /** What wrote it: `soak sim`, `soak real`, `serve`, `mesh`. */
  readonly source: string;
  /** Names the run. */
  readonly runId: string;
  /** Whether `at` is real time or the simulation's. */
  readonly time: 'wall' | 'virtual';
  /** The seed of a simulation, or null. */
  readonly seed: number | null;
  /** Whatever else a person wants to know of the run: its options, versions, the machine. */
  readonly about: Readonly<Record<string, unknown>>;
}

/** The call as whoever is outside of the runtime knows it. */
export interface WorldCall {
  /** One life of the process that asked. */
  readonly epoch: string;
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly requestId: string | number;
  readonly tool: string;
}

/** What was seen from outside of the runtime. Texts and arguments never stand here, only their hashes. */
export type WorldEvent =
  /** Codex asked for a tool. `argumentsHash` is any stable hash of the arguments. */
  | ({ readonly type: 'world.call.issued'; readonly argumentsHash: string } & WorldCall)
  /** The handler itself says that it was started, and by which session's tools. */
  | ({
      readonly type: 'world.handler.started';
      readonly argumentsHash: string;
      /** Whether the tool is declared to be safe to run again. */
      readonly repeatable: boolean;
    } & WorldCall)
  | ({
      readonly type: 'world.handler.ended';
      readonly as: 'returned' | 'threw' | 'aborted';
      /** Hash of the result, or null. */
      readonly resultHash: string | null;
    } & WorldCall)
  /** An answer reached Codex for an open request. */
  | ({
      readonly type: 'world.answer.taken';
      readonly success: boolean;
      readonly answerHash: string;
      /** The canary of the call it was computed for, where the result carries one; null otherwise. */
      readonly computedFor: string | null;
    } & WorldCall)
  /** An answer reached Codex that no open request waits for: late, twice, or of another epoch. */
  | {
      readonly type: 'world.answer.stray';
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
      readonly status: string | null;
    }
  /** A process of the run: a runtime, a Codex, a service. Names are unique within the run. */
  | { readonly type: 'world.process.began'; readonly process: string; readonly kind: ProcessKind }
  | {
      readonly type: 'world.process.ended';
      readonly process: string;
      readonly kind: ProcessKind;
      /** Whether it was killed, or went by itself. */
      readonly as: 'closed' | 'killed' | 'paused' | 'resumed';
    }
  /** A fault that was planned. One that never happens makes a run worthless. */
  | { readonly type: 'world.fault.planned'; readonly fault: string }
  /** A fault began; one that is over at once has no end. `target` is what it hit. */
  | {
      readonly type: 'world.fault.began';
      readonly fault: string;
      readonly faultId: string;
      readonly target: string;
      readonly detail: string | null;
    }
  | { readonly type: 'world.fault.ended'; readonly fault: string; readonly faultId: string }
  /** `chaos`: faults happen. `quiet`: none do any more, everything must finish. `idle`: nothing is left. */
  | { readonly type: 'world.phase.began'; readonly phase: 'chaos' | 'quiet' | 'idle' }
  /** Levels of queues, caches, timers, sockets, memory. */
  | {
      readonly type: 'world.gauges';
      readonly process: string;
      readonly values: Readonly<Record<string, number>>;
    }
  /** A bound that must hold for a gauge from now on; `idleMax` once the phase is `idle`. */
  | {
      readonly type: 'world.bound';
      readonly gauge: string;
      readonly max: number | null;
      readonly idleMax: number | null;
    }
  /** A canary was found where it must never stand. */
  | {
      readonly type: 'world.leak';
      readonly canary: string;
      /** What it was found in: `log`, `session s-2`. */
      readonly place: string;
    };

type ProcessKind = 'runtime' | 'codex' | 'service' | 'proxy';

/** What happened. `mesh` and `team` events name the runtime that speaks. */
export type HistoryEvent =
  | WorldEvent
  | { readonly type: 'mesh'; readonly runtime: string; readonly event: Occurrence }
  | { readonly type: 'team'; readonly runtime: string; readonly event: TeamEvent };

/** One line after the header. */
export interface HistoryRecord {
  /** 1 for the first record after the header, without gaps. */
  readonly seq: number;
  /** Milliseconds since the Unix epoch, or since the beginning of a simulation. */
  readonly at: number;
  readonly event: HistoryEvent;
}
