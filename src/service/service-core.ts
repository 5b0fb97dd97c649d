/**
 * What the routes and the stream work on: the mesh with its sessions, what waits for clients, and who
 * may do what. Everything that happens passes here once, and is told to whoever follows it.
 */
import type { Env, Timer } from '../env.ts';
import type { AppServerMessage } from '../hosts/app-server/index.ts';
import type { HostContext, QuestionPolicy } from '../hosts/host.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { CallReference, MeshEvent } from '../mesh/event.ts';
import type { LedgerOptions } from '../mesh/mesh-options.ts';
import type { CatalogPart } from '../tools/catalog.ts';
import type { Tool } from '../tools/contract.ts';
import type { Keyring } from './auth.ts';
import { CallLog } from './call-log.ts';
import { callEndFrame, callFrames, scopeOf, type Frame } from './frame.ts';
import { Leases } from './lease.ts';
import { MeshKeeper, type ServiceHost } from './mesh-keeper.ts';
import { isPublished, notificationFrame, rawNotificationFrame } from './notification.ts';
import { createRequestIds, PendingCalls } from './pending-call.ts';
import { PendingQuestions, questionEndFrame, questionFrames } from './pending-question.ts';
import { unlistedTool, type RemoteServing } from './remote-tool.ts';
import type { DeletedSession, SessionRecords } from './session-record.ts';
import { SessionViews } from './session-view.ts';
import { ServiceSessions } from './sessions.ts';
import { Stream } from './stream.ts';
import { TurnLists } from './turn-list.ts';

/** What a host is given besides its context. */
export interface ServiceHostHooks {
  readonly onQuestion: QuestionPolicy;
  readonly onMessage: (message: AppServerMessage) => void;
}

/** Makes the host of a service. */
export type ServiceHostFactory = (hooks: ServiceHostHooks) => (context: HostContext) => ServiceHost;

/** What the core is made of. */
export interface ServiceCoreOptions {
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly keyring: Keyring;
  readonly records: SessionRecords;
  readonly host: ServiceHostFactory;
  readonly served: readonly CatalogPart[];
  readonly cwd: string | null;
  /** How long an answer of a client may take, in milliseconds; null: as long as the turn lasts. */
  readonly callTimeoutMs: number | null;
  /** Whether all notifications are published, each of them twice, as some clients expect. */
  readonly publishesAll: boolean;
  readonly ledger: LedgerOptions | undefined;
}

/** Who looks at what happens. */
export interface CoreObserver {
  readonly onMeshEvent: (event: MeshEvent) => void;
  /** A session is called so from now on. */
  readonly onNamed: (sessionId: string, title: string) => void;
}

/** Threads whose beginning was told before it was known whose they are; the oldest is forgotten. */
const unclaimedMax = 64;

/** The service without its HTTP server. */
export class ServiceCore {
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly keyring: Keyring;
  /** Names this start of the service. */
  readonly epoch: string;
  readonly startedAt: number;
  readonly leases: Leases;
  readonly calls: PendingCalls;
  readonly questions: PendingQuestions;
  readonly stream: Stream;
  readonly keeper: MeshKeeper;
  readonly sessions: ServiceSessions;
  readonly views: SessionViews;
  readonly log: CallLog;
  readonly turns: TurnLists;
  readonly #options: ServiceCoreOptions;
  readonly #unclaimed = new Map<string, AppServerMessage>();
  readonly #idleWaiters = new Set<() => void>();
  readonly #observers = new Set<CoreObserver>();
  #isDraining = false;
  #recovery: Promise<void> = Promise.resolve();

  constructor(options: ServiceCoreOptions) {
    const { env, limits, logger, keyring, records, served, cwd } = options;
    this.#options = options;
    this.env = env;
    this.limits = limits;
    this.logger = logger;
    this.keyring = keyring;
    this.epoch = env.id();
    this.startedAt = env.clock.now();
    this.leases = new Leases(env.clock, limits);
    this.log = new CallLog(limits, this.#findLive);
    const newRequestId = createRequestIds(this.epoch);
    this.calls = this.#createCalls(newRequestId);
    this.questions = this.#createQuestions(newRequestId);
    this.stream = this.#createStream();
    const serving: RemoteServing = {
      take: (call) => this.calls.take(call),
      timeoutMs: options.callTimeoutMs,
    };
    this.keeper = this.#createKeeper(unlistedTool(serving));
    const { keeper } = this;
    const known = { limits, records };
    this.sessions = new ServiceSessions({ ...known, env, logger, keeper, served, serving, cwd });
    this.turns = new TurnLists({
      ask: keeper.ask,
      clock: env.clock,
      limits,
      activeTurn: this.#activeTurn,
    });
    this.views = new SessionViews({
      ...known,
      ask: keeper.ask,
      log: this.log,
      turns: this.turns,
      isWatched: (id) => this.isBound(id),
    });
  }

  /** Starts the mesh. Throws as `startMesh`. */
  start(signal?: AbortSignal): Promise<void> {
    return this.keeper.start(signal);
  }

  /** Whether new work is refused because the service is about to end. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Whether the session is served right now. */
  isBound(id: string): boolean {
    return this.keeper.health.running && this.sessions.bound(id) !== undefined;
  }

  /** Tells of what happens from now on; returns how to stop. */
  observe(observer: CoreObserver): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  /** A session was made: what Codex told of its beginning can be told on. */
  onCreated(id: string): void {
    const message = this.#unclaimed.get(id);
    this.#unclaimed.delete(id);
    if (message) this.#publish(message);
  }

  /** A session was deleted. */
  onDeleted(session: DeletedSession): void {
    const { id } = session;
    this.log.forget(id);
    this.leases.forget(id);
    this.views.touch(id);
    this.stream.publish(
      { type: 'session_deleted', threadId: id, payload: deletedBody(session) },
      true,
    );
  }

  /** Takes no new work from here on; resolves when the turns under way have ended, or after `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true;
    if (this.#isIdle()) return;
    const { clock } = this.env;
    await new Promise<void>((resolve) => {
      const finish = () => {
        this.#idleWaiters.delete(check);
        clock.clearTimeout(timer);
        resolve();
      };
      const check = () => {
        if (this.#isIdle()) finish();
      };
      const timer: Timer = clock.setTimeout(finish, graceMs);
      this.#idleWaiters.add(check);
    });
  }

  /** Ends the mesh, and with it every call that waits. */
  async close(): Promise<void> {
    this.#isDraining = true;
    await this.keeper.close(1);
    await this.#recovery;
    await this.#options.records.written();
  }

  #createKeeper(otherwise: Tool): MeshKeeper {
    const { host, ledger, logger, env, limits } = this.#options;
    const createHost = host({ onQuestion: this.questions.policy, onMessage: this.#onMessage });
    const watching = { onEvent: this.#onMeshEvent, onStarted: this.#onMeshStarted };
    return new MeshKeeper({ env, limits, logger, ledger, otherwise, createHost, ...watching });
  }

  #createStream(): Stream {
    return new Stream({
      limits: this.limits,
      epoch: this.epoch,
      pendingFrames: (wanted) => this.#pendingFrames(wanted),
      onFollow: (sessionIds) => {
        for (const id of sessionIds) void this.sessions.wake(id);
      },
    });
  }

  #createCalls(newRequestId: () => string): PendingCalls {
    return new PendingCalls({
      clock: this.env.clock,
      limits: this.limits,
      newRequestId,
      onRequested: (call) => {
        this.log.show(call.sessionId, call.key, call.requestId);
        this.views.touch(call.sessionId);
        const title = this.#titleOf(call.sessionId);
        for (const frame of callFrames(call, title)) this.stream.publish(frame);
      },
      onEnded: (call, end) => {
        this.views.touch(call.sessionId);
        this.stream.publish(callEndFrame(call, end));
      },
    });
  }

  #createQuestions(newRequestId: () => string): PendingQuestions {
    return new PendingQuestions({
      clock: this.env.clock,
      limits: this.limits,
      newRequestId,
      toolApprovals: (id) => this.sessions.bound(id)?.approvals ?? [],
      decideTool: (id, approvalId, isApproved) =>
        this.sessions
          .bound(id)
          ?.decideApproval(approvalId, isApproved || { denied: 'a person declined it' }),
      onAsked: (question) => {
        const title = this.#titleOf(question.sessionId);
        for (const frame of questionFrames(question, title)) this.stream.publish(frame);
      },
      onEnded: (question, end) => this.stream.publish(questionEndFrame(question, end)),
    });
  }

  readonly #activeTurn = (id: string): string | null =>
    this.isBound(id) ? (this.sessions.bound(id)?.turnId ?? null) : null;

  readonly #titleOf = (id: string): string | null => this.#options.records.get(id)?.title ?? null;

  *#pendingFrames(wanted: (sessionId: string) => boolean): Generator<Frame, undefined> {
    for (const call of this.calls.all()) {
      const isOpen = this.calls.find(call.requestId) && !this.calls.isAnswering(call.requestId);
      if (isOpen && wanted(call.sessionId)) yield* callFrames(call, this.#titleOf(call.sessionId));
    }
    for (const question of this.questions.all()) {
      const isOpen = this.questions.isOpen(question.id);
      const { sessionId } = question;
      if (isOpen && wanted(sessionId)) yield* questionFrames(question, this.#titleOf(sessionId));
    }
    return undefined;
  }

  readonly #findLive = ({ sessionId, turnId, callId, requestId }: CallReference) =>
    this.sessions
      .bound(sessionId)
      ?.core.live.find(
        ({ call }) =>
          call.turnId === turnId && call.callId === callId && call.requestId === requestId,
      );

  readonly #onMeshStarted = (): void => {
    this.#recovery = this.sessions.recover();
  };

  readonly #onMeshEvent = (event: MeshEvent): void => {
    this.log.onMeshEvent(event);
    this.calls.onMeshEvent(event);
    this.questions.onMeshEvent(event);
    if (event.type === 'turn.started' || event.type === 'turn.ended') {
      this.#options.records.setActive(event.sessionId, event.type === 'turn.started');
    }
    if (event.type === 'turn.ended') {
      this.turns.onEnded(event.sessionId, event.turnId, event.status);
    }
    if ('sessionId' in event && event.sessionId !== null) {
      this.views.touch(event.sessionId);
    }
    for (const check of this.#idleWaiters) check();
    for (const observer of this.#observers) observer.onMeshEvent(event);
  };

  readonly #onMessage = (message: AppServerMessage): void => {
    // Requests have frames of their own.
    if (message.requestId !== undefined) return;
    const { threadId } = scopeOf(message.params);
    if (threadId !== null) this.views.touch(threadId);
    if (threadId === null || this.#isOurs(threadId)) this.#publish(message);
    else if (message.method === 'thread/started') this.#keepUnclaimed(threadId, message);
  };

  /** Threads of other clients of the same Codex are none of our clients' business. */
  #isOurs(id: string): boolean {
    return this.#options.records.get(id) !== undefined;
  }

  #keepUnclaimed(threadId: string, message: AppServerMessage): void {
    this.#unclaimed.set(threadId, message);
    const [oldest] = this.#unclaimed.keys();
    if (this.#unclaimed.size > unclaimedMax && oldest !== undefined) this.#unclaimed.delete(oldest);
  }

  #publish(message: AppServerMessage): void {
    const { publishesAll } = this.#options;
    if (!publishesAll && !isPublished(message)) return;
    this.#noteName(message);
    const now = this.env.clock.now();
    const find = (id: string) => ({ title: this.#titleOf(id), turnId: this.#activeTurn(id) });
    this.stream.publish(notificationFrame(message, find, now));
    if (publishesAll) this.stream.publish(rawNotificationFrame(message));
  }

  #noteName({ method, params }: AppServerMessage): void {
    if (method !== 'thread/name/updated') return;
    const { threadId, threadName } = Object(params);
    if (typeof threadId === 'string' && typeof threadName === 'string') {
      this.sessions.onNamed(threadId, threadName);
      for (const observer of this.#observers) observer.onNamed(threadId, threadName);
    }
  }

  #isIdle(): boolean {
    if (!this.keeper.health.running) return true;
    return this.keeper.mesh.sessions().every(({ turnId }) => turnId === null);
  }
}

/** What a client is told of a session that was deleted. */
export function deletedBody({ id, title, deletedAt }: DeletedSession): object {
  return {
    status: 'deleted',
    sessionId: id,
    title,
    message: 'This chat was permanently deleted and is no longer available.',
    deletedAt: new Date(deletedAt).toISOString(),
  };
}
