/**
 * Sessions that had a turn under way when this process or an earlier one lost them. They are bound again
 * without being asked for, so that their calls come and what was left of others is settled.
 */
import { isSessionMeshError, messageOf } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { Session } from '../mesh/session.ts';
import { isUnknownThread } from './reply.ts';
import type { SessionRecords } from './session-record.ts';

/** What a recovery needs. */
export interface RecoveryOptions {
  readonly records: SessionRecords;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly bind: (sessionId: string) => Promise<Session>;
}

/** One that cannot be bound now stays marked, and is bound when somebody wants something of it. */
async function recover(id: string, { records, logger, bind }: RecoveryOptions): Promise<void> {
  try {
    const { turnId } = await bind(id);
    if (turnId === null) records.setActive(id, false);
  } catch (thrown) {
    // The next mesh tries again.
    const isOver = isSessionMeshError(thrown, 'mesh_closed');
    if (isOver || isSessionMeshError(thrown, 'host_failed')) return;
    if (isUnknownThread(thrown)) records.setActive(id, false);
    const fields = { sessionId: id, error: messageOf(thrown) };
    logger.warn(fields, 'a session with a turn under way could not be recovered');
  }
}

/** Binds them, `sessionRecoveriesMax` at a time. Never rejects. */
export async function recoverSessions(options: RecoveryOptions): Promise<void> {
  const lost = [...options.records.active];
  const work = async () => {
    for (let id = lost.shift(); id !== undefined; id = lost.shift()) await recover(id, options);
  };
  const { sessionRecoveriesMax } = options.limits;
  await Promise.all(Array.from({ length: sessionRecoveriesMax }, work));
}
