/** The two sides of a proxied connection: sockets, or the pipes of a process. */
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';

/** One side. */
export interface Endpoint {
  readonly readable: Readable;
  readonly writable: Writable;
  /** Ends it at once; over TCP with a reset. Idempotent. */
  reset(): void;
}

/** An endpoint over a socket. A socket that is no TCP knows no reset and is destroyed. */
export function socketEndpoint(socket: Socket): Endpoint {
  return {
    readable: socket,
    writable: socket,
    reset: () => {
      if (socket.destroyed) return;
      if (socket.remoteAddress === undefined) socket.destroy();
      else socket.resetAndDestroy();
    },
  };
}
