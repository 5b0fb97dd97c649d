/**
 * The stream: everything that happens, to everybody who follows it.
 *
 * - S1 Every published frame has a number, one more than the one before it.
 * - S2 What a client missed it either gets, or is told of: `lagged` names the numbers.
 * - S3 A call that waits is shown to whoever begins to follow its session, so none is lost with a stream.
 * - S4 A stream lives as long as its token is valid and its client answers pings now and then
 *   (`connections.ts`).
 */
import type { WebSocket } from 'ws';
import type { Limits } from '../limits.ts';
import type { Access } from './auth.ts';
import type { Frame } from './frame.ts';
import { FrameRing } from './frame-ring.ts';
import { StreamSocket, type PendingFrames, type StreamFilter } from './stream-socket.ts';

/** Where a client wants to go on. */
export interface StreamPosition {
  /** The start of the service that it speaks of, if it knows. */
  readonly epoch: string | null;
  readonly seq: number;
}

/** How a client begins. */
export interface StreamStart {
  readonly socket: WebSocket;
  readonly access: Access;
  /** The session it follows from the beginning, or null for all. */
  readonly sessionId: string | null;
  /** What it has seen already, or null if it is new. */
  readonly position: StreamPosition | null;
}

/** What the stream needs. */
export interface StreamOptions {
  readonly limits: Limits;
  /** Names this start of the service. */
  readonly epoch: string;
  readonly pendingFrames: PendingFrames;
  /** A client follows these sessions from now on. */
  readonly onFollow: (sessionIds: readonly string[]) => void;
}

/** The streams of one service. */
export class Stream {
  readonly #options: StreamOptions;
  readonly #ring: FrameRing;
  readonly #sockets = new Set<StreamSocket>();

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#ring = new FrameRing(options.limits);
  }

  /** Streams that are open. */
  get size(): number {
    return this.#sockets.size;
  }

  /** Frames published so far. */
  get published(): number {
    return this.#ring.lastSeq;
  }

  /** Whether one more stream by this token is too many. */
  isFull(access: Access): boolean {
    const { streamsMax, streamsByTokenMax } = this.#options.limits;
    if (this.#sockets.size >= streamsMax) return true;
    let ofToken = 0;
    for (const socket of this.#sockets) if (socket.access === access) ofToken += 1;
    return ofToken >= streamsByTokenMax;
  }

  /** Publishes a frame. `isBroadcast`: also to those who follow other sessions. */
  publish(frame: Frame, isBroadcast = false): void {
    const published = this.#ring.add(frame, isBroadcast);
    for (const socket of this.#sockets) socket.offer(published);
  }

  /** Takes a client in whose connection was upgraded. */
  open({ socket, access, sessionId, position }: StreamStart): void {
    const { limits, pendingFrames, onFollow, epoch } = this.#options;
    const filter: StreamFilter = sessionId === null ? null : new Set([sessionId]);
    const lastSeq = () => this.#ring.lastSeq;
    const options = { socket, access, filter, limits, lastSeq, pendingFrames, onFollow };
    const opened = new StreamSocket(options);
    this.#sockets.add(opened);
    void opened.closed.then(() => this.#sockets.delete(opened));
    opened.tell({ type: 'ready', threadId: sessionId, epoch, seq: lastSeq() });
    if (position) this.#catchUp(opened, position);
    else opened.redeliver();
    if (sessionId !== null && opened.follows(sessionId)) onFollow([sessionId]);
  }

  #catchUp(socket: StreamSocket, { epoch, seq }: StreamPosition): void {
    const { lastSeq } = this.#ring;
    if ((epoch !== null && epoch !== this.#options.epoch) || seq > lastSeq) {
      // Numbers of another start say nothing here: all of ours may be news.
      socket.lag(0, lastSeq);
      return;
    }
    const { frames, missing } = this.#ring.since(seq);
    if (missing > 0) socket.lag(seq + 1, seq + missing, frames);
    else for (const frame of frames) socket.offer(frame);
  }
}
