/** Refusals of the server that pass by themselves, and asking again after one. */
import { backoffMs } from '../../backoff.ts';
import { sleep } from '../../env.ts';
import { rpcErrorOf } from '../../rpc/message.ts';
import type { HostContext } from '../host.ts';
import type { Link } from './link.ts';

/** What to ask, and when to ask again. */
export interface Asking<Answer> {
  readonly link: Link;
  readonly context: HostContext;
  readonly attemptsMax: number;
  readonly ask: () => Promise<Answer>;
  /** Whether this refusal may be gone a little later. */
  readonly mayPass: (refusal: unknown) => boolean;
}

/** Asks up to `attemptsMax` times, with full-jitter waits between, as long as the link is open. Throws as `ask`. */
export async function askAgain<Answer>(asking: Asking<Answer>): Promise<Answer> {
  const { link, context, attemptsMax, ask, mayPass } = asking;
  const { reconnectBackoffBaseMs: baseMs, reconnectBackoffCapMs: capMs } = context.limits;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!link.isOpen || attempt >= attemptsMax || !mayPass(error)) throw error;
      const delayMs = backoffMs({ baseMs, capMs }, attempt, () => context.env.random());
      await sleep(context.env.clock, delayMs, link.signal);
    }
  }
}

const isHeld = (refusal: unknown): boolean =>
  rpcErrorOf(refusal)?.message.includes('already has an active writer') ?? false;

/**
 * Asks for what a thread that is held is refused: Codex 0.169 now and then does not archive one that was in
 * the middle of a turn, and does it a moment later. Throws as `ask`.
 */
export function whenFree<Answer>(
  link: Link,
  context: HostContext,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const attemptsMax = context.limits.heldThreadAttemptsMax;
  return askAgain({ link, context, attemptsMax, ask, mayPass: isHeld });
}
