/** Calls between their claim and their outcome: small records, not actors; and the calls of one session. */
import type { HostCall } from '../hosts/host.ts';
import type { LedgerCall } from '../ledger/ledger-call.ts';
import type { Catalog } from '../tools/catalog.ts';
import type { Tool, ToolCall } from '../tools/contract.ts';
import type { Expiring } from './deadlines.ts';
import type { DispatchRecord, OpenDispatchRecord } from './dispatch-record.ts';
import type { CallReference } from './event.ts';

const noLanes: readonly Lane[] = [];

/** What a live call is made of. */
type LiveCallParts = Pick<
  LiveCall,
  'call' | 'open' | 'owner' | 'record' | 'tool' | 'attempt' | 'takenAtMs' | 'timeoutMs'
>;

/**
 * A class, because of where V8 allocates: what a literal makes goes straight to the old generation once a
 * burst of it has survived a collection, and stays there long after a call is over.
 */
export class LiveCall implements Expiring<LiveCall> {
  readonly call: HostCall;
  readonly open: LedgerCall;
  readonly owner: SessionCalls;
  readonly record: OpenDispatchRecord;
  readonly tool: Tool | undefined;
  /** Which start of the handler this is: 1, unless a crash interrupted a repeatable one. */
  readonly attempt: number;
  /** Monotonic milliseconds. */
  readonly takenAtMs: number;
  readonly timeoutMs: number;
  /** What the handler is given, once the arguments are checked. */
  input: unknown = undefined;
  /** The bounds this call shares with others, known once its input is. */
  lanes = noLanes;
  /** The journal knows it. */
  isJournaled = false;
  /** It holds a handler slot. */
  hasSlot = false;
  /** When the call expires, in milliseconds since the Unix epoch. */
  deadline = Infinity;
  /** The timeout its deadline is set with, in milliseconds; 0 while it has none. */
  armedMs = 0;
  dueMs = Infinity;
  older: LiveCall | null = null;
  newer: LiveCall | null = null;
  /** Made only when the handler asks for its signal: most never do. */
  abort: AbortController | undefined = undefined;
  /** Why the call was aborted, for a signal that is asked for afterwards. */
  abortReason: Error | undefined = undefined;
  /** Told once when the call is over. */
  onSettled: (() => void) | undefined = undefined;

  constructor(parts: LiveCallParts) {
    this.call = parts.call;
    this.open = parts.open;
    this.owner = parts.owner;
    this.record = parts.record;
    this.tool = parts.tool;
    this.attempt = parts.attempt;
    this.takenAtMs = parts.takenAtMs;
    this.timeoutMs = parts.timeoutMs;
  }
}

/** What the dispatcher keeps for a session that has calls. Idle sessions keep empty containers only. */
export interface SessionCalls {
  readonly sessionId: string;
  readonly catalog: Catalog;
  /** The session's own deadline for handlers, in milliseconds, where it sets one. */
  readonly handlerTimeoutMs: number | undefined;
  /** Calls without an outcome, in the order they came. Few: a list is found through faster than a Map. */
  readonly live: LiveCall[];
  /** Calls waiting for a slot, in the order they came. Null until the first one. */
  waiting: LiveCall[] | null;
  running: number;
  /** Running calls by lane. Null until the first one. */
  laneLoads: Map<string, number> | null;
  /** A call was taken; its record grows as the call goes on. */
  onTaken(turnId: string, record: DispatchRecord): void;
  /** The last live call is over. */
  onIdle(): void;
}

/** Calls of one session that share a bound: those of one tool, or of one serial key. */
export interface Lane {
  readonly key: string;
  readonly concurrencyMax: number;
}

/** Whether calls of this tool share a bound with others. */
export function isLaned({ policy }: Tool): boolean {
  const { maxConcurrency, serial, serialKey } = policy;
  return maxConcurrency !== undefined || serial === true || serialKey !== undefined;
}

/** The lanes that a call of `tool` runs in: its own where it is bounded, and that of its serial key. */
export function lanesOf(tool: Tool, input: unknown, call: ToolCall): readonly Lane[] {
  const { maxConcurrency, serial, serialKey } = tool.policy;
  const own = serial ? 1 : maxConcurrency;
  const key = typeof serialKey === 'function' ? serialKey(input, call) : serialKey;
  return [
    ...(own === undefined ? [] : [{ key: `tool ${tool.name}`, concurrencyMax: own }]),
    ...(key === undefined ? [] : [{ key: `key ${key}`, concurrencyMax: 1 }]),
  ];
}

/** The parts of a call that every event about it carries. */
export function referenceOf(call: HostCall): CallReference {
  const { sessionId, turnId, callId, requestId, tool, namespace } = call;
  return { sessionId, turnId, callId, requestId, tool, namespace };
}

/** Aborts what the handler was given, now or whenever it asks for it. */
export function abortCall(live: LiveCall, reason: Error): void {
  live.abortReason = reason;
  live.abort?.abort(reason);
}
