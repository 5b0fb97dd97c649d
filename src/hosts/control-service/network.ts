/** The real network: an undici pool for requests, a WebSocket for the stream. */
import type { Dispatcher } from 'undici';
import type { WebSocket } from 'ws';
import { messageOf, SessionMeshError } from '../../errors.ts';
import type { Transport } from '../../rpc/transport.ts';
import { WebSocketTransport } from '../../rpc/websocket.ts';
import type { HostContext } from '../host.ts';
import type { ServiceAddress } from './options.ts';
import { bearer, type ServiceReply, type ServiceWire } from './wire.ts';

type Headers = Readonly<Record<string, string>>;
type ResponseData = Dispatcher.ResponseData;

/** Errors after which the service has certainly not seen the request. */
const neverSentCodes: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** A way to the service at `address` that sends `headers` each time. */
export function networkWire(
  address: ServiceAddress,
  headers: Headers,
  context: HostContext,
): ServiceWire {
  const { env, limits } = context;
  const { poolConnectionsMax, connectTimeoutMs, frameBytesMax } = limits;
  // Deadlines are the caller's: only the connect, which no request waits for alone, has its own.
  const pool = env.network.pool(address.origin, {
    connections: poolConnectionsMax,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: connectTimeoutMs },
  });
  return {
    name: `${address.origin}${address.prefix}`,
    request: async ({ method, path, body, headers: own }, token, signal) => {
      const options = {
        method,
        path: `${address.prefix}${path}`,
        headers: { ...headers, ...bearer(token), ...contentType(body), ...own },
        body: body ?? null,
        signal,
      };
      try {
        return await readReply(await pool.request(options), frameBytesMax);
      } catch (thrown) {
        if (signal.aborted) throw signal.reason;
        throw asRequestError(thrown, address);
      }
    },
    openStream: (query, token, signal) =>
      openStream(`${address.streamUrl}${query}`, { ...headers, ...bearer(token) }, context, signal),
    close: () => pool.destroy().catch(() => {}),
  };
}

const contentType = (body: string | undefined): Headers =>
  body === undefined ? {} : { 'content-type': 'application/json' };

function asRequestError(thrown: unknown, { origin }: ServiceAddress): SessionMeshError {
  if (thrown instanceof SessionMeshError) return thrown;
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  const wasNeverSent = neverSentCodes.has(code);
  return new SessionMeshError(wasNeverSent ? 'host_unreachable' : 'stream_closed', {
    expected: `an answer of ${origin}`,
    found: messageOf(thrown),
    cause: thrown,
  });
}

async function readReply({ statusCode, headers, body }: ResponseData, bytesMax: number) {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    const piece = Buffer.from(chunk);
    bytes += piece.length;
    if (bytes > bytesMax) {
      throw new SessionMeshError('frame_too_long', { expected: `at most ${bytesMax} bytes` });
    }
    chunks.push(piece);
  }
  const challenge = headers['www-authenticate'];
  const reply: ServiceReply = {
    ...(typeof challenge === 'string' ? { challenge } : {}),
    status: statusCode,
    body: parseBody(Buffer.concat(chunks).toString()),
    retryAfterMs: parseRetryAfter(headers['retry-after']),
  };
  return reply;
}

function parseBody(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Seconds only: a date would need two clocks to agree. */
function parseRetryAfter(header: string | string[] | undefined): number | null {
  const seconds = typeof header === 'string' && header.trim() !== '' ? Number(header) : NaN;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : null;
}

async function openStream(
  url: string,
  headers: Headers,
  context: HostContext,
  signal: AbortSignal,
): Promise<Transport> {
  signal.throwIfAborted();
  const socket = context.env.network.connect(url, {
    headers,
    perMessageDeflate: false,
    maxPayload: context.limits.frameBytesMax,
  });
  // A socket may fail long after anybody cares; unheard, that would end the process.
  socket.on('error', () => {});
  try {
    return await opened(socket, context, signal);
  } catch (thrown) {
    socket.terminate();
    throw thrown;
  }
}

function opened(socket: WebSocket, context: HostContext, signal: AbortSignal): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners('open').removeAllListeners('unexpected-response');
      socket.off('error', onError);
    };
    const fail = (error: unknown) => {
      settle();
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- an abort reason may be anything
      reject(error);
    };
    const onAbort = () => fail(signal.reason);
    const onError = (cause: Error) =>
      fail(new SessionMeshError('host_unreachable', { found: messageOf(cause), cause }));
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('error', onError);
    socket.on('unexpected-response', (_request, { statusCode = 0 }) => {
      const isRefusal = statusCode === 401 || statusCode === 403;
      const found = `HTTP status ${statusCode} for the stream`;
      fail(new SessionMeshError(isRefusal ? 'host_unauthorized' : 'host_unreachable', { found }));
    });
    // At once: what arrives before somebody reads stays with the operating system that way.
    socket.on('open', () => (settle(), resolve(new WebSocketTransport(socket, context))));
  });
}
