/** What is the same in the life of every transport: it begins once, ends once, and guards its buffer. */
import { sleep, type Env } from '../env.ts';
import { SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { GarbageKind } from './message.ts';
import type { TransportHandlers } from './transport.ts';

/** The error of a stream that is no longer there; `found` says how that was seen. */
export function streamClosed(found: string, cause?: unknown): SessionMeshError {
  return new SessionMeshError('stream_closed', { found, cause });
}

/** How one kind of stream ends. Called by {@link StreamLife}, in the order of the members. */
export interface StreamEnding {
  /** Takes the transport's listeners and timers away; nothing more is read or sent. */
  detach(): void;
  /** Resolves once the stream holds nothing of the operating system any more. Never rejects. */
  over(): Promise<unknown>;
  /** Sends what is waiting and says goodbye. Left out if the stream is cut. */
  finish(): void;
  /** Lets go at once. Left out if the stream was over in time. */
  cut(): void;
}

/** The state behind one transport: who listens, and whether and why it is closed. */
export class StreamLife {
  readonly #env: Pick<Env, 'clock'>;
  readonly #limits: Limits;
  readonly #ending: StreamEnding;
  #handlers: TransportHandlers | null = null;
  #closedBy: SessionMeshError | null = null;
  #released: Promise<void> = Promise.resolve();

  constructor(env: Pick<Env, 'clock'>, limits: Limits, ending: StreamEnding) {
    this.#env = env;
    this.#limits = limits;
    this.#ending = ending;
  }

  get isOpen(): boolean {
    return this.#closedBy === null;
  }

  /** Takes the handlers. False if the stream has died already; they hear of that in a microtask. */
  begin(handlers: TransportHandlers): boolean {
    const cause = this.#closedBy;
    if (cause) queueMicrotask(() => handlers.onClose(cause));
    else this.#handlers = handlers;
    return !cause;
  }

  /** Hands a frame on, unless a handler of an earlier frame has closed the stream. */
  readonly frame = (text: string): void => {
    if (!this.#closedBy) this.#handlers?.onFrame(text);
  };

  garbage(kind: GarbageKind): void {
    if (!this.#closedBy) this.#handlers?.onGarbage(kind);
  }

  /**
   * Says yes to a frame that is to be sent behind `bufferedBytes` others, by returning.
   * @throws SessionMeshError as `Transport.send` does.
   */
  admit(text: string, bufferedBytes: number): void {
    if (this.#closedBy) throw streamClosed('a stream that is closed', this.#closedBy);
    const { frameBytesMax, sendBufferBytesMax } = this.#limits;
    // One UTF-16 unit is at most three bytes of UTF-8: only long frames need to be measured.
    if (text.length * 3 > frameBytesMax && Buffer.byteLength(text) > frameBytesMax) {
      throw new SessionMeshError('frame_too_long', {
        expected: `at most ${frameBytesMax} bytes`,
        found: `${Buffer.byteLength(text)}`,
      });
    }
    if (bufferedBytes + text.length <= sendBufferBytesMax) return;
    const full = new SessionMeshError('send_buffer_full', {
      expected: `at most ${sendBufferBytesMax} unsent bytes`,
    });
    this.end(full);
    throw full;
  }

  /** Ends the life because of something that happened: the stream is cut. */
  end(cause: SessionMeshError): void {
    this.#end(cause, false);
  }

  /** `Transport.close`. */
  close(cause?: SessionMeshError): Promise<void> {
    if (!this.#closedBy) {
      this.#end(cause ?? streamClosed('a close by this side'), cause === undefined);
    }
    return this.#released;
  }

  #end(cause: SessionMeshError, finish: boolean): void {
    if (this.#closedBy) return;
    this.#closedBy = cause;
    this.#released = this.#release(finish);
    this.#handlers?.onClose(cause);
  }

  async #release(finish: boolean): Promise<void> {
    this.#ending.detach();
    const over = this.#ending.over();
    if (finish) {
      this.#ending.finish();
      const inTime = new AbortController();
      await Promise.race([
        over.then(() => inTime.abort()),
        sleep(this.#env.clock, this.#limits.streamCloseMs, inTime.signal).catch(() => {}),
      ]);
      if (inTime.signal.aborted) return;
    }
    this.#ending.cut();
    await over;
  }
}
