/** Routes: the tool calls that wait for a client, and the answers to them. */
import { maySee } from '../auth.ts';
import { callRow } from '../frame.ts';
import type { LeaseConflict } from '../lease.ts';
import type { AnswerResult, PendingCall } from '../pending-call.ts';
import { notFound, ok, type Reply } from '../reply.ts';
import { route, type Route, type RouteRequest } from '../route.ts';
import type { ServiceCore } from '../service-core.ts';
import { readAnswer, tooLargeAnswer } from '../tool-answer.ts';
import { conflictBody } from './leases.ts';
import { forSession, sessionAnswers } from './session-access.ts';

function listRoute(core: ServiceCore): Route {
  return route(
    {
      method: 'GET',
      path: '/api/sessions/:sessionId/tool-calls',
      operationId: 'listSessionToolCalls',
      summary: 'The calls of a session that wait for an answer, oldest first',
      scope: 'read',
      answers: {
        200: {
          description: 'One row for each; none for a session that is not there',
          body: 'PendingCalls',
        },
        410: sessionAnswers[410],
      },
      handle: async (request) => {
        // To look for calls never tells whether there is such a session.
        const none = ok({ data: [] });
        if (!maySee(request.access, request.param('sessionId'))) return none;
        return forSession(core, request, async (id) => {
          await core.sessions.wake(id);
          return ok({ data: core.calls.list(id).map(callRow) });
        });
      },
    },
    core.limits.serviceIssuesMax,
  );
}

const text = { type: 'string' } as const;

const answerBody = {
  type: 'object',
  properties: {
    response: { description: 'The whole answer, passed on as it is. Wins over everything else.' },
    success: { type: 'boolean', description: 'Default: true.' },
    contentItems: {
      type: 'array',
      items: {
        type: 'object',
        discriminator: { propertyName: 'type' },
        required: ['type'],
        oneOf: [
          { properties: { type: { const: 'inputText' }, text }, required: ['type', 'text'] },
          {
            properties: { type: { const: 'inputImage' }, imageUrl: text },
            required: ['type', 'imageUrl'],
          },
        ],
      },
    },
    text: { type: 'string', description: 'Short for one text item.' },
  },
} as const;

/** The fence in a header, null if there is none; one that is no number fits no lease. */
function fenceOf(header: string | readonly string[] | undefined): number | null {
  if (header === undefined) return null;
  return typeof header === 'string' && /^\d{1,16}$/.test(header) ? Number(header) : -1;
}

function leasedReply(requestId: string, conflict: LeaseConflict): Reply {
  return { status: 409, body: conflictBody({ requestId }, conflict) };
}

function resultReply(requestId: string, threadId: string, result: AnswerResult): Reply {
  switch (result) {
    case 'answered':
      return ok({ status: 'ok', requestId, threadId });
    case 'unknown':
      return notFound({ requestId });
    case 'in_flight':
      return { status: 409, body: { status: 'conflict', code: 'in_flight', requestId } };
    case 'failed':
      return { status: 500, body: { status: 'error', requestId } };
  }
}

type Addressed = Pick<RouteRequest, 'access' | 'param' | 'headers'>;

/** The call that an answer is for, or why it cannot be answered by this client. */
function findCall({ calls, leases }: ServiceCore, request: Addressed): PendingCall | Reply {
  const requestId = request.param('requestId');
  const call = calls.find(requestId);
  if (!call || !maySee(request.access, call.sessionId)) return notFound({ requestId });
  const fence = fenceOf(request.headers['x-sessionmesh-fence']);
  const conflict = leases.findConflict(call.sessionId, fence);
  return conflict ? leasedReply(requestId, conflict) : call;
}

function answerRoute(core: ServiceCore): Route {
  const { limits, calls } = core;
  return route(
    {
      method: 'POST',
      path: '/api/tool-calls/:requestId/response',
      operationId: 'respondToolCall',
      summary: 'Answer a tool call',
      scope: 'respond',
      body: answerBody,
      answers: {
        200: { description: 'Codex has the answer', body: 'AnsweredCall' },
        404: { description: 'No such call, or nobody waits for it any more', body: 'NotFound' },
        409: {
          body: 'Conflict',
          description: '`in_flight`: an answer is on its way. `leased`: somebody else answers',
        },
        413: {
          description: 'Too large. The model is told so, and the call is over',
          body: 'Error',
        },
        500: { description: 'Codex did not take the answer', body: 'FailedAnswer' },
      },
      // Its sender may give up or run the tool again; the model must not wait for that.
      onTooLarge: (request) => {
        const call = findCall(core, request);
        if ('requestId' in call) void calls.answer(call.requestId, tooLargeAnswer(limits));
      },
      handle: async (request) => {
        const call = findCall(core, request);
        if (!('requestId' in call)) return call;
        const { requestId, sessionId } = call;
        const result = await calls.answer(requestId, readAnswer(request.body, limits));
        return resultReply(requestId, sessionId, result);
      },
    },
    limits.serviceIssuesMax,
  );
}

/** The routes of tool calls. */
export function toolCallRoutes(core: ServiceCore): readonly Route[] {
  return [listRoute(core), answerRoute(core)];
}
