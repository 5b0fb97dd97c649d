/**
 * A proxy that hurts what passes through it: between a client and a server, over TCP or Unix sockets,
 * with the verbs of {@link Toxic}. What it does follows from its seed and from what passes.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { systemEnv, type Env } from '../../env.ts';
import { messageOf, SessionMeshError } from '../../errors.ts';
import { resolveLimits, type Limits } from '../../limits.ts';
import { parseSocketAddress, showSocketAddress, type SocketAddress } from './address.ts';
import { Connection } from './connection.ts';
import { socketEndpoint, type Endpoint } from './endpoint.ts';
import type { FramingName } from './framing.ts';
import { seededRandom } from '../random.ts';
import { ToxicSet } from './toxic-set.ts';
import type { StreamName, Toxic, ToxicType } from './toxic.ts';

/** Something that a proxy did to a connection. */
export interface ProxyFault {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly proxy: string;
  /** 1 for the first connection of the proxy. */
  readonly connection: number;
  readonly toxic: string;
  readonly type: ToxicType;
  readonly stream: StreamName;
  readonly detail: string | null;
}

/** A frame that came in, before anything was done to it. */
export interface ProxyFrame {
  readonly connection: number;
  readonly stream: StreamName;
  readonly text: string;
}

/** What every proxy takes. */
export interface ProxyCommonOptions {
  /** Default: `proxy`. */
  readonly name?: string;
  /** What frames are. Default: `websocket`, which also fits plain HTTP. */
  readonly framing?: FramingName;
  readonly toxics?: readonly Toxic[];
  /** Default: 1. */
  readonly seed?: number;
  readonly onFault?: (fault: ProxyFault) => void;
  readonly onFrame?: (frame: ProxyFrame) => void;
  readonly limits?: Partial<Limits>;
  readonly env?: Env;
}

/** Which server to stand in front of. */
export interface ProxyOptions extends ProxyCommonOptions {
  /** `127.0.0.1:0` for any free port, or a path. */
  readonly listen: string;
  readonly upstream: string;
}

/** What passed through a proxy so far. */
export interface ProxyStats {
  readonly connections: number;
  readonly connectionsOpen: number;
  /** Bytes that wait in the proxy. */
  readonly bufferedBytes: number;
  readonly upstreamBytes: number;
  readonly downstreamBytes: number;
  readonly faults: Readonly<Partial<Record<ToxicType, number>>>;
}

/** Connections and what is done to them: what a proxy over sockets and one over stdio share. */
export class FaultLine {
  readonly name: string;
  readonly toxics: ToxicSet;
  readonly limits: Limits;
  readonly #options: ProxyCommonOptions;
  readonly #env: Env;
  readonly #random: () => number;
  readonly #open = new Set<Connection>();
  readonly #faults: Partial<Record<ToxicType, number>> = {};
  readonly #bytes: Record<StreamName, number> = { upstream: 0, downstream: 0 };
  #connections = 0;

  constructor(options: ProxyCommonOptions) {
    this.#options = options;
    this.name = options.name ?? 'proxy';
    this.limits = resolveLimits(options.limits);
    this.#env = options.env ?? systemEnv;
    this.#random = seededRandom(options.seed ?? 1).fork(this.name).next;
    this.toxics = new ToxicSet(options.toxics ?? [], () => {
      for (const connection of this.#open) connection.refresh();
    });
  }

  get stats(): ProxyStats {
    const bufferedBytes = [...this.#open].reduce((sum, one) => sum + one.bufferedBytes, 0);
    return {
      connections: this.#connections,
      connectionsOpen: this.#open.size,
      bufferedBytes,
      upstreamBytes: this.#bytes.upstream,
      downstreamBytes: this.#bytes.downstream,
      faults: { ...this.#faults },
    };
  }

  /** Carries bytes between two sides until one of them ends; calls `onClose` then. */
  join(client: Endpoint, server: Endpoint, onClose: () => void = () => {}): Connection {
    const id = (this.#connections += 1);
    const { framing = 'websocket', onFrame } = this.#options;
    const { proxyBufferBytesMax, frameBytesMax, streamCloseMs } = this.limits;
    const connection: Connection = new Connection({
      id,
      client,
      server,
      framing,
      clock: this.#env.clock,
      random: this.#random,
      bufferBytesMax: proxyBufferBytesMax,
      frameBytesMax,
      closeMs: streamCloseMs,
      toxics: () => this.toxics.current,
      onFault: (toxic, detail) => this.tell(id, toxic, detail),
      onFrame: onFrame && ((stream, text) => onFrame({ connection: id, stream, text })),
      onPassed: (stream, bytes) => {
        this.#bytes[stream] += bytes;
      },
      onClose: () => {
        this.#open.delete(connection);
        onClose();
      },
    });
    this.#open.add(connection);
    connection.start();
    return connection;
  }

  /** Takes note of something that was done. */
  tell(connection: number, { name, type, stream }: Toxic, detail: string | null): void {
    this.#faults[type] = (this.#faults[type] ?? 0) + 1;
    const at = this.#env.clock.now();
    const { onFault } = this.#options;
    onFault?.({ at, proxy: this.name, connection, toxic: name, type, stream, detail });
  }

  /** Whether a new connection is to be refused. */
  get isFull(): boolean {
    return this.#open.size >= this.limits.proxyConnectionsMax;
  }

  /** Resets every connection. */
  cut(): void {
    for (const connection of this.#open) connection.cut();
  }
}

/** A running proxy. Close it, or let `await using` do so. */
export interface FaultProxy extends AsyncDisposable {
  readonly name: string;
  /** Where it listens, the port filled in. */
  readonly listen: string;
  readonly upstream: string;
  readonly toxics: ToxicSet;
  readonly stats: ProxyStats;
  readonly isEnabled: boolean;
  /** Listens again. @throws SessionMeshError `host_start_failed` if the address is taken */
  enable(): Promise<void>;
  /** Stops listening, as a server that is down, and resets what is open. */
  disable(): Promise<void>;
  /** Resets every connection; new ones are let in. */
  cut(): void;
  /** Idempotent. Leaves no socket, timer or listener behind. */
  close(): Promise<void>;
}

/**
 * Starts a proxy; resolves once it listens.
 * @throws SessionMeshError `option_invalid` for an address or toxic, `host_start_failed` if it cannot listen
 */
export async function startProxy(options: ProxyOptions): Promise<FaultProxy> {
  const upstream = parseSocketAddress(options.upstream);
  const wanted = parseSocketAddress(options.listen);
  const line = new FaultLine(options);
  let door = await openDoor(line, wanted, upstream);
  const { address } = door;
  let isEnabled = true;
  const disable = async () => {
    isEnabled = false;
    line.cut();
    await door.close();
  };
  return {
    name: line.name,
    listen: showSocketAddress(address),
    upstream: showSocketAddress(upstream),
    toxics: line.toxics,
    get stats() {
      return line.stats;
    },
    get isEnabled() {
      return isEnabled;
    },
    async enable() {
      if (isEnabled) return;
      door = await openDoor(line, address, upstream);
      isEnabled = true;
    },
    disable,
    cut: () => line.cut(),
    close: disable,
    [Symbol.asyncDispose]: disable,
  };
}

interface Door {
  readonly address: SocketAddress;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Listens, and joins each client with a connection to the server. */
async function openDoor(
  line: FaultLine,
  address: SocketAddress,
  upstream: SocketAddress,
): Promise<Door> {
  const dialling = new Set<Socket>();
  // Reading begins when there is somebody to read for.
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
  server.on('connection', (client) => {
    client.on('error', () => {});
    if (line.isFull) client.destroy();
    else dial(line, client, upstream, dialling);
  });
  const bound = await listen(server, address);
  let closing: Promise<void> | undefined;
  return {
    address: bound,
    close: () =>
      (closing ??= new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of dialling) socket.destroy();
      })),
  };
}

function dial(
  line: FaultLine,
  client: Socket,
  upstream: SocketAddress,
  dialling: Set<Socket>,
): void {
  const server = connect({ ...upstream, allowHalfOpen: true, noDelay: true });
  const give = () => {
    dialling.delete(client);
    dialling.delete(server);
  };
  dialling.add(client).add(server);
  const onGone = () => {
    give();
    server.destroy();
    // A server that is not there refuses; so does the proxy in its place.
    socketEndpoint(client).reset();
  };
  server.on('error', () => {});
  server.once('close', onGone);
  client.once('close', onGone);
  server.once('connect', () => {
    give();
    server.off('close', onGone);
    client.off('close', onGone);
    line.join(socketEndpoint(client), socketEndpoint(server));
  });
}

function listen(server: Server, address: SocketAddress): Promise<SocketAddress> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const expected = `to listen at ${showSocketAddress(address)}`;
      const found = messageOf(cause);
      reject(new SessionMeshError('host_start_failed', { expected, found, cause }));
    });
    server.listen('path' in address ? { path: address.path } : { ...address }, () => {
      const bound = server.address();
      const isPort = typeof bound === 'object' && bound !== null && 'host' in address;
      resolve(isPort ? { host: address.host, port: bound.port } : address);
    });
  });
}
