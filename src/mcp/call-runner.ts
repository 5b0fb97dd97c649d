/**
 * Runs the calls of MCP clients as those of a session are run: arguments checked → approved → a slot →
 * the handler with its deadline → its result brought into shape. Whatever goes wrong is an answer.
 */
import { unlessAborted } from '../abort.ts';
import { sleep, type Env } from '../env.ts';
import { isSessionMeshError, messageOf } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import { ToolError, type ApprovalDecision, type Tool, type ToolOutput } from '../tools/contract.ts';
import { failureText, type Failure } from '../tools/failure.ts';
import { failureOutput, toolOutput } from '../tools/output.ts';
import { Lanes, lanesOf } from './lanes.ts';
import { ServedCall, type Approve, type CallOrigin } from './served-call.ts';
import type { ServedTool } from './served-tools.ts';

/** What a runner needs. */
export interface CallRunnerOptions {
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly approve: Approve;
}

/** All calls of one server. */
export class CallRunner {
  readonly #options: CallRunnerOptions;
  readonly #lanes: Lanes;

  constructor(options: CallRunnerOptions) {
    const { sessionConcurrencyMax, sessionWaitingMax } = options.limits;
    this.#options = options;
    this.#lanes = new Lanes({ runningMax: sessionConcurrencyMax, waitingMax: sessionWaitingMax });
  }

  /** The answer to one call. Never rejects. */
  async run(served: ServedTool, args: unknown, origin: CallOrigin): Promise<ToolOutput> {
    const { env, limits, logger } = this.#options;
    const { tool, namespace } = served;
    const call = new ServedCall({
      origin,
      tool: tool.name,
      namespace,
      arguments: args,
      timeoutMs: tool.policy.timeoutMs ?? limits.handlerTimeoutMs,
      clock: env.clock,
      logger,
    });
    try {
      return await this.#answer(tool, call);
    } catch (thrown) {
      return this.#explain(call, thrown);
    } finally {
      call.end();
    }
  }

  async #answer(tool: Tool, call: ServedCall): Promise<ToolOutput> {
    const { limits } = this.#options;
    const validation = await tool.validate(call.arguments, limits);
    if (!validation.ok) {
      return this.#fail({ kind: 'arguments_invalid', problem: validation.problem });
    }
    const decision = await this.#decide(tool, call);
    if (decision !== true) return this.#fail({ kind: 'approval_denied', reason: decision.denied });
    using slot = await this.#lanes.enter(lanesOf(tool, validation.value, call), call.signal);
    if (slot === null) return this.#fail({ kind: 'overloaded' });
    call.begin();
    const running = Promise.resolve(tool.execute(validation.value, call));
    const result = await unlessAborted(running, call.signal);
    return toolOutput(result, limits);
  }

  async #decide({ policy }: Tool, call: ServedCall): Promise<ApprovalDecision> {
    const { approval = 'never' } = policy;
    if (approval === 'never') return true;
    const { env, limits, approve } = this.#options;
    const decided = new AbortController();
    const silence = sleep(env.clock, limits.approvalTimeoutMs, decided.signal).then(
      (): ApprovalDecision => ({ denied: 'nobody approved it in time' }),
    );
    try {
      const ask = approval === 'always' ? approve : approval;
      return await unlessAborted(Promise.race([ask(call), silence]), call.signal);
    } finally {
      decided.abort();
      await silence.catch(() => {});
    }
  }

  #fail(failure: Failure): ToolOutput {
    return failureOutput(failureText(failure, this.#options.limits), this.#options.limits);
  }

  #explain(call: ServedCall, thrown: unknown): ToolOutput {
    if (call.signal.aborted) {
      const isLate = isSessionMeshError(call.signal.reason, 'handler_timeout');
      const timeoutMs = Math.round(call.elapsedMs);
      return this.#fail(isLate ? { kind: 'handler_timeout', timeoutMs } : { kind: 'cancelled' });
    }
    if (thrown instanceof ToolError) return failureOutput(thrown.message, this.#options.limits);
    call.log.error({ error: messageOf(thrown) }, 'a handler threw');
    return this.#fail({ kind: 'handler_failed' });
  }
}
