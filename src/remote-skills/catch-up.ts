/**
 * Makes up for what the stream missed, for those who handle signals: calls that the service lists and that
 * no frame brought are given to the routes as signals, marked `redelivered`.
 *
 * Right after a run begins, after a reconnect and where frames are missing it looks at once; while a turn is
 * active it looks again every `silentCallMs`, and believes what it finds twice. It never answers anything.
 */
import { LRUCache } from 'lru-cache';
import type { Env, Timer } from '../env.ts';
import { messageOf } from '../errors.ts';
import {
  callOfFrame,
  callSignalType,
  type ControlServiceHost,
  type StreamFrame,
  type StreamState,
} from '../hosts/control-service/internal.ts';
import type { HostCall } from '../hosts/host.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { Session } from '../mesh/session.ts';
import type { FrameHub } from './frame-hub.ts';
import type { StreamEvent } from './signal.ts';
import type { ClientStream } from './stream.ts';

/** What catching up needs. */
export interface CatchUpOptions {
  readonly host: ControlServiceHost;
  readonly mesh: Mesh;
  readonly hub: FrameHub;
  readonly stream: ClientStream;
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
}

const keyOf = ({ sessionId, turnId, callId, requestId }: HostCall): string =>
  JSON.stringify([sessionId, turnId, callId, requestId]);

/** The signal that a call would have come with. */
function signalEvent(call: HostCall, receivedAt: string): StreamEvent {
  const { sessionId, turnId, callId, requestId, namespace, tool, arguments: args } = call;
  const params = { threadId: sessionId, turnId, callId, namespace, tool, arguments: args };
  return {
    type: callSignalType,
    threadId: sessionId,
    payload: {
      source: 'app_server',
      signalType: 'request',
      eventType: callSignalType,
      method: 'item/tool/call',
      receivedAt,
      context: { threadId: sessionId, turnId },
      params,
      session: { id: sessionId, title: null, projectId: null },
      requestId,
      redelivered: true,
    },
  };
}

/** Catches up for one client, until its stream is over. */
export function catchUp(options: CatchUpOptions): void {
  new CatchUp(options).start();
}

class CatchUp {
  readonly #options: CatchUpOptions;
  /** Calls that the routes were given. */
  readonly #given: LRUCache<string, true>;
  /** Calls that were listed at the last look without having been given. */
  #suspect = new Set<string>();
  #undo: readonly (() => void)[] = [];
  #timer: Timer | undefined;
  #isOver = false;

  constructor(options: CatchUpOptions) {
    this.#options = options;
    this.#given = new LRUCache({ max: options.limits.clientCallsKeptMax });
  }

  start(): void {
    const { hub, stream } = this.#options;
    this.#undo = [
      hub.watch(null, (frame) => this.#onFrame(frame)),
      hub.watchState((state) => this.#onState(state)),
      stream.onRun(() => this.#lookAtOnce()),
    ];
    this.#watch();
  }

  #onState(state: StreamState): void {
    if (state === 'online') this.#lookAtOnce();
    if (state !== 'closed' && state !== 'failed') return;
    this.#isOver = true;
    for (const step of this.#undo) step();
    if (this.#timer) this.#options.env.clock.clearTimeout(this.#timer);
  }

  #onFrame(frame: StreamFrame): void {
    if (frame.type === 'lagged') this.#lookAtOnce();
    if (frame.type !== callSignalType || frame.threadId === null) return;
    const { host, stream } = this.#options;
    if (!stream.covers(frame.threadId)) return;
    const call = callOfFrame(frame, frame.threadId, host.epochOf);
    if (call) this.#given.set(keyOf(call), true);
  }

  #lookAtOnce(): void {
    for (const session of this.#options.mesh.sessions()) void this.#look(session, true);
  }

  #watch(): void {
    const { env, limits, mesh } = this.#options;
    this.#timer = env.clock.setTimeout(() => {
      const before = this.#suspect;
      this.#suspect = new Set();
      const looks = mesh
        .sessions()
        .filter(({ turnId }) => turnId !== null)
        .map((session) => this.#look(session, false, before));
      void Promise.all(looks).then(() => {
        if (!this.#isOver) this.#watch();
      });
    }, limits.silentCallMs);
  }

  async #look(session: Session, isSure: boolean, before?: ReadonlySet<string>): Promise<void> {
    const { host, logger } = this.#options;
    if (!this.#isServed(session)) return;
    try {
      const listed = await host.requests.listCalls(session.id);
      if (!this.#isServed(session)) return;
      for (const call of listed) this.#consider(call, session, isSure || before?.has(keyOf(call)));
    } catch (thrown) {
      if (!this.#isServed(session)) return;
      logger.warn({ sessionId: session.id, error: messageOf(thrown) }, 'could not list calls');
    }
  }

  #consider(call: HostCall, session: Session, isSure = false): void {
    const key = keyOf(call);
    if (this.#given.has(key) || session.core.knows(call)) return;
    if (!isSure) {
      this.#suspect.add(key);
      return;
    }
    this.#given.set(key, true);
    const { env, stream } = this.#options;
    stream.deliver(signalEvent(call, new Date(env.clock.now()).toISOString()));
  }

  /** Whether somebody handles the signals of this session: a run covers it, and polling does not have it. */
  #isServed({ id, dispatchMode }: Session): boolean {
    return dispatchMode !== 'polling' && this.#options.stream.covers(id);
  }
}
