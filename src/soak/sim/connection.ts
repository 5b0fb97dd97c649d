/**
 * A simulated connection between a runtime and a server: frames in order, each a little later. It may lose,
 * repeat, delay, swap or cut off frames, break, fall silent, or meet a reader that does not read.
 */
import type { SessionMeshError } from '../../errors.ts';
import type { Limits } from '../../limits.ts';
import { Heartbeat, linkSilent } from '../../rpc/heartbeat.ts';
import { streamClosed, StreamLife } from '../../rpc/stream-life.ts';
import type { Transport, TransportHandlers } from '../../rpc/transport.ts';
import type { Dice } from './dice.ts';
import type { SimProcess } from './process.ts';

/** Who is told what the server's end of a connection reads. */
export interface ServerHandlers {
  onFrame(text: string): void;
  onClose(): void;
}

/** What a connection is made of. */
export interface ConnectionOptions {
  readonly name: string;
  readonly client: SimProcess;
  readonly server: SimProcess;
  readonly dice: Dice;
  readonly limits: Limits;
  /** Unread frames to the client above which the server loses patience; Infinity for a pipe. */
  readonly unreadMax: number;
  /** Whether single frames to the client may be lost: not so on a stream that somebody else guards. */
  readonly isLossy: boolean;
  /** How long one frame takes, on average. */
  readonly latencyMs: number;
}

/** Frames under way in one direction. Their events only say that it is time for the next one. */
class Lane {
  readonly #reader: SimProcess;
  readonly #deliver: (text: string) => void;
  readonly #texts: string[] = [];
  #lastDueMs = 0;
  /** Frames whose time has come while nobody read. */
  #ripe = 0;
  #isOpen = false;
  #isDead = false;

  constructor(reader: SimProcess, deliver: (text: string) => void) {
    this.#reader = reader;
    this.#deliver = deliver;
  }

  get size(): number {
    return this.#texts.length;
  }

  /** Sends a frame that takes `latencyMs`, or overtakes the one before it. */
  push(text: string, latencyMs: number, overtakes = false): void {
    if (this.#isDead) return;
    const { world } = this.#reader;
    if (overtakes && this.#texts.length > 0) this.#texts.splice(-1, 0, text);
    else this.#texts.push(text);
    this.#lastDueMs = Math.max(this.#lastDueMs, world.nowMs + latencyMs);
    world.schedule(this.#lastDueMs - world.nowMs, () => this.#arrive(), this.#reader);
  }

  /** The reader reads, from now on. */
  open(): void {
    this.#isOpen = true;
    const waiting = this.#ripe;
    this.#ripe = 0;
    for (let count = 0; count < waiting; count += 1) this.#arrive();
  }

  /** The reader does not read. */
  shut(): void {
    this.#isOpen = false;
  }

  /** Loses what is under way, but for the first `kept`, and everything that comes. */
  die(kept = 0): void {
    this.#isDead = true;
    this.#texts.length = Math.min(this.#texts.length, kept);
  }

  #arrive(): void {
    if (!this.#isOpen) {
      this.#ripe += 1;
      return;
    }
    const text = this.#texts.shift();
    if (text === undefined) return;
    this.#reader.world.trace.text(text);
    this.#deliver(text);
  }
}

/** A frame that comes twice comes at most so much later. */
const repeatMs = 3_000;

/** One connection, from both ends. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #up: Lane;
  readonly #down: Lane;
  readonly #end: ClientEnd;
  readonly server: SimProcess;
  readonly client: SimProcess;
  #handlers: ServerHandlers | null = null;
  #isOver = false;
  /** Ends the fault of a connection that has fallen silent; null while it carries something. */
  #onFound: (() => void) | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.server = options.server;
    this.client = options.client;
    this.#up = new Lane(options.server, (text) => this.#handlers?.onFrame(text));
    this.#down = new Lane(options.client, (text) => this.#end.frame(text));
    this.#end = new ClientEnd(this, options.client, options.limits);
    options.client.whenDead(() => this.#clientGone());
    options.server.whenDead(() => this.#serverGone());
  }

  /** The client's end. */
  get transport(): Transport {
    return this.#end;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Frames that wait for either end. */
  get queued(): number {
    return this.#up.size + this.#down.size;
  }

  /** The server begins to read. */
  accept(handlers: ServerHandlers): void {
    this.#handlers = handlers;
    this.#up.open();
  }

  /** The client begins to read. */
  beginReading(): void {
    this.#down.open();
  }

  /** The server sends a frame. */
  sendDown(text: string): void {
    if (this.#isOver) return;
    const { dice, name, isLossy, unreadMax } = this.#options;
    if (isLossy && dice.hits('drop', name)) return;
    if (dice.hits('truncate', name)) {
      this.#down.push(text.slice(0, Math.floor(text.length / 2)), this.#latencyMs());
      this.cut();
      return;
    }
    if (dice.hits('garbage', name)) this.#down.push(this.#garbage(), this.#latencyMs());
    this.#down.push(
      text,
      this.#latencyMs(),
      isLossy && this.#mayRepeat(text) && dice.hits('reorder', name),
    );
    if (this.#mayRepeat(text) && dice.hits('duplicate', name)) this.#repeat(text);
    if (this.#down.size > unreadMax) this.cut();
  }

  /** The client sends a frame. */
  sendUp(text: string): void {
    if (!this.#isOver) this.#up.push(text, this.#latencyMs());
  }

  /** It breaks. What the client had sent may have arrived, up to some point. */
  cut(): void {
    // Nobody has to find out what is told.
    this.#onFound?.();
    if (!this.#conclude()) return;
    const { client, server, dice } = this.#options;
    this.#up.die(dice.random.between(0, this.#up.size));
    this.#down.die();
    const noticeMs = () => this.#options.latencyMs * (1 + dice.random.next());
    server.after(noticeMs(), () => this.#closeServerEnd());
    client.after(noticeMs(), () => this.#end.lost(streamClosed('a reset connection')));
  }

  /** It carries nothing any more, which only the client's heartbeat finds out: its last pong has just come. */
  fallSilent(onFound: () => void): void {
    if (this.#isOver || this.#onFound) {
      onFound();
      return;
    }
    this.#onFound = onFound;
    this.#up.die();
    this.#down.die();
    this.#end.listen();
    const { dice } = this.#options;
    // Just before nothing goes wrong any more, it breaks: then nobody has to find out.
    this.client.after(dice.within(Infinity) - dice.random.next(), () => {
      onFound();
      this.#end.lost(streamClosed('a reset connection'));
    });
  }

  /** It is over from here on, unless it was before; so is the fault of one that was silent. */
  #conclude(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    // The client has said by then that it knows.
    if (this.#onFound) this.client.world.schedule(1, this.#onFound);
    return true;
  }

  /** The client does not read for a while. */
  stopReading(ms: number): void {
    this.#down.shut();
    this.client.after(ms, () => this.#down.open());
  }

  /** The server closes it; what it had sent arrives first. */
  closeFromServer(): void {
    if (this.#onFound || !this.#conclude()) return;
    this.client.after(this.#latencyMs(), () => this.#end.lost(streamClosed('a closed socket')));
  }

  /** The client closes it, gently or at once. */
  closeFromClient(): void {
    if (!this.#conclude()) return;
    this.#down.die();
    this.server.after(this.#options.latencyMs * 2, () => this.#closeServerEnd());
  }

  #clientGone(): void {
    if (!this.#conclude()) return;
    this.#up.die(this.#options.dice.random.between(0, this.#up.size));
    this.#down.die();
    this.server.after(this.#options.latencyMs * 2, () => this.#closeServerEnd());
  }

  #serverGone(): void {
    this.#up.die();
    if (this.#onFound || !this.#conclude()) return;
    this.client.after(this.#latencyMs(), () =>
      this.#end.lost(streamClosed('the end of the stream')),
    );
  }

  #closeServerEnd(): void {
    const handlers = this.#handlers;
    this.#handlers = null;
    handlers?.onClose();
  }

  #latencyMs(): number {
    const { dice, latencyMs, name } = this.#options;
    return latencyMs * (0.5 + dice.random.next()) + dice.lateness(name);
  }

  /** An answer that came twice is for the peer to count; a request is for the ledger to know. */
  #mayRepeat(text: string): boolean {
    return !text.startsWith('{"type":"ready"');
  }

  #repeat(text: string): void {
    const { dice, client } = this.#options;
    if (dice.random.chance(0.5)) this.#down.push(text, this.#latencyMs());
    else client.after(dice.random.next() * repeatMs, () => this.#down.push(text, 0));
  }

  #garbage(): string {
    const { random } = this.#options.dice;
    return random.pick([
      '',
      'null',
      '[]',
      '{"id":1.5}',
      '\ufeff{}',
      '{"method":7}',
      '{"id":-3,"x":1}',
    ]);
  }
}

/** The transport that the runtime holds. */
class ClientEnd implements Transport {
  readonly #connection: Connection;
  readonly #client: SimProcess;
  readonly #life: StreamLife;
  readonly #heartbeatMs: number;
  #heartbeat: Heartbeat | null = null;

  constructor(connection: Connection, client: SimProcess, limits: Limits) {
    this.#connection = connection;
    this.#client = client;
    this.#heartbeatMs = limits.heartbeatMs;
    this.#life = new StreamLife(client.seam, limits, {
      detach: () => this.#heartbeat?.stop(),
      over: () => Promise.resolve(),
      finish: () => connection.closeFromClient(),
      cut: () => connection.closeFromClient(),
    });
  }

  get bufferedBytes(): number {
    return 0;
  }

  start(handlers: TransportHandlers): void {
    if (this.#life.begin(handlers)) this.#connection.beginReading();
  }

  send(text: string): void {
    this.#life.admit(text, 0);
    if (this.#client.isAlive) this.#connection.sendUp(text);
  }

  close(cause?: SessionMeshError): Promise<void> {
    return this.#life.close(cause);
  }

  /** A frame came. */
  frame(text: string): void {
    this.#life.frame(text);
  }

  /** Nothing comes any more: from here on its heartbeat is all that it has. */
  listen(): void {
    const { clock } = this.#client.seam;
    const heartbeatMs = this.#heartbeatMs;
    const onDead = () => this.lost(linkSilent());
    this.#heartbeat = new Heartbeat({ clock, heartbeatMs, ping: () => {}, onDead });
    this.#heartbeat.start();
  }

  /** The connection is gone. */
  lost(cause: SessionMeshError): void {
    this.#life.end(cause);
  }
}
