/** Saying something to a session, whether a turn runs there or not. */
import { sleep, type Env } from '../env.ts';
import { isSessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Session } from '../mesh/session.ts';
import { rpcErrorOf } from '../rpc/message.ts';

/** Whether a message met the end or the beginning of a turn, and is not part of anything. */
function isOvertaken(thrown: unknown): boolean {
  const refused = rpcErrorOf(thrown);
  // Codex ends a turn before it says so.
  if (refused) return /no active turn|expected active turn/i.test(refused.message);
  return isSessionMeshError(thrown, 'turn_active') || isSessionMeshError(thrown, 'turn_none');
}

/**
 * Begins a turn, or adds to the one that runs; resolves with the turn that has the text.
 * @throws SessionMeshError as `Session.send` and `Session.steer`
 */
export async function say(
  session: Session,
  text: string,
  { env, limits }: { readonly env: Env; readonly limits: Limits },
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const { turnId } = session;
    try {
      if (turnId === null) return (await session.send(text)).turnId;
      await session.steer(text);
      return turnId;
    } catch (thrown) {
      if (!isOvertaken(thrown) || attempt >= limits.messageAttemptsMax) throw thrown;
    }
    await sleep(env.clock, limits.messageRetryMs);
  }
}
