/** What became of one tool call, for the caller of a turn. */
import type { CallOutcome } from '../../machines/call-outcome.ts';
import type { CallSource } from '../../machines/session.ts';
import type { ErrorCode } from '../errors.ts';
import type { HostCall } from '../hosts/host.ts';
import type { Tool, ToolOutput } from '../tools/contract.ts';

/** One tool call of a turn. It is filled in while the call runs and fixed once `outcome` is set. */
export interface DispatchRecord {
  readonly callId: string;
  readonly requestId: string | number;
  readonly tool: string;
  readonly namespace: string | null;
  readonly arguments: unknown;
  readonly source: CallSource;
  /** When the call was taken, in milliseconds since the Unix epoch. */
  readonly takenAt: number;
  /** From taking the call to its answer, in milliseconds; null while there is none. */
  readonly durationMs: number | null;
  /** How the call ended; null while it is open. */
  readonly outcome: CallOutcome | null;
  /** The answer, or null while there is none. */
  readonly output: ToolOutput | null;
  /** Why the answer is a failure, or null if it is none. */
  readonly code: ErrorCode | null;
  /** How often the answer was handed to the host. */
  readonly submissions: number;
  /** How often the call was delivered. */
  readonly deliveries: number;
}

/** A record that is still being written. */
export type OpenDispatchRecord = { -readonly [Key in keyof DispatchRecord]: DispatchRecord[Key] };

/** The record of a call that was just taken. */
export function openDispatchRecord(
  call: HostCall,
  tool: Tool | undefined,
  source: CallSource,
  takenAt: number,
): OpenDispatchRecord {
  return {
    callId: call.callId,
    requestId: call.requestId,
    // The same text; that of the call would be one more to keep.
    tool: tool?.name ?? call.tool,
    namespace: call.namespace,
    arguments: call.arguments,
    source,
    takenAt,
    durationMs: null,
    outcome: null,
    output: null,
    code: null,
    submissions: 0,
    deliveries: 1,
  };
}
