/**
 * Watches over a link that may fall silent without being closed: a ping in each heartbeat, and an end to a
 * link that was silent for two, or for as long as somebody else says.
 *
 * - H1 A link is given up two heartbeats after its last sign of life, and not before: in that time a living
 *   one has had a ping and a whole heartbeat to answer it.
 * - H2 Time in which this process stood still does not count: nobody listened.
 */
import type { Clock, Timer } from '../env.ts';
import type { SessionMeshError } from '../errors.ts';
import { streamClosed } from './stream-life.ts';

/** Heartbeats without a sign of life after which a link is dead. */
const silentBeatsMax = 2;

/** The error of a link that is dead. */
export function linkSilent(): SessionMeshError {
  return streamClosed(`a link that was silent for ${silentBeatsMax} heartbeats`);
}

/** What a heartbeat does. */
export interface HeartbeatOptions {
  readonly clock: Clock;
  /** Milliseconds between two pings. */
  readonly heartbeatMs: number;
  /** How long a link may be silent. Default: two heartbeats. */
  readonly silentMs?: number;
  /** Asks the other side for a sign of life. */
  readonly ping: () => void;
  /** The link is dead. The heartbeat has stopped by then. */
  readonly onDead: () => void;
}

/** The heartbeat of one link. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #timer: Timer | null = null;
  #heardMs = 0;
  #dueMs = 0;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Begins. The link lives as of now. */
  start(): void {
    this.heard();
    this.#arm(this.#options.heartbeatMs);
  }

  /** The other side has said something. */
  heard(): void {
    this.#heardMs = this.#options.clock.monotonic();
  }

  /** Ends. Idempotent. */
  stop(): void {
    if (this.#timer) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #arm(delayMs: number): void {
    const { clock } = this.#options;
    this.#dueMs = clock.monotonic() + delayMs;
    this.#timer = clock.setTimeout(this.#beat, delayMs);
  }

  readonly #beat = (): void => {
    const { clock, heartbeatMs, ping, onDead } = this.#options;
    const { silentMs = silentBeatsMax * heartbeatMs } = this.#options;
    const nowMs = clock.monotonic();
    this.#heardMs += Math.max(0, nowMs - Math.max(this.#dueMs, this.#heardMs));
    const leftMs = this.#heardMs + silentMs - nowMs;
    this.#timer = null;
    if (leftMs <= 0) {
      onDead();
      return;
    }
    this.#arm(Math.min(heartbeatMs, leftMs));
    ping();
  };
}
