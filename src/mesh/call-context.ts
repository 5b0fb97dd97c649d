/** What a handler is told about its call. */
import type { Logger } from '../logger.ts';
import type { ToolCall } from '../tools/contract.ts';
import { referenceOf, type LiveCall } from './live-call.ts';

/** The `ToolCall` of a live call. Its `signal` and `log` are made when they are first asked for. */
export class CallContext implements ToolCall {
  readonly #live: LiveCall;
  readonly #logger: Logger;
  readonly #extend: (live: LiveCall, ms: number) => void;

  constructor(live: LiveCall, logger: Logger, extend: (live: LiveCall, ms: number) => void) {
    this.#live = live;
    this.#logger = logger;
    this.#extend = extend;
  }

  get deadline(): number {
    return this.#live.deadline;
  }

  extend(ms: number): void {
    this.#extend(this.#live, ms);
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
    return this.#live.attempt;
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
