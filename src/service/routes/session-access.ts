/** What all routes of one session have in common: it may be gone, or not be there for this client. */
import { maySee } from '../auth.ts';
import { isUnknownThread, notFound, ok, refusal, type Reply } from '../reply.ts';
import type { RouteRequest } from '../route.ts';
import { deletedBody, type ServiceCore } from '../service-core.ts';
import type { SessionRecord } from '../session-record.ts';
import { sessionSummary } from '../session-summary.ts';
import { readThread, type Thread } from '../thread.ts';

/** Said where a client of old would get an error without a cause. */
export const noSuchSession = 'no such session';

/** The answers that these routes have in common, for the OpenAPI document. */
export const sessionAnswers = {
  404: { description: 'No such session', body: 'NotFound' },
  410: { description: 'The session was deleted', body: 'Deleted' },
} as const;

/**
 * Answers for the session that the path names: 404 if there is none or not for this client, 410 if it was
 * deleted, else what `work` says. Throws what else `work` throws.
 */
export async function forSession(
  core: ServiceCore,
  { access, param }: RouteRequest,
  work: (sessionId: string) => Reply | Promise<Reply>,
  reason?: string,
): Promise<Reply> {
  const sessionId = param('sessionId');
  if (!maySee(access, sessionId)) return notFound({ sessionId }, reason);
  const deleted = core.sessions.deleted(sessionId);
  if (deleted) return { status: 410, body: deletedBody(deleted) };
  try {
    return await work(sessionId);
  } catch (thrown) {
    if (isUnknownThread(thrown)) return notFound({ sessionId }, reason);
    throw thrown;
  }
}

/** The record of a session, if it was made here. Throws as `readThread` where there is no such session. */
export async function recordOf(
  { sessions, keeper }: ServiceCore,
  sessionId: string,
): Promise<SessionRecord | undefined> {
  const record = sessions.record(sessionId);
  if (!record) await readThread(keeper.ask, sessionId);
  return record;
}

/** The answer to a request that changed a session: its summary. */
export function changedSession({ views, sessions }: ServiceCore, thread: Thread): Reply {
  views.touch(thread.id);
  return ok({ status: 'ok', session: sessionSummary(thread, sessions.record(thread.id)) });
}

/** The answer to a request for new work while the service ends, or null. */
export function refuseWhileDraining(core: ServiceCore): Reply | null {
  if (!core.isDraining) return null;
  const reply = refusal(503, 'draining', 'the service is about to end and takes no new work');
  return { ...reply, headers: { 'retry-after': '5' } };
}
