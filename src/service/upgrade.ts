/** From an HTTP request to a stream: everything is checked before the connection changes its protocol. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { STATUS_CODES } from 'node:http';
import type { WebSocketServer } from 'ws';
import type { Network } from '../env.ts';
import { messageOf } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { admit } from './guard.ts';
import type { OriginPolicy } from './origin.ts';
import { noRoute, refusal, type Reply } from './reply.ts';
import type { ServiceCore } from './service-core.ts';
import type { StreamPosition } from './stream.ts';

const streamPath = '/api/stream';

/** What upgrades need. */
export interface UpgradeOptions {
  readonly core: ServiceCore;
  readonly origins: () => OriginPolicy;
}

function createSocketServer(network: Network, limits: Limits): WebSocketServer {
  const options = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.streamCommandBytesMax,
    // Commands are small: somebody who sends one in more pieces than this is up to something.
    maxFragments: 64,
    maxBufferedChunks: 1_024,
    // The types of `ws` do not know this one: how long a client may take to agree to the end.
    closeTimeout: limits.streamCloseMs,
    handleProtocols: () => false as const,
  };
  return network.webSocketServer(options);
}

/** Answers an upgrade that is refused, and lets go of its connection. */
function refuseUpgrade(socket: Duplex, { status, body, headers = {} }: Reply): void {
  const text = body === '' ? '' : JSON.stringify(body);
  const lines = Object.entries({
    connection: 'close',
    ...(text === '' ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    'content-length': Buffer.byteLength(text),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', ''].join('\r\n');
  socket.end(head + text, () => socket.destroy());
}

function positionOf(query: URLSearchParams): StreamPosition | null {
  const since = query.get('since');
  if (since === null || !/^\d{1,15}$/.test(since)) return null;
  return { epoch: query.get('epoch'), seq: Number(since) };
}

/**
 * Serves the upgrades of a server. What it returns closes all streams and resolves once they are gone;
 * from then on no upgrade is taken.
 */
export function serveUpgrades(
  server: Server,
  { core, origins }: UpgradeOptions,
): () => Promise<void> {
  const { keyring, stream, limits, logger } = core;
  const sockets = createSocketServer(core.env.network, limits);
  let isClosed = false;

  const findRefusal = (request: IncomingMessage, url: URL | null): Reply | null => {
    const passage = admit(request.headers, 'read', { keyring, origins: origins() });
    if ('reply' in passage) return passage.reply;
    if (url?.pathname !== streamPath) return noRoute(request.method ?? '', request.url ?? '');
    if (isClosed) return refusal(503, 'draining', 'the service ends');
    if (stream.isFull(passage.access)) return refusal(429, 'overloaded', 'too many streams');
    return null;
  };

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const url = URL.parse(request.url ?? '', 'http://localhost');
    const refused = findRefusal(request, url);
    const access = keyring.authenticate(request.headers.authorization);
    if (refused || !url || !access) {
      refuseUpgrade(socket, refused ?? refusal(400, 'request_failed', 'no such address'));
      return;
    }
    const sessionId = url.searchParams.get('threadId')?.trim() || null;
    sockets.handleUpgrade(request, socket, head, (opened) =>
      stream.open({ socket: opened, access, sessionId, position: positionOf(url.searchParams) }),
    );
  };

  server.on('upgrade', (request, socket, head) => {
    // A connection that breaks here concerns nobody else.
    socket.on('error', () => socket.destroy());
    try {
      upgrade(request, socket, head);
    } catch (thrown) {
      logger.error({ error: messageOf(thrown) }, 'an upgrade failed');
      socket.destroy();
    }
  });

  return () => {
    isClosed = true;
    return stream.close();
  };
}
