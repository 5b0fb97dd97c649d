/**
 * The connections of a server that have changed their protocol, whatever is told on them: whether the other
 * side is still there, whether it may still listen, and how all of them end.
 */
import type { WebSocket } from 'ws';
import type { Env, Timer } from '../env.ts';
import type { Limits } from '../limits.ts';
import type { Access } from './auth.ts';

/** Codes of RFC 6455. */
const closeCodes = { goingAway: 1001, policy: 1008 } as const;

/** Pings may be on their way; somebody who answered none of so many is gone. */
const pingsUnansweredMax = 2;

interface Connection {
  readonly socket: WebSocket;
  readonly access: Access;
  pingsUnanswered: number;
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
  #heartbeat: Timer | undefined;

  constructor(env: Env, limits: Limits) {
    this.#env = env;
    this.#limits = limits;
  }

  /** Watches over a connection until it is gone. */
  add(socket: WebSocket, access: Access): void {
    const connection: Connection = { socket, access, pingsUnanswered: 0 };
    const onHeard = () => (connection.pingsUnanswered = 0);
    socket.on('message', onHeard);
    socket.on('pong', onHeard);
    // Of a socket that fails only its end matters, and that is told apart.
    socket.on('error', () => {});
    this.#all.add(connection);
    void whenClosed(socket).then(() => this.#all.delete(connection));
    this.#beatLater();
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
    if (this.#heartbeat !== undefined) clock.clearTimeout(this.#heartbeat);
    this.#heartbeat = undefined;
    const sockets = [...this.#all].map(({ socket }) => socket);
    const gone = Promise.all(sockets.map(whenClosed));
    for (const socket of sockets) socket.close(closeCodes.goingAway, 'the service ends');
    const timer = clock.setTimeout(() => {
      for (const socket of sockets) socket.terminate();
    }, this.#limits.streamCloseMs);
    await gone;
    clock.clearTimeout(timer);
  }

  #beatLater(): void {
    this.#heartbeat ??= this.#env.clock.setTimeout(() => {
      this.#heartbeat = undefined;
      for (const connection of this.#all) beat(connection);
      if (this.#all.size > 0) this.#beatLater();
    }, this.#limits.heartbeatMs);
  }
}

/** Looks whether the other side is still there; ends the connection if not. */
function beat(connection: Connection): void {
  const { socket } = connection;
  if (connection.pingsUnanswered >= pingsUnansweredMax) {
    socket.terminate();
    return;
  }
  connection.pingsUnanswered += 1;
  if (socket.readyState === socket.OPEN) socket.ping();
}
