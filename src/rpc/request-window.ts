/**
 * The requests of this side that wait for an answer.
 *
 * - W1 At most `requestsInFlightMax` are with the other side; the others wait in line, first come first
 *   served. The line is bounded in number (`requestsQueuedMax`) and in size (`sendBufferBytesMax`).
 * - W2 Every request settles: by an answer, at its deadline, by its signal, or when the stream closes.
 *   The other side may drop a request without a word, so there is always a deadline.
 * - W3 A request that the other side was too busy for is sent again after a while. It keeps its place
 *   in the window meanwhile, so that a busy server sees fewer requests, not more.
 */
import { backoffMs } from '../backoff.ts';
import type { Env, Timer } from '../env.ts';
import { SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { toJsonText } from './json-text.ts';
import { rpcCodes, RpcError, type RpcErrorObject, type RpcResponse } from './message.ts';
import { streamClosed } from './stream-life.ts';

/** How long one request may take, and who may call it off. */
export interface RequestOptions {
  readonly signal?: AbortSignal;
  /** From the call to its answer, the wait in line included. `requestTimeoutMs` if left out. */
  readonly timeoutMs?: number;
}

/** What became of a response that came in. */
export type Settlement = 'settled' | 'response_late' | 'response_unknown';

interface Waiter {
  readonly method: string;
  /** The message but for its id, as JSON text without the opening brace. */
  readonly body: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (reason: unknown) => void;
  /** Takes the deadline and the abort listener away. */
  readonly release: () => void;
  stage: 'queued' | 'in_flight' | 'backing_off' | 'over';
  /** The id of the current attempt. */
  id: number;
  attempt: number;
  retry: Timer | null;
}

/** What a {@link RequestWindow} needs. */
export interface RequestWindowOptions {
  readonly env: Env;
  readonly limits: Limits;
  /** Sends one frame, or throws. */
  readonly send: (text: string) => void;
}

/** Own requests: numbered, windowed, retried, timed. */
export class RequestWindow {
  readonly #env: Env;
  readonly #limits: Limits;
  readonly #send: (text: string) => void;
  readonly #inFlight = new Map<number, Waiter>();
  readonly #backingOff = new Set<Waiter>();
  readonly #queue: Waiter[] = [];
  #queuedChars = 0;
  #nextId = 1;
  #closedBy: SessionMeshError | null = null;
  #retries = 0;
  #timeouts = 0;

  constructor(options: RequestWindowOptions) {
    this.#env = options.env;
    this.#limits = options.limits;
    this.#send = options.send;
  }

  /** Requests with the other side, waiting in line, and counts of what went wrong since the start. */
  get stats(): { inFlight: number; queued: number; overloadRetries: number; timeouts: number } {
    return {
      inFlight: this.#inFlight.size + this.#backingOff.size,
      queued: this.#queue.length,
      overloadRetries: this.#retries,
      timeouts: this.#timeouts,
    };
  }

  /**
   * Sends a request, or lines it up, and resolves with the result.
   * @throws SessionMeshError `request_refused`, `request_timeout`, `overloaded`, `message_invalid`,
   * `frame_too_long`, or what closed the stream; the signal's reason if it aborts.
   */
  request(method: string, params: object, options: RequestOptions = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#closedBy) throw streamClosed('a stream that is closed', this.#closedBy);
      options.signal?.throwIfAborted();
      const body = toJsonText({ method, params }, this.#limits.messageDepthMax).slice(1);
      const mustQueue = this.#isFull;
      if (mustQueue) this.#assertRoom(body);
      const waiter: Waiter = {
        method,
        body,
        resolve,
        reject,
        release: this.#arm(() => waiter, options),
        stage: 'queued',
        id: 0,
        attempt: 0,
        retry: null,
      };
      if (!mustQueue) return this.#transmit(waiter);
      this.#queue.push(waiter);
      this.#queuedChars += body.length;
    });
  }

  /** Hands an answer to the request it belongs to, or says why there is none. */
  settle(response: RpcResponse): Settlement {
    const { id } = response;
    const waiter = typeof id === 'number' ? this.#inFlight.get(id) : undefined;
    if (!waiter) {
      const wasOurs = typeof id === 'number' && id > 0 && id < this.#nextId;
      return wasOurs ? 'response_late' : 'response_unknown';
    }
    if (response.type === 'refusal') {
      this.#refused(waiter, response.error);
    } else {
      this.#leave(waiter);
      waiter.resolve(response.result);
      this.#advance();
    }
    return 'settled';
  }

  /** Rejects everything that waits, now and later. Idempotent. */
  close(cause: SessionMeshError): void {
    if (this.#closedBy) return;
    this.#closedBy = cause;
    const queued = this.#queue.splice(0);
    for (const waiter of [...this.#inFlight.values(), ...this.#backingOff, ...queued]) {
      this.#fail(waiter, cause);
    }
  }

  get #isFull(): boolean {
    return this.#inFlight.size + this.#backingOff.size >= this.#limits.requestsInFlightMax;
  }

  #assertRoom(body: string): void {
    const { requestsQueuedMax, sendBufferBytesMax } = this.#limits;
    const inLine = `${this.#queue.length} requests of ${this.#queuedChars} bytes in line`;
    const hasRoom =
      this.#queue.length < requestsQueuedMax &&
      this.#queuedChars + body.length <= sendBufferBytesMax;
    if (!hasRoom) throw new SessionMeshError('overloaded', { found: inLine });
  }

  /** Starts the deadline and listens to the signal; returns how to undo both. */
  #arm(waiterOf: () => Waiter, { signal, timeoutMs }: RequestOptions): () => void {
    const { clock } = this.#env;
    const delayMs = timeoutMs ?? this.#limits.requestTimeoutMs;
    const timer = clock.setTimeout(() => this.#expire(waiterOf(), delayMs), delayMs);
    if (!signal) return () => clock.clearTimeout(timer);
    const onAbort = () => this.#fail(waiterOf(), signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    return () => {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
  }

  #expire(waiter: Waiter, delayMs: number): void {
    this.#timeouts += 1;
    const error = new SessionMeshError('request_timeout', {
      expected: `an answer to ${waiter.method} within ${delayMs} ms`,
      found: waiter.stage === 'in_flight' ? 'none' : `it ${waiter.stage.replace('_', ' ')}`,
    });
    this.#fail(waiter, error);
  }

  #transmit(waiter: Waiter): void {
    waiter.stage = 'in_flight';
    waiter.id = this.#nextId++;
    waiter.attempt += 1;
    this.#inFlight.set(waiter.id, waiter);
    try {
      this.#send(`{"id":${waiter.id},${waiter.body}`);
    } catch (error) {
      // Whoever transmits goes on with the line; to do it from here would nest without a bound.
      this.#leave(waiter);
      waiter.reject(error);
    }
  }

  #refused(waiter: Waiter, refusal: RpcErrorObject): void {
    const cause = new RpcError(refusal);
    const expected = waiter.method;
    if (refusal.code !== rpcCodes.overloaded) {
      const found = `${refusal.code} ${refusal.message.slice(0, refusalCharsShown)}`;
      this.#fail(waiter, new SessionMeshError('request_refused', { expected, found, cause }));
    } else if (waiter.attempt >= this.#limits.overloadAttemptsMax) {
      const found = `${waiter.attempt} attempts refused`;
      this.#fail(waiter, new SessionMeshError('overloaded', { expected, found, cause }));
    } else {
      this.#retryLater(waiter);
    }
  }

  #retryLater(waiter: Waiter): void {
    const { overloadBackoffBaseMs: baseMs, overloadBackoffCapMs: capMs } = this.#limits;
    this.#retries += 1;
    this.#inFlight.delete(waiter.id);
    this.#backingOff.add(waiter);
    waiter.stage = 'backing_off';
    const delayMs = backoffMs({ baseMs, capMs }, waiter.attempt, () => this.#env.random());
    waiter.retry = this.#env.clock.setTimeout(() => {
      this.#backingOff.delete(waiter);
      this.#transmit(waiter);
      this.#advance();
    }, delayMs);
  }

  #fail(waiter: Waiter, reason: unknown): void {
    if (waiter.stage === 'over') return;
    this.#leave(waiter);
    waiter.reject(reason);
    this.#advance();
  }

  /** Takes a waiter out of wherever it is, with its timers and listener. */
  #leave(waiter: Waiter): void {
    const queuedAt = waiter.stage === 'queued' ? this.#queue.indexOf(waiter) : -1;
    if (queuedAt >= 0) this.#queue.splice(queuedAt, 1);
    if (waiter.stage === 'queued') this.#queuedChars -= waiter.body.length;
    waiter.stage = 'over';
    waiter.release();
    if (waiter.retry) this.#env.clock.clearTimeout(waiter.retry);
    this.#inFlight.delete(waiter.id);
    this.#backingOff.delete(waiter);
  }

  /** Sends what waits in line, as far as the window is open. */
  #advance(): void {
    while (!this.#closedBy && !this.#isFull) {
      const next = this.#queue.shift();
      if (!next) return;
      this.#queuedChars -= next.body.length;
      this.#transmit(next);
    }
  }
}

/** A server may list all its methods in a refusal; the cause has the whole text. */
const refusalCharsShown = 300;
