/**
 * Keeps the stream up: makes it, notices its loss, makes the next, for as long as the service lets us in.
 * `machines/connection.ts` says what may happen; what happens in `connecting` is here.
 *
 * - K1 One stream at a time. Whoever was told of its end is told of nothing more of it.
 * - K2 Attempts are spaced by full-jitter backoff, which begins anew only after a stream that lasted.
 * - K3 A service that was reached once is tried for ever: it is somebody else's to start again.
 * - K4 Where frames have numbers, a new stream begins where the last one ended; what is missing is told
 *   by `onLagged`, and everything else counts as missing.
 */
import { createActor, type Actor } from 'xstate';
import { connectionMachine } from '../../../machines/connection.ts';
import { backoffMs } from '../../backoff.ts';
import { isSessionMeshError, messageOf, SessionMeshError } from '../../errors.ts';
import type { HostContext } from '../host.ts';
import type { FrameRange, ReadyFrame, StreamFrame } from './frame.ts';
import type { ServiceClient } from './service-client.ts';
import { StreamFilter } from './stream-filter.ts';
import { Stream } from './stream.ts';
import type { ServiceWire } from './wire.ts';

/** Who is told what becomes of the stream. None of these throws. */
export interface LinkHandlers {
  /** `isSeamless`: this stream brings what the last one missed. */
  onOnline(isSeamless: boolean): void;
  /** Every frame, control frames included. */
  onFrame(frame: StreamFrame): void;
  /** Frames are missing; null: the service does not say which. */
  onLagged(missing: FrameRange | null): void;
  onLost(cause: SessionMeshError): void;
  /** Final. */
  onFailed(cause: SessionMeshError): void;
}

/** What a link is made of. */
export interface LinkOptions {
  readonly wire: ServiceWire;
  readonly client: ServiceClient;
  readonly context: HostContext;
  readonly handlers: LinkHandlers;
}

/** Errors that no further attempt can mend. */
const permanentCodes: ReadonlySet<string> = new Set(['host_unauthorized', 'option_invalid']);

/** The stream of one host. */
export class Link {
  readonly #options: LinkOptions;
  readonly #actor: Actor<typeof connectionMachine>;
  readonly #over = new AbortController();
  readonly filter: StreamFilter;
  #stream: Stream | null = null;
  #connections = 0;
  #isOnline = false;
  #onlineSinceMs = 0;
  #startedAtMs = 0;
  #attempts = 0;
  #epoch: string | null = null;
  #hasEpochs = false;
  #seq: number | null = null;
  #syncing = false;
  #work: Promise<void> = Promise.resolve();

  constructor(options: LinkOptions) {
    this.#options = options;
    this.filter = new StreamFilter(options.context.limits, () => this.#syncSoon());
    this.#actor = createActor(connectionMachine, { clock: options.context.env.clock });
    this.#actor.subscribe({
      next: (snapshot) => {
        if (snapshot.matches({ live: 'connecting' })) this.#work = this.#connect();
      },
      error: (thrown) => this.#fail(asLinkError(thrown)),
    });
  }

  /** Whether there will be no stream any more. */
  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** Whether the stream is up. */
  get isOnline(): boolean {
    return this.#isOnline;
  }

  /** How many streams there were: what was seen on an earlier one may be out of date. */
  get connections(): number {
    return this.#connections;
  }

  /** This start of the service as the last stream told it, or null where the service does not say. */
  get epoch(): string | null {
    return this.#epoch;
  }

  /** Whether the service names its starts, and so never gives a request id twice. */
  get hasEpochs(): boolean {
    return this.#hasEpochs;
  }

  /** Begins. */
  start(): void {
    this.#startedAtMs = this.#nowMs();
    this.#actor.start();
    this.#actor.send({ type: 'start' });
  }

  /** Resolves once the service follows whom it was asked to; also if it takes too long to say so. */
  async settled(): Promise<void> {
    const { env, limits } = this.#options.context;
    await Promise.resolve();
    const stream = this.#isOnline ? this.#stream : null;
    if (!stream) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = env.clock.setTimeout(resolve, limits.streamSettleMs);
    await Promise.race([stream.settled(), promise]);
    env.clock.clearTimeout(timer);
  }

  /** The service refuses us, as somebody else found out. */
  refuse(cause: SessionMeshError): void {
    if (this.#over.signal.aborted) return;
    this.#fail(cause);
    void this.#stream?.close(cause);
  }

  /** Ends for good, also within an attempt. Idempotent, never rejects. */
  async close(): Promise<void> {
    this.#over.abort(new SessionMeshError('mesh_closed'));
    if (this.#actor.getSnapshot().status === 'active') this.#actor.send({ type: 'stop' });
    this.#isOnline = false;
    await this.#stream?.close();
    await this.#work;
    this.#actor.stop();
  }

  async #connect(): Promise<void> {
    const { context } = this.#options;
    const { connectTimeoutMs } = context.limits;
    const late = new AbortController();
    const deadline = context.env.clock.setTimeout(() => {
      const expected = `a stream that is ready within ${connectTimeoutMs} ms`;
      late.abort(new SessionMeshError('host_unreachable', { expected }));
    }, connectTimeoutMs);
    try {
      await this.#attempt(AbortSignal.any([late.signal, this.#over.signal]));
    } catch (thrown) {
      if (!this.#over.signal.aborted) this.#retreat(asLinkError(thrown));
    } finally {
      context.env.clock.clearTimeout(deadline);
    }
  }

  async #attempt(signal: AbortSignal): Promise<void> {
    const { wire, client } = this.#options;
    const transport = await client.withToken((token) =>
      wire.openStream(this.#query(), token, signal),
    );
    const ready = Promise.withResolvers<void>();
    const stream: Stream = new Stream(transport, {
      onReady: (frame) => {
        this.#adopt(stream, frame);
        ready.resolve();
      },
      onFrame: (frame) => this.#onFrame(stream, frame),
      onClose: (cause) => {
        ready.reject(cause);
        this.#onClose(stream, cause);
      },
    });
    this.#stream = stream;
    this.#actor.send({ type: 'connected' });
    const onAbort = () => void stream.close(asLinkError(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    stream.start();
    if (signal.aborted) onAbort();
    await ready.promise.finally(() => signal.removeEventListener('abort', onAbort));
  }

  /** Where to go on, if the service numbers its frames. */
  #query(): string {
    if (this.#seq === null || this.#epoch === null) return '';
    return `?since=${this.#seq}&epoch=${encodeURIComponent(this.#epoch)}`;
  }

  #adopt(stream: Stream, { epoch, seq }: ReadyFrame): void {
    const isSeamless = epoch !== null && this.#seq !== null && epoch === this.#epoch;
    this.#epoch = epoch;
    this.#hasEpochs = epoch !== null;
    if (!isSeamless) this.#seq = epoch === null ? null : seq;
    this.#connections += 1;
    this.#isOnline = true;
    this.#onlineSinceMs = this.#nowMs();
    this.#actor.send({ type: 'handshaken' });
    this.#sync(stream);
    this.#options.handlers.onOnline(isSeamless);
  }

  #onFrame(stream: Stream, frame: StreamFrame): void {
    if (stream !== this.#stream || !this.#isOnline) return;
    const { handlers } = this.#options;
    // What is sent to make up for something carries the last number that was given: it is no step back.
    const isNext = frame.type !== 'ready' && frame.seq !== null && frame.seq > (this.#seq ?? -1);
    if (isNext) this.#seq = frame.seq;
    handlers.onFrame(frame);
    if (frame.type === 'lagged') handlers.onLagged(frame.missing ?? null);
  }

  #onClose(stream: Stream, cause: SessionMeshError): void {
    if (stream !== this.#stream || !this.#isOnline) return;
    this.#isOnline = false;
    const { streamHealthyMs } = this.#options.context.limits;
    if (this.#nowMs() - this.#onlineSinceMs >= streamHealthyMs) this.#attempts = 0;
    // A frame that is too long would be the first one again.
    if (cause.code === 'frame_too_long') this.#seq = null;
    if (this.#over.signal.aborted) return;
    this.#options.handlers.onLost(cause);
    this.#retreat(cause);
  }

  #retreat(cause: SessionMeshError): void {
    const { env, limits, logger } = this.#options.context;
    if (permanentCodes.has(cause.code) || this.#hasWaitedInVain()) {
      this.#fail(cause);
      return;
    }
    this.#attempts += 1;
    const { reconnectBackoffBaseMs: baseMs, reconnectBackoffCapMs: capMs } = limits;
    const delayMs = backoffMs({ baseMs, capMs }, this.#attempts, () => env.random());
    logger.warn({ error: cause.message, delayMs }, 'the stream is down; trying again');
    this.#actor.send({ type: 'lost', code: cause.code, delayMs });
  }

  /** Who never got there may have the wrong address. */
  #hasWaitedInVain(): boolean {
    const { connectTimeoutMs } = this.#options.context.limits;
    return this.#connections === 0 && this.#nowMs() - this.#startedAtMs >= connectTimeoutMs;
  }

  #fail(cause: SessionMeshError): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort(cause);
    this.#isOnline = false;
    this.#actor.send({ type: 'given.up', code: cause.code });
    this.#options.handlers.onFailed(cause);
  }

  /** Many who begin to follow in one tick are told of at once. */
  #syncSoon(): void {
    if (this.#syncing) return;
    this.#syncing = true;
    queueMicrotask(() => {
      this.#syncing = false;
      if (this.#stream && this.#isOnline) this.#sync(this.#stream);
    });
  }

  #sync(stream: Stream): void {
    const command = this.filter.command(this.#hasEpochs ? 'many' : 'one');
    if (command) stream.command(command);
  }

  #nowMs(): number {
    return this.#options.context.env.clock.monotonic();
  }
}

function asLinkError(thrown: unknown): SessionMeshError {
  if (isSessionMeshError(thrown)) return thrown;
  return new SessionMeshError('host_unreachable', { found: messageOf(thrown), cause: thrown });
}
