/** Routes: a session is put away, and taken out again. */
import { route, type Route } from '../route.ts';
import type { ServiceCore } from '../service-core.ts';
import type { Thread } from '../thread.ts';
import { changedSession, forSession, noSuchSession, sessionAnswers } from './session-access.ts';

interface Move {
  readonly name: 'archive' | 'unarchive';
  readonly summary: string;
  readonly move: (sessionId: string) => Promise<Thread>;
}

function moveRoute(core: ServiceCore, { name, summary, move }: Move): Route {
  return route(
    {
      method: 'POST',
      path: `/api/sessions/:sessionId/${name}`,
      operationId: `${name}Session`,
      summary,
      scope: 'manage',
      body: { type: 'object', properties: {} },
      isBodyOptional: true,
      answers: { 200: { description: 'Its summary', body: 'ChangedSession' }, ...sessionAnswers },
      handle: (request) =>
        forSession(
          core,
          request,
          async (id) => changedSession(core, await move(id)),
          noSuchSession,
        ),
    },
    core.limits.serviceIssuesMax,
  );
}

/** The routes of the archive. */
export function archiveRoutes(core: ServiceCore): readonly Route[] {
  const { sessions } = core;
  return [
    moveRoute(core, {
      name: 'archive',
      summary: 'Put a session away; its turn ends, and nothing is lost',
      move: (id) => sessions.archive(id),
    }),
    moveRoute(core, {
      name: 'unarchive',
      summary: 'Take a session out of the archive',
      move: (id) => sessions.unarchive(id),
    }),
  ];
}
