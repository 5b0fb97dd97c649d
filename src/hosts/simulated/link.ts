/**
 * The way between a mesh and the simulated server: it carries requests there and what happens back, it
 * can be lost and restored, and it resumes the sessions it listens to by itself.
 *
 * - L1 A reply comes in a later microtask than its request, at the earliest.
 * - L2 What the near end notices by itself (a lost link, an epoch) is emitted at once; what needs the
 *   server's reply (resumes) comes later.
 * - L3 What happens on a session while nobody listens is kept, and emitted first when it is resumed (H4).
 */
import { eitherSignal, unlessAborted } from '../../abort.ts';
import { sleep } from '../../env.ts';
import { SessionMeshError } from '../../errors.ts';
import type { HostCall, HostContext } from '../host.ts';
import type { SimulatedServer } from './server.ts';
import type { ThreadSignal } from './turn.ts';

/** How a link behaves. */
export interface LinkOptions {
  /** Requests get through while the stream is down, as over HTTP. */
  readonly listsWhileLost: boolean;
  /** How long a request is under way, and its reply again. */
  readonly latencyMs: number;
  /** How long the model thinks before each step. */
  readonly stepMs: number;
  /** How long the server is down when it restarts. */
  readonly restartMs: number;
  /** Whether a call is kept from the stream. */
  isWithheld(call: HostCall): boolean;
}

/** A session that is listened to. */
interface Attached {
  /** False from a loss of the link until the session is resumed. */
  live: boolean;
  /** What was not heard meanwhile. Calls are not kept: those still pending come again. */
  readonly missed: ThreadSignal[];
}

export class SimulatedLink {
  readonly #server: SimulatedServer;
  readonly #context: HostContext;
  readonly #options: LinkOptions;
  readonly #attached = new Map<string, Attached>();
  readonly #life = new AbortController();
  /** One period in which signals get through. */
  #stream = new AbortController();
  /** One epoch of the server. */
  #serverLife = new AbortController();
  #state: 'new' | 'online' | 'lost' = 'new';
  /** Somebody dropped the link, and has not restored it. */
  #held = false;
  #isResumed = false;
  /** Settled when `#isResumed` becomes true, or the link is over. */
  #resumed = Promise.withResolvers<void>();

  constructor(server: SimulatedServer, context: HostContext, options: LinkOptions) {
    this.#server = server;
    this.#context = context;
    this.#options = options;
  }

  /** Whether it was closed or has failed. */
  get isOver(): boolean {
    return this.#life.signal.aborted;
  }

  /** Whether a request or an answer would get through now. */
  get isReachable(): boolean {
    if (this.isOver || !this.#server.isUp) return false;
    return this.#state === 'online' || (this.#state === 'lost' && this.#options.listsWhileLost);
  }

  /** Starts the server and comes online. Does nothing the second time. */
  async start(signal?: AbortSignal): Promise<void> {
    this.refuseIfOver();
    await this.pause(this.#options.latencyMs, eitherSignal(signal, this.#life.signal));
    if (this.#state !== 'new') return;
    this.#boot();
    this.#goOnline();
  }

  /**
   * Has the server do `act`, there and back.
   * @throws SessionMeshError `stream_closed` if it does not get through, or the link is lost meanwhile;
   * and what `act` throws.
   */
  async request<Result>(act: () => Result, signal?: AbortSignal): Promise<Result> {
    this.refuseIfOver();
    if (!this.isReachable) throw lost('no link');
    const carrier = this.#options.listsWhileLost ? this.#serverLife.signal : this.#stream.signal;
    const either = eitherSignal(signal, carrier);
    await this.pause(this.#options.latencyMs, either);
    const result = act();
    await this.pause(this.#options.latencyMs, either);
    return result;
  }

  /** Listens to a session from now on. Returns whether it did not before. */
  attach(sessionId: string): boolean {
    const known = this.#attached.has(sessionId);
    if (!known) this.#attached.set(sessionId, { live: this.#state === 'online', missed: [] });
    return !known;
  }

  detach(sessionId: string): void {
    this.#attached.delete(sessionId);
  }

  /** Emits the turn that is active, if `withTurn`, and every pending call of a session. */
  deliver(sessionId: string, withTurn: boolean): void {
    if (!this.#attached.get(sessionId)?.live || !this.#server.has(sessionId)) return;
    const turnId = withTurn ? this.#server.activeTurn(sessionId) : null;
    if (turnId !== null) this.#hear({ type: 'turn.started', sessionId, turnId });
    for (const call of this.#server.pendingCalls(sessionId)) {
      this.#hear({ type: 'call.requested', call });
    }
  }

  /** Resolves once the link is back and all sessions are resumed; at once if nothing is lost. */
  async untilResumed(signal?: AbortSignal): Promise<void> {
    await (signal ? unlessAborted(this.#resumed.promise, signal) : this.#resumed.promise);
  }

  /** Waits for `ms`, at least until the next microtask. Rejects with the reason of `signal`. */
  async pause(ms: number, signal: AbortSignal = this.#life.signal): Promise<void> {
    if (ms > 0) await sleep(this.#context.env.clock, ms, signal);
    else await Promise.resolve();
    signal.throwIfAborted();
  }

  drop(): void {
    if (this.isOver || this.#state === 'new') return;
    this.#held = true;
    this.#lose(lost('the link was dropped'));
  }

  restore(): void {
    this.#held = false;
    if (!this.isOver && this.#state === 'lost' && this.#server.isUp) this.#goOnline();
  }

  /** Ends the server's epoch and begins another one after a while. */
  restart(): void {
    if (this.isOver || !this.#server.isUp) return;
    const cause = lost('the server restarted');
    this.#lose(cause);
    this.#serverLife.abort(cause);
    this.#server.shutDown();
    const comeBack = () => {
      this.#boot();
      if (!this.#held) this.#goOnline();
    };
    // It only rejects when the link is over, and then nothing comes back.
    void this.pause(this.#options.restartMs).then(comeBack, () => {});
  }

  /** The thread of a session is gone: deleted by somebody else. */
  loseSession(sessionId: string): void {
    this.#server.remove(sessionId);
    if (this.#attached.get(sessionId)?.live) this.#bury(sessionId);
  }

  /** The host gives up, for good. */
  fail(): void {
    if (this.isOver) return;
    const cause = new SessionMeshError('host_failed', { found: 'a failure that was asked for' });
    this.#lose(cause);
    this.close(cause);
    this.#context.emit({ type: 'host.failed', cause });
  }

  /** Ends everything at once; who waits hears `cause`. Does nothing the second time. */
  close(cause: SessionMeshError): void {
    if (this.isOver) return;
    this.#attached.clear();
    this.#life.abort(cause);
    this.#stream.abort(cause);
    this.#serverLife.abort(cause);
    this.#resumed.promise.catch(() => {});
    this.#resumed.reject(cause);
    this.#server.shutDown();
  }

  /** @throws SessionMeshError the reason why it is over. */
  refuseIfOver(): void {
    this.#life.signal.throwIfAborted();
  }

  #boot(): void {
    const { env, limits } = this.#context;
    const { latencyMs, stepMs } = this.#options;
    this.#server.boot({ env, limits, latencyMs, stepMs, tell: (signal) => this.#hear(signal) });
    this.#serverLife = new AbortController();
  }

  #goOnline(): void {
    this.#state = 'online';
    this.#stream = new AbortController();
    this.#context.emit({ type: 'host.online', epoch: this.#server.epoch });
    void this.#resumeAll(this.#stream.signal);
  }

  #lose(cause: SessionMeshError): void {
    if (this.#state !== 'online') return;
    this.#state = 'lost';
    for (const attached of this.#attached.values()) attached.live = false;
    if (this.#isResumed) this.#resumed = Promise.withResolvers();
    this.#isResumed = false;
    this.#stream.abort(cause);
    this.#context.emit({ type: 'host.lost', epoch: this.#server.epoch, cause });
  }

  async #resumeAll(stream: AbortSignal): Promise<void> {
    const waiting = [...this.#attached].filter(([, { live }]) => !live).map(([id]) => id);
    const atOnce = this.#context.limits.resumesInFlightMax;
    while (waiting.length > 0) {
      const ended = await this.pause(2 * this.#options.latencyMs, stream).then(
        () => false,
        () => true,
      );
      if (ended) return;
      for (const sessionId of waiting.splice(0, atOnce)) this.#resume(sessionId, stream);
    }
    if (stream.aborted) return;
    this.#isResumed = true;
    this.#resumed.resolve();
  }

  #resume(sessionId: string, stream: AbortSignal): void {
    const attached = this.#attached.get(sessionId);
    if (!attached || stream.aborted) return;
    if (!this.#server.has(sessionId)) {
      this.#bury(sessionId);
      return;
    }
    for (const signal of attached.missed.splice(0)) this.#context.emit(signal);
    if (stream.aborted) return;
    attached.live = true;
    this.#context.emit({ type: 'session.resumed', sessionId });
    this.deliver(sessionId, false);
  }

  #bury(sessionId: string): void {
    this.#attached.delete(sessionId);
    const cause = new SessionMeshError('session_unknown', { sessionId });
    this.#context.emit({ type: 'session.gone', sessionId, cause });
  }

  #hear(signal: ThreadSignal): void {
    const call = 'call' in signal ? signal.call : null;
    const sessionId = 'call' in signal ? signal.call.sessionId : signal.sessionId;
    const attached = this.#attached.get(sessionId);
    if (!attached || (call && this.#options.isWithheld(call))) return;
    if (attached.live) {
      this.#context.emit(signal);
    } else if (signal.type !== 'call.requested') {
      attached.missed.push(signal);
      if (attached.missed.length > this.#context.limits.missedSignalsMax) attached.missed.shift();
    }
  }
}

function lost(found: string): SessionMeshError {
  return new SessionMeshError('stream_closed', { found });
}
