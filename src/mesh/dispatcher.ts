/**
 * The dispatcher: claim → validate → approve → wait for a slot → run the handler → record → submit.
 *
 * - D1 The claim comes first and is synchronous: whoever finds it taken never runs a handler (M1).
 * - D2 An answer is recorded in the ledger before it is submitted (M5), and recorded once.
 * - D3 Handlers run outside every machine and observer; what they throw stays here.
 * - D4 A call that is over (deadline, turn, session) has aborted its handler's signal and has given
 *   its slot back; what the handler returns afterwards is dropped and counted.
 */
import type { CallOutcome } from '../../machines/call.ts';
import type { CallSource } from '../../machines/session.ts';
import type { Env } from '../env.ts';
import { messageOf, SessionMeshError, type ErrorCode } from '../errors.ts';
import type { Host, HostCall } from '../hosts/host.ts';
import { callFingerprint, callKey } from '../ledger/call-record.ts';
import { Ledger, type LedgerStats } from '../ledger/ledger.ts';
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
import { openDispatchRecord } from './dispatch-record.ts';
import type { Announce } from './event.ts';
import { CallContext } from './call-context.ts';
import { abortCall, lanesOf, referenceOf, type LiveCall, type SessionCalls } from './live-call.ts';
import { Outbox } from './outbox.ts';

export interface DispatcherContext {
  readonly host: Host;
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly announce: Announce;
}

export interface DispatcherStats {
  readonly running: number;
  readonly waiting: number;
  readonly unconfirmed: number;
  /** Calls that came again and were answered from the ledger, or joined to the running one. */
  readonly repeated: number;
  /** Results that came after their call was over. */
  readonly late: number;
  /** Keys that came again with other arguments. */
  readonly reused: number;
  readonly ledger: LedgerStats;
}

export class Dispatcher {
  readonly #context: DispatcherContext;
  readonly #ledger: Ledger;
  readonly #admission: Admission;
  readonly #outbox: Outbox;
  readonly approvals: Approvals;
  #repeated = 0;
  #late = 0;
  #reused = 0;

  constructor(context: DispatcherContext) {
    this.#context = context;
    this.#ledger = new Ledger(context.limits, context.env.clock.monotonic);
    this.approvals = new Approvals(context);
    this.#admission = new Admission(context.limits, (live) => this.#run(live));
    this.#outbox = new Outbox({
      ...context,
      ledger: this.#ledger,
      onSettled: (live, outcome, submissions) => this.#settle(live, outcome, submissions),
    });
  }

  get stats(): DispatcherStats {
    return {
      running: this.#admission.running,
      waiting: this.#admission.waiting,
      unconfirmed: this.#outbox.size,
      repeated: this.#repeated,
      late: this.#late,
      reused: this.#reused,
      ledger: this.#ledger.stats,
    };
  }

  /** Takes one delivery of a call; returns it if it is new. Synchronous, and never throws. */
  take(owner: SessionCalls, call: HostCall, source: CallSource): LiveCall | undefined {
    const key = callKey(call);
    const fingerprint = callFingerprint(call.tool, call.namespace, call.arguments);
    const claim = this.#ledger.claim(key, owner.sessionId, fingerprint);
    switch (claim.type) {
      case 'new': {
        const live = this.#admit(owner, call, claim.open, source);
        this.#dispatch(live);
        return live;
      }
      case 'open':
        this.#join(owner, call, source, key);
        return undefined;
      case 'finished':
        this.#repeat(call, source);
        this.#answerAgain(call, claim.call.output);
        return undefined;
      case 'reused':
        this.#reused += 1;
        this.#context.logger.error(referenceOf(call), 'a call key came again with other arguments');
        this.decline(call, { kind: 'key_reused' });
        return undefined;
    }
  }

  /** Whether this delivery is of a call that was taken before. */
  knows(call: HostCall): boolean {
    return this.#ledger.knows(callKey(call));
  }

  /** Answers a call that nobody takes, so that its turn does not wait for ever. */
  decline(call: HostCall, failure: Failure): void {
    this.#answerAgain(call, failureOutput(failureText(failure)));
  }

  /** The host no longer waits for this call. */
  withdraw(owner: SessionCalls, call: HostCall, reason: string): void {
    const key = callKey(call);
    const live = owner.live?.get(key);
    if (live) this.#cancel(live, reason);
    this.#outbox.abandon(key);
  }

  /** Ends every live call of the session; the host is told, as far as it can be reached. */
  cancelAll(owner: SessionCalls, reason: string): void {
    for (const live of owner.live?.values() ?? []) {
      this.#cancel(live, reason);
      this.#outbox.abandon(live.open.key);
      this.decline(live.call, { kind: 'cancelled' });
    }
  }

  /** Sends what is held for a session whose link is back. */
  flush(sessionId: string): void {
    this.#outbox.flush(sessionId);
  }

  close(): void {
    this.#outbox.close();
    this.#ledger.clear();
  }

  #admit(
    owner: SessionCalls,
    call: HostCall,
    open: LiveCall['open'],
    source: CallSource,
  ): LiveCall {
    const { env, limits } = this.#context;
    const tool = owner.catalog.find(call.namespace, call.tool);
    const record = openDispatchRecord(call, source, env.clock.now());
    const live: LiveCall = {
      call,
      open,
      owner,
      record,
      tool,
      input: undefined,
      lanes: [],
      takenAtMs: env.clock.monotonic(),
      timeoutMs: tool?.policy.timeoutMs ?? owner.handlerTimeoutMs ?? limits.handlerTimeoutMs,
      deadlineTimer: undefined,
      abort: undefined,
      abortReason: undefined,
      onSettled: undefined,
    };
    owner.live ??= new Map();
    owner.live.set(open.key, live);
    owner.onTaken(call.turnId, record);
    this.#context.announce(() => ({ type: 'call.claimed', source, ...referenceOf(call) }));
    return live;
  }

  #dispatch(live: LiveCall): void {
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
    const lanes = this.#attempt(live, () => lanesOf(tool, live.input, this.#toolCall(live)));
    if (!lanes) return;
    live.lanes = lanes;
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
    const { tool } = live;
    if (!tool) return;
    this.#ledger.advance(live.open, 'started');
    this.#context.announce(() => ({ type: 'call.started', ...referenceOf(live.call) }));
    const { clock } = this.#context.env;
    live.deadlineTimer = clock.setTimeout(() => this.#expire(live), live.timeoutMs);
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
    const { env, logger } = this.#context;
    return new CallContext(live, logger, env.clock.now() + live.timeoutMs);
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
    if (output) this.#finish(live, 'finished', output, output.success ? null : 'handler_failed');
  }

  #onThrown(live: LiveCall, thrown: unknown): void {
    if (thrown instanceof ToolError) {
      this.#finish(live, 'finished', failureOutput(thrown.message), 'handler_failed');
      return;
    }
    const where = referenceOf(live.call);
    this.#context.logger.error({ ...where, error: thrown }, 'a handler threw');
    this.#fail(live, 'handler_failed', { kind: 'handler_failed' });
  }

  #expire(live: LiveCall): void {
    live.deadlineTimer = undefined;
    const { timeoutMs } = live;
    const output = failureOutput(failureText({ kind: 'handler_timeout', timeoutMs }));
    const { sessionId, callId, tool } = live.call;
    abortCall(live, new SessionMeshError('handler_timeout', { sessionId, callId, tool }));
    this.#finish(live, 'timed.out', output, 'handler_timeout');
  }

  #fail(live: LiveCall, code: ErrorCode, failure: Failure): void {
    this.#finish(live, 'finished', failureOutput(failureText(failure)), code);
  }

  /** Records the answer and hands it over. What comes after a call is over ends here. */
  #finish(
    live: LiveCall,
    event: 'finished' | 'timed.out',
    output: ToolOutput,
    code: ErrorCode | null,
  ): void {
    const ran = live.open.state === 'running';
    if (!this.#ledger.answer(live.open, event, output)) {
      this.#late += 1;
      this.#context.announce(() => ({ type: 'call.late', ...referenceOf(live.call) }));
      return;
    }
    const durationMs = this.#stop(live, ran);
    live.record.output = output;
    live.record.code = code;
    live.record.durationMs = durationMs;
    const { success } = output;
    this.#context.announce(() => ({
      type: 'call.answered',
      success,
      code,
      durationMs,
      ...referenceOf(live.call),
    }));
    this.#outbox.submit(live, output);
  }

  #cancel(live: LiveCall, reason: string): void {
    const { state } = live.open;
    if (state !== 'waiting' && state !== 'running') return;
    this.#ledger.advance(live.open, 'cancelled');
    live.record.durationMs = this.#stop(live, state === 'running');
    live.record.code = 'call_cancelled';
    const { sessionId, callId, tool } = live.call;
    const found = reason;
    abortCall(live, new SessionMeshError('call_cancelled', { found, sessionId, callId, tool }));
    this.#settle(live, 'cancelled', 0);
  }

  /** Gives back the timer and the slot. Returns how long the call took so far. */
  #stop(live: LiveCall, ran: boolean): number {
    const { clock } = this.#context.env;
    if (live.deadlineTimer !== undefined) clock.clearTimeout(live.deadlineTimer);
    live.deadlineTimer = undefined;
    if (ran) this.#admission.leave(live);
    else {
      this.#admission.withdraw(live);
      if (live.tool?.policy.approval === 'always') this.approvals.withdraw(live);
    }
    return clock.monotonic() - live.takenAtMs;
  }

  #settle(live: LiveCall, outcome: CallOutcome, submissions: number): void {
    const { record, owner, open } = live;
    record.outcome = outcome;
    record.submissions = submissions;
    owner.live?.delete(open.key);
    this.#context.announce(() => ({
      type: 'call.settled',
      outcome,
      success: record.output?.success ?? null,
      code: record.code,
      durationMs: record.durationMs ?? 0,
      submissions,
      ...referenceOf(live.call),
    }));
    live.onSettled?.();
    if (owner.live?.size === 0) owner.onIdle();
  }

  #repeat(call: HostCall, source: CallSource): void {
    this.#repeated += 1;
    this.#context.announce(() => ({ type: 'call.repeated', source, ...referenceOf(call) }));
  }

  /** A list names every open call each time, so only a signal counts as a repeated delivery. */
  #join(owner: SessionCalls, call: HostCall, source: CallSource, key: string): void {
    const live = owner.live?.get(key);
    if (live && source === 'signal') {
      live.record.deliveries += 1;
      this.#repeat(call, source);
    }
    this.#outbox.redeliver(key);
  }

  /** The same bytes once more; or, for a call that ended without an answer, why there is none. */
  #answerAgain(call: HostCall, output: ToolOutput | null): void {
    const answer = output ?? failureOutput(failureText({ kind: 'cancelled' }));
    const onRefused = (thrown: unknown) => {
      const fields = { ...referenceOf(call), error: messageOf(thrown) };
      this.#context.logger.warn(fields, 'a repeated answer was not taken');
    };
    try {
      Promise.resolve(this.#context.host.answer(call, answer)).catch(onRefused);
    } catch (thrown) {
      onRefused(thrown);
    }
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
