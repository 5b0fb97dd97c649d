/**
 * One session as the mesh serves it: signals in, calls to the dispatcher, steps to the actor.
 * What a user holds of it is `Session`.
 */
import type { CallSource } from '../../machines/session.ts';
import type { Clock, Env } from '../env.ts';
import { errorTable, messageOf, SessionMeshError, type ErrorCode } from '../errors.ts';
import type { Host, HostCall } from '../hosts/host.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { Catalog } from '../tools/catalog.ts';
import type { Approvals } from './approvals.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { DispatchRecord } from './dispatch-record.ts';
import type { Announce } from './event.ts';
import { referenceOf, type LiveCall, type SessionCalls } from './live-call.ts';
import { Reconciler, type Reconciled } from './reconciler.ts';
import type { SessionActor } from './session-actor.ts';
import { Turns, type TurnEnd, type TurnResult } from './turn.ts';
import type { AwaitedSession } from './turn-wait.ts';

export interface SessionCoreContext {
  readonly host: Host;
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly dispatcher: Dispatcher;
  readonly announce: Announce;
  /** Who hands calls to the sessions. */
  readonly intake: 'host' | 'user';
  /** The session is over; its id is free. */
  onOver(session: SessionCore): void;
}

export interface SessionCoreOptions {
  readonly sessionId: string;
  readonly actor: SessionActor;
  readonly catalog: Catalog;
  readonly handlerTimeoutMs: number | undefined;
}

export interface CloseOptions {
  /** What becomes of the thread: kept by default. */
  readonly fate?: 'keep' | 'archive' | 'delete' | undefined;
  /** How long running handlers may go on, in milliseconds. */
  readonly graceMs?: number | undefined;
}

function isErrorCode(code: string | null): code is ErrorCode {
  return code !== null && code in errorTable;
}

/** Resolves once the call is over. */
export function whenSettled(live: LiveCall): Promise<void> {
  return new Promise((resolve) => {
    const before = live.onSettled;
    live.onSettled = () => {
      before?.();
      resolve();
    };
    if (live.record.outcome !== null) resolve();
  });
}

export class SessionCore implements SessionCalls, Reconciled, AwaitedSession {
  readonly #context: SessionCoreContext;
  readonly #actor: SessionActor;
  readonly sessionId: string;
  readonly catalog: Catalog;
  readonly handlerTimeoutMs: number | undefined;
  readonly live: LiveCall[] = [];
  waiting: LiveCall[] | null = null;
  laneLoads: Map<string, number> | null = null;
  running = 0;
  #turns: Turns | undefined;
  #reconciler: Reconciler | undefined;
  #overWaiters: Set<(cause: SessionMeshError) => void> | undefined;
  #stateWaiters: (() => void)[] = [];
  #cause: SessionMeshError | undefined;
  #closing: Promise<void> | undefined;
  /** The turn that was sent and is not known to be accepted or refused. Resolves to null if it is refused. */
  #sentTurn: Promise<string | null> | undefined;

  constructor(context: SessionCoreContext, options: SessionCoreOptions) {
    this.#context = context;
    this.#actor = options.actor;
    this.sessionId = options.sessionId;
    this.catalog = options.catalog;
    this.handlerTimeoutMs = options.handlerTimeoutMs;
    this.#actor.listener = () => this.#onChange();
  }

  get actor(): SessionActor {
    return this.#actor;
  }
  get clock(): Clock {
    return this.#context.env.clock;
  }
  get limits(): Limits {
    return this.#context.limits;
  }
  get host(): Host {
    return this.#context.host;
  }
  get approvals(): Approvals {
    return this.#context.dispatcher.approvals;
  }
  get dispatchMode() {
    return this.#actor.dispatchMode;
  }
  get linked(): boolean {
    return this.#actor.isLinked;
  }
  get turnActive(): boolean {
    return this.#actor.turnId !== null;
  }

  // Calls

  /**
   * The intake of both sources: consult the lock, take it if it is free, claim the call. One synchronous
   * step. Returns the call if it is new.
   * @throws SessionMeshError `dispatch_conflict` for a polled call while `signal` holds a strict lock.
   */
  take(call: HostCall, source: CallSource): LiveCall | undefined {
    if (!this.#actor.accepts(source)) {
      this.#decline(call, source);
      return undefined;
    }
    if (this.#actor.dispatchMode !== source) {
      this.#actor.send({ type: source === 'signal' ? 'signal.taken' : 'polling.taken' });
    }
    return this.#context.dispatcher.take(this, call, source);
  }

  knows(call: HostCall): boolean {
    return this.#context.dispatcher.knows(call);
  }

  serves(call: HostCall): boolean {
    return this.#context.dispatcher.serves(call);
  }

  /** The host no longer waits for this call. */
  withdraw(call: HostCall, reason: string): void {
    this.#context.dispatcher.withdraw(this, call, reason);
  }

  onTaken(turnId: string, record: DispatchRecord): void {
    this.turns.addDispatch(turnId, record);
  }

  onIdle(): void {
    if (this.#actor.phase === 'closing') this.#actor.send({ type: 'calls.settled' });
  }

  /** One pass over the host's list; resolves when the calls it took have ended. */
  async drain(signal?: AbortSignal): Promise<readonly DispatchRecord[]> {
    const listed = await this.#context.host.pendingCalls(this.sessionId, signal);
    const taken = listed.flatMap((call) => this.take(call, 'polling') ?? []);
    this.onReconciled();
    await Promise.all(taken.map(whenSettled));
    return taken.map((live) => live.record);
  }

  #decline(call: HostCall, source: CallSource): void {
    const { phase, dispatchMode } = this.#actor;
    // While a session opens, its calls stay with the host, which lists them again afterwards.
    if (phase === 'draft' || phase === 'opening') return;
    const code = phase === 'running' ? 'dispatch_conflict' : 'session_closed';
    this.#context.announce(() => ({ type: 'call.declined', source, code, ...referenceOf(call) }));
    if (phase !== 'running') this.#context.dispatcher.decline(call, { kind: 'cancelled' });
    else if (source === 'polling') throw this.conflict(source, dispatchMode, call.callId);
  }

  conflict(attempted: CallSource, holder: string, callId?: string): SessionMeshError {
    return new SessionMeshError('dispatch_conflict', {
      expected: `the lock of session to be free or held by '${attempted}'`,
      found: `it held by '${holder}', attempted '${attempted}'`,
      sessionId: this.sessionId,
      ...(callId === undefined ? {} : { callId }),
    });
  }

  // Turns

  get turns(): Turns {
    this.#turns ??= new Turns(this.sessionId, this.clock, this.limits);
    return this.#turns;
  }

  /** Follows a turn that is being sent, so that a session that closes meanwhile does not leave it behind. */
  expectTurn(sent: Promise<{ turnId: string }>): Promise<{ turnId: string }> {
    const landed = sent.then(
      ({ turnId }) => turnId,
      () => null,
    );
    this.#sentTurn = landed;
    void landed.then(() => {
      if (this.#sentTurn === landed) this.#sentTurn = undefined;
    });
    return sent;
  }

  onTurnStarted(turnId: string): void {
    const { sessionId } = this;
    if (this.turns.begin(turnId)) {
      this.#context.announce(() => ({ type: 'turn.started', sessionId, turnId }));
    }
    if (this.turns.hasEnded(turnId) || this.#actor.turnId === turnId) return;
    this.#actor.send({ type: 'turn.started', turnId });
  }

  onTurnEnded(turnId: string, end: TurnEnd): void {
    const calls = this.live.filter((live) => live.call.turnId === turnId);
    for (const { call } of calls) this.withdraw(call, `the turn is over: ${end.status}`);
    this.#context.dispatcher.durability?.forsake(this.sessionId);
    const result = this.turns.end(turnId, end);
    this.#actor.send({ type: 'turn.ended', turnId });
    if (!result) return;
    const { sessionId, status, error, reply, durationMs, dispatches } = result;
    this.#context.announce(() => ({
      type: 'turn.ended',
      sessionId,
      turnId,
      status,
      error,
      reply,
      durationMs,
      calls: dispatches.length,
    }));
  }

  whenTurnEnded(turnId: string, notify: (result: TurnResult) => void): () => void {
    return this.turns.whenEnded(turnId, notify);
  }

  /** Interrupts the active turn. Does nothing if there is none. */
  async interrupt(signal?: AbortSignal): Promise<void> {
    const { turnId } = this.#actor;
    if (turnId === null) return;
    this.#actor.send({ type: 'turn.interrupting' });
    await this.#context.host.interrupt(this.sessionId, turnId, signal);
  }

  // Link

  onLinkLost(): void {
    this.#actor.send({ type: 'link.lost' });
  }

  onResumed(): void {
    this.#actor.send({ type: 'link.restored' });
    this.#context.dispatcher.flush(this.sessionId);
    if (this.#actor.acceptsPolling) this.reconcile();
  }

  /** Starts one pass over the host's pending calls; a failure is logged and tried again later. */
  reconcile(): void {
    if (this.#context.intake === 'user') return;
    this.reconciler.reconcile().catch((thrown: unknown) => {
      const fields = { sessionId: this.sessionId, error: messageOf(thrown) };
      this.#context.logger.warn(fields, 'could not reconcile');
      this.reconciler.schedule();
    });
  }

  get reconciler(): Reconciler {
    this.#reconciler ??= new Reconciler(this.#context, this);
    return this.#reconciler;
  }

  onReconciled(): void {
    if (!this.turnActive) this.#context.dispatcher.durability?.forsake(this.sessionId);
    // While the link is lost there are no signals to go back to.
    if (this.linked) this.#actor.send({ type: 'reconciled' });
  }

  onSilent(): void {
    this.#actor.send({ type: 'signal.silent' });
  }

  // Ends

  /** The session cannot go on. */
  fail(cause: SessionMeshError): void {
    this.#cause ??= cause;
    this.#actor.send({ type: 'link.gone', code: cause.code });
  }

  /** Why nothing can be asked of this session any more, or undefined if it is running. */
  get obstacle(): SessionMeshError | undefined {
    const { phase, failure } = this.#actor;
    const { sessionId } = this;
    if (phase === 'running') return undefined;
    if (phase !== 'failed') return new SessionMeshError('session_closed', { sessionId });
    const cause = this.#cause;
    if (cause)
      return new SessionMeshError('session_failed', { found: cause.message, sessionId, cause });
    return new SessionMeshError(isErrorCode(failure) ? failure : 'session_failed', { sessionId });
  }

  whenOver(notify: (cause: SessionMeshError) => void): () => void {
    const { obstacle } = this;
    if (obstacle && this.#actor.isOver) {
      notify(obstacle);
      return () => {};
    }
    this.#overWaiters ??= new Set();
    this.#overWaiters.add(notify);
    return () => this.#overWaiters?.delete(notify);
  }

  /** Idempotent: a second call joins the first. */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  async #close({ fate = 'keep', graceMs }: CloseOptions): Promise<void> {
    this.#actor.send({ type: 'close', ...(graceMs === undefined ? {} : { graceMs }) });
    if (this.live.length === 0) this.#actor.send({ type: 'calls.settled' });
    await this.#until(() => this.#actor.isReleasing || this.#actor.isOver);
    if (this.#actor.isOver) return;
    this.#context.dispatcher.cancelAll(this, 'the session is closing');
    this.#release(fate).then(
      () => this.#actor.send({ type: 'released' }),
      (thrown: unknown) => {
        const fields = { sessionId: this.sessionId, error: messageOf(thrown) };
        this.#context.logger.warn(fields, 'the host did not let go of a session');
        this.#actor.send({ type: 'released' });
      },
    );
    await this.#until(() => this.#actor.isOver);
  }

  async #release(fate: 'keep' | 'archive' | 'delete'): Promise<void> {
    const { host } = this.#context;
    // A turn may be accepted just now: nobody would answer for it. The release deadline bounds the wait.
    const sentTurnId = this.#sentTurn && (await this.#sentTurn);
    const turnId = sentTurnId ?? this.#actor.turnId;
    if (turnId !== null) {
      await host.interrupt(this.sessionId, turnId);
      await this.#turnOver(turnId);
    }
    await host.release(this.sessionId, fate);
  }

  /** Until the turn has ended, or the session has, which its release deadline makes sure of. */
  #turnOver(turnId: string): Promise<void> {
    return new Promise((resolve) => {
      this.whenTurnEnded(turnId, () => resolve());
      this.whenOver(() => resolve());
    });
  }

  #until(isReached: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!isReached()) return;
        this.#stateWaiters = this.#stateWaiters.filter((waiter) => waiter !== check);
        resolve();
      };
      this.#stateWaiters.push(check);
      check();
    });
  }

  #onChange(): void {
    const { sessionId } = this;
    const { state, dispatchMode, phase } = this.#actor;
    this.#context.announce(() => ({ type: 'session.changed', sessionId, state, dispatchMode }));
    for (const check of this.#stateWaiters) check();
    if (phase === 'closed' || phase === 'failed') this.#end();
    else if (this.#context.intake === 'user') return;
    else if (dispatchMode === 'polling' || this.turnActive) this.reconciler.schedule();
  }

  #end(): void {
    const { sessionId } = this;
    const cause = this.obstacle ?? new SessionMeshError('session_closed', { sessionId });
    this.#reconciler?.stop();
    this.#context.dispatcher.cancelAll(this, 'the session is over');
    for (const notify of this.#overWaiters ?? []) notify(cause);
    this.#overWaiters?.clear();
    this.#actor.listener = undefined;
    this.#context.announce(() =>
      this.#actor.phase === 'failed'
        ? { type: 'session.failed', sessionId, fault: cause.toJSON() }
        : { type: 'session.closed', sessionId },
    );
    this.#context.onOver(this);
  }
}
