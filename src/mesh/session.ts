/** The session a user holds: one Codex thread with its bound catalog. */
import type { CallSource, DispatchMode, DispatchPolicy } from '../../machines/session.ts';
import { SessionMeshError } from '../errors.ts';
import { injectRequest, instructionText } from '../tools/instructions.ts';
import type { CatalogPart } from '../tools/catalog.ts';
import type { ApprovalDecision } from '../tools/contract.ts';
import type { PendingApproval } from './approvals.ts';
import type { DispatchRecord } from './dispatch-record.ts';
import type { SessionCore } from './session-core.ts';
import type { TurnResult } from './turn.ts';
import { waitForTurn, type TurnWait } from './turn-wait.ts';

/** How a session is closed. */
export interface SessionCloseOptions {
  /** Deletes the thread for good. By default it is kept and can be resumed by its id. */
  readonly delete?: boolean;
  /** Archives the thread. */
  readonly archive?: boolean;
  /** How long running handlers may go on before they are aborted, in milliseconds. */
  readonly graceMs?: number;
}

/** Options of everything that waits. */
export interface WaitOptions {
  readonly signal?: AbortSignal;
}

/** Options of `sendAndHandle`. */
export interface SendAndHandleOptions extends WaitOptions {
  /** How long the turn may take, in milliseconds; then it is interrupted. Default `turnTimeoutMs`. */
  readonly timeoutMs?: number;
}

/** Made by `mesh.createSession` and `mesh.resumeSession`. Close it, or let `await using` do so. */
export class Session implements AsyncDisposable {
  readonly #core: SessionCore;
  readonly #dispatch: DispatchPolicy;

  /** @internal */
  constructor(core: SessionCore, dispatch: DispatchPolicy) {
    this.#core = core;
    this.#dispatch = dispatch;
  }

  /** What serves the session, for a facade that hands it calls itself. @internal */
  get core(): SessionCore {
    return this.#core;
  }

  /** The id of the thread; `threadId` on the Codex wire. */
  get id(): string {
    return this.#core.sessionId;
  }

  /** The tools and namespaces of the session, in the order they were added. Fixed since it opened. */
  get tools(): readonly CatalogPart[] {
    return this.#core.catalog.list();
  }

  /**
   * The catalog in words, for a model that is told of its tools in text: deterministic, each description
   * one line, output contracts included. Empty for an empty catalog.
   */
  instructionText(): string {
    return instructionText(this.#core.catalog);
  }

  /** `text` as a request below the catalog in words; `text` itself for an empty catalog. */
  injectRequest(text: string): string {
    return injectRequest(this.#core.catalog, text);
  }

  /** Who holds the dispatch lock: whether calls are taken from signals, from polling, or from whoever comes first. */
  get dispatchMode(): DispatchMode {
    return this.#core.dispatchMode;
  }

  /** The value of the session's state chart. */
  get state(): unknown {
    return this.#core.actor.state;
  }

  /** The turn that is active, or null. */
  get turnId(): string | null {
    return this.#core.actor.turnId;
  }

  /**
   * Begins a turn; resolves when the host has accepted it.
   * @throws SessionMeshError `text_invalid`, `turn_active`, `turn_lost` (not accepted, safe to send
   * again), `session_closed`, `session_failed`, or why the host refused.
   */
  async send(text: string, { signal }: WaitOptions = {}): Promise<{ turnId: string }> {
    this.#checkText(text);
    this.#checkIdle();
    return { turnId: await this.#begin(text, signal) };
  }

  /**
   * Begins a turn, serves its tool calls and resolves when it has ended, however it ended: look at
   * `status`. At the deadline, or when `signal` aborts, the turn is interrupted.
   * Under the `strict` dispatch policy it holds the lock for polling.
   * @throws SessionMeshError as `send`, and `turn_timeout`, `dispatch_conflict`.
   */
  async sendAndHandle(text: string, options: SendAndHandleOptions = {}): Promise<TurnResult> {
    this.#checkText(text);
    this.#checkTimeout(options.timeoutMs);
    options.signal?.throwIfAborted();
    this.#checkIdle();
    if (this.#dispatch === 'strict') this.#hold('polling');
    const turnId = await this.#begin(text, options.signal);
    const wait: TurnWait = { timeoutMs: options.timeoutMs, signal: options.signal };
    return waitForTurn(this.#core, turnId, wait);
  }

  /** Waits for a turn that was begun by `send`. @throws SessionMeshError `turn_timeout`. */
  turnEnded(turnId: string, options: SendAndHandleOptions = {}): Promise<TurnResult> {
    this.#checkTimeout(options.timeoutMs);
    const { timeoutMs, signal } = options;
    return waitForTurn(this.#core, turnId, { timeoutMs, signal });
  }

  /** Adds input to the active turn. @throws SessionMeshError `turn_none` if there is none. */
  async steer(text: string, { signal }: WaitOptions = {}): Promise<void> {
    this.#checkText(text);
    await this.#core.host.steer(this.id, this.#activeTurn(), text, signal);
  }

  /** Interrupts the active turn. @throws SessionMeshError `turn_none` if there is none. */
  async interrupt({ signal }: WaitOptions = {}): Promise<void> {
    this.#activeTurn();
    await this.#core.interrupt(signal);
  }

  /**
   * Takes what the host lists as unanswered and resolves when those calls have ended, with one record each.
   * @throws SessionMeshError `dispatch_conflict` under `strict` while signals hold the lock.
   */
  drainPendingCalls({ signal }: WaitOptions = {}): Promise<readonly DispatchRecord[]> {
    const { obstacle } = this.#core;
    return obstacle ? Promise.reject(obstacle) : this.#core.drain(signal);
  }

  /** Calls that wait for somebody to agree, oldest first. */
  get approvals(): readonly PendingApproval[] {
    return this.#core.approvals.list(this.id);
  }

  /**
   * Decides a pending approval: `true`, or `{ denied: reason }`, which the model is told.
   * @throws SessionMeshError `approval_unknown` if nothing waits under this id in this session.
   */
  decideApproval(approvalId: string, decision: ApprovalDecision): void {
    const isMine = this.approvals.some(({ id }) => id === approvalId);
    if (isMine && this.#core.approvals.decide(approvalId, decision)) return;
    throw new SessionMeshError('approval_unknown', { found: approvalId, sessionId: this.id });
  }

  /** Frees the dispatch lock, at once and always. The ledger is not touched: nothing runs twice. */
  resetDispatchMode(): void {
    this.#core.actor.send({ type: 'dispatch.reset' });
  }

  /**
   * Ends the session: no new calls, running handlers get `graceMs`, an active turn is interrupted, the
   * thread is kept, archived or deleted. Idempotent; never rejects because the host is gone.
   */
  close(options: SessionCloseOptions = {}): Promise<void> {
    const fate = options.delete ? 'delete' : options.archive ? 'archive' : 'keep';
    return this.#core.close({ fate, graceMs: options.graceMs });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #begin(text: string, signal: AbortSignal | undefined): Promise<string> {
    const { actor, host } = this.#core;
    actor.send({ type: 'turn.requested' });
    try {
      const { turnId } = await this.#core.expectTurn(host.startTurn(this.id, text, signal));
      this.#core.onTurnStarted(turnId);
      return turnId;
    } catch (thrown) {
      actor.send({ type: 'turn.refused' });
      throw this.#core.obstacle ?? thrown;
    }
  }

  #hold(source: CallSource): void {
    const { actor } = this.#core;
    if (!actor.accepts(source)) throw this.#core.conflict(source, actor.dispatchMode);
    if (actor.dispatchMode !== source) actor.send({ type: 'polling.taken' });
  }

  #activeTurn(): string {
    if (this.#core.obstacle) throw this.#core.obstacle;
    const { turnId } = this.#core.actor;
    if (turnId === null) throw new SessionMeshError('turn_none', { sessionId: this.id });
    return turnId;
  }

  #checkIdle(): void {
    if (this.#core.obstacle) throw this.#core.obstacle;
    const { isTurnIdle, turnId } = this.#core.actor;
    if (isTurnIdle) return;
    throw new SessionMeshError('turn_active', {
      sessionId: this.id,
      ...(turnId === null ? {} : { turnId }),
    });
  }

  #checkText(text: string): void {
    const { textCharsMax } = this.#core.limits;
    const expected = `a text that is not blank, of at most ${textCharsMax} characters`;
    const sessionId = this.id;
    if (typeof text !== 'string') {
      throw new SessionMeshError('text_invalid', { expected, found: typeof text, sessionId });
    }
    if (text.trim() === '' || text.length > textCharsMax) {
      const found = text.trim() === '' ? 'a blank text' : `${text.length} characters`;
      throw new SessionMeshError('text_invalid', { expected, found, sessionId });
    }
  }

  #checkTimeout(timeoutMs: number | undefined): void {
    if (timeoutMs === undefined || (Number.isFinite(timeoutMs) && timeoutMs > 0)) return;
    const expected = 'a timeoutMs above zero';
    throw new SessionMeshError('option_invalid', {
      expected,
      found: String(timeoutMs),
      sessionId: this.id,
    });
  }
}
