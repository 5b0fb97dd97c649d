/** What a mesh tells whoever watches it: plain data, ready for JSON. */
import type { CallOutcome } from '../../machines/call-outcome.ts';
import type { CallSource, DispatchMode } from '../../machines/session.ts';
import type { ErrorCode } from '../errors.ts';
import type { TurnStatus } from '../hosts/host.ts';

/** What went wrong, as plain data. */
export interface Fault {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Which call an event speaks of. */
export interface CallReference {
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly requestId: string | number;
  readonly tool: string;
  readonly namespace: string | null;
}

/** What happened, without when. */
export type Occurrence =
  | { readonly type: 'mesh.started'; readonly host: string; readonly codex: string | null }
  | { readonly type: 'mesh.closed' }
  | { readonly type: 'host.online'; readonly epoch: string }
  | { readonly type: 'host.lost'; readonly epoch: string; readonly fault: Fault }
  | { readonly type: 'host.failed'; readonly fault: Fault }
  | {
      readonly type: 'host.notice';
      readonly sessionId: string | null;
      readonly level: 'info' | 'warn' | 'error';
      readonly message: string;
    }
  | {
      readonly type: 'question.answered';
      readonly sessionId: string | null;
      readonly method: string;
      readonly answer: 'declined' | 'answered';
    }
  | {
      readonly type: 'session.opened';
      readonly sessionId: string;
      readonly title: string | null;
      readonly tools: readonly string[];
      /** Whether the thread existed before. */
      readonly resumed: boolean;
    }
  /** The state chart moved. `state` is the machine's state value. */
  | {
      readonly type: 'session.changed';
      readonly sessionId: string;
      readonly state: unknown;
      readonly dispatchMode: DispatchMode;
    }
  | { readonly type: 'session.closed'; readonly sessionId: string }
  | { readonly type: 'session.failed'; readonly sessionId: string; readonly fault: Fault }
  | { readonly type: 'turn.started'; readonly sessionId: string; readonly turnId: string }
  | {
      readonly type: 'turn.ended';
      readonly sessionId: string;
      readonly turnId: string;
      readonly status: TurnStatus;
      readonly error: string | null;
      readonly reply: string | null;
      readonly durationMs: number;
      readonly calls: number;
    }
  | ({ readonly type: 'call.claimed'; readonly source: CallSource } & CallReference)
  /** The call waits for somebody to agree; see `session.approvals`. */
  | ({ readonly type: 'approval.requested'; readonly approvalId: string } & CallReference)
  | ({
      readonly type: 'approval.decided';
      readonly approvalId: string;
      readonly approved: boolean;
      readonly reason: string | null;
    } & CallReference)
  | ({ readonly type: 'call.started' } & CallReference)
  /** There is an answer: `success` says of what kind, `code` why it is a failure. */
  | ({
      readonly type: 'call.answered';
      readonly success: boolean;
      readonly code: ErrorCode | null;
      readonly durationMs: number;
    } & CallReference)
  /** The call is over. */
  | ({
      readonly type: 'call.settled';
      readonly outcome: CallOutcome;
      readonly success: boolean | null;
      readonly code: ErrorCode | null;
      readonly durationMs: number;
      readonly submissions: number;
    } & CallReference)
  /** The same call came again; its handler was not run again. */
  | ({ readonly type: 'call.repeated'; readonly source: CallSource } & CallReference)
  /** Not taken: the lock is held otherwise, the session takes no calls, or the key is that of another call. */
  | ({
      readonly type: 'call.declined';
      readonly source: CallSource;
      readonly code: ErrorCode;
    } & CallReference)
  /** A handler came back after its call was over. Its result was dropped. */
  | ({ readonly type: 'call.late' } & CallReference);

/** Something that happened in a mesh. `at` is milliseconds since the Unix epoch. */
export type MeshEvent = Occurrence & { readonly at: number };

/** Makes events, or nothing at all while nobody watches. */
export type Announce = (make: () => Occurrence) => void;
