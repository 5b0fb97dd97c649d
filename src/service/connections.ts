/**
 * The connections of a server that have changed their protocol, whatever is told on them: whether the other
 * side is still there, whether it may still listen, and how all of them end.
 */
import type { WebSocket } from 'ws';
import type { Env } from '../env.ts';
import type { Limits } from '../limits.ts';
import { Heartbeat } from '../rpc/heartbeat.ts';
import type { Access } from './auth.ts';

/** Codes of RFC 6455. */
const closeCodes = { goingAway: 1001, policy: 1008 } as const;

interface Connection {
  readonly socket: WebSocket;
  readonly access: Access;
}

/** Resolves once the connection is gone, whoever ended it. */
export function whenClosed(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => void socket.once('close', () => resolve()));
}

/** The connections of one server. */
export class Connections {
  readonly #env: Env;
  readonly #limits: Limits;
  readonly #all = new Set<Connection>();

  constructor(env: Env, limits: Limits) {
    this.#env = env;
    this.#limits = limits;
  }

  /** Watches over a connection until it is gone. */
  add(socket: WebSocket, access: Access): void {
    const connection: Connection = { socket, access };
    const heartbeat = new Heartbeat({
      clock: this.#env.clock,
      heartbeatMs: this.#limits.heartbeatMs,
      // A client whose tools run in the thread that reads the stream cannot answer meanwhile.
      silentMs: this.#limits.clientSilentMs,
      ping: () => {
        if (socket.readyState === socket.OPEN) socket.ping();
      },
      onDead: () => socket.terminate(),
    });
    const onHeard = () => heartbeat.heard();
    socket.on('message', onHeard);
    socket.on('pong', onHeard);
    // Of a socket that fails only its end matters, and that is told apart.
    socket.on('error', () => {});
    this.#all.add(connection);
    void whenClosed(socket).then(() => {
      heartbeat.stop();
      this.#all.delete(connection);
    });
    heartbeat.start();
  }

  /** Ends the connections of those who may not listen any more. */
  closeUnless(isValid: (access: Access) => boolean): void {
    for (const { socket, access } of this.#all) {
      if (!isValid(access)) socket.close(closeCodes.policy, 'the token is not valid any more');
    }
  }

  /** Ends all connections, and cuts off who does not agree in time. Resolves once none is left. */
  async close(): Promise<void> {
    const { clock } = this.#env;
    const sockets = [...this.#all].map(({ socket }) => socket);
    const gone = Promise.all(sockets.map(whenClosed));
    for (const socket of sockets) socket.close(closeCodes.goingAway, 'the service ends');
    const timer = clock.setTimeout(() => {
      for (const socket of sockets) socket.terminate();
    }, this.#limits.streamCloseMs);
    await gone;
    clock.clearTimeout(timer);
  }
}
