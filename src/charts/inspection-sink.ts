/**
 * Sends what happens in a mesh to an inspector that speaks the format of `@statelyai/inspect`, over a
 * WebSocket, one event a message.
 *
 * - I1 It never holds the mesh up and never fails it: without a connection, and while the inspector does
 *   not keep up, events are dropped.
 * - I2 What was dropped is made good by state: once the inspector listens (again), it is told of every
 *   actor that lives, as it is then.
 * - I3 After `close` nothing is left: no socket, no timer. It is idempotent.
 */
import { backoffMs } from '../backoff.ts';
import { sleep, type Env } from '../env.ts';
import { messageOf } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { Transport } from '../rpc/transport.ts';
import { connectWebSocket } from '../rpc/websocket.ts';
import {
  inspectionEvents,
  type InspectedEvent,
  type StatelyActorEvent,
  type StatelyInspectionEvent,
} from './stately-inspection.ts';

/** Where to and with what. */
export interface InspectionSinkOptions {
  /** `ws://` or `wss://`. */
  readonly url: string;
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
}

/** The way to one inspector. */
export interface InspectionSink {
  /** Takes the next event of the mesh. Never throws, never waits. */
  readonly take: (event: InspectedEvent) => void;
  close(): Promise<void>;
}

/** Between attempts to reach the inspector; it is often started after the mesh. */
const retry = { baseMs: 500, capMs: 5_000 };

const ignore = () => {};

class WebSocketSink implements InspectionSink {
  readonly #options: InspectionSinkOptions;
  readonly #ending = new AbortController();
  /** Every actor that lives, with its last state; the oldest makes room at `inspectionActorsMax`. */
  readonly #actors = new Map<string, StatelyActorEvent>();
  readonly #loop: Promise<void>;
  #transport: Transport | null = null;
  #isBehind = false;

  constructor(options: InspectionSinkOptions) {
    this.#options = options;
    this.#loop = this.#run();
  }

  readonly take = (event: InspectedEvent): void => {
    if (this.#ending.signal.aborted) return;
    for (const told of inspectionEvents(event)) {
      this.#remember(told);
      this.#tell(told);
    }
  };

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#transport?.close();
    await this.#loop;
    this.#actors.clear();
  }

  #remember(event: StatelyInspectionEvent): void {
    const { sessionId } = event;
    if (event.type === '@xstate.actor') {
      this.#actors.set(sessionId, event);
      const [oldest] = this.#actors.keys();
      const isFull = this.#actors.size > this.#options.limits.inspectionActorsMax;
      if (isFull && oldest !== undefined) this.#actors.delete(oldest);
    } else if (event.type === '@xstate.snapshot') {
      const actor = this.#actors.get(sessionId);
      if (event.snapshot.status === 'done') this.#actors.delete(sessionId);
      else if (actor) this.#actors.set(sessionId, { ...actor, snapshot: event.snapshot });
    }
  }

  #tell(event: StatelyInspectionEvent): void {
    const transport = this.#transport;
    if (!transport) return;
    const { inspectionBufferBytesMax: bytesMax } = this.#options.limits;
    if (this.#isBehind && transport.bufferedBytes > bytesMax / 2) return;
    if (this.#isBehind) this.#tellAll(transport);
    else this.#send(transport, event);
    this.#isBehind = transport.bufferedBytes > bytesMax;
  }

  #tellAll(transport: Transport): void {
    for (const actor of this.#actors.values()) this.#send(transport, actor);
  }

  #send(transport: Transport, event: StatelyInspectionEvent): void {
    try {
      transport.send(JSON.stringify(event));
    } catch (thrown) {
      this.#options.logger.debug({ error: messageOf(thrown) }, 'an inspection event was dropped');
    }
  }

  async #run(): Promise<void> {
    const { env, logger, url } = this.#options;
    const { signal } = this.#ending;
    let attempt = 0;
    while (!signal.aborted) {
      try {
        const { over } = await this.#connect(signal);
        attempt = 0;
        await over;
        if (!signal.aborted) logger.warn({ url }, 'the inspector has gone');
      } catch (thrown) {
        if (attempt === 0 && !signal.aborted) {
          logger.warn({ error: messageOf(thrown) }, 'the inspector cannot be reached yet');
        }
      }
      attempt += 1;
      await sleep(env.clock, backoffMs(retry, attempt, env.random), signal).catch(() => {});
    }
  }

  /** Connects and tells of every actor that lives. */
  async #connect(signal: AbortSignal): Promise<{ readonly over: Promise<void> }> {
    const { url, env, limits } = this.#options;
    const transport = await connectWebSocket({ url, env, limits }, signal);
    const over = Promise.withResolvers<void>();
    const onClose = () => {
      this.#transport = null;
      over.resolve();
    };
    // What an inspector says back means nothing to us.
    transport.start({ onFrame: ignore, onGarbage: ignore, onClose });
    this.#transport = transport;
    this.#isBehind = false;
    this.#tellAll(transport);
    return { over: over.promise };
  }
}

/** Connects to an inspector, now and whenever the connection is lost. */
export function createInspectionSink(options: InspectionSinkOptions): InspectionSink {
  return new WebSocketSink(options);
}
