/**
 * The host port over a control service: requests over HTTP, signals over its stream.
 *
 * The identity of a call. Where the service names its starts, the epoch is the one that a request id begins
 * with: the same whether the call was pushed or listed, before and after a reconnect, and also to another
 * process that takes over. A codex-manager server names nothing and numbers its requests from 0 each time it
 * starts. There the epoch is the address we connect to, the same for ever: a turn never outlives the process
 * it runs in and its id is never given again, so session, turn, call and request id together are unique
 * without help, while an epoch made for each connection would make a call that comes again a new one. That
 * an old answer must not reach a new call of the same number is what `answering.ts` sees to (A3).
 */
import { eitherSignal } from '../../abort.ts';
import { messageOf, SessionMeshError } from '../../errors.ts';
import type { ToolOutput } from '../../tools/contract.ts';
import { isRecord } from '../../tools/json.ts';
import { Waiters } from '../app-server/waiters.ts';
import type {
  AnswerVerdict,
  Host,
  HostCall,
  HostContext,
  HostInfo,
  HostSignal,
  HostTool,
} from '../host.ts';
import { Answering, type AnswerObserver } from './answering.ts';
import { Credentials } from './credentials.ts';
import type { StreamFrame } from './frame.ts';
import { takeFrame } from './incoming.ts';
import { Leases } from './leases.ts';
import { Link } from './link.ts';
import { leaseTtlOf, type ControlServiceOptions } from './options.ts';
import { Recovery } from './recovery.ts';
import { routes } from './routes.ts';
import { refusalOf, ServiceClient } from './service-client.ts';
import { SessionLives } from './session-life.ts';
import { SessionRequests, turnIdOf } from './session-requests.ts';
import { Sessions } from './sessions.ts';
import type { ControlServiceSettings } from './settings.ts';
import type { TrackedSession } from './tracked-session.ts';
import { refusedTurn, startTurn } from './turn-start.ts';
import { TurnWatch } from './turn-watch.ts';
import type { ServiceWire } from './wire.ts';

/** How the stream is: `failed` and `closed` are final. */
export type StreamState = 'connecting' | 'online' | 'lost' | 'failed' | 'closed';

/** Who follows the host more closely than the port allows. Nothing of it may throw. */
export interface ControlServiceObserver extends AnswerObserver {
  /** Every frame, control frames included, in order. */
  onFrame?(frame: StreamFrame): void;
  /** The state of the stream has changed. Frames may be missing after `lost`. */
  onState?(state: StreamState): void;
  /** The answer to a session that was created. */
  onCreated?(sessionId: string, body: unknown): void;
}

/** What a {@link ControlServiceHost} is made of. */
export interface ControlServiceHostOptions {
  readonly options: ControlServiceOptions;
  readonly wire: ServiceWire;
  readonly observer: ControlServiceObserver;
}

/** A control service as a host. Made by `controlService`. */
export class ControlServiceHost implements Host {
  readonly listsWhileLost = true;
  readonly #context: HostContext;
  readonly #wire: ServiceWire;
  readonly #observer: ControlServiceObserver;
  readonly #client: ServiceClient;
  readonly #link: Link;
  readonly #sessions: Sessions;
  readonly #leases: Leases | null;
  readonly #recovery: Recovery;
  readonly #answering: Answering;
  readonly #watch: TurnWatch;
  readonly #lives: SessionLives;
  readonly #waiters = new Waiters();
  /** Requests about sessions; also for a facade that needs more than the port. */
  readonly requests: SessionRequests;
  #state: StreamState = 'connecting';
  #failure: SessionMeshError | null = null;
  #isStarted = false;
  #closing: Promise<void> | null = null;

  constructor({ options, wire, observer }: ControlServiceHostOptions, context: HostContext) {
    this.#context = context;
    this.#wire = wire;
    this.#observer = observer;
    const { env, limits } = context;
    const nowMs = () => env.clock.monotonic();
    const emit = this.#emit;
    this.#client = new ServiceClient({
      wire,
      context,
      credentials: new Credentials(options.token),
      onUnauthorized: (cause) => this.#link.refuse(cause),
    });
    const client = this.#client;
    this.#link = new Link({
      wire,
      client,
      context,
      handlers: {
        onOnline: (isSeamless) => this.#online(isSeamless),
        onFrame: (frame) => this.#onFrame(frame),
        onLagged: () => this.#recovery.begin(false),
        onLost: (cause) => this.#lost(cause),
        onFailed: (cause) => this.#failed(cause),
      },
    });
    const link = this.#link;
    const sessions = (this.#sessions = new Sessions({
      limits,
      emit,
      clock: env.clock,
      connections: () => link.connections,
      onTurn: (session) => this.#onTurn(session),
    }));
    const epochOf = this.epochOf;
    const namesUnknown = () => link.hasEpochs;
    const { failedReadsMax } = limits;
    const common = { client, sessions, epochOf, nowMs };
    const requests = new SessionRequests({ ...common, namesUnknown, failedReadsMax });
    this.requests = requests;
    const ttlMs = leaseTtlOf(options, limits.leaseHoldMs);
    const holder = options.holder?.trim() ?? `sessionmesh ${env.id()}`;
    const onLost = (sessionId: string, cause: SessionMeshError) => sessions.lose(sessionId, cause);
    const leases = ttlMs === null ? null : new Leases({ client, context, holder, ttlMs, onLost });
    this.#leases = leases;
    const shared = { client, context, link, sessions, requests, leases, emit };
    this.#recovery = new Recovery(shared);
    const listCalls = (sessionId: string) => requests.listCalls(sessionId);
    this.#answering = new Answering({ ...shared, observer, listCalls });
    const watch = (this.#watch = new TurnWatch({
      context,
      isOnline: () => link.isOnline,
      read: async (session) => void (await requests.read(session.id, { signal: client.signal })),
    }));
    const onCreated = (id: string, body: unknown) => observer.onCreated?.(id, body);
    this.#lives = new SessionLives({ ...shared, watch, onCreated });
  }

  async start(signal?: AbortSignal): Promise<HostInfo> {
    if (!this.#isStarted) this.#link.start();
    this.#isStarted = true;
    const { clock } = this.#context.env;
    const isOnline = () => this.#checked() && (this.#link.isOnline || undefined);
    // The link ends its attempts by itself.
    await this.#waiters.until(isOnline, { clock, signal, awaited: 'the control service' });
    return { name: `control service at ${this.#wire.name}`, codex: null };
  }

  async open(
    settings: ControlServiceSettings,
    tools: readonly HostTool[],
    signal?: AbortSignal,
  ): Promise<{ sessionId: string }> {
    this.#checked();
    return this.#lives.open(settings, tools, signal);
  }

  async resume(
    sessionId: string,
    settings: ControlServiceSettings,
    signal?: AbortSignal,
  ): Promise<void> {
    this.#checked();
    await this.#lives.resume(sessionId, settings, signal);
  }

  fork(sessionId: string): Promise<never> {
    const found = 'a fork of a session';
    return Promise.reject(new SessionMeshError('host_unsupported', { found, sessionId }));
  }

  async startTurn(
    sessionId: string,
    text: string,
    signal?: AbortSignal,
  ): Promise<{ turnId: string }> {
    const session = this.#session(sessionId);
    const { requests } = this;
    // It may be looked for long after its session is given up, but not after the host is closed.
    const abort = eitherSignal(signal, this.#client.signal);
    const common = { session, sessions: this.#sessions, requests, context: this.#context };
    return { turnId: await startTurn(text, { ...common, signal: abort }) };
  }

  /** A message during a turn is added to that turn. */
  async steer(
    sessionId: string,
    turnId: string,
    text: string,
    signal?: AbortSignal,
  ): Promise<void> {
    const session = this.#session(sessionId);
    if (session.hasEnded(turnId)) throw new SessionMeshError('turn_none', { sessionId, turnId });
    const reply = await this.requests.post(sessionId, { text }, { signal });
    const joined = turnIdOf(reply);
    if (joined === turnId) return;
    if (joined === null) throw refusedTurn(reply, sessionId);
    const found = `a turn of its own that took the text: ${joined}`;
    throw new SessionMeshError('turn_none', { sessionId, turnId, found });
  }

  async interrupt(sessionId: string, turnId: string, signal?: AbortSignal): Promise<void> {
    this.#session(sessionId);
    const reply = await this.#client.request(routes.interrupt(sessionId, turnId), { signal });
    const { status, body } = reply;
    const isOver = status === 409 && isRecord(body) && body.status === 'no_active_turn';
    if (status !== 200 && !isOver) throw this.requests.gone(refusalOf(reply, sessionId));
    // Its end comes by the stream; where it does not, a read finds it.
    if (isOver || !this.#link.isOnline) await this.requests.read(sessionId, { signal });
  }

  async pendingCalls(sessionId: string, signal?: AbortSignal): Promise<readonly HostCall[]> {
    this.#checked();
    return this.requests.listCalls(sessionId, { signal });
  }

  answer(call: HostCall, output: ToolOutput): Promise<AnswerVerdict> {
    if (this.#closing || this.#failure) return Promise.resolve({ type: 'unlinked' });
    return this.#answering.answer(call, output);
  }

  async release(sessionId: string, fate: 'keep' | 'archive' | 'delete'): Promise<void> {
    await this.#lives.letGo(sessionId);
    if (fate === 'keep' || this.#closing) return;
    if (fate === 'archive') {
      const found = 'a session to be archived';
      throw new SessionMeshError('host_unsupported', { found, sessionId });
    }
    await this.#lives.delete(sessionId);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  // What a facade needs besides the port

  /** Which life of the host process a request id belongs to; see the head of this file. */
  readonly epochOf = (requestId: string): string => {
    if (!this.#link.hasEpochs) return this.#wire.name;
    const [, start] = /^(.+)\.\d+$/.exec(requestId) ?? [];
    return start ?? this.#epoch();
  };

  /** How the stream is. */
  get state(): StreamState {
    return this.#state;
  }

  /** How many streams there were so far. */
  get connections(): number {
    return this.#link.connections;
  }

  /** Brings the frames of a session (null: of all) until the function it returns is called. */
  follow(sessionId: string | null): () => void {
    return this.#link.filter.follow(sessionId);
  }

  /** Resolves once the stream brings what was asked for, or is not up. */
  settled(): Promise<void> {
    return this.#link.settled();
  }

  /**
   * Deletes a session for good; resolves with the body of the answer.
   * @throws SessionMeshError `request_refused`, or as `ServiceClient.request`
   */
  deleteSession(sessionId: string, signal?: AbortSignal): Promise<unknown> {
    return this.#lives.delete(sessionId, signal);
  }

  #session(sessionId: string): TrackedSession {
    this.#checked();
    const session = this.#sessions.get(sessionId);
    if (session) return session;
    throw new SessionMeshError('session_unknown', { sessionId });
  }

  #onTurn(session: TrackedSession): void {
    this.#watch.refresh(session);
    if (this.#sessions.get(session.id) !== session) {
      this.#watch.stop(session);
      void this.#leases?.release(session.id);
    }
  }

  // The stream

  #online(isSeamless: boolean): void {
    this.#changeState('online');
    this.#emit({ type: 'host.online', epoch: this.#epoch() });
    for (const session of this.#sessions.all()) this.#watch.refresh(session);
    this.#waiters.wake();
    this.#recovery.begin(isSeamless);
  }

  #onFrame(frame: StreamFrame): void {
    const nowMs = () => this.#context.env.clock.monotonic();
    const sessions = this.#sessions;
    takeFrame(frame, { sessions, epochOf: this.epochOf, emit: this.#emit, nowMs });
    this.#observer.onFrame?.(frame);
  }

  #lost(cause: SessionMeshError): void {
    this.#recovery.stop();
    this.#changeState('lost');
    this.#emit({ type: 'host.lost', epoch: this.#epoch(), cause });
    for (const session of this.#sessions.all()) this.#watch.refresh(session);
  }

  #failed(cause: SessionMeshError): void {
    this.#failure = cause;
    this.#recovery.stop();
    this.#changeState('failed');
    this.#emit({ type: 'host.failed', cause });
    this.#waiters.wake();
  }

  #epoch(): string {
    return this.#link.epoch ?? this.#wire.name;
  }

  #changeState(state: StreamState): void {
    this.#state = state;
    this.#observer.onState?.(state);
  }

  /** Observers may throw; the read path must not notice. After `close` nothing is said any more. */
  readonly #emit = (signal: HostSignal): void => {
    if (this.#closing) return;
    try {
      this.#context.emit(signal);
    } catch (thrown) {
      const fields = { signal: signal.type, error: messageOf(thrown) };
      this.#context.logger.error(fields, 'a signal was not taken');
    }
  };

  /** True, or why nothing can be asked of this host any more. */
  #checked(): true {
    if (this.#closing) throw new SessionMeshError('mesh_closed');
    if (this.#failure) throw this.#failure;
    return true;
  }

  async #close(): Promise<void> {
    for (const session of this.#sessions.all()) this.#watch.stop(session);
    this.#recovery.stop();
    this.#leases?.close();
    this.#sessions.clear();
    this.#changeState('closed');
    await this.#link.close();
    await this.#client.close();
    this.#waiters.wake();
  }
}
