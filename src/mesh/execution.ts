/**
 * From a claimed call to its answer: validate → approve → wait for a slot → run the handler.
 *
 * - E1 Handlers run outside every machine and observer; what they throw stays here.
 * - E2 A call that is over (deadline, turn, session) goes no further, wherever it was.
 */
import type { Env } from '../env.ts';
import { messageOf, SessionMeshError, type ErrorCode } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import {
  ToolError,
  type ApprovalDecision,
  type Tool,
  type ToolOutput,
  type Validation,
} from '../tools/contract.ts';
import { failureText, type Failure } from '../tools/failure.ts';
import { failureOutput, toolOutput } from '../tools/output.ts';
import { Admission } from './admission.ts';
import { Approvals } from './approvals.ts';
import { callStarted, type AnnounceCall } from './call-event.ts';
import { CallContext } from './call-context.ts';
import { CommitQueue } from './commit-queue.ts';
import { Deadlines } from './deadlines.ts';
import type { Durability } from './durability.ts';
import type { Announce } from './event.ts';
import { abortCall, isLaned, lanesOf, referenceOf, type LiveCall } from './live-call.ts';

export interface ExecutionContext {
  readonly ledger: Ledger;
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly announce: Announce;
  readonly announceCall: AnnounceCall;
  /** Null where calls need not outlive the process. */
  readonly durability: Durability | null;
  /** There is an answer. It may come for a call that is over. */
  onAnswer(
    live: LiveCall,
    event: 'finished' | 'timed.out',
    output: ToolOutput,
    code: ErrorCode | null,
  ): void;
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

const unapproved = 'nobody approved it in time';

export class Execution {
  readonly #context: ExecutionContext;
  readonly #admission: Admission;
  readonly #deadlines: Deadlines<LiveCall>;
  /** Calls whose start is not committed yet. */
  readonly #starts = new CommitQueue<LiveCall>(
    (live) => this.#start(live),
    (live, thrown) => this.#refuse(live, thrown),
  );
  readonly approvals: Approvals;

  constructor(context: ExecutionContext) {
    this.#context = context;
    this.#admission = new Admission(context.limits, (live) => this.#run(live));
    this.#deadlines = new Deadlines(context.env.clock, (live) => this.#onDeadline(live));
    this.approvals = new Approvals(context);
  }

  /** Handlers that run now. */
  get running(): number {
    return this.#admission.running;
  }

  /** Calls that wait for a slot. */
  get waiting(): number {
    return this.#admission.waiting;
  }

  /** Gives back what a call holds: its timer, its slot or its place in the queue. */
  end(live: LiveCall): void {
    this.#disarm(live);
    if (live.hasSlot) this.#admission.leave(live);
    else this.#admission.withdraw(live);
    if (live.tool?.policy.approval === 'always') this.approvals.withdraw(live);
  }

  /** Takes on a call that was just claimed. Never throws; whatever becomes of it is told to `onAnswer`. */
  begin(live: LiveCall): void {
    const { tool } = live;
    if (!tool) {
      const known = live.owner.catalog.names();
      this.#fail(live, 'tool_unknown', { kind: 'unknown_tool', name: live.call.tool, known });
      return;
    }
    const { limits } = this.#context;
    const validation = this.#attempt(live, () => tool.validate(live.call.arguments, limits));
    if (validation instanceof Promise) {
      validation.then(
        (settled) => this.#onValidated(live, tool, settled),
        (thrown: unknown) => this.#onThrown(live, thrown),
      );
    } else if (validation) this.#onValidated(live, tool, validation);
  }

  #onValidated(live: LiveCall, tool: Tool, validation: Validation<unknown>): void {
    if (!validation.ok) {
      const { problem } = validation;
      this.#fail(live, 'arguments_invalid', { kind: 'arguments_invalid', problem });
      return;
    }
    live.input = validation.value;
    const approval = tool.policy.approval ?? 'never';
    if (approval === 'never') this.#enter(live, tool);
    else if (approval === 'always') {
      this.approvals.request(live, (decision) => this.#onDecided(live, tool, decision));
    } else {
      const asked = this.#attempt(live, () => approval(this.#toolCall(live)));
      if (asked === undefined) return;
      this.#arm(live, this.#context.limits.approvalTimeoutMs);
      Promise.resolve(asked).then(
        (decision) => this.#onDecided(live, tool, decision),
        (thrown: unknown) => this.#onThrown(live, thrown),
      );
    }
  }

  #onDecided(live: LiveCall, tool: Tool, decision: ApprovalDecision): void {
    if (decision === true) this.#enter(live, tool);
    else this.#fail(live, 'call_denied', { kind: 'approval_denied', reason: decision.denied });
  }

  /** Takes a slot, or a place in the queue. A call that is over by now does neither. */
  #enter(live: LiveCall, tool: Tool): void {
    if (live.open.state !== 'waiting') return;
    this.#disarm(live);
    if (tool.policy.external) {
      this.#run(live);
      return;
    }
    if (isLaned(tool)) {
      const lanes = this.#attempt(live, () => lanesOf(tool, live.input, this.#toolCall(live)));
      if (!lanes) return;
      live.lanes = lanes;
    }
    switch (this.#admission.enter(live)) {
      case 'run':
        this.#run(live);
        return;
      case 'full':
        this.#fail(live, 'overloaded', { kind: 'overloaded' });
        return;
      case 'wait':
    }
  }

  #run(live: LiveCall): void {
    const { durability } = this.#context;
    if (!durability) {
      this.#start(live);
      return;
    }
    try {
      this.#starts.add(live, durability.intent(live));
    } catch (thrown) {
      this.#refuse(live, thrown);
    }
  }

  #refuse(live: LiveCall, thrown: unknown): void {
    const fields = { ...referenceOf(live.call), error: messageOf(thrown) };
    this.#context.logger.error(fields, 'a call could not be recorded, so it was not run');
    this.#fail(live, 'overloaded', { kind: 'overloaded' });
  }

  /** Runs the handler, unless the call was over before its start was recorded. */
  #start(live: LiveCall): void {
    const { tool, open } = live;
    if (!tool || open.state !== 'waiting') return;
    this.#context.ledger.advance(open, 'started');
    this.#context.announceCall(callStarted, live);
    this.#setDeadline(live, live.timeoutMs);
    const call = this.#toolCall(live);
    const result = this.#attempt(live, () => ({ value: tool.execute(live.input, call) }));
    if (!result) return;
    if (isPromiseLike(result.value)) {
      result.value.then(
        (value) => this.#onReturned(live, value),
        (thrown: unknown) => this.#onThrown(live, thrown),
      );
    } else this.#onReturned(live, result.value);
  }

  #toolCall(live: LiveCall): CallContext {
    return new CallContext(live, this.#context.logger, this.#extend);
  }

  readonly #extend = (live: LiveCall, ms: number): void => {
    if (live.open.state === 'running' && ms > 0) this.#setDeadline(live, ms);
  };

  #setDeadline(live: LiveCall, ms: number): void {
    live.deadline = this.#context.env.clock.now() + ms;
    if (Number.isFinite(ms)) this.#arm(live, ms);
    else this.#disarm(live);
  }

  #arm(live: LiveCall, ms: number): void {
    this.#disarm(live);
    live.armedMs = ms;
    this.#deadlines.set(live, ms);
  }

  #disarm(live: LiveCall): void {
    if (live.armedMs > 0) this.#deadlines.clear(live, live.armedMs);
    live.armedMs = 0;
  }

  /** Time is up: for whoever was to approve the call, or for its handler. */
  #onDeadline(live: LiveCall): void {
    live.armedMs = 0;
    if (live.open.state === 'running') this.#expire(live);
    else this.#fail(live, 'call_denied', { kind: 'approval_denied', reason: unapproved });
  }

  /** Runs a step of the author's code; what it throws becomes the call's failure. */
  #attempt<Result>(live: LiveCall, step: () => Result): Result | undefined {
    try {
      return step();
    } catch (thrown) {
      this.#onThrown(live, thrown);
      return undefined;
    }
  }

  #onReturned(live: LiveCall, value: unknown): void {
    const output = this.#attempt(live, () => toolOutput(value, this.#context.limits));
    if (output)
      this.#context.onAnswer(live, 'finished', output, output.success ? null : 'handler_failed');
  }

  #onThrown(live: LiveCall, thrown: unknown): void {
    if (thrown instanceof ToolError) {
      this.#context.onAnswer(live, 'finished', failureOutput(thrown.message), 'handler_failed');
      return;
    }
    const where = referenceOf(live.call);
    this.#context.logger.error({ ...where, error: thrown }, 'a handler threw');
    this.#fail(live, 'handler_failed', { kind: 'handler_failed' });
  }

  #expire(live: LiveCall): void {
    const { timeoutMs } = live;
    const output = failureOutput(failureText({ kind: 'handler_timeout', timeoutMs }));
    const { sessionId, callId, tool } = live.call;
    abortCall(live, new SessionMeshError('handler_timeout', { sessionId, callId, tool }));
    this.#context.onAnswer(live, 'timed.out', output, 'handler_timeout');
  }

  #fail(live: LiveCall, code: ErrorCode, failure: Failure): void {
    this.#context.onAnswer(live, 'finished', failureOutput(failureText(failure)), code);
  }
}
