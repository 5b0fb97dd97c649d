/** One client's connection through a proxy: two lanes, and the verbs that end both. */
import type { Clock, Timer } from '../../env.ts';
import type { Endpoint } from './endpoint.ts';
import type { FramingName } from './framing.ts';
import { createFraming } from './framing.ts';
import { Lane } from './lane.ts';
import { isFrameToxic, type StreamName, type Toxic } from './toxic.ts';

/** What a connection is made of. */
export interface ConnectionOptions {
  readonly id: number;
  readonly client: Endpoint;
  readonly server: Endpoint;
  readonly framing: FramingName;
  readonly clock: Clock;
  readonly random: () => number;
  readonly bufferBytesMax: number;
  readonly frameBytesMax: number;
  /** How long a gentle end may take. */
  readonly closeMs: number;
  /** The toxics of the proxy, now. */
  readonly toxics: () => readonly Toxic[];
  readonly onFault: (toxic: Toxic, detail: string | null) => void;
  readonly onFrame: ((stream: StreamName, text: string) => void) | undefined;
  readonly onPassed: (stream: StreamName, bytes: number) => void;
  readonly onClose: () => void;
}

/** Verbs of which every single use is told; the others are told of once in each connection. */
const toldEachTime = new Set(['drop', 'duplicate', 'reorder', 'garbage', 'truncate', 'limit_data']);

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #lanes: Readonly<Record<StreamName, Lane>>;
  /** Whether a toxic applies to this connection: decided when it is first seen, for good. */
  readonly #applies = new Map<Toxic, boolean>();
  #known: readonly Toxic[] = [];
  #byStream: Readonly<Record<StreamName, readonly Toxic[]>> = { upstream: [], downstream: [] };
  readonly #timers = new Map<Toxic, Timer>();
  readonly #told = new Set<Toxic>();
  #lanesOver = 0;
  #isClosed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { client, server } = options;
    this.#lanes = {
      upstream: this.#createLane('upstream', client, server),
      downstream: this.#createLane('downstream', server, client),
    };
  }

  /** Bytes that wait in the proxy. */
  get bufferedBytes(): number {
    return this.#lanes.upstream.bufferedBytes + this.#lanes.downstream.bufferedBytes;
  }

  /** Begins to carry bytes. */
  start(): void {
    this.#select();
    if (this.#isClosed) return;
    this.#lanes.upstream.start();
    this.#lanes.downstream.start();
  }

  /** The toxics of the proxy have changed. */
  refresh(): void {
    this.#select();
    for (const lane of Object.values(this.#lanes)) lane.refresh();
  }

  /** Ends both sides: with a reset, or after what was written. Idempotent. */
  cut(gently = false): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#letGo();
    const { client, server, onClose } = this.#options;
    for (const side of [client, server]) {
      if (gently) this.#endGently(side);
      else side.reset();
    }
    onClose();
  }

  #letGo(): void {
    for (const timer of this.#timers.values()) this.#options.clock.clearTimeout(timer);
    for (const lane of Object.values(this.#lanes)) lane.close();
  }

  /** Whoever does not take what was written is not waited for. */
  #endGently(side: Endpoint): void {
    const { clock, closeMs } = this.#options;
    const late = clock.setTimeout(() => side.reset(), closeMs);
    side.readable.resume();
    side.writable.end(() => {
      clock.clearTimeout(late);
      side.reset();
    });
  }

  #createLane(stream: StreamName, from: Endpoint, to: Endpoint): Lane {
    const { framing, frameBytesMax, clock, random, bufferBytesMax, onFrame } = this.#options;
    return new Lane({
      stream,
      from: from.readable,
      to: to.writable,
      framing: createFraming(framing, stream, frameBytesMax),
      clock,
      random,
      bufferBytesMax,
      toxics: () => this.#toxicsOf(stream),
      onFault: (toxic, detail) => this.#tell(toxic, detail),
      onFrame: onFrame && ((text) => onFrame(stream, text)),
      onPassed: (bytes) => this.#options.onPassed(stream, bytes),
      onOver: () => this.#laneOver(),
      onBroken: (gently) => this.cut(gently),
    });
  }

  #toxicsOf(stream: StreamName): readonly Toxic[] {
    if (this.#options.toxics() !== this.#known) this.#select();
    return this.#byStream[stream];
  }

  /** Decides what applies here, and sets the clocks of what ends the connection. */
  #select(): void {
    const { toxics, random, clock } = this.#options;
    this.#known = toxics();
    for (const toxic of this.#known) {
      if (!this.#applies.has(toxic)) {
        this.#applies.set(toxic, isFrameToxic(toxic) || random() < toxic.toxicity);
      }
    }
    for (const toxic of this.#applies.keys()) {
      if (this.#known.includes(toxic)) continue;
      this.#applies.delete(toxic);
      const timer = this.#timers.get(toxic);
      if (timer) clock.clearTimeout(timer);
      this.#timers.delete(toxic);
    }
    const chosen = this.#known.filter((toxic) => this.#applies.get(toxic));
    this.#byStream = {
      upstream: chosen.filter(({ stream }) => stream === 'upstream'),
      downstream: chosen.filter(({ stream }) => stream === 'downstream'),
    };
    for (const toxic of chosen) this.#arm(toxic);
  }

  #arm(toxic: Toxic): void {
    if (toxic.type === 'down') {
      this.#tell(toxic, null);
      this.cut();
      return;
    }
    if (toxic.type !== 'timeout' && toxic.type !== 'reset_peer') return;
    if (this.#timers.has(toxic) || this.#isClosed) return;
    if (toxic.type === 'timeout') this.#tell(toxic, `${toxic.attributes.timeout} ms`);
    if (toxic.type === 'timeout' && toxic.attributes.timeout === 0) return;
    const timer = this.#options.clock.setTimeout(() => {
      if (toxic.type === 'reset_peer') this.#tell(toxic, null);
      this.cut(toxic.type === 'timeout');
    }, toxic.attributes.timeout);
    this.#timers.set(toxic, timer);
  }

  #tell(toxic: Toxic, detail: string | null): void {
    if (!toldEachTime.has(toxic.type)) {
      if (this.#told.has(toxic)) return;
      this.#told.add(toxic);
    }
    this.#options.onFault(toxic, detail);
  }

  #laneOver(): void {
    this.#lanesOver += 1;
    if (this.#lanesOver < 2 || this.#isClosed) return;
    this.#isClosed = true;
    this.#letGo();
    this.#options.onClose();
  }
}
