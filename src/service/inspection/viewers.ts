/** The viewers of a feed as connections: how many there may be, that they live, and how they end. */
import type { Env, Timer } from '../../env.ts';
import type { Limits } from '../../limits.ts';
import type { Access } from '../auth.ts';
import { closeCodes } from '../stream-socket.ts';
import type { ViewerSocket } from './viewer-socket.ts';

/** The connections of one feed. */
export class Viewers<Viewer extends { readonly socket: ViewerSocket }> {
  readonly #env: Env;
  readonly #limits: Limits;
  readonly #all = new Set<Viewer>();
  readonly #onGone: (viewer: Viewer) => void;
  #heartbeat: Timer | undefined;

  /** @param onGone told once of each connection that is gone */
  constructor(env: Env, limits: Limits, onGone: (viewer: Viewer) => void) {
    this.#env = env;
    this.#limits = limits;
    this.#onGone = onGone;
  }

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): Iterator<Viewer> {
    return this.#all.values();
  }

  /** Whether one more is too many. */
  get isFull(): boolean {
    return this.#all.size >= this.#limits.inspectionViewersMax;
  }

  add(viewer: Viewer): void {
    this.#all.add(viewer);
    void viewer.socket.closed.then(() => {
      this.#all.delete(viewer);
      this.#onGone(viewer);
    });
    this.#beatLater();
  }

  /** Ends the connections of those who may not look any more. */
  closeUnless(isValid: (access: Access) => boolean): void {
    for (const { socket } of this.#all) {
      if (!isValid(socket.access)) socket.close(closeCodes.policy, 'not valid any more');
    }
  }

  /** Ends all connections, and cuts off who does not agree in time. Resolves once none is left. */
  async close(): Promise<void> {
    const { clock } = this.#env;
    if (this.#heartbeat !== undefined) clock.clearTimeout(this.#heartbeat);
    this.#heartbeat = undefined;
    for (const { socket } of this.#all) socket.close(closeCodes.goingAway, 'the service ends');
    const timer = clock.setTimeout(() => {
      for (const { socket } of this.#all) socket.cut();
    }, this.#limits.streamCloseMs);
    await Promise.all([...this.#all].map(({ socket }) => socket.closed));
    clock.clearTimeout(timer);
  }

  #beatLater(): void {
    this.#heartbeat ??= this.#env.clock.setTimeout(() => {
      this.#heartbeat = undefined;
      for (const { socket } of this.#all) socket.beat();
      if (this.#all.size > 0) this.#beatLater();
    }, this.#limits.heartbeatMs);
  }
}
