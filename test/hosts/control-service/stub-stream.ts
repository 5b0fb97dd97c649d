/** The stream of a service in memory: sockets with their filters, and the frames that can be given again. */

export interface Socket {
  filter: ReadonlySet<string> | null;
  readonly send: (text: string) => void;
  readonly close: () => void;
}

export class StubStream {
  readonly sockets = new Set<Socket>();
  /** A service that names its starts and numbers its frames. */
  readonly #hasEpochs: boolean;
  #frames: { seq: number; text: string; threadId: string | null }[] = [];
  #seq = 0;
  #starts = 0;
  /** Streams are refused. */
  streamsDown = false;
  /** What clients say is lost on its way. */
  isDeaf = false;
  /** Frames that match are lost on their way. */
  lose: (frame: { type: string; threadId: string | null }) => boolean = () => false;
  /** How many of the newest frames can be given again. */
  framesKept = 1_000;

  constructor(hasEpochs: boolean) {
    this.#hasEpochs = hasEpochs;
  }

  get epoch(): string {
    return `start-${this.#starts}`;
  }

  /** The service ends and starts anew: numbers begin again. */
  restartStream(): void {
    this.#frames = [];
    this.#seq = 0;
    this.#starts += 1;
    this.dropStreams();
  }

  dropStreams(): void {
    for (const socket of this.sockets) socket.close();
    this.sockets.clear();
  }

  publish(type: string, threadId: string | null, payload: unknown, isBroadcast = false): void {
    this.#seq += 1;
    const frame = { type, threadId, payload, ...(this.#hasEpochs ? { seq: this.#seq } : {}) };
    const text = JSON.stringify(frame);
    this.#frames.push({ seq: this.#seq, text, threadId });
    while (this.#frames.length > this.framesKept) this.#frames.shift();
    if (this.lose(frame)) return;
    for (const { filter, send } of this.sockets) {
      if (isBroadcast || filter === null || (threadId !== null && filter.has(threadId))) send(text);
    }
  }

  open(query: URLSearchParams, socket: Pick<Socket, 'send' | 'close'>): Socket {
    const threadId = query.get('threadId');
    const opened: Socket = { filter: threadId ? new Set([threadId]) : null, ...socket };
    this.sockets.add(opened);
    const position = this.#hasEpochs ? { epoch: this.epoch, seq: this.#seq } : {};
    opened.send(JSON.stringify({ type: 'ready', threadId, ...position }));
    const since = query.get('since');
    if (since === null || !this.#hasEpochs) return opened;
    const kept = this.#frames.filter(({ seq }) => seq > Number(since));
    const isSame = query.get('epoch') === this.epoch;
    const oldest = kept[0]?.seq ?? this.#seq + 1;
    if (!isSame) opened.send(JSON.stringify({ type: 'lagged', from: 0, to: this.#seq }));
    else if (oldest > Number(since) + 1) {
      opened.send(JSON.stringify({ type: 'lagged', from: Number(since) + 1, to: oldest - 1 }));
    }
    if (isSame) for (const { text } of kept) opened.send(text);
    return opened;
  }

  command(socket: Socket, text: string): void {
    if (this.isDeaf) return;
    const { type, threadId, threadIds } = JSON.parse(text);
    if (type === 'ping') socket.send(JSON.stringify({ type: 'pong' }));
    else if (type === 'unsubscribe') socket.filter = null;
    else if (type === 'subscribe' && threadId) socket.filter = new Set([threadId]);
    else if (type === 'subscribe' && this.#hasEpochs) socket.filter = new Set(threadIds);
    else socket.send(JSON.stringify({ type: 'error', message: 'invalid websocket command' }));
  }
}
