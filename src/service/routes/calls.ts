/** Routes: the calls of a session, those that are over included, for people who look back. */
import type { CallContent, LoggedCall } from '../call-log.ts';
import { notFound, ok } from '../reply.ts';
import { route, type Route } from '../route.ts';
import type { ServiceCore } from '../service-core.ts';
import { readThread } from '../thread.ts';
import { forSession, noSuchSession, sessionAnswers } from './session-access.ts';

const timeOf = (at: number | null): string | null =>
  at === null ? null : new Date(at).toISOString();

/** A call without what it asked for and was answered. */
function rowOf(call: LoggedCall): object {
  const { key: _, sessionId, createdAt, startedAt, answeredAt, endedAt, ...rest } = call;
  return {
    ...rest,
    threadId: sessionId,
    createdAt: timeOf(createdAt),
    startedAt: timeOf(startedAt),
    answeredAt: timeOf(answeredAt),
    endedAt: timeOf(endedAt),
  };
}

function detailOf(call: LoggedCall, content: CallContent | null): object {
  const { arguments: args = null, output = null } = content ?? {};
  return { ...rowOf(call), arguments: args, result: output, isContentKept: content !== null };
}

function listRoute(core: ServiceCore): Route {
  const { limits, log, sessions, keeper } = core;
  const max = limits.sessionCallsShownMax;
  const limit = { type: 'integer', minimum: 1, maximum: max } as const;
  return route(
    {
      method: 'GET',
      path: '/api/sessions/:sessionId/calls',
      operationId: 'listSessionCalls',
      summary: 'The newest calls of a session and what became of them, newest first',
      scope: 'read',
      query: { type: 'object', properties: { limit } },
      answers: {
        200: { description: 'One row for each, since this start of the service', body: 'Calls' },
        ...sessionAnswers,
      },
      handle: (request) =>
        forSession(
          core,
          request,
          async (id) => {
            const calls = log.list(id).toReversed();
            if (calls.length === 0 && !sessions.record(id)) await readThread(keeper.ask, id);
            const { limit: wanted = limits.servicePageDefault } = request.query;
            return ok({ data: calls.slice(0, wanted).map(rowOf) });
          },
          noSuchSession,
        ),
    },
    limits.serviceIssuesMax,
  );
}

function readRoute(core: ServiceCore): Route {
  const { log, limits } = core;
  return route(
    {
      method: 'GET',
      path: '/api/sessions/:sessionId/calls/:callId',
      operationId: 'readSessionCall',
      summary: 'One call with what it asked for and was answered',
      scope: 'read',
      answers: {
        200: {
          description: 'The call; by its request id, or the newest one with this call id',
          body: 'FoundCall',
        },
        404: { description: 'No such call, or no such session', body: 'NotFound' },
        410: sessionAnswers[410],
      },
      handle: (request) =>
        forSession(core, request, (id) => {
          const callId = request.param('callId');
          const call = log.find(id, callId);
          return call
            ? ok({ call: detailOf(call, log.contentOf(call)) })
            : notFound({ sessionId: id, callId });
        }),
    },
    limits.serviceIssuesMax,
  );
}

/** The routes of calls, whoever serves them. */
export function callRoutes(core: ServiceCore): readonly Route[] {
  return [listRoute(core), readRoute(core)];
}
