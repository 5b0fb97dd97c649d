/**
 * One route of a client's stream: events that match go to one handler. Nobody waits for it: events that come
 * while many handlers run are kept, and beyond a bound the oldest are dropped and counted.
 */
import type { Limits } from '../limits.ts';
import type { StreamEvent } from './signal.ts';

/** What a handler is told besides the event. */
export interface StreamContext {
  /** The session that the run is about, or null. */
  readonly threadId: string | null;
  /** How often the stream was lost since the run began. */
  readonly reconnectCount: number;
}

/** What a route is made of. */
export interface RouteOptions {
  readonly matches: (event: StreamEvent) => boolean;
  readonly handle: (event: StreamEvent, context: StreamContext) => unknown;
  readonly limits: Limits;
  /** A handler threw. */
  readonly onError: (thrown: unknown, event: StreamEvent) => void;
  readonly onDropped: () => void;
}

interface Offer {
  readonly event: StreamEvent;
  readonly context: StreamContext;
}

/** A route. */
export class Route {
  readonly #options: RouteOptions;
  readonly #waiting: Offer[] = [];
  #running = 0;

  constructor(options: RouteOptions) {
    this.#options = options;
  }

  /** Hands an event over if it matches. Never throws, and does not wait. */
  offer(event: StreamEvent, context: StreamContext): void {
    const { limits, matches, onError, onDropped } = this.#options;
    try {
      if (!matches(event)) return;
    } catch (thrown) {
      onError(thrown, event);
      return;
    }
    if (this.#running < limits.routeHandlersMax) {
      void this.#run({ event, context });
      return;
    }
    this.#waiting.push({ event, context });
    if (this.#waiting.length <= limits.routeEventsMax) return;
    this.#waiting.shift();
    onDropped();
  }

  async #run({ event, context }: Offer): Promise<void> {
    this.#running += 1;
    try {
      await this.#options.handle(event, context);
    } catch (thrown) {
      this.#options.onError(thrown, event);
    }
    this.#running -= 1;
    const next = this.#waiting.shift();
    if (next) void this.#run(next);
  }
}
