/**
 * One direction of a connection: reads, holds what is delayed, writes. Reading stops while more than a
 * bounded number of bytes waits, so a slow reader slows its writer down as it would without a proxy.
 */
import type { Readable, Writable } from 'node:stream';
import type { Clock, Timer } from '../../env.ts';
import type { Framing } from './frame.ts';
import { FrameFaults } from './frame-faults.ts';
import type { StreamName, Toxic, ToxicType } from './toxic.ts';

/** What a lane is made of. */
export interface LaneOptions {
  readonly stream: StreamName;
  readonly from: Readable;
  readonly to: Writable;
  readonly framing: Framing;
  readonly clock: Clock;
  readonly random: () => number;
  /** Reading stops while more bytes than this wait. */
  readonly bufferBytesMax: number;
  /** What applies to this direction of this connection now. */
  readonly toxics: () => readonly Toxic[];
  readonly onFault: (toxic: Toxic, detail: string | null) => void;
  /** A frame came in, before anything happens to it. */
  readonly onFrame: ((text: string) => void) | undefined;
  /** Bytes have been written. */
  readonly onPassed: (bytes: number) => void;
  /** The end was passed on. */
  readonly onOver: () => void;
  /** The connection cannot go on. `gently`: what was written may still arrive. */
  readonly onBroken: (gently: boolean) => void;
}

interface Waiting {
  /** Null: the end. */
  readonly bytes: Buffer | null;
  readonly dueMs: number;
}

/** The part of a second that one write under a limited bandwidth may fill. */
const writesPerSecond = 20;

export class Lane {
  readonly #options: LaneOptions;
  readonly #faults: FrameFaults;
  readonly #queue: Waiting[] = [];
  readonly #passed = new Map<string, number>();
  #queuedBytes = 0;
  #lastDueMs = 0;
  #freeAtMs = 0;
  #timer: Timer | undefined;
  #isBlocked = false;
  #isClosed = false;
  /** Something was lost that a reader would miss. */
  #hasHole = false;

  constructor(options: LaneOptions) {
    this.#options = options;
    const { clock, random, framing, onFault } = options;
    this.#faults = new FrameFaults({
      clock,
      random,
      framing,
      onFault,
      pass: (bytes) => this.#enqueue(bytes),
      onCut: () => this.#enqueue(null),
    });
  }

  /** Bytes that wait in this lane. */
  get bufferedBytes(): number {
    return this.#queuedBytes + this.#faults.heldBytes;
  }

  /** Begins to read. */
  start(): void {
    const { from, to } = this.#options;
    from.on('data', this.#onData);
    from.on('end', this.#onEnd);
    from.on('close', this.#onClose);
    from.on('error', this.#onError);
    to.on('drain', this.#onDrain);
    to.on('error', this.#onError);
    // A stream that was paused before somebody listened stays so.
    from.resume();
  }

  /** The toxics have changed. */
  refresh(): void {
    if (this.#isClosed || this.#find('timeout')) return;
    if (this.#hasHole) this.#options.onBroken(false);
    else this.#pump();
  }

  /** Stops. Idempotent; leaves no timer and no listener behind but those that swallow late errors. */
  close(): void {
    this.#isClosed = true;
    const { from, to, clock } = this.#options;
    if (this.#timer) clock.clearTimeout(this.#timer);
    this.#faults.close();
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    from.off('data', this.#onData);
    from.off('end', this.#onEnd);
    from.off('close', this.#onClose);
    to.off('drain', this.#onDrain);
  }

  #find<Type extends ToxicType>(type: Type): Extract<Toxic, { type: Type }> | undefined {
    return this.#options
      .toxics()
      .find((toxic): toxic is Extract<Toxic, { type: Type }> => toxic.type === type);
  }

  readonly #onData = (chunk: Buffer): void => {
    const toxics = this.#options.toxics();
    if (toxics.some(({ type }) => type === 'timeout')) {
      this.#hasHole = true;
      return;
    }
    const { framing, onFrame } = this.#options;
    for (const { bytes, isFrame } of framing.push(chunk)) {
      if (!isFrame) this.#enqueue(bytes);
      else {
        onFrame?.(framing.textOf(bytes));
        this.#faults.take(bytes, toxics);
      }
    }
    this.#pump();
    if (this.bufferedBytes > this.#options.bufferBytesMax) this.#options.from.pause();
  };

  readonly #onEnd = (): void => {
    this.#faults.flush();
    const rest = this.#options.framing.flush();
    if (rest.length > 0) this.#enqueue(rest);
    const slow = this.#find('slow_close');
    if (slow) this.#options.onFault(slow, `${slow.attributes.delay} ms`);
    this.#enqueue(null, slow?.attributes.delay ?? 0);
    this.#pump();
  };

  /** The end comes before this, unless the stream was destroyed. */
  readonly #onClose = (): void => {
    if (!this.#options.from.readableEnded) this.#break();
  };

  readonly #onError = (): void => {
    if (!this.#isClosed) this.#break();
  };

  /** Whoever vanishes behind a silent link is not seen to vanish. */
  #break(): void {
    if (this.#find('timeout')) this.#hasHole = true;
    else this.#options.onBroken(false);
  }

  readonly #onDrain = (): void => {
    this.#isBlocked = false;
    this.#pump();
  };

  #enqueue(bytes: Buffer | null, extraMs = 0): void {
    if (this.#isClosed) return;
    const nowMs = this.#options.clock.monotonic();
    const latency = this.#find('latency');
    const delayMs = latency ? this.#delayOf(latency) : 0;
    this.#lastDueMs = Math.max(this.#lastDueMs, nowMs + delayMs + extraMs);
    this.#queue.push({ bytes, dueMs: this.#lastDueMs });
    this.#queuedBytes += bytes?.length ?? 0;
    // What is released by a timer has nobody who pumps after it.
    if (this.#queue.length === 1) queueMicrotask(() => this.#pump());
  }

  #delayOf(toxic: Extract<Toxic, { type: 'latency' }>): number {
    this.#options.onFault(toxic, null);
    const { latency, jitter } = toxic.attributes;
    return Math.max(0, latency + (this.#options.random() * 2 - 1) * jitter);
  }

  #pump(): void {
    while (!this.#isClosed && !this.#isBlocked && !this.#find('timeout')) {
      const [head] = this.#queue;
      if (!head) break;
      const waitMs = Math.max(head.dueMs, this.#freeAtMs) - this.#options.clock.monotonic();
      if (waitMs > 0) {
        this.#wake(waitMs);
        break;
      }
      if (head.bytes === null) {
        this.#finish();
        return;
      }
      this.#write(head.bytes);
    }
    const { from, bufferBytesMax } = this.#options;
    if (!this.#isClosed && from.isPaused() && this.bufferedBytes <= bufferBytesMax / 2) {
      from.resume();
    }
  }

  #wake(waitMs: number): void {
    const { clock } = this.#options;
    if (this.#timer) clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => this.#pump(), Math.ceil(waitMs));
  }

  #write(bytes: Buffer): void {
    const limit = this.#find('limit_data');
    const allowed = limit ? this.#allowedBy(limit) : Infinity;
    const size = Math.min(bytes.length, this.#pieceBytes(), allowed);
    const piece = bytes.subarray(0, size);
    this.#queuedBytes -= size;
    if (size === bytes.length) this.#queue.shift();
    else this.#queue[0] = { bytes: bytes.subarray(size), dueMs: 0 };
    if (limit) this.#passed.set(limit.name, (this.#passed.get(limit.name) ?? 0) + size);
    if (size > 0) {
      this.#isBlocked = !this.#options.to.write(piece);
      this.#options.onPassed(size);
    }
    if (limit && size === allowed) {
      this.#options.onFault(limit, `${limit.attributes.bytes} bytes`);
      this.#options.onBroken(true);
    }
  }

  #allowedBy({ name, attributes }: Extract<Toxic, { type: 'limit_data' }>): number {
    return Math.max(0, attributes.bytes - (this.#passed.get(name) ?? 0));
  }

  /** How much may be written at once. Sets when the next write may follow. */
  #pieceBytes(): number {
    const { clock, random, onFault } = this.#options;
    const bandwidth = this.#find('bandwidth');
    const slicer = this.#find('slicer');
    let size = Infinity;
    let pauseMs = 0;
    if (slicer) {
      const { average_size: average, size_variation: variation, delay } = slicer.attributes;
      size = Math.max(1, Math.round(average + (random() * 2 - 1) * variation));
      pauseMs = delay / 1_000;
      onFault(slicer, null);
    }
    if (bandwidth) {
      const bytesPerMs = (bandwidth.attributes.rate * 1_024) / 1_000;
      size = Math.min(size, Math.max(1, Math.floor((bytesPerMs * 1_000) / writesPerSecond)));
      pauseMs = Math.max(pauseMs, Math.min(size, this.#queue[0]?.bytes?.length ?? 0) / bytesPerMs);
      onFault(bandwidth, null);
    }
    if (pauseMs > 0) this.#freeAtMs = clock.monotonic() + pauseMs;
    return size;
  }

  #finish(): void {
    const { from, to, onOver, onBroken } = this.#options;
    this.#queue.shift();
    // A frame was cut short and nothing is to follow it, or its sender has ended.
    if (!from.readableEnded) {
      onBroken(true);
      return;
    }
    to.end();
    onOver();
  }
}
