/** A pair of transports within one process, for tests and simulations: no bytes, no operating system. */
import type { Env } from '../env.ts';
import type { SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { streamClosed, StreamLife } from './stream-life.ts';
import type { Transport, TransportHandlers } from './transport.ts';

/**
 * Two ends of one stream: what is sent at one arrives at the other, a microtask later. An end that has
 * not started is a reader that does not read.
 */
export function createMemoryPair(env: Env, limits: Limits): readonly [Transport, Transport] {
  const one = new MemoryEnd(env, limits);
  const two = new MemoryEnd(env, limits);
  one.join(two);
  two.join(one);
  return [one, two];
}

class MemoryEnd implements Transport {
  readonly #life: StreamLife;
  #other: MemoryEnd | null = null;
  /** Frames sent by the other end and not delivered yet. */
  #inbox: string[] = [];
  #inboxBytes = 0;
  #started = false;
  #delivering = false;
  /** The other end is closed; this one follows once the inbox is empty. */
  #ended = false;

  constructor(env: Env, limits: Limits) {
    this.#life = new StreamLife(env, limits, {
      detach: () => this.#dropInbox(),
      over: () => Promise.resolve(),
      finish: () => this.#other?.end(true),
      cut: () => this.#other?.end(false),
    });
  }

  get bufferedBytes(): number {
    return this.#other ? this.#other.#inboxBytes : 0;
  }

  join(other: MemoryEnd): void {
    this.#other = other;
  }

  start(handlers: TransportHandlers): void {
    this.#started = this.#life.begin(handlers);
    this.#deliverSoon();
  }

  send(text: string): void {
    this.#life.admit(text, this.bufferedBytes);
    this.#other?.accept(text);
  }

  close(cause?: SessionMeshError): Promise<void> {
    return this.#life.close(cause);
  }

  /** A frame from the other end. */
  accept(text: string): void {
    if (!this.#life.isOpen) return;
    this.#inbox.push(text);
    this.#inboxBytes += Buffer.byteLength(text);
    this.#deliverSoon();
  }

  /** No more frames from the other end; those that wait here are delivered first, or dropped. */
  end(deliver: boolean): void {
    if (!deliver) this.#dropInbox();
    this.#ended = true;
    this.#deliverSoon();
  }

  #deliverSoon(): void {
    if (this.#delivering || !this.#started || !this.#life.isOpen) return;
    this.#delivering = true;
    queueMicrotask(this.#deliver);
  }

  readonly #deliver = (): void => {
    const frames = this.#inbox;
    this.#dropInbox();
    frames.forEach(this.#life.frame);
    this.#delivering = false;
    if (this.#inbox.length > 0) this.#deliverSoon();
    else if (this.#ended) this.#life.end(streamClosed('the end of the stream'));
  };

  #dropInbox(): void {
    this.#inbox = [];
    this.#inboxBytes = 0;
  }
}
