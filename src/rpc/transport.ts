/**
 * The port between the JSON-RPC peer and whatever carries its frames.
 *
 * What every transport holds to (one contract suite runs against all of them):
 * - T1 Frames arrive whole and in the order they were sent, none before `start`, none after `onClose`.
 * - T2 `onClose` is called exactly once, whoever closed and why, and nothing is called after it.
 * - T3 `send` never waits. A reader that is too slow costs at most `sendBufferBytesMax`, then the
 *   stream is closed with `send_buffer_full`.
 * - T4 Reading never stops once it has started. Handlers are called synchronously, return soon and do
 *   not throw.
 * - T5 Once the promise of `close` has resolved, no socket, timer or listener of the transport is left,
 *   except listeners that swallow late `error` events.
 */
import type { SessionMeshError } from '../errors.ts';
import type { GarbageKind } from './message.ts';

/** Who is told what a transport reads. */
export interface TransportHandlers {
  onFrame(text: string): void;
  /** Something came that is no frame; it was skipped. */
  onGarbage(kind: GarbageKind): void;
  onClose(cause: SessionMeshError): void;
}

/** A stream of text frames in both directions. */
export interface Transport {
  /** Begins to read; called once. A stream that died before is reported soon after, not within. */
  start(handlers: TransportHandlers): void;
  /**
   * Sends one frame, which holds no line feed (JSON text as we write it never does).
   * @throws SessionMeshError `frame_too_long` (the stream stays open), `stream_closed`, or
   * `send_buffer_full` (the stream is closed by it).
   */
  send(text: string): void;
  /**
   * Without a cause: sends what is waiting, then closes, within `streamCloseMs`. With a cause: cuts at
   * once. `onClose` is called before this returns. Idempotent, never rejects.
   */
  close(cause?: SessionMeshError): Promise<void>;
  /** Bytes that were sent and that nobody took yet; text that is not encoded yet counts by its length. */
  readonly bufferedBytes: number;
}
