/** The calls of one session: those that live, those that wait for a slot, and who is told. */
import type { Catalog } from '../tools/catalog.ts';
import type { LiveCall } from './live-call.ts';
import type { DispatchRecord } from './dispatch-record.ts';

/** What the dispatcher keeps for a session that has calls. Idle sessions keep empty containers only. */
export interface SessionCalls {
  readonly sessionId: string;
  readonly catalog: Catalog;
  /** The session's own deadline for handlers, in milliseconds, where it sets one. */
  readonly handlerTimeoutMs: number | undefined;
  /** Calls without an outcome, by ledger key. Null until the first one. */
  live: Map<string, LiveCall> | null;
  /** Calls waiting for a slot, in the order they came. Null until the first one. */
  waiting: LiveCall[] | null;
  running: number;
  /** Running calls by lane. Null until the first one. */
  lanes: Map<string, number> | null;
  /** A call was taken; its record grows as the call goes on. */
  onTaken(turnId: string, record: DispatchRecord): void;
  /** The last live call is over. */
  onIdle(): void;
}
