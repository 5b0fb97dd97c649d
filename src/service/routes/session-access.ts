/** What all routes of one session have in common: it may be gone, or not be there for this client. */
import { maySee } from '../auth.ts';
import { isUnknownThread, notFound, refusal, type Reply } from '../reply.ts';
import type { RouteRequest } from '../route.ts';
import { deletedBody, type ServiceCore } from '../service-core.ts';

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

/** The answer to a request for new work while the service ends, or null. */
export function refuseWhileDraining(core: ServiceCore): Reply | null {
  if (!core.isDraining) return null;
  const reply = refusal(503, 'draining', 'the service is about to end and takes no new work');
  return { ...reply, headers: { 'retry-after': '5' } };
}
