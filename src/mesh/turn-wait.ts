/** Waiting for a turn to end: by its event, by a deadline, or by an abort. Never by polling. */
import type { Clock, Timer } from '../env.ts';
import { SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { TurnResult } from './turn.ts';

/** What a wait needs of its session. */
export interface AwaitedSession {
  readonly sessionId: string;
  readonly clock: Clock;
  readonly limits: Limits;
  whenTurnEnded(turnId: string, notify: (result: TurnResult) => void): () => void;
  /** Calls `notify` once if the session closes or fails. Returns how to stop waiting. */
  whenOver(notify: (cause: SessionMeshError) => void): () => void;
  interrupt(): Promise<void>;
}

export interface TurnWait {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Resolves when the turn has ended. At the deadline, or when `signal` aborts, the turn is interrupted
 * and gets `interruptTimeoutMs` to say so; then the wait rejects with `turn_timeout` or the signal's reason.
 * A turn that completes in that time resolves all the same.
 */
export function waitForTurn(
  session: AwaitedSession,
  turnId: string,
  { timeoutMs, signal }: TurnWait,
): Promise<TurnResult> {
  const { clock, limits, sessionId } = session;
  return new Promise((resolve, reject) => {
    const undo: (() => void)[] = [];
    let timer: Timer | undefined;
    let givingUp: { readonly reason: unknown } | undefined;
    let isSettled = false;
    const finish = (settle: () => void) => {
      isSettled = true;
      for (const step of undo) step();
      if (timer !== undefined) clock.clearTimeout(timer);
      settle();
    };
    const rearm = (delayMs: number, callback: () => void) => {
      if (timer !== undefined) clock.clearTimeout(timer);
      timer = clock.setTimeout(callback, delayMs);
    };
    const giveUp = (reason: unknown) => {
      if (givingUp) return;
      givingUp = { reason };
      rearm(limits.interruptTimeoutMs, () => finish(() => reject(reason)));
      session.interrupt().catch(() => finish(() => reject(reason)));
    };
    const onAbort = () => giveUp(signal?.reason);

    undo.push(
      session.whenOver((cause) => finish(() => reject(cause))),
      session.whenTurnEnded(turnId, (result) =>
        finish(() =>
          givingUp && result.status === 'interrupted' ? reject(givingUp.reason) : resolve(result),
        ),
      ),
    );
    if (isSettled) {
      // It was over already: a deadline that is set now would interrupt a later turn.
      for (const step of undo) step();
      return;
    }
    undo.push(() => signal?.removeEventListener('abort', onAbort));
    const found = `none after ${timeoutMs ?? limits.turnTimeoutMs} ms`;
    rearm(timeoutMs ?? limits.turnTimeoutMs, () =>
      giveUp(
        new SessionMeshError('turn_timeout', { expected: 'an end', found, sessionId, turnId }),
      ),
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
  });
}
