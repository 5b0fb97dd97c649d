/**
 * The connection to the feed. It comes back by itself, names the last number it has seen, and hands on
 * every frame once and in order.
 */
import type { FeedFrame, ViewerCommand } from '../../../src/service/inspection/frame.ts';

/** How the connection is. */
export type LinkState =
  | { readonly type: 'connecting' }
  | { readonly type: 'live' }
  /** Lost since then; the next attempt is made at `retryAt`. Milliseconds since the Unix epoch. */
  | { readonly type: 'lost'; readonly since: number; readonly retryAt: number }
  /** The service does not let this page in. */
  | { readonly type: 'refused' };

/** What is told of a connection. */
export interface ConnectionListener {
  readonly onFrame: (frame: FeedFrame) => void;
  readonly onLink: (link: LinkState) => void;
  /** Asked after a connection did not come about: whether the page is still let in. */
  readonly isWelcome: () => Promise<boolean>;
}

const retryMinMs = 250;
const retryMaxMs = 5_000;
/** A feed that says nothing for so long is asked whether it is there. */
const quietMs = 20_000;
const answerMs = 5_000;

/** A connection that was opened. */
export class Connection {
  readonly #listener: ConnectionListener;
  #socket: WebSocket | null = null;
  #epoch: string | null = null;
  #seq = 0;
  #isReplay = false;
  #watched: readonly string[] = [];
  /** What the connection that is there was asked to watch. */
  #asked: readonly string[] = [];
  #attempts = 0;
  #lostAt: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(listener: ConnectionListener) {
    this.#listener = listener;
    // Whoever waits for the network is told when it is back.
    addEventListener('online', () => this.#retryNow());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.#retryNow();
    });
  }

  /** Connects, and goes on doing so. */
  open(): void {
    const query = new URLSearchParams();
    if (this.#epoch !== null) {
      query.set('epoch', this.#epoch);
      query.set('since', String(this.#seq));
    }
    if (this.#watched.length > 0) query.set('watch', this.#watched.join(','));
    this.#asked = this.#watched;
    const protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(`${protocol}//${location.host}/api/inspect?${query}`);
    this.#socket = socket;
    if (this.#lostAt === null) this.#listener.onLink({ type: 'connecting' });
    socket.addEventListener('message', ({ data }) => this.#onMessage(socket, String(data)));
    socket.addEventListener('close', () => this.#onClose(socket));
    this.#expectWithin(answerMs * 2);
  }

  /** Everything of these sessions is told from now on. */
  watch(sessionIds: readonly string[]): void {
    this.#watched = sessionIds;
    this.#sayWatched();
  }

  /** In a replay: the run as of this record. */
  seek(seq: number): void {
    this.#say({ type: 'seek', seq });
  }

  /** Says what is watched, once it can be said. */
  #sayWatched(): void {
    if (this.#asked === this.#watched || this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#asked = this.#watched;
    this.#say({ type: 'watch', sessionIds: this.#watched });
  }

  #say(command: ViewerCommand): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(command));
  }

  #onMessage(socket: WebSocket, text: string): void {
    if (socket !== this.#socket) return;
    this.#expectWithin(quietMs);
    const frame: FeedFrame = JSON.parse(text);
    if (frame.type === 'hello') {
      this.#attempts = 0;
      this.#lostAt = null;
      // Numbers of another life of the service say nothing here.
      if (frame.epoch !== this.#epoch) this.#seq = 0;
      this.#epoch = frame.epoch;
      this.#isReplay = frame.about.kind === 'replay';
      this.#listener.onLink({ type: 'live' });
      // The reader may have gone elsewhere while the connection was being made.
      this.#sayWatched();
    }
    // In a replay one goes back as well.
    if (frame.type === 'update' && frame.seq < this.#seq && !this.#isReplay) return;
    if (frame.type === 'snapshot' || frame.type === 'update') this.#seq = frame.seq;
    this.#listener.onFrame(frame);
  }

  #onClose(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#attempts += 1;
    const now = Date.now();
    this.#lostAt ??= now;
    const ceiling = Math.min(retryMaxMs, retryMinMs * 2 ** (this.#attempts - 1));
    const delayMs = ceiling * (0.5 + Math.random() / 2);
    this.#listener.onLink({ type: 'lost', since: this.#lostAt, retryAt: now + delayMs });
    this.#later(delayMs, () => void this.#reopen());
  }

  async #reopen(): Promise<void> {
    const isWelcome = await this.#listener.isWelcome();
    if (isWelcome) this.open();
    else this.#listener.onLink({ type: 'refused' });
  }

  #retryNow(): void {
    if (this.#socket === null && this.#lostAt !== null) this.#later(0, () => void this.#reopen());
  }

  /** Without a word in this time the connection is asked, and then given up. */
  #expectWithin(delayMs: number): void {
    this.#later(delayMs, () => {
      const socket = this.#socket;
      if (socket?.readyState !== WebSocket.OPEN || delayMs === answerMs) {
        socket?.close();
        if (socket) this.#onClose(socket);
        return;
      }
      this.#say({ type: 'ping' });
      this.#expectWithin(answerMs);
    });
  }

  #later(delayMs: number, run: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(run, delayMs);
  }
}
