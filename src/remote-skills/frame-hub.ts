/** Where the frames of the stream branch off to those within the client who wait for something. */
import type { StreamFrame, StreamState } from '../hosts/control-service/internal.ts';

type FrameListener = (frame: StreamFrame) => void;

/** The branching-off point of one client. Its listeners are our own, are called in turn and do not throw. */
export class FrameHub {
  readonly #ofSession = new Map<string, Set<FrameListener>>();
  readonly #ofAll = new Set<FrameListener>();
  readonly #ofState = new Set<(state: StreamState) => void>();

  /** Listens to the frames of one session, or with null to all, until the function it returns is called. */
  watch(sessionId: string | null, listener: FrameListener): () => void {
    if (sessionId === null) {
      this.#ofAll.add(listener);
      return () => void this.#ofAll.delete(listener);
    }
    const listeners = this.#ofSession.get(sessionId) ?? new Set();
    this.#ofSession.set(sessionId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#ofSession.get(sessionId) === listeners) {
        this.#ofSession.delete(sessionId);
      }
    };
  }

  /** Listens to the state of the stream. */
  watchState(listener: (state: StreamState) => void): () => void {
    this.#ofState.add(listener);
    return () => void this.#ofState.delete(listener);
  }

  publish(frame: StreamFrame): void {
    for (const listener of this.#ofAll) listener(frame);
    const listeners = frame.threadId === null ? undefined : this.#ofSession.get(frame.threadId);
    for (const listener of listeners ?? []) listener(frame);
  }

  publishState(state: StreamState): void {
    for (const listener of this.#ofState) listener(state);
  }
}
