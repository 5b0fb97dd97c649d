/** The connection of one viewer, and whether it keeps up. */
import type { RawData, WebSocket } from 'ws';
import type { Limits } from '../../limits.ts';
import { whenClosed } from '../connections.ts';
import type { FeedFrame, ViewerCommand } from './frame.ts';
import { parseViewerCommand } from './viewer-command.ts';

/** What the connection of a viewer is made of. */
export interface ViewerSocketOptions {
  readonly socket: WebSocket;
  readonly limits: Limits;
  readonly onCommand: (command: ViewerCommand) => void;
}

/** One viewer's connection. */
export class ViewerSocket {
  /** Resolves once the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
  readonly #options: ViewerSocketOptions;

  constructor(options: ViewerSocketOptions) {
    const { socket } = options;
    this.#options = options;
    this.closed = whenClosed(socket);
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
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

  #onMessage(data: RawData, isBinary: boolean): void {
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
