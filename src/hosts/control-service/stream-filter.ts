/** Whose frames a stream is to bring: counted, because several may follow the same session. */
import type { Limits } from '../../limits.ts';

/** Whom a stream follows. */
export class StreamFilter {
  readonly #limits: Limits;
  readonly #onChange: () => void;
  readonly #sessions = new Map<string, number>();
  #everything = 0;

  constructor(limits: Limits, onChange: () => void) {
    this.#limits = limits;
    this.#onChange = onChange;
  }

  /** Follows one session, or with null all of them, until the function it returns is called. */
  follow(sessionId: string | null): () => void {
    const before = this.#count(sessionId);
    this.#set(sessionId, before + 1);
    if (before === 0) this.#onChange();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const count = this.#count(sessionId) - 1;
      this.#set(sessionId, count);
      if (count === 0) this.#onChange();
    };
  }

  /**
   * What to tell the service, or null for nothing: a new stream brings everything, and one that nobody
   * follows may as well go on as it is. One that keeps to `one` session at a time is asked for everything
   * where there are more, and so is any where there are too many to name.
   */
  command(follows: 'one' | 'many'): object | null {
    const ids = [...this.#sessions.keys()];
    const idsMax = follows === 'one' ? 1 : this.#limits.streamSessionsMax;
    if (this.#everything > 0 || ids.length > idsMax) return { type: 'unsubscribe' };
    if (ids.length === 0) return null;
    const [threadId] = ids;
    return { type: 'subscribe', ...(ids.length === 1 ? { threadId } : { threadIds: ids }) };
  }

  #count(sessionId: string | null): number {
    return sessionId === null ? this.#everything : (this.#sessions.get(sessionId) ?? 0);
  }

  #set(sessionId: string | null, count: number): void {
    if (sessionId === null) this.#everything = count;
    else if (count > 0) this.#sessions.set(sessionId, count);
    else this.#sessions.delete(sessionId);
  }
}
