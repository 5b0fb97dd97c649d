/** A call between its claim and its outcome: a small record, not an actor. */
import type { Timer } from '../env.ts';
import type { HostCall } from '../hosts/host.ts';
import type { OpenCall } from '../ledger/call-record.ts';
import type { Logger } from '../logger.ts';
import type { Tool, ToolCall } from '../tools/contract.ts';
import type { OpenDispatchRecord } from './dispatch-record.ts';
import type { CallReference } from './event.ts';
import type { SessionCalls } from './session-calls.ts';

export interface LiveCall {
  readonly call: HostCall;
  readonly open: OpenCall;
  readonly owner: SessionCalls;
  readonly record: OpenDispatchRecord;
  readonly tool: Tool | undefined;
  /** The group within which calls run one at a time or up to a bound; null for none. */
  readonly lane: Lane | null;
  /** Monotonic milliseconds. */
  readonly takenAtMs: number;
  timeoutMs: number;
  deadlineTimer: Timer | undefined;
  /** Made only when the handler asks for its signal: most never do. */
  abort: AbortController | undefined;
  /** Why the call was aborted, for a signal that is asked for afterwards. */
  abortReason: Error | undefined;
  /** Told once when the call is over. */
  onSettled: (() => void) | undefined;
}

/** Calls of one session that share a bound: those of one tool, or of one serial key. */
export interface Lane {
  readonly key: string;
  readonly concurrencyMax: number;
}

/** The lane a call of `tool` runs in. */
export function laneOf(tool: Tool | undefined): Lane | null {
  return tool?.policy.serial ? { key: tool.name, concurrencyMax: 1 } : null;
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

/** What a handler is given. Its `signal` and `log` are made when they are first asked for. */
export class CallContext implements ToolCall {
  readonly #live: LiveCall;
  readonly #logger: Logger;
  readonly deadline: number;

  constructor(live: LiveCall, logger: Logger, deadline: number) {
    this.#live = live;
    this.#logger = logger;
    this.deadline = deadline;
  }

  get sessionId(): string {
    return this.#live.call.sessionId;
  }
  get turnId(): string {
    return this.#live.call.turnId;
  }
  get callId(): string {
    return this.#live.call.callId;
  }
  get tool(): string {
    return this.#live.call.tool;
  }
  get namespace(): string | null {
    return this.#live.call.namespace;
  }
  get arguments(): unknown {
    return this.#live.call.arguments;
  }
  get attempt(): number {
    return 1;
  }

  get signal(): AbortSignal {
    const live = this.#live;
    if (!live.abort) {
      live.abort = new AbortController();
      if (live.abortReason) live.abort.abort(live.abortReason);
    }
    return live.abort.signal;
  }

  get log(): Logger {
    const where = referenceOf(this.#live.call);
    const logger = this.#logger;
    return {
      debug: (fields, message) => logger.debug({ ...where, ...fields }, message),
      info: (fields, message) => logger.info({ ...where, ...fields }, message),
      warn: (fields, message) => logger.warn({ ...where, ...fields }, message),
      error: (fields, message) => logger.error({ ...where, ...fields }, message),
    };
  }
}
