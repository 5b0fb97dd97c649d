/**
 * One connection of the stream, from its upgrade to its end: it waits for `ready`, tells the service whom to
 * follow, and knows by a ping when it was told.
 */
import type { SessionMeshError } from '../../errors.ts';
import type { Transport, TransportHandlers } from '../../rpc/transport.ts';
import { parseFrame, type ReadyFrame, type StreamFrame } from './frame.ts';

/** Who is told what comes over a stream. */
export interface StreamHandlers {
  onReady(ready: ReadyFrame): void;
  onFrame(frame: StreamFrame): void;
  onClose(cause: SessionMeshError): void;
}

/** A stream that is open. */
export class Stream implements TransportHandlers {
  readonly #transport: Transport;
  readonly #handlers: StreamHandlers;
  #isReady = false;
  #pings = 0;
  #pongs = 0;
  #settling: { readonly pings: number; readonly resolve: () => void }[] = [];

  constructor(transport: Transport, handlers: StreamHandlers) {
    this.#transport = transport;
    this.#handlers = handlers;
  }

  /** Begins to read. */
  start(): void {
    this.#transport.start(this);
  }

  /** Tells the service something. The service takes commands in order, so the ping is answered after it. */
  command(command: object): void {
    try {
      this.#transport.send(JSON.stringify(command));
      this.#transport.send(JSON.stringify({ type: 'ping' }));
      this.#pings += 1;
    } catch {
      // It is closed or about to be; the next stream is told anew.
    }
  }

  /** Resolves once the service has taken every command so far, or the stream is over. */
  settled(): Promise<void> {
    if (this.#pongs >= this.#pings) return Promise.resolve();
    return new Promise((resolve) => this.#settling.push({ pings: this.#pings, resolve }));
  }

  /** Cuts it with a cause, or closes it gently. */
  close(cause?: SessionMeshError): Promise<void> {
    return this.#transport.close(cause);
  }

  onFrame(text: string): void {
    const parsed = parseFrame(text);
    if (!parsed) return;
    const { frame, ready } = parsed;
    if (ready && !this.#isReady) {
      this.#isReady = true;
      this.#handlers.onReady(ready);
    }
    if (frame.type === 'pong') {
      this.#pongs += 1;
      this.#settle(this.#pongs);
    }
    this.#handlers.onFrame(frame);
  }

  onGarbage(): void {
    // Nothing a service of this kind sends; nothing is lost with it.
  }

  onClose(cause: SessionMeshError): void {
    this.#settle(Infinity);
    this.#handlers.onClose(cause);
  }

  #settle(pongs: number): void {
    for (const { pings, resolve } of this.#settling) if (pings <= pongs) resolve();
    this.#settling = this.#settling.filter(({ pings }) => pings > pongs);
  }
}
