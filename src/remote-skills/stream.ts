/**
 * What a client makes of the stream: routes to handlers, and whether the stream is there. The connection is
 * the host's; a run says which of its events go to the routes.
 */
import { messageOf, SessionMeshError } from '../errors.ts';
import type {
  ControlServiceHost,
  StreamFrame,
  StreamState,
} from '../hosts/control-service/internal.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { FrameHub } from './frame-hub.ts';
import { Route, type StreamContext } from './route.ts';
import { eventOf, signalOf, type Signal, type StreamEvent } from './signal.ts';

/** Handles an event. What it returns may be a promise; nobody waits for it. */
export type EventHandler = (event: StreamEvent, context: StreamContext) => unknown;

/** Handles a message of Codex. */
export type SignalHandler = (signal: Signal, context: StreamContext) => unknown;

/** How a run goes. */
export interface RunOptions {
  /** Events of this session only, and of no session. Left out: of all. */
  readonly threadId?: string;
  /** Ends the run, which then resolves. */
  readonly signal?: AbortSignal;
}

/** What happened on the routes so far. */
export interface StreamStats {
  readonly routes: number;
  /** Events that were dropped because a route's handlers were too slow. */
  readonly dropped: number;
  /** Handlers and matchers that threw. */
  readonly failed: number;
  /** How often the stream was lost. */
  readonly reconnects: number;
}

/** What the stream of a client needs. */
export interface ClientStreamOptions {
  readonly host: ControlServiceHost;
  readonly hub: FrameHub;
  readonly limits: Limits;
  readonly logger: Logger;
}

interface Run {
  readonly threadId: string | null;
  readonly since: number;
}

const trimDots = (name: string): string => name.replace(/^\.+|\.+$/g, '');

/** Frames that concern everybody, whatever they follow. A message of Codex that names no session does not. */
const isBroadcast = ({ type, threadId }: StreamEvent): boolean =>
  type === 'session_deleted' || (threadId === null && !type.startsWith('app_server.'));

/** The stream of one client. */
export class ClientStream {
  readonly #options: ClientStreamOptions;
  readonly #routes = new Set<Route>();
  readonly #runs = new Set<Run>();
  readonly #runListeners = new Set<() => void>();
  #onError: (thrown: unknown, event: StreamEvent) => void;
  #dropped = 0;
  #failed = 0;

  /** @internal */
  constructor(options: ClientStreamOptions) {
    this.#options = options;
    const { logger } = options;
    this.#onError = (thrown, { type }) =>
      logger.error({ error: messageOf(thrown), event: type }, 'a stream handler threw');
    options.hub.watch(null, (frame) => this.#onFrame(frame));
  }

  /** How the stream is. */
  get state(): StreamState {
    return this.#options.host.state;
  }

  get stats(): StreamStats {
    const reconnects = Math.max(0, this.#options.host.connections - 1);
    return { routes: this.#routes.size, dropped: this.#dropped, failed: this.#failed, reconnects };
  }

  /** Tells of every change of the state, until the function it returns is called. */
  onState(listener: (state: StreamState) => void): () => void {
    return this.#options.hub.watchState((state) => {
      try {
        listener(state);
      } catch (thrown) {
        this.#options.logger.error({ error: messageOf(thrown) }, 'a state listener threw');
      }
    });
  }

  /** Takes what handlers and matchers throw, in place of the log. */
  onError(listener: (thrown: unknown, event: StreamEvent) => void): void {
    this.#onError = listener;
  }

  /** Events of exactly this type. Returns how to end it; so do the others below. */
  onEvent(type: string, handler: EventHandler): () => void {
    return this.route((event) => event.type === type, handler);
  }

  /** Events whose type begins so; all of them, control frames included, for the empty prefix. */
  onEventPrefix(prefix: string, handler: EventHandler): () => void {
    return this.route(({ type }) => type.startsWith(prefix), handler);
  }

  /** Notifications of Codex: `turn.completed`. */
  onAppServer(name: string, handler: SignalHandler): () => void {
    return this.#onSignal(`app_server.${trimDots(name)}`, handler);
  }

  /** Requests of Codex: `item.tool.call`. */
  onAppServerRequest(name: string, handler: SignalHandler): () => void {
    return this.#onSignal(`app_server.request.${trimDots(name)}`, handler);
  }

  /** The beginnings of turns. */
  onTurnStarted(handler: SignalHandler): () => void {
    return this.onAppServer('turn.started', handler);
  }

  /** Events that `matches` says yes to. */
  route(matches: (event: StreamEvent) => boolean, handler: EventHandler): () => void {
    const route = new Route({
      matches,
      handle: handler,
      limits: this.#options.limits,
      onError: (thrown, event) => this.#report(thrown, event),
      onDropped: () => (this.#dropped += 1),
    });
    this.#routes.add(route);
    return () => void this.#routes.delete(route);
  }

  /**
   * Gives events to the routes until `signal` aborts or the client is closed; then resolves. Runs may
   * overlap: each route gets an event once.
   * @throws SessionMeshError why the stream has failed for good
   */
  async runForever({ threadId, signal }: RunOptions = {}): Promise<void> {
    if (signal?.aborted) return;
    const { host } = this.#options;
    const run: Run = { threadId: threadId ?? null, since: host.connections };
    const unfollow = host.follow(run.threadId);
    this.#runs.add(run);
    for (const listener of this.#runListeners) listener();
    const aborted = Promise.withResolvers<void>();
    const onAbort = () => aborted.resolve();
    signal?.addEventListener('abort', onAbort, { once: true });
    const over = this.#whenState((state) => state === 'closed');
    try {
      await Promise.race([aborted.promise, over.reached]);
    } finally {
      over.stop();
      signal?.removeEventListener('abort', onAbort);
      this.#runs.delete(run);
      unfollow();
    }
  }

  /**
   * Resolves once the stream is up and brings what the runs asked for: what is sent from then on is seen.
   * @throws SessionMeshError why there will be no stream; the reason of `signal`
   */
  async ready({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    signal?.throwIfAborted();
    const online = this.#whenState((state) => state === 'online');
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([aborted.promise, online.reached]);
    } finally {
      online.stop();
      signal?.removeEventListener('abort', onAbort);
    }
    await this.#options.host.settled();
  }

  /** Whether the routes are given the events of a session. @internal */
  covers(sessionId: string): boolean {
    return [...this.#runs].some(({ threadId }) => threadId === null || threadId === sessionId);
  }

  /** Tells of every run that begins. @internal */
  onRun(listener: () => void): () => void {
    this.#runListeners.add(listener);
    return () => void this.#runListeners.delete(listener);
  }

  /** Gives an event to the routes as if it had come just now. @internal */
  deliver(event: StreamEvent): void {
    const run = [...this.#runs].find(
      ({ threadId }) => threadId === null || threadId === event.threadId || isBroadcast(event),
    );
    if (!run) return;
    const reconnectCount = this.#options.host.connections - run.since;
    const context: StreamContext = { threadId: run.threadId, reconnectCount };
    for (const route of this.#routes) route.offer(event, context);
  }

  #onFrame(frame: StreamFrame): void {
    if (this.#runs.size > 0) this.deliver(eventOf(frame));
  }

  #onSignal(type: string, handler: SignalHandler): () => void {
    return this.onEvent(type, (event, context) => handler(signalOf(event), context));
  }

  #report(thrown: unknown, event: StreamEvent): void {
    this.#failed += 1;
    try {
      this.#onError(thrown, event);
    } catch (again) {
      this.#options.logger.error({ error: messageOf(again) }, 'an error listener threw');
    }
  }

  /** Resolves once the state is as wanted; rejects once it cannot become so any more. */
  #whenState(isWanted: (state: StreamState) => boolean) {
    const { promise: reached, resolve, reject } = Promise.withResolvers<void>();
    const look = (state: StreamState) => {
      if (isWanted(state)) resolve();
      else if (state === 'failed') reject(new SessionMeshError('host_failed'));
      else if (state === 'closed') reject(new SessionMeshError('mesh_closed'));
    };
    const stop = this.#options.hub.watchState(look);
    look(this.state);
    return { reached, stop };
  }
}
