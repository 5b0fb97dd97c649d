/**
 * The mesh: a Map of sessions, a host, and the one dispatcher that serves them all.
 *
 * - A signal reaches its session by one Map lookup, in the tick in which it was read (no await, no
 *   subscription per session).
 * - M7 After `close()` no timer, subscription, socket or child is left.
 * - M8 Sessions are root actors: one that fails is taken out of the Map, and no other notices.
 */
import type { Observable } from 'rxjs';
import type { DispatchPolicy } from '../../machines/session.ts';
import { createBus, type Bus } from '../bus/bus.ts';
import { readObservable, type Lagged } from '../bus/reader.ts';
import { systemEnv, type Env } from '../env.ts';
import { messageOf, SessionMeshError } from '../errors.ts';
import type { Host, HostCall, HostSignal, SessionSettings } from '../hosts/host.ts';
import type { Journal } from '../ledger/journal.ts';
import { resolveLimits, type Limits } from '../limits.ts';
import { silentLogger, type Logger } from '../logger.ts';
import { createDraft, type Catalog } from '../tools/catalog.ts';
import { Dispatcher } from './dispatcher.ts';
import type { AnnounceCall } from './call-event.ts';
import type { Announce, MeshEvent, Occurrence } from './event.ts';
import { referenceOf } from './live-call.ts';
import type {
  BindingOptions,
  CreateSessionOptions,
  MeshCloseOptions,
  MeshOptions,
  MeshStats,
  RecoverableSession,
  ResumeSessionOptions,
} from './mesh-options.ts';
import { openThread } from './opening.ts';
import { SessionActor } from './session-actor.ts';
import { SharedCatalogs } from './shared-catalogs.ts';
import { SessionCore, type SessionCoreContext, type SessionCoreOptions } from './session-core.ts';
import { Session } from './session.ts';

/** How a session is opened, whatever the host has to do for it. */
interface OpeningWish {
  readonly handlerTimeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** What is kept of it for a later process. */
  readonly settings: SessionSettings;
  /** Somebody has its id already: it is kept also where nobody gets it now. */
  readonly isKnown?: boolean;
}

/** Made by `createMesh`. Close it, or let `await using` do so. */
export class Mesh implements AsyncDisposable {
  readonly #limits: Limits;
  readonly #env: Env;
  readonly #logger: Logger;
  readonly #dispatch: DispatchPolicy;
  readonly #signal: AbortSignal | undefined;
  readonly #host: Host;
  readonly #dispatcher: Dispatcher;
  readonly #bus: Bus<MeshEvent>;
  readonly #sessions = new Map<string, { core: SessionCore; session: Session }>();
  readonly #coreContext: SessionCoreContext;
  /** Threads being resumed, and what their host said of them meanwhile, to be told once they run. */
  readonly #resuming = new Map<string, HostSignal[]>();
  /** What the host does to resume threads, also where nobody waits for it any more. */
  readonly #attempts = new Map<string, Promise<void>>();
  readonly #catalogs: SharedCatalogs;
  /** Sessions being opened: their calls stay with the host until they run. */
  readonly #opening = new Set<Promise<unknown>>();
  /** Aborts when the mesh is closed. */
  readonly #over = new AbortController();
  /** What the host said before it was ready; it is told after `mesh.started`. Null from then on. */
  #early: MeshEvent[] | null = [];
  #strays = 0;
  #failure: SessionMeshError | undefined;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(options: MeshOptions, journal: Journal | null) {
    this.#limits = resolveLimits(options.limits);
    this.#catalogs = new SharedCatalogs(this.#limits);
    this.#env = options.env ?? systemEnv;
    this.#logger = options.logger ?? silentLogger;
    this.#dispatch = options.dispatch ?? 'auto';
    this.#signal = options.signal;
    this.#bus = createBus<MeshEvent>(this.#logger);
    if (options.onEvent) this.#bus.values$.subscribe(options.onEvent);
    const emit = (signal: HostSignal) => this.#onSignal(signal);
    const { limits, env, logger } = { limits: this.#limits, env: this.#env, logger: this.#logger };
    this.#host = options.host({ env, limits, logger, emit });
    this.#dispatcher = new Dispatcher({
      host: this.#host,
      env,
      limits,
      logger,
      announce: this.#announce,
      announceCall: this.#announceCall,
      journal,
      otherwise: options.otherwise,
    });
    this.#coreContext = {
      host: this.#host,
      env,
      limits,
      logger,
      dispatcher: this.#dispatcher,
      announce: this.#announce,
      onOver: (core) => this.#onOver(core),
      intake: options.intake ?? 'host',
    };
  }

  /** Everything that happens, from now on. Observers are guarded: one that throws is cut off. */
  get events$(): Observable<MeshEvent> {
    return this.#bus.values$;
  }

  /**
   * Everything that happens, one event at a time. Holds at most `eventsBufferedMax` unread events;
   * where older ones were dropped stands `{ type: 'lagged', dropped }`.
   */
  events({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<
    MeshEvent | Lagged,
    undefined,
    undefined
  > {
    return readObservable(this.#bus.values$, this.#limits.eventsBufferedMax, signal);
  }

  get stats(): MeshStats {
    return {
      ...this.#dispatcher.stats,
      sessions: this.#sessions.size,
      strays: this.#strays,
    };
  }

  /** @internal */
  async start(): Promise<void> {
    const { name, codex } = await this.#host.start(this.#signal);
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    const early = this.#early ?? [];
    this.#early = null;
    this.#announce(() => ({ type: 'mesh.started', host: name, codex }));
    for (const event of early) this.#bus.publish(event);
  }

  /**
   * Opens a new session. The catalog is complete and checked before anything is sent.
   * @throws SessionMeshError why a tool was rejected, `session_open_failed`, `sessions_full`,
   * `mesh_closed`, `host_failed`.
   */
  async createSession(options: CreateSessionOptions = {}): Promise<Session> {
    const { tools, register, handlerTimeoutMs, signal, ...settings } = options;
    const catalog = await this.#bindCatalog(options);
    const { session } = await this.#open(catalog, { handlerTimeoutMs, signal, settings }, (abort) =>
      this.#host.open(settings, catalog.hostTools(), abort),
    );
    this.#announceOpened(session, settings.title ?? null, false);
    return session;
  }

  /**
   * Binds handlers to an existing thread. No tool list is sent: Codex keeps the one the thread was created
   * with. Calls that are pending there are taken at once.
   * @throws SessionMeshError `session_open` if this mesh has it, `session_unknown`, and as `createSession`.
   */
  async resumeSession(sessionId: string, options: ResumeSessionOptions = {}): Promise<Session> {
    const { tools, register, handlerTimeoutMs, signal, ...settings } = options;
    if (this.#sessions.has(sessionId) || this.#resuming.has(sessionId)) {
      throw new SessionMeshError('session_open', { sessionId });
    }
    const missed: HostSignal[] = [];
    this.#resuming.set(sessionId, missed);
    try {
      const catalog = await this.#bindCatalog(options);
      const wish = { handlerTimeoutMs, signal, settings, isKnown: true };
      const { core, session } = await this.#open(catalog, wish, async (abort) => {
        await this.#resumeAlone(sessionId, settings, abort);
        return { sessionId };
      });
      this.#announceOpened(session, null, true);
      this.#resuming.delete(sessionId);
      for (const signal of missed) this.#onSignal(signal);
      core.reconcile();
      return session;
    } finally {
      this.#resuming.delete(sessionId);
    }
  }

  /**
   * A new session with the history and the tools of an open one; its handlers are the same.
   * @throws SessionMeshError as `createSession`, and `session_unknown`.
   */
  async forkSession(
    sessionId: string,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Session> {
    const origin = this.#core(sessionId);
    if (!origin) throw new SessionMeshError('session_unknown', { sessionId });
    const { catalog, handlerTimeoutMs } = origin;
    const wish = { handlerTimeoutMs, signal, settings: {} };
    const { session } = await this.#open(catalog, wish, (abort) =>
      this.#host.fork(sessionId, abort),
    );
    this.#announceOpened(session, null, false);
    return session;
  }

  /**
   * Sessions that an earlier process with this ledger left open, oldest first: what `resumeSession`
   * needs to bind their handlers again. Empty without a ledger.
   */
  get recoverable(): readonly RecoverableSession[] {
    const sessions = this.#dispatcher.durability?.sessions ?? [];
    return sessions.filter(({ sessionId }) => !this.#sessions.has(sessionId));
  }

  /**
   * Gives up a session that an earlier process left open: it is not recoverable any more, and what was left
   * of its calls is over. Does nothing for other sessions.
   */
  giveUp(sessionId: string): void {
    if (!this.#sessions.has(sessionId)) this.#dispatcher.durability?.giveUp(sessionId);
  }

  /** The open session with this id, or undefined. */
  session(sessionId: string): Session | undefined {
    return this.#sessions.get(sessionId)?.session;
  }

  /** The open sessions, oldest first. */
  sessions(): readonly Session[] {
    return [...this.#sessions.values()].map(({ session }) => session);
  }

  /** Closes all sessions, then the host. Idempotent; a second call joins the first. */
  close(options: MeshCloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #onAbort = (): void => void this.close();

  async #close({ graceMs }: MeshCloseOptions): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#over.abort(new SessionMeshError('mesh_closed'));
    if (this.#opening.size > 0) await Promise.allSettled(this.#opening);
    const open = [...this.#sessions.values()];
    await Promise.all(open.map(({ core }) => core.close({ graceMs })));
    await this.#host.close();
    await this.#dispatcher.close();
    this.#announce(() => ({ type: 'mesh.closed' }));
    this.#bus.close();
  }

  readonly #announce: Announce = (make) => {
    if (this.#bus.observed) this.#publish(make());
  };

  readonly #announceCall: AnnounceCall = (make, live) => {
    if (this.#bus.observed) this.#publish(make(live));
  };

  #publish(occurrence: Occurrence): void {
    const event = { ...occurrence, at: this.#env.clock.now() };
    if (this.#early === null) this.#bus.publish(event);
    else if (this.#early.length < this.#limits.eventsBufferedMax) this.#early.push(event);
  }

  #announceOpened(session: Session, title: string | null, resumed: boolean): void {
    const tools = session.tools.map((tool) => tool.name);
    this.#announce(() => ({
      type: 'session.opened',
      sessionId: session.id,
      title,
      tools,
      resumed,
    }));
  }

  #checkOpen(): void {
    if (this.#closing) throw new SessionMeshError('mesh_closed');
    if (this.#failure) throw new SessionMeshError('host_failed', { cause: this.#failure });
    const found = this.#sessions.size + this.#opening.size;
    if (found >= this.#limits.sessionsMax) {
      const expected = `at most ${this.#limits.sessionsMax} sessions`;
      throw new SessionMeshError('sessions_full', { expected, found: String(found) });
    }
  }

  async #bindCatalog({ tools = [], register }: BindingOptions): Promise<Catalog> {
    this.#checkOpen();
    const draft = createDraft(this.#limits);
    for (const entry of tools) draft.add(entry);
    await register?.(draft);
    const catalog = this.#catalogs.share(draft.freeze());
    for (const notice of catalog.notices) this.#logger.warn({}, notice);
    return catalog;
  }

  /** Brings a session from its draft to `running`, whatever the host has to do for it. */
  async #open(
    catalog: Catalog,
    { handlerTimeoutMs, signal, settings, isKnown = false }: OpeningWish,
    open: (signal: AbortSignal) => Promise<{ sessionId: string }>,
  ): Promise<{ core: SessionCore; session: Session }> {
    this.#checkOpen();
    const actor = this.#createActor(catalog);
    const over = this.#over.signal;
    const opening = openThread(actor, open, signal ? [over, signal] : [over]);
    this.#opening.add(opening);
    try {
      const { sessionId } = await opening;
      try {
        if (this.#closing) throw new SessionMeshError('mesh_closed', { sessionId });
        this.#dispatcher.durability?.sessionOpened(sessionId, catalog.names(), settings);
      } catch (thrown) {
        actor.stop();
        await this.#discard(sessionId, isKnown ? 'keep' : 'delete');
        throw thrown;
      }
      return this.#adopt({ sessionId, actor, catalog, handlerTimeoutMs });
    } finally {
      this.#opening.delete(opening);
    }
  }

  /** Lets go of a session that its caller never gets. */
  async #discard(sessionId: string, fate: 'keep' | 'delete'): Promise<void> {
    try {
      await this.#host.release(sessionId, fate);
    } catch (thrown) {
      this.#logger.warn({ sessionId, error: messageOf(thrown) }, 'a session was not let go of');
    }
  }

  /** One attempt at a time: what the host does to end one that was given up would undo the next. */
  async #resumeAlone(
    sessionId: string,
    settings: SessionSettings,
    abort: AbortSignal,
  ): Promise<void> {
    await this.#attempts.get(sessionId)?.catch(() => {});
    abort.throwIfAborted();
    const attempt = this.#host.resume(sessionId, settings, abort);
    this.#attempts.set(sessionId, attempt);
    try {
      await attempt;
    } finally {
      if (this.#attempts.get(sessionId) === attempt) this.#attempts.delete(sessionId);
    }
  }

  #createActor(catalog: Catalog): SessionActor {
    const { openTimeoutMs, closeGraceMs, releaseTimeoutMs } = this.#limits;
    const context = { clock: this.#env.clock, limits: this.#limits, logger: this.#logger };
    const { listsWhileLost } = this.#host;
    const actor = new SessionActor(context, {
      dispatch: this.#dispatch,
      listsWhileLost,
      openTimeoutMs,
      closeGraceMs,
      releaseTimeoutMs,
    });
    for (const name of catalog.names()) actor.send({ type: 'tool.added', name });
    return actor;
  }

  #adopt(options: SessionCoreOptions): { core: SessionCore; session: Session } {
    const core = new SessionCore(this.#coreContext, options);
    const entry = { core, session: new Session(core, this.#dispatch) };
    this.#sessions.set(options.sessionId, entry);
    return entry;
  }

  #onSignal(signal: HostSignal): void {
    if (this.#resuming.size > 0 && 'sessionId' in signal && signal.sessionId !== null) {
      const missed = this.#resuming.get(signal.sessionId);
      if (missed && missed.length < this.#limits.eventsBufferedMax) missed.push(signal);
    }
    switch (signal.type) {
      case 'call.requested':
        this.#onCall(signal.call);
        return;
      case 'call.withdrawn':
        this.#core(signal.call.sessionId)?.withdraw(signal.call, signal.reason);
        return;
      case 'turn.started':
        this.#core(signal.sessionId)?.onTurnStarted(signal.turnId);
        return;
      case 'turn.ended':
        this.#core(signal.sessionId)?.onTurnEnded(signal.turnId, signal);
        return;
      case 'session.resumed':
        this.#core(signal.sessionId)?.onResumed();
        return;
      case 'session.gone':
        this.#core(signal.sessionId)?.fail(signal.cause);
        return;
      case 'host.online':
        // The first one is `mesh.started`.
        if (this.#early === null) this.#announce(() => signal);
        return;
      case 'host.notice':
      case 'question.answered':
        this.#announce(() => signal);
        return;
      case 'host.lost':
        this.#announce(() => ({
          type: 'host.lost',
          epoch: signal.epoch,
          fault: signal.cause.toJSON(),
        }));
        for (const { core } of this.#sessions.values()) core.onLinkLost();
        return;
      case 'host.failed':
        this.#failure = signal.cause;
        this.#announce(() => ({ type: 'host.failed', fault: signal.cause.toJSON() }));
        for (const { core } of this.#sessions.values()) core.fail(signal.cause);
    }
  }

  #onCall(call: HostCall): void {
    const core = this.#core(call.sessionId);
    if (this.#coreContext.intake === 'user') {
      // Only the answer of a call that was taken before is the mesh's business.
      if (core?.knows(call)) this.#dispatcher.take(core, call, 'signal');
      return;
    }
    if (core) {
      core.take(call, 'signal');
      return;
    }
    if (this.#opening.size > 0) return;
    this.#strays += 1;
    this.#logger.warn(referenceOf(call), 'a call came for a session that is not open here');
    this.#dispatcher.decline(call, { kind: 'cancelled' });
  }

  /** A session that ends with the mesh may be resumed by the next one; one that was closed may not. */
  #onOver({ sessionId }: SessionCore): void {
    this.#sessions.delete(sessionId);
    if (!this.#closing) this.#dispatcher.durability?.sessionClosed(sessionId);
  }

  #core(sessionId: string): SessionCore | undefined {
    return this.#sessions.get(sessionId)?.core;
  }
}
