/** What a handler is told of a call that an MCP client made, and the call's deadline. */
import type { Clock, Timer } from '../env.ts';
import { SessionMeshError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { ApprovalDecision, ToolCall } from '../tools/contract.ts';

/** Decides whether a call of a tool with `approval: 'always'` may run. */
export type Approve = (call: ToolCall) => ApprovalDecision | Promise<ApprovalDecision>;

/** Where a call comes from. */
export interface CallOrigin {
  /** Names the connection. */
  readonly sessionId: string;
  readonly callId: string;
  /** Aborts when the client cancels the call, or is gone. */
  readonly signal: AbortSignal;
  /** The handler says that its work makes progress. Never throws. */
  onProgress(): void;
}

/** What makes up a call. */
export interface ServedCallOptions {
  readonly origin: CallOrigin;
  readonly tool: string;
  readonly namespace: string | null;
  readonly arguments: unknown;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** One call, from its arrival to its answer. */
export class ServedCall implements ToolCall {
  readonly sessionId: string;
  /** MCP knows no turns: each call is one of its own. */
  readonly turnId: string;
  readonly callId: string;
  readonly tool: string;
  readonly namespace: string | null;
  readonly arguments: unknown;
  readonly attempt = 1;
  readonly #options: ServedCallOptions;
  readonly #abort = new AbortController();
  #deadline: number;
  #startedAtMs = 0;
  #timer: Timer | undefined;
  #isRunning = false;

  constructor(options: ServedCallOptions) {
    const { origin, clock, timeoutMs } = options;
    this.#options = options;
    this.sessionId = origin.sessionId;
    this.turnId = origin.callId;
    this.callId = origin.callId;
    this.tool = options.tool;
    this.namespace = options.namespace;
    this.arguments = options.arguments;
    this.#deadline = clock.now() + timeoutMs;
    origin.signal.addEventListener('abort', this.#onCancelled, { once: true });
    if (origin.signal.aborted) this.#onCancelled();
  }

  get deadline(): number {
    return this.#deadline;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get log(): Logger {
    const { logger } = this.#options;
    const { sessionId, callId, tool, namespace } = this;
    const where = { sessionId, callId, tool, namespace };
    return {
      debug: (fields, message) => logger.debug({ ...where, ...fields }, message),
      info: (fields, message) => logger.info({ ...where, ...fields }, message),
      warn: (fields, message) => logger.warn({ ...where, ...fields }, message),
      error: (fields, message) => logger.error({ ...where, ...fields }, message),
    };
  }

  /** Milliseconds since the handler was started. */
  get elapsedMs(): number {
    return this.#options.clock.monotonic() - this.#startedAtMs;
  }

  /** The handler is about to run: its time begins. */
  begin(): void {
    this.#isRunning = true;
    this.#startedAtMs = this.#options.clock.monotonic();
    this.#setDeadline(this.#options.timeoutMs);
  }

  extend(ms: number): void {
    if (!this.#isRunning || !(ms > 0)) return;
    this.#setDeadline(ms);
    this.#options.origin.onProgress();
  }

  /** The call is over: its timer and listener go. Idempotent. */
  end(): void {
    this.#isRunning = false;
    this.#disarm();
    this.#options.origin.signal.removeEventListener('abort', this.#onCancelled);
  }

  readonly #onCancelled = (): void => {
    this.#abort.abort(this.#reason('call_cancelled'));
  };

  #reason(code: 'call_cancelled' | 'handler_timeout'): SessionMeshError {
    const { sessionId, callId, tool } = this;
    return new SessionMeshError(code, { sessionId, callId, tool });
  }

  #setDeadline(ms: number): void {
    const { clock } = this.#options;
    this.#disarm();
    this.#deadline = clock.now() + ms;
    if (!Number.isFinite(ms)) return;
    this.#timer = clock.setTimeout(() => this.#abort.abort(this.#reason('handler_timeout')), ms);
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
