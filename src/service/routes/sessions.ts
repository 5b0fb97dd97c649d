/** Routes: sessions are made, listed, read, named, bound again, deleted. */
import { invalidRequest, ok, partialToken, type Reply } from '../reply.ts';
import { route, type Route } from '../route.ts';
import type { ServiceCore } from '../service-core.ts';
import { maySee } from '../auth.ts';
import { controlProperties } from '../session-controls.ts';
import { sessionStatus } from '../session-status.ts';
import { sessionSummary } from '../session-summary.ts';
import { sessionPage } from '../session-page.ts';
import { readThread } from '../thread.ts';
import { notBlank } from '../validation.ts';
import {
  changedSession,
  forSession,
  noSuchSession,
  refuseWhileDraining,
  sessionAnswers,
} from './session-access.ts';
import { readToolList, toolIssues, toolListSchema } from './tool-list.ts';

const createBody = {
  type: 'object',
  properties: {
    cwd: { type: 'string', minLength: 1, description: 'As Codex takes it; relative to its own.' },
    ...controlProperties,
    dynamicTools: toolListSchema,
  },
} as const;

function createRoute(core: ServiceCore): Route {
  const { limits, sessions } = core;
  return route(
    {
      method: 'POST',
      path: '/api/sessions',
      operationId: 'createSession',
      summary: 'Make a session',
      scope: 'manage',
      body: createBody,
      isBodyOptional: true,
      answers: { 200: { description: 'The session and its thread', body: 'OpenedSession' } },
      handle: async ({ access, body }) => {
        if (access.sessions !== null) return partialToken;
        const draining = refuseWhileDraining(core);
        if (draining) return draining;
        const { cwd, dynamicTools, ...changes } = body;
        const tools = readToolList(dynamicTools, limits.serviceToolsMax);
        if ('issues' in tools) return invalidRequest(tools.issues);
        const thread = await sessions.create({ cwd, changes, tools });
        if ('problems' in thread) return invalidRequest(toolIssues(thread.problems));
        core.onCreated(thread.id);
        const session = sessionSummary(thread, sessions.record(thread.id), true);
        return ok({ session, thread: thread.json });
      },
    },
    limits.serviceIssuesMax,
  );
}

const listQuery = {
  type: 'object',
  properties: {
    archived: { type: 'boolean', description: 'The archived ones instead of the others.' },
    cursor: { type: 'string', description: 'Where the page before ended.' },
    limit: { type: 'integer', minimum: 1, maximum: 200 },
    includeSystemOwned: { type: 'boolean', description: 'Without effect: there are none.' },
  },
} as const;

function listRoute(core: ServiceCore): Route {
  const { limits, sessions, keeper } = core;
  return route(
    {
      method: 'GET',
      path: '/api/sessions',
      operationId: 'listSessions',
      summary: 'One page of all sessions, newest first',
      scope: 'read',
      query: listQuery,
      answers: {
        200: { description: 'Summaries, and where the next page begins', body: 'SessionPage' },
      },
      handle: async ({ access, query }) => {
        const { archived = false, cursor, limit = limits.servicePageDefault } = query;
        const { entries, nextCursor } = await sessionPage(
          { ask: keeper.ask, unused: () => sessions.unused() },
          { archived, limit: Math.min(limit, limits.servicePageMax), cursor },
        );
        const data = entries
          .filter(({ thread }) => maySee(access, thread.id))
          .map(({ thread, isUnused }) => ({
            ...sessionSummary(thread, sessions.record(thread.id), isUnused),
            status: sessionStatus(core, thread),
          }));
        return ok({ data, nextCursor, archived });
      },
    },
    limits.serviceIssuesMax,
  );
}

function readRoute(core: ServiceCore): Route {
  return route(
    {
      method: 'GET',
      path: '/api/sessions/:sessionId',
      operationId: 'readSession',
      summary: 'A session with its newest turns and its transcript',
      scope: 'read',
      answers: {
        200: { description: 'Summary, thread and transcript', body: 'SessionView' },
        ...sessionAnswers,
      },
      handle: (request) =>
        forSession(core, request, async (id) => ok(await core.views.read(id)), noSuchSession),
    },
    core.limits.serviceIssuesMax,
  );
}

function deleteRoute(core: ServiceCore): Route {
  return route(
    {
      method: 'DELETE',
      path: '/api/sessions/:sessionId',
      operationId: 'deleteSession',
      summary: 'Delete a session and its thread for good',
      scope: 'manage',
      answers: { 200: { description: 'It is gone', body: 'RemovedSession' }, ...sessionAnswers },
      handle: (request) =>
        forSession(core, request, async (id) => {
          const { session, files } = await core.sessions.delete(id);
          core.onDeleted(session);
          const { title } = session;
          return ok({ status: 'ok', sessionId: id, title, deletedFileCount: files });
        }),
    },
    core.limits.serviceIssuesMax,
  );
}

function renameRoute(core: ServiceCore): Route {
  const { limits, sessions } = core;
  const rename = async (id: string, title: string): Promise<Reply> =>
    changedSession(core, await sessions.rename(id, title.trim()));
  const title = {
    type: 'string',
    pattern: notBlank,
    maxLength: limits.serviceNameCharsMax,
  } as const;
  return route(
    {
      method: 'POST',
      path: '/api/sessions/:sessionId/rename',
      operationId: 'renameSession',
      summary: 'Name a session',
      scope: 'manage',
      body: { type: 'object', properties: { title }, required: ['title'] },
      answers: { 200: { description: 'Its summary', body: 'ChangedSession' }, ...sessionAnswers },
      handle: (request) =>
        forSession(core, request, (id) => rename(id, request.body.title), noSuchSession),
    },
    limits.serviceIssuesMax,
  );
}

function resumeRoute(core: ServiceCore): Route {
  const { limits, sessions, keeper } = core;
  const resume = async (id: string, list: readonly unknown[] | undefined): Promise<Reply> => {
    const tools = readToolList(list, limits.serviceToolsMax);
    if ('issues' in tools) return invalidRequest(tools.issues);
    await sessions.bind(id, tools);
    const [thread, turns] = await Promise.all([readThread(keeper.ask, id), core.turns.read(id)]);
    const session = sessionSummary(thread, sessions.record(id));
    return ok({ session, thread: { ...thread.json, turns } });
  };
  return route(
    {
      method: 'POST',
      path: '/api/sessions/:sessionId/resume',
      operationId: 'resumeSession',
      summary: 'Serve an existing session; its pending calls come again',
      scope: 'manage',
      body: { type: 'object', properties: { dynamicTools: toolListSchema } },
      isBodyOptional: true,
      answers: {
        200: { description: 'The session and its thread', body: 'OpenedSession' },
        ...sessionAnswers,
      },
      handle: (request) =>
        refuseWhileDraining(core) ??
        forSession(core, request, (id) => resume(id, request.body.dynamicTools), noSuchSession),
    },
    limits.serviceIssuesMax,
  );
}

/** The routes of sessions as such. */
export function sessionRoutes(core: ServiceCore): readonly Route[] {
  return [
    createRoute(core),
    listRoute(core),
    readRoute(core),
    deleteRoute(core),
    renameRoute(core),
    resumeRoute(core),
  ];
}
