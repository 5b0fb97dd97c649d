/** The connection of one viewer: whether it is there, and whether it keeps up. */
import type { RawData, WebSocket } from 'ws';
import type { Limits } from '../../limits.ts';
import type { Access } from '../auth.ts';
import type { FeedFrame, ViewerCommand } from './frame.ts';
import { parseViewerCommand } from './viewer-command.ts';

/** Pings may be on their way; a viewer that answered none of so many is gone. */
const pingsUnansweredMax = 2;

/** What the connection of a viewer is made of. */
export interface ViewerSocketOptions {
  readonly socket: WebSocket;
  readonly access: Access;
  readonly limits: Limits;
  readonly onCommand: (command: ViewerCommand) => void;
}

/** One viewer's connection. */
export class ViewerSocket {
  readonly access: Access;
  /** Resolves once the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
  readonly #options: ViewerSocketOptions;
  #pingsUnanswered = 0;

  constructor(options: ViewerSocketOptions) {
    const { socket, access } = options;
    this.#options = options;
    this.access = access;
    this.closed = new Promise((resolve) => void socket.once('close', () => resolve()));
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    socket.on('pong', () => (this.#pingsUnanswered = 0));
    // Of a socket that fails only its end matters, and that is told apart.
    socket.on('error', () => {});
  }

  /** Whether so much is unsent that nothing more should be. */
  get isFull(): boolean {
    return this.#options.socket.bufferedAmount > this.#options.limits.inspectionBufferBytesMax;
  }

  /** Whether it has caught up enough to be told something again. */
  get hasRoom(): boolean {
    return this.#options.socket.bufferedAmount < this.#options.limits.inspectionBufferBytesMax / 2;
  }

  tell(frame: FeedFrame): void {
    this.send(JSON.stringify(frame));
  }

  /** Sends a frame that was written out before. */
  send(text: string): void {
    const { socket } = this.#options;
    if (socket.readyState === socket.OPEN) socket.send(text);
  }

  /** Looks whether the viewer is still there; ends the connection if not. */
  beat(): void {
    const { socket } = this.#options;
    if (this.#pingsUnanswered >= pingsUnansweredMax) {
      socket.terminate();
      return;
    }
    this.#pingsUnanswered += 1;
    if (socket.readyState === socket.OPEN) socket.ping();
  }

  close(code: number, reason: string): void {
    this.#options.socket.close(code, reason);
  }

  /** Ends it at once, without a word. */
  cut(): void {
    this.#options.socket.terminate();
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    this.#pingsUnanswered = 0;
    const { limits, onCommand } = this.#options;
    const command =
      !isBinary && Buffer.isBuffer(data)
        ? parseViewerCommand(data.toString('utf8'), limits.inspectionWatchedMax)
        : null;
    if (command?.type === 'ping') this.tell({ type: 'pong' });
    else if (command) onCommand(command);
    else this.tell({ type: 'error', message: 'invalid command' });
  }
}
