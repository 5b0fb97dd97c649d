/** From an HTTP request to a stream: everything is checked before the connection changes its protocol. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { STATUS_CODES } from 'node:http';
import type { WebSocket, WebSocketServer } from 'ws';
import type { Env, Network } from '../env.ts';
import { messageOf } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { Access } from './auth.ts';
import { Connections } from './connections.ts';
import { admit, type Gate } from './guard.ts';
import { noRoute, refusal, type Reply } from './reply.ts';
import type { Stream, StreamPosition } from './stream.ts';

/** A connection that was let in and has changed its protocol. */
export interface UpgradedSocket {
  readonly socket: WebSocket;
  readonly access: Access;
  readonly query: URLSearchParams;
}

/** What is served at one path. */
export interface UpgradeTarget {
  readonly path: string;
  /** Why this holder is not let in now, or null. */
  readonly findRefusal: (access: Access) => Reply | null;
  readonly open: (upgraded: UpgradedSocket) => void;
  /** Its connections are about to end: lets go of what else it has. */
  readonly close?: () => void;
}

/** What upgrades need. */
export interface UpgradeOptions {
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly gate: () => Gate;
  readonly targets: readonly UpgradeTarget[];
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

/** Where a client wants to go on, or null for a new one. */
export function positionOf(query: URLSearchParams): StreamPosition | null {
  const since = query.get('since');
  if (since === null || !/^\d{1,15}$/.test(since)) return null;
  return { epoch: query.get('epoch'), seq: Number(since) };
}

const tooMany = refusal(429, 'overloaded', 'too many streams');

/** The stream of a service, as an upgrade leads to it. */
export function streamTarget(stream: Stream): UpgradeTarget {
  return {
    path: '/api/stream',
    findRefusal: (access) => (stream.isFull(access) ? tooMany : null),
    open: ({ socket, access, query }) => {
      const sessionId = query.get('threadId')?.trim() || null;
      stream.open({ socket, access, sessionId, position: positionOf(query) });
    },
  };
}

/** The connections that upgrades have led to. */
export interface Upgrades {
  /** Ends the connections of those who may not listen any more. */
  closeUnless(isValid: (access: Access) => boolean): void;
  /** Takes no upgrade any more and ends all connections; resolves once they are gone. */
  close(): Promise<void>;
}

/** Serves the upgrades of a server. */
export function serveUpgrades(
  server: Server,
  { env, limits, logger, gate, targets }: UpgradeOptions,
): Upgrades {
  const sockets = createSocketServer(env.network, limits);
  const connections = new Connections(env, limits);
  let isClosed = false;

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { method = '', url: address = '' } = request;
    const passage = admit(request.headers, 'read', gate());
    if ('reply' in passage) {
      refuseUpgrade(socket, passage.reply);
      return;
    }
    const { access } = passage;
    const url = URL.parse(address, 'http://localhost');
    const target = targets.find(({ path }) => path === url?.pathname);
    const draining = isClosed ? refusal(503, 'draining', 'the service ends') : null;
    const refused = target ? (draining ?? target.findRefusal(access)) : noRoute(method, address);
    if (!target || !url || refused) {
      refuseUpgrade(socket, refused ?? noRoute(method, address));
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      connections.add(opened, access);
      target.open({ socket: opened, access, query: url.searchParams });
    });
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

  return {
    closeUnless: (isValid) => connections.closeUnless(isValid),
    close: () => {
      isClosed = true;
      for (const target of targets) target.close?.();
      return connections.close();
    },
  };
}
