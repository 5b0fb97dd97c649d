/** Frames as text messages of a WebSocket: over TCP, TLS or a Unix socket. */
import type { RawData, WebSocket } from 'ws';
import type { Env } from '../env.ts';
import { messageOf, SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { Heartbeat, linkSilent } from './heartbeat.ts';
import { streamClosed, StreamLife, type StreamEnding } from './stream-life.ts';
import type { Transport, TransportHandlers } from './transport.ts';

/** Where to connect and as whom. */
export interface WebSocketOptions {
  /** `ws://`, `wss://` or `ws+unix:///path.sock:/`, without credentials in it. */
  readonly url: string;
  /** Sent as a bearer token in the `Authorization` header, and nowhere else. */
  readonly token?: string;
  readonly env: Env;
  readonly limits: Limits;
}

const ignore = () => {};
const normalClosure = 1000;

/** The address without its query, for messages. */
function parseUrl(text: string): { url: URL; shown: string } {
  const url = URL.parse(text);
  if (!url || !['ws:', 'wss:', 'ws+unix:'].includes(url.protocol)) {
    throw new SessionMeshError('option_invalid', {
      expected: 'a url that begins with ws://, wss:// or ws+unix://',
    });
  }
  if (url.username || url.password) {
    throw new SessionMeshError('option_invalid', {
      expected: 'a url without credentials',
      fix: 'pass the token as `token`',
    });
  }
  return { url, shown: `${url.protocol}//${url.host}${url.pathname}` };
}

function openSocket(options: WebSocketOptions): { socket: WebSocket; shown: string } {
  const { url, shown } = parseUrl(options.url);
  try {
    const socket = options.env.network.connect(url, {
      headers: options.token === undefined ? {} : { Authorization: `Bearer ${options.token}` },
      perMessageDeflate: false,
      maxPayload: options.limits.frameBytesMax,
    });
    return { socket, shown };
  } catch (cause) {
    throw new SessionMeshError('option_invalid', {
      expected: 'a url without a fragment and a token of printable characters',
      cause,
    });
  }
}

/**
 * Opens a WebSocket. Frames that come before `start` are kept by the operating system, not lost.
 * @throws SessionMeshError `host_unauthorized` for 401 and 403, `host_unreachable` for everything else
 * that stands in the way, within `connectTimeoutMs`; `option_invalid`; the reason of `signal` once it aborts.
 */
export async function connectWebSocket(
  options: WebSocketOptions,
  signal?: AbortSignal,
): Promise<Transport> {
  signal?.throwIfAborted();
  const { socket, shown } = openSocket(options);
  socket.on('error', ignore);
  try {
    return await opened(socket, shown, options, signal);
  } catch (error) {
    socket.terminate();
    throw error;
  }
}

function opened(
  socket: WebSocket,
  shown: string,
  options: WebSocketOptions,
  signal: AbortSignal | undefined,
): Promise<Transport> {
  const { env, limits } = options;
  const unreachable = (found: string, cause?: unknown) =>
    new SessionMeshError('host_unreachable', { expected: `a WebSocket at ${shown}`, found, cause });
  return new Promise((resolve, reject) => {
    const settle = () => {
      env.clock.clearTimeout(deadline);
      signal?.removeEventListener('abort', onAbort);
      socket.removeAllListeners('open').removeAllListeners('unexpected-response');
      socket.off('error', onError);
    };
    const fail = (error: unknown) => {
      settle();
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- an abort reason may be anything
      reject(error);
    };
    const onAbort = () => fail(signal?.reason);
    const onError = (error: Error) => fail(unreachable(messageOf(error), error));
    const deadline = env.clock.setTimeout(
      () => fail(unreachable(`nothing within ${limits.connectTimeoutMs} ms`)),
      limits.connectTimeoutMs,
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.on('error', onError);
    socket.on('unexpected-response', (_request, response) => {
      const status = response.statusCode ?? 0;
      const found = `HTTP status ${status}`;
      const refused = status === 401 || status === 403;
      fail(refused ? new SessionMeshError('host_unauthorized', { found }) : unreachable(found));
    });
    socket.on('open', () => {
      settle();
      resolve(new WebSocketTransport(socket, { env, limits }));
    });
  });
}

/** A transport over a socket that is open already; the socket belongs to it from here on. */
export class WebSocketTransport implements Transport {
  readonly #socket: WebSocket;
  readonly #limits: Limits;
  readonly #life: StreamLife;
  readonly #heartbeat: Heartbeat;

  constructor(socket: WebSocket, { env, limits }: { readonly env: Env; readonly limits: Limits }) {
    this.#socket = socket;
    this.#limits = limits;
    this.#life = new StreamLife(env, limits, this.#ending());
    this.#heartbeat = new Heartbeat({
      clock: env.clock,
      heartbeatMs: limits.heartbeatMs,
      ping: () => socket.ping(undefined, undefined, this.#onSent),
      onDead: () => this.#life.end(linkSilent()),
    });
    // A socket may fail long after it is done with; unheard, that would end the process.
    socket.on('error', ignore);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
    // What arrives before `start` stays with the operating system instead of being lost.
    socket.pause();
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  start(handlers: TransportHandlers): void {
    if (this.#socket.readyState !== this.#socket.OPEN) this.#onClose();
    if (!this.#life.begin(handlers)) return;
    this.#socket.on('message', this.#onMessage);
    this.#socket.on('pong', this.#onPong);
    this.#socket.resume();
    this.#heartbeat.start();
  }

  send(text: string): void {
    this.#life.admit(text, this.bufferedBytes);
    this.#socket.send(text, this.#onSent);
  }

  close(cause?: SessionMeshError): Promise<void> {
    return this.#life.close(cause);
  }

  readonly #onPong = (): void => this.#heartbeat.heard();

  readonly #onMessage = (data: RawData, isBinary: boolean): void => {
    this.#heartbeat.heard();
    if (isBinary || !Buffer.isBuffer(data)) this.#life.garbage('frame_binary');
    else this.#life.frame(data.toString());
  };

  readonly #onSent = (error?: Error | null): void => {
    if (error) this.#onError(error);
  };

  readonly #onError = (error: Error): void => {
    const tooLong = 'code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
    const expected = `frames of at most ${this.#limits.frameBytesMax} bytes`;
    this.#life.end(
      tooLong
        ? new SessionMeshError('frame_too_long', { expected, cause: error })
        : streamClosed('a socket error', error),
    );
  };

  readonly #onClose = (code?: number): void => {
    this.#life.end(streamClosed(code === undefined ? 'a closed socket' : `close code ${code}`));
  };

  #ending(): StreamEnding {
    const socket = this.#socket;
    return {
      detach: () => {
        this.#heartbeat.stop();
        socket.off('message', this.#onMessage);
        socket.off('pong', this.#onPong);
        socket.off('close', this.#onClose);
        socket.off('error', this.#onError);
      },
      over: () =>
        socket.readyState === socket.CLOSED
          ? Promise.resolve()
          : new Promise((resolve) => socket.once('close', resolve)),
      finish: () => {
        socket.resume();
        socket.close(normalClosure);
      },
      cut: () => socket.terminate(),
    };
  }
}
