/**
 * The dispatcher: claim → execute → record → submit. One for all sessions of a mesh.
 *
 * - D1 The claim comes first and is synchronous: whoever finds it taken never runs a handler (M1).
 * - D2 An answer is recorded in the ledger before it is submitted (M5), and recorded once.
 * - D3 A call that is over (deadline, turn, session) has aborted its handler's signal and has given
 *   its slot back; what the handler returns afterwards is dropped and counted.
 */
import type { CallOutcome } from '../../machines/call-outcome.ts';
import type { CallSource } from '../../machines/session.ts';
import type { Env } from '../env.ts';
import { messageOf, SessionMeshError, type ErrorCode } from '../errors.ts';
import type { Host, HostCall } from '../hosts/host.ts';
import type { Journal } from '../ledger/journal.ts';
import { callFingerprint, callKey } from '../ledger/call-record.ts';
import { Ledger, type LedgerStats } from '../ledger/ledger.ts';
import type { LedgerCall } from '../ledger/ledger-call.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { Tool, ToolOutput } from '../tools/contract.ts';
import { failureText, type Failure } from '../tools/failure.ts';
import { failureOutput } from '../tools/output.ts';
import type { Approvals } from './approvals.ts';
import { CommitQueue } from './commit-queue.ts';
import { Durability } from './durability.ts';
import { openDispatchRecord } from './dispatch-record.ts';
import {
  callAnswered,
  callClaimed,
  callLate,
  callSettled,
  type AnnounceCall,
} from './call-event.ts';
import type { Announce } from './event.ts';
import { Execution } from './execution.ts';
import { abortCall, LiveCall, referenceOf, type SessionCalls } from './live-call.ts';
import { Outbox } from './outbox.ts';
import { Repeats } from './repeats.ts';

export interface DispatcherContext {
  readonly host: Host;
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly announce: Announce;
  readonly announceCall: AnnounceCall;
  /** Makes claims and outcomes outlive the process. */
  readonly journal: Journal | null;
  /** Takes the calls of tools that a catalog does not have. */
  readonly otherwise: Tool | undefined;
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

/** The tool's own deadline wins over the session's, and that over the mesh's. */
function timeoutMsOf(tool: Tool | undefined, owner: SessionCalls, limits: Limits): number {
  const ownMs = tool?.policy.timeoutMs;
  if (tool?.policy.external) return ownMs ?? Infinity;
  return ownMs ?? owner.handlerTimeoutMs ?? limits.handlerTimeoutMs;
}

function liveCall({ live }: SessionCalls, key: string): LiveCall | undefined {
  return live.find(({ open }) => open.key === key);
}

export class Dispatcher {
  readonly #context: DispatcherContext;
  readonly #ledger: Ledger;
  readonly #durability: Durability | null;
  readonly #execution: Execution;
  readonly #outbox: Outbox;
  readonly #repeats: Repeats;
  /** Calls that were over before their answer was recorded: nobody may see it until it is. */
  readonly #unrecorded = new Set<string>();
  /** Calls whose answer is not committed yet. */
  readonly #answers = new CommitQueue<LiveCall>(
    (live) => this.#submit(live),
    (live, cause) => this.#recordAgain(live, cause),
  );
  #repeated = 0;
  #late = 0;
  #reused = 0;

  constructor(context: DispatcherContext) {
    this.#context = context;
    this.#ledger = new Ledger(context.limits, context.env.clock.monotonic);
    const { journal } = context;
    const ledger = this.#ledger;
    this.#durability = journal && new Durability({ ...context, journal, ledger });
    this.#execution = new Execution({
      ...context,
      ledger,
      durability: this.#durability,
      onAnswer: (live, event, output, code) => this.#finish(live, event, output, code),
    });
    this.#outbox = new Outbox({
      ...context,
      ledger: this.#ledger,
      onSettled: (live, outcome, submissions) => this.#settle(live, outcome, submissions),
    });
    this.#repeats = new Repeats({
      ...context,
      isAnswering: (key) => this.#outbox.isAnswering(key),
    });
  }

  get stats(): DispatcherStats {
    return {
      running: this.#execution.running,
      waiting: this.#execution.waiting,
      unconfirmed: this.#outbox.size + this.#repeats.size,
      repeated: this.#repeated,
      late: this.#late,
      reused: this.#reused,
      ledger: this.#ledger.stats,
    };
  }

  /** Null where calls do not outlive the process. */
  get durability(): Durability | null {
    return this.#durability;
  }

  get approvals(): Approvals {
    return this.#execution.approvals;
  }

  /** Takes one delivery of a call; returns it if it is new. Synchronous, and never throws. */
  take(owner: SessionCalls, call: HostCall, source: CallSource): LiveCall | undefined {
    const key = callKey(call);
    const fingerprint = callFingerprint(call.tool, call.namespace, call.arguments);
    const claim = this.#ledger.claim(key, owner.sessionId, fingerprint, call.requestId);
    switch (claim.type) {
      case 'new': {
        this.#repeats.withdraw(key);
        const live = this.#admit(owner, call, claim.open, source);
        this.#execution.begin(live);
        return live;
      }
      case 'open':
        this.#join(owner, call, source, key);
        return undefined;
      case 'finished':
        this.#repeat(call, source);
        this.#answerOnceMore(call, claim.call);
        return undefined;
      case 'reused':
        this.#refuseReused(call, source);
        return undefined;
    }
  }

  /** Whether this delivery is of a call that was taken before. */
  knows(call: HostCall): boolean {
    return this.#ledger.knows(callKey(call), call.sessionId);
  }

  /** Whether the call is open here, or its answer is being handed over once more. */
  serves(call: HostCall): boolean {
    const key = callKey(call);
    return this.#ledger.isOpen(key) || this.#repeats.has(key);
  }

  /**
   * Answers a call that nobody takes, so that its turn does not wait for ever. One that was taken before is
   * not declined: it runs and will be answered, or is given the same answer again.
   */
  decline(call: HostCall, failure: Failure): void {
    const key = callKey(call);
    const refusal = failureOutput(failureText(failure));
    if (failure.kind === 'key_reused') this.#answerAgain(call, refusal);
    else if (this.#ledger.isOpen(key)) this.#outbox.redeliver(key);
    else if (!this.#unrecorded.has(key)) {
      this.#answerAgain(call, this.#ledger.answerOf(key, call.sessionId) ?? refusal);
    }
  }

  /** The host no longer waits for this call. */
  withdraw(owner: SessionCalls, call: HostCall, reason: string): void {
    const key = callKey(call);
    const live = liveCall(owner, key);
    if (live) this.#cancel(live, reason);
    if (!this.#outbox.abandon(key) && live) this.#forgo(live);
    this.#repeats.withdraw(key);
  }

  /**
   * Ends every live call of the session; the host is told, as far as it can be reached. An answer that is
   * just being recorded follows as soon as it is.
   */
  cancelAll(owner: SessionCalls, reason: string): void {
    for (const live of owner.live.slice()) {
      const { output, key } = live.open;
      this.#cancel(live, reason);
      if (output === null) this.decline(live.call, { kind: 'cancelled' });
      else if (this.#outbox.abandon(key)) this.#answerAgain(live.call, output);
      else this.#forgo(live);
    }
  }

  /** Sends what is held for a session whose link is back. */
  flush(sessionId: string): void {
    this.#outbox.flush(sessionId);
  }

  async close(): Promise<void> {
    this.#outbox.close();
    this.#repeats.close();
    await this.#durability?.close();
    this.#ledger.clear();
  }

  #admit(
    owner: SessionCalls,
    call: HostCall,
    open: LiveCall['open'],
    source: CallSource,
  ): LiveCall {
    const { env, limits, otherwise } = this.#context;
    const known = owner.catalog.find(call.namespace, call.tool);
    const tool = known ?? otherwise;
    const record = openDispatchRecord(call, known, source, env.clock.now());
    const live = new LiveCall({
      call,
      open,
      owner,
      record,
      tool,
      attempt: this.#durability?.attemptOf(open.key) ?? 1,
      takenAtMs: env.clock.monotonic(),
      timeoutMs: timeoutMsOf(tool, owner, limits),
    });
    owner.live.push(live);
    owner.onTaken(call.turnId, record);
    this.#context.announceCall(callClaimed, live);
    return live;
  }

  /** Records the answer and hands it over. What comes after a call is over ends here. */
  #finish(
    live: LiveCall,
    event: 'finished' | 'timed.out',
    output: ToolOutput,
    code: ErrorCode | null,
  ): void {
    if (!this.#ledger.answer(live.open, event, output)) {
      this.#late += 1;
      this.#context.announceCall(callLate, live);
      return;
    }
    const durationMs = this.#stop(live);
    live.record.output = output;
    live.record.code = code;
    live.record.durationMs = durationMs;
    this.#context.announceCall(callAnswered, live);
    if (this.#durability) this.#recordAndSubmit(live, output, code, this.#durability);
    else this.#outbox.submit(live, output);
  }

  /** M5: the answer is on disk before anybody sees it. */
  #recordAndSubmit(
    live: LiveCall,
    output: ToolOutput,
    code: ErrorCode | null,
    durability: Durability,
  ): void {
    try {
      // A call that was answered without a handler was not recorded before.
      if (!live.isJournaled) durability.intent(live).catch(() => {});
      this.#answers.add(live, durability.outcome(live, output, code));
    } catch (thrown) {
      this.#onUnrecorded(live, thrown);
    }
  }

  /** Hands over an answer that is recorded; the call may be over meanwhile. */
  #submit(live: LiveCall): void {
    const { output } = live.open;
    if (!output) return;
    if (live.record.outcome === null) {
      this.#outbox.submit(live, output);
      return;
    }
    this.#unrecorded.delete(live.open.key);
    this.#answerAgain(live.call, output);
  }

  #recordAgain(live: LiveCall, cause: unknown): void {
    this.#durability?.retry(cause).then(
      () => this.#submit(live),
      (thrown: unknown) => this.#onUnrecorded(live, thrown),
    );
  }

  #onUnrecorded(live: LiveCall, thrown: unknown): void {
    const fields = { ...referenceOf(live.call), error: messageOf(thrown) };
    this.#context.logger.error(fields, 'an answer was not recorded');
    // A refusal of the journal itself concerns calls that no handler ran for: those are safe to answer.
    if (!live.isJournaled) this.#submit(live);
  }

  #cancel(live: LiveCall, reason: string): void {
    const { state } = live.open;
    if (state !== 'waiting' && state !== 'running') return;
    this.#ledger.advance(live.open, 'cancelled');
    live.record.durationMs = this.#stop(live);
    live.record.code = 'call_cancelled';
    const { sessionId, callId, tool } = live.call;
    const found = reason;
    abortCall(live, new SessionMeshError('call_cancelled', { found, sessionId, callId, tool }));
    this.#settle(live, 'cancelled', 0);
  }

  /** The call is over while its answer is still being recorded. */
  #forgo(live: LiveCall): void {
    if (live.open.output) this.#unrecorded.add(live.open.key);
    const outcome = this.#ledger.advance(live.open, 'gone');
    if (typeof outcome === 'string') this.#settle(live, outcome, 0);
  }

  /** Gives back what the call holds. Returns how long it took so far, in milliseconds. */
  #stop(live: LiveCall): number {
    this.#execution.end(live);
    return this.#context.env.clock.monotonic() - live.takenAtMs;
  }

  #settle(live: LiveCall, outcome: CallOutcome, submissions: number): void {
    const { record, owner } = live;
    record.outcome = outcome;
    record.submissions = submissions;
    this.#durability?.settled(live, outcome);
    owner.live.splice(owner.live.indexOf(live), 1);
    this.#context.announceCall(callSettled, live);
    live.onSettled?.();
    if (owner.live.length === 0) owner.onIdle();
  }

  #refuseReused(call: HostCall, source: CallSource): void {
    this.#reused += 1;
    this.#context.logger.error(referenceOf(call), 'a call key came again with other arguments');
    const code = 'call_key_reused';
    this.#context.announce(() => ({ type: 'call.declined', source, code, ...referenceOf(call) }));
    this.decline(call, { kind: 'key_reused' });
  }

  #repeat(call: HostCall, source: CallSource): void {
    this.#repeated += 1;
    this.#context.announce(() => ({ type: 'call.repeated', source, ...referenceOf(call) }));
  }

  /** A list names every open call each time, so only a signal counts as a repeated delivery. */
  #join(owner: SessionCalls, call: HostCall, source: CallSource, key: string): void {
    const live = liveCall(owner, key);
    if (live && source === 'signal') {
      live.record.deliveries += 1;
      this.#repeat(call, source);
    }
    this.#outbox.redeliver(key);
  }

  /** Answers a call that is over; but one whose answer is not recorded yet only when it is (M5). */
  #answerOnceMore(call: HostCall, { key, output }: LedgerCall): void {
    if (this.#unrecorded.has(key)) return;
    this.#answerAgain(call, output, () => this.#durability?.confirmed(key));
  }

  /** The same bytes once more; or, for a call that ended without an answer, why there is none. */
  #answerAgain(call: HostCall, output: ToolOutput | null, onTaken?: () => void): void {
    const answer = output ?? failureOutput(failureText({ kind: 'cancelled' }));
    this.#repeats.send(call, answer, onTaken);
  }
}
