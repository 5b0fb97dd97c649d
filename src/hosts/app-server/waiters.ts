/** Those who wait until something holds: woken when anything changed, never by polling. */
import type { Clock } from '../../env.ts';
import { SessionMeshError } from '../../errors.ts';

/** How long to wait, and for what, in words. */
export interface WaitOptions {
  readonly clock: Clock;
  /** Without it the wait has no end of its own. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  readonly awaited: string;
}

/** A set of waiters. As many as there are calls of the host under way. */
export class Waiters {
  readonly #waiting = new Set<() => void>();

  /** Something changed: everybody looks again. */
  wake(): void {
    for (const look of this.#waiting) look();
  }

  /**
   * Resolves with what `probe` returns as soon as that is not undefined; looks at once, and each time
   * it is woken.
   * @throws SessionMeshError `stream_closed` when the time is over; what `probe` throws; the reason of
   * `signal` once it aborts.
   */
  until<Value>(probe: () => Value | undefined, options: WaitOptions): Promise<Value> {
    const { clock, timeoutMs, signal, awaited } = options;
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        this.#waiting.delete(look);
        if (timer) clock.clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        finish();
      };
      const look = () => {
        try {
          const value = probe();
          if (value !== undefined) settle(() => resolve(value));
        } catch (error) {
          settle(() => reject(error));
        }
      };
      const onAbort = () => settle(() => reject(signal?.reason));
      const onTimeout = () => {
        const expected = `${awaited} within ${timeoutMs} ms`;
        settle(() => reject(new SessionMeshError('stream_closed', { expected })));
      };
      const timer = timeoutMs === undefined ? null : clock.setTimeout(onTimeout, timeoutMs);
      this.#waiting.add(look);
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) onAbort();
      else look();
    });
  }
}
