/** The stream of the simulated control service: numbered frames, a ring of the last ones, and who follows what. */
import { isRecord } from '../../tools/json.ts';
import type { Connection } from './connection.ts';

interface Frame {
  readonly seq: number;
  readonly threadId: string | null;
  readonly text: string;
}

/** One client of the stream. */
interface Socket {
  readonly connection: Connection;
  /** The sessions it follows, or null for all. */
  filter: ReadonlySet<string> | null;
}

/** What a stream is made of. */
export interface ServiceStreamOptions {
  /** The name of this start of the service, or null for a service that names none and numbers nothing. */
  readonly epoch: string | null;
  /** Sends what waits in these sessions once more, by `send`. */
  readonly redeliver: (threadIds: readonly string[], send: (frame: object) => void) => void;
}

/** How many of the last frames can be given again. */
const framesKept = 200;

/** The stream of one life of the service. */
export class ServiceStream {
  readonly #options: ServiceStreamOptions;
  readonly #sockets = new Set<Socket>();
  readonly #frames: Frame[] = [];
  #seq = 0;

  constructor(options: ServiceStreamOptions) {
    this.#options = options;
  }

  get clients(): number {
    return this.#sockets.size;
  }

  /** Tells everybody who follows the session, or everybody at all. */
  publish(type: string, threadId: string | null, payload: unknown): void {
    this.#seq += 1;
    const { epoch } = this.#options;
    const seq = epoch === null ? {} : { seq: this.#seq };
    const text = JSON.stringify({ type, threadId, payload, ...seq });
    this.#frames.push({ seq: this.#seq, threadId, text });
    if (this.#frames.length > framesKept) this.#frames.shift();
    for (const { connection, filter } of this.#sockets) {
      if (threadId === null || filter === null || filter.has(threadId)) connection.sendDown(text);
    }
  }

  /** Whether anybody is told of this session. */
  isFollowed(threadId: string): boolean {
    return [...this.#sockets].some(({ filter }) => filter === null || filter.has(threadId));
  }

  /** A client came. `since` and `epoch` of its query say where its last stream ended. */
  accept(connection: Connection, query: URLSearchParams): void {
    const socket: Socket = { connection, filter: null };
    this.#sockets.add(socket);
    connection.accept({
      onFrame: (text) => this.#command(socket, text),
      onClose: () => void this.#sockets.delete(socket),
    });
    const { epoch } = this.#options;
    const position = epoch === null ? {} : { epoch, seq: this.#seq };
    this.#send(socket, { type: 'ready', threadId: null, ...position });
    const since = query.get('since');
    if (epoch !== null && since !== null) {
      this.#replay(socket, Number(since), query.get('epoch') === epoch);
    }
  }

  /** Closes every stream: their token is no longer good. */
  closeAll(): void {
    for (const { connection } of this.#sockets) connection.closeFromServer();
    this.#sockets.clear();
  }

  #replay(socket: Socket, since: number, isSame: boolean): void {
    const kept = isSame ? this.#frames.filter(({ seq }) => seq > since) : [];
    const oldest = kept[0]?.seq ?? this.#seq + 1;
    if (!isSame) this.#send(socket, { type: 'lagged', from: 0, to: this.#seq });
    else if (oldest > since + 1) {
      this.#send(socket, { type: 'lagged', from: since + 1, to: oldest - 1 });
    }
    for (const { text } of kept) socket.connection.sendDown(text);
  }

  #command(socket: Socket, text: string): void {
    const command: unknown = JSON.parse(text);
    if (!isRecord(command)) return;
    const { type, threadId, threadIds } = command;
    if (type === 'ping') this.#send(socket, { type: 'pong' });
    else if (type === 'unsubscribe') socket.filter = null;
    else if (type === 'subscribe') {
      const ids = typeof threadId === 'string' ? [threadId] : textsOf(threadIds);
      const fresh = ids.filter((id) => !socket.filter?.has(id));
      socket.filter = new Set(ids);
      if (this.#options.epoch === null) return;
      this.#options.redeliver(fresh, (frame) => this.#send(socket, { ...frame, seq: this.#seq }));
    }
  }

  #send({ connection }: Socket, frame: object): void {
    connection.sendDown(JSON.stringify(frame));
  }
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
