/**
 * One stream of one client: what it follows, and how far it has kept up.
 *
 * A client that reads too slowly does not slow anybody down: beyond `socketBufferBytesMax` frames are
 * dropped, and once there is room again one `lagged` frame says which they were.
 */
import type { RawData, WebSocket } from 'ws';
import type { Limits } from '../limits.ts';
import { maySee, type Access } from './auth.ts';
import { whenClosed } from './connections.ts';
import type { Frame } from './frame.ts';
import { writeFrame, type PublishedFrame } from './frame-ring.ts';
import { parseCommand, type StreamCommand } from './stream-command.ts';

/** The sessions that a stream follows; null: all. */
export type StreamFilter = ReadonlySet<string> | null;

/**
 * The frames of what waits for an answer in the sessions that `wanted` names. Each is made when it is
 * asked for, and left out if nobody waits for it any more by then.
 */
export type PendingFrames = (wanted: (sessionId: string) => boolean) => Iterator<Frame>;

/** What a stream is made of. */
export interface StreamSocketOptions {
  readonly socket: WebSocket;
  readonly access: Access;
  readonly filter: StreamFilter;
  readonly limits: Limits;
  readonly lastSeq: () => number;
  readonly pendingFrames: PendingFrames;
  /** The client has named these sessions. */
  readonly onFollow: (sessionIds: readonly string[]) => void;
}

/** One stream. */
export class StreamSocket {
  readonly access: Access;
  /** Resolves once the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
  readonly #options: StreamSocketOptions;
  #filter: StreamFilter;
  /** The frames that were dropped since there was room last, or null. */
  #dropped: { readonly from: number; to: number } | null = null;
  /** What is still to be sent again, as far as there was no room for it yet. */
  #owed: Iterator<Frame> | null = null;

  constructor(options: StreamSocketOptions) {
    const { socket, access, filter } = options;
    this.#options = options;
    this.access = access;
    this.#filter = filter;
    this.closed = whenClosed(socket);
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
  }

  /** Whether a frame of this session is for this client. */
  follows(sessionId: string): boolean {
    return (this.#filter?.has(sessionId) ?? true) && maySee(this.access, sessionId);
  }

  /** Sends a published frame, if it is for this client. */
  offer(frame: PublishedFrame): void {
    if (!this.#accepts(frame)) return;
    const { socket, limits } = this.#options;
    if (this.#dropped) this.#dropped.to = frame.seq;
    else if (socket.bufferedAmount > limits.socketBufferBytesMax) {
      this.#dropped = { from: frame.seq, to: frame.seq };
    } else this.#send(frame.text);
  }

  /** Sends something that is meant for this client alone. */
  tell(message: object): void {
    // A client that does not read its answers gets no more of them; its pings end it.
    const { socket, limits } = this.#options;
    if (socket.bufferedAmount <= limits.socketBufferBytesMax) this.#send(JSON.stringify(message));
  }

  /** Says that frames are missing, sends those after them, and again what waits for an answer. */
  lag(from: number, to: number, later: readonly PublishedFrame[] = []): void {
    this.tell({ type: 'lagged', from, to });
    for (const frame of later) this.offer(frame);
    this.redeliver();
  }

  /** Sends once more what waits for an answer, in all sessions that are followed or in some of them. */
  redeliver(wanted: (sessionId: string) => boolean = () => true): void {
    // Two at a time are one of everything.
    const isWanted = this.#owed ? () => true : wanted;
    this.#owed = this.#options.pendingFrames((id) => this.follows(id) && isWanted(id));
    this.#sendOwed();
  }

  #accepts({ threadId, isBroadcast }: PublishedFrame): boolean {
    if (threadId === null) return this.#filter === null && this.access.sessions === null;
    return isBroadcast ? maySee(this.access, threadId) : this.follows(threadId);
  }

  #send(text: string): void {
    const { socket } = this.#options;
    if (socket.readyState === socket.OPEN) socket.send(text, this.#onSent);
  }

  #sendOwed(): void {
    const { socket, limits, lastSeq } = this.#options;
    while (this.#owed && socket.bufferedAmount <= limits.socketBufferBytesMax) {
      const next = this.#owed.next();
      if (next.done) this.#owed = null;
      else this.#send(writeFrame(next.value, lastSeq(), { redelivered: true }));
    }
  }

  readonly #onSent = (): void => {
    const { socket, limits } = this.#options;
    if (socket.bufferedAmount > limits.socketBufferBytesMax / 2) return;
    if (this.#dropped) {
      const { from, to } = this.#dropped;
      this.#dropped = null;
      this.lag(from, to);
    } else if (this.#owed) this.#sendOwed();
  };

  #onMessage(data: RawData, isBinary: boolean): void {
    // As `ws` hands messages over by default; the other forms have to be asked for.
    const command =
      !isBinary && Buffer.isBuffer(data)
        ? parseCommand(data.toString('utf8'), this.#options.limits)
        : null;
    if (command) this.#obey(command);
    else this.tell({ type: 'error', message: 'invalid websocket command' });
  }

  #obey(command: StreamCommand): void {
    switch (command.type) {
      case 'ping':
        this.tell({ type: 'pong' });
        return;
      case 'subscribe':
        this.#follow(command.sessionIds);
        this.#options.onFollow([...command.sessionIds].filter((id) => this.follows(id)));
        return;
      case 'unsubscribe':
        this.#follow(null);
    }
  }

  #follow(filter: StreamFilter): void {
    const before = this.#filter;
    this.#filter = filter;
    if (before) this.redeliver((id) => !before.has(id));
  }
}
