/** Frames as lines over a pair of byte streams, usually the stdout and stdin of a child process. */
import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Env } from '../env.ts';
import { isSessionMeshError, type SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { LineSplitter } from './line-splitter.ts';
import { streamClosed, StreamLife, type StreamEnding } from './stream-life.ts';
import type { Transport, TransportHandlers } from './transport.ts';

/** The two streams, and what a {@link StdioTransport} needs besides. */
export interface StdioOptions {
  /** What is read: a child's stdout. Nobody else may read from it or set an encoding. */
  readonly input: Readable;
  /** What is written: a child's stdin. */
  readonly output: Writable;
  readonly env: Env;
  readonly limits: Limits;
}

const ignore = () => {};

/**
 * One JSON text a line. Frames sent in one tick leave in one write, because writes are what costs.
 * Both streams belong to the transport from here on; the process behind them does not.
 */
export class StdioTransport implements Transport {
  readonly #input: Readable;
  readonly #output: Writable;
  readonly #lines: LineSplitter;
  readonly #life: StreamLife;
  /** Frames of this tick that were not written yet. */
  #unwritten = '';

  constructor({ input, output, env, limits }: StdioOptions) {
    this.#input = input;
    this.#output = output;
    this.#lines = new LineSplitter(limits.frameBytesMax);
    this.#life = new StreamLife(env, limits, this.#ending());
    for (const stream of [input, output]) {
      // Streams may fail long after they are done with; unheard, that would end the process.
      stream.on('error', ignore);
      stream.on('error', this.#onStreamError);
      stream.on('close', this.#onStreamClose);
    }
  }

  get bufferedBytes(): number {
    return this.#unwritten.length + this.#output.writableLength;
  }

  start(handlers: TransportHandlers): void {
    if (this.#input.destroyed || this.#output.destroyed) this.#onStreamClose();
    if (!this.#life.begin(handlers)) return;
    this.#input.on('end', this.#onEnd);
    this.#input.on('data', this.#onData);
  }

  send(text: string): void {
    this.#life.admit(text, this.bufferedBytes);
    if (this.#unwritten === '') queueMicrotask(this.#write);
    this.#unwritten += text;
    this.#unwritten += '\n';
  }

  close(cause?: SessionMeshError): Promise<void> {
    return this.#life.close(cause);
  }

  readonly #write = (): void => {
    if (this.#unwritten === '') return;
    const text = this.#unwritten;
    this.#unwritten = '';
    this.#output.write(text);
  };

  readonly #onData = (chunk: Buffer): void => {
    try {
      this.#lines.push(chunk, this.#life.frame);
    } catch (error) {
      if (!isSessionMeshError(error, 'frame_too_long')) throw error;
      this.#life.end(error);
    }
  };

  readonly #onEnd = (): void => {
    if (this.#lines.heldBytes > 0) this.#life.garbage('frame_truncated');
    this.#life.end(streamClosed('the end of the stream'));
  };

  readonly #onStreamError = (error: Error): void => {
    this.#life.end(streamClosed('a stream error', error));
  };

  readonly #onStreamClose = (): void => {
    this.#life.end(streamClosed('a stream that is gone'));
  };

  #ending(): StreamEnding {
    const streams = [this.#input, this.#output];
    return {
      detach: () => {
        this.#input.off('data', this.#onData);
        this.#input.off('end', this.#onEnd);
        for (const stream of streams) {
          stream.off('error', this.#onStreamError);
          stream.off('close', this.#onStreamClose);
        }
      },
      over: () =>
        Promise.allSettled([
          finished(this.#input, { writable: false, cleanup: true }),
          finished(this.#output, { readable: false, cleanup: true }),
        ]),
      finish: () => {
        this.#write();
        this.#output.end();
        // The other side may be writing still; a full pipe would keep it from shutting down.
        this.#input.resume();
      },
      cut: () => {
        this.#unwritten = '';
        this.#input.destroy();
        this.#output.destroy();
      },
    };
  }
}
