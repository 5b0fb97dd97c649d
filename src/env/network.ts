/** The network. The shapes are those of Node, ws and undici, which are loaded when they are first used. */
import type { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { Pool } from 'undici';
import type * as Ws from 'ws';

/** What the library does with the network. */
export interface Network {
  /** An HTTP server that does not listen yet. */
  readonly createServer: typeof createServer;
  /** One request, for what is asked once. */
  readonly fetch: typeof fetch;
  /** Connections to one origin that are used again and again. */
  pool(origin: string, options: Pool.Options): Pool;
  /** Opens a WebSocket. Throws `SyntaxError` for an address that is none. */
  connect(url: string | URL, options: Ws.ClientOptions): Ws.WebSocket;
  /** Speaks WebSocket on connections that an HTTP server hands over. */
  webSocketServer(options: Ws.ServerOptions): Ws.WebSocketServer;
}

/** Whether a server may be asked to listen there; 0 is any port that is free. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port < 65_536;
}

const require = createRequire(import.meta.url);

/** The network of this machine. */
export const systemNetwork: Network = {
  get createServer() {
    return process.getBuiltinModule('node:http').createServer;
  },
  fetch: (input, init) => fetch(input, init),
  pool: (origin, options) => {
    const undici: { Pool: new (origin: string, options: Pool.Options) => Pool } = require('undici');
    return new undici.Pool(origin, options);
  },
  connect: (url, options) => {
    const { WebSocket }: typeof Ws = require('ws');
    return new WebSocket(url, options);
  },
  webSocketServer: (options) => {
    const { WebSocketServer }: typeof Ws = require('ws');
    return new WebSocketServer(options);
  },
};
