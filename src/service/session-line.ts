/** Work on sessions, one after the other for each of them. */
import { SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';

interface Line {
  tail: Promise<unknown>;
  length: number;
}

/** The lines of one service. A session has one only while somebody stands in it. */
export class SessionLines {
  readonly #limits: Limits;
  readonly #lines = new Map<string, Line>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /**
   * Does `work` once everything before it in this session is done, whatever became of that.
   * @throws SessionMeshError `overloaded` if more than `sessionMessagesQueuedMax` wait; what `work` throws
   */
  run<Result>(sessionId: string, work: () => Promise<Result>): Promise<Result> {
    const line = this.#lines.get(sessionId) ?? { tail: Promise.resolve(), length: 0 };
    const { sessionMessagesQueuedMax } = this.#limits;
    if (line.length > sessionMessagesQueuedMax) {
      const expected = `at most ${sessionMessagesQueuedMax} messages that wait`;
      return Promise.reject(new SessionMeshError('overloaded', { expected, sessionId }));
    }
    this.#lines.set(sessionId, line);
    line.length += 1;
    const done = line.tail.then(work).finally(() => {
      line.length -= 1;
      if (line.length === 0) this.#lines.delete(sessionId);
    });
    line.tail = done.catch(() => {});
    return done;
  }
}
