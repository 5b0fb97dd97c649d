/** Opening a session: the host works while the machine watches the clock. */
import { follow, unlessAborted } from '../abort.ts';
import { isSessionMeshError, messageOf, SessionMeshError } from '../errors.ts';
import type { SessionActor } from './session-actor.ts';

/**
 * Drives `actor` from `draft` to `running` around `open`, which is aborted when the machine gives up or
 * one of `signals` aborts. On any failure the actor is stopped.
 * @throws SessionMeshError what the host said, `session_open_failed` when it took too long, or the
 * signal's reason.
 */
export async function openThread<Opened>(
  actor: SessionActor,
  open: (signal: AbortSignal) => Promise<Opened>,
  signals: readonly AbortSignal[],
): Promise<Opened> {
  const gaveUp = new AbortController();
  const unfollow = signals.map((signal) => follow(signal, gaveUp));
  actor.listener = () => {
    if (actor.phase !== 'failed') return;
    const found = 'no answer from the host in time';
    gaveUp.abort(new SessionMeshError('session_open_failed', { found }));
  };
  actor.send({ type: 'open' });
  const abort = gaveUp.signal;
  try {
    abort.throwIfAborted();
    const opened = await unlessAborted(open(abort), abort);
    actor.send({ type: 'opened' });
    return opened;
  } catch (thrown) {
    const code = isSessionMeshError(thrown) ? thrown.code : 'session_open_failed';
    actor.listener = undefined;
    actor.send({ type: 'rejected', code });
    actor.stop();
    if (abort.aborted || isSessionMeshError(thrown)) throw thrown;
    const found = messageOf(thrown);
    throw new SessionMeshError('session_open_failed', { found, cause: thrown });
  } finally {
    for (const stop of unfollow) stop();
  }
}
