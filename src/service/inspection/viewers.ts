/** The viewers of a feed: those who are there, and how many there may be. */
import type { Limits } from '../../limits.ts';
import type { ViewerSocket } from './viewer-socket.ts';

/** The viewers of one feed. */
export class Viewers<Viewer extends { readonly socket: ViewerSocket }> {
  readonly #limits: Limits;
  readonly #all = new Set<Viewer>();
  readonly #onGone: (viewer: Viewer) => void;

  /** @param onGone told once of each viewer that is gone */
  constructor(limits: Limits, onGone: (viewer: Viewer) => void) {
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
  }
}
