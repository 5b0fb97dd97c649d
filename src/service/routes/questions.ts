/** Routes: what waits for a person, and the decisions on it. */
import { maySee } from '../auth.ts';
import { questionRow, type PendingQuestion } from '../pending-question.ts';
import { notFound, ok } from '../reply.ts';
import { route, type Route } from '../route.ts';
import type { ServiceCore } from '../service-core.ts';
import { forSession, sessionAnswers } from './session-access.ts';

const decision = { type: 'string', enum: ['accept', 'decline', 'cancel'] } as const;
const scope = { type: 'string', enum: ['turn', 'session'] } as const;

function listRoute(
  core: ServiceCore,
  kind: PendingQuestion['kind'],
  about: { readonly path: string; readonly operationId: string; readonly summary: string },
): Route {
  return route(
    {
      ...about,
      method: 'GET',
      scope: 'read',
      answers: {
        200: {
          description: 'One row for each',
          body: kind === 'approval' ? 'Approvals' : 'Questions',
        },
        410: sessionAnswers[410],
      },
      handle: async (request) => {
        if (!maySee(request.access, request.param('sessionId'))) return ok({ data: [] });
        return forSession(core, request, (id) =>
          ok({ data: core.questions.list(kind, id).map(questionRow) }),
        );
      },
    },
    core.limits.serviceIssuesMax,
  );
}

function approvalRoute(core: ServiceCore): Route {
  const { questions, limits } = core;
  return route(
    {
      method: 'POST',
      path: '/api/approvals/:approvalId/decision',
      operationId: 'decideApproval',
      summary: 'Decide an approval',
      scope: 'manage',
      body: { type: 'object', properties: { decision, scope }, required: ['decision'] },
      answers: {
        200: { description: 'It is decided', body: 'DecidedApproval' },
        404: {
          description: 'No such approval, or nobody waits for it any more',
          body: 'NotFound',
        },
      },
      handle: ({ access, param, body }) => {
        const approvalId = param('approvalId');
        const question = questions.find('approval', approvalId);
        if (!question || !maySee(access, question.sessionId)) return notFound({ approvalId });
        questions.decide(approvalId, { decision: body.decision, scope: body.scope ?? 'turn' });
        return ok({ status: 'ok', approvalId, threadId: question.sessionId });
      },
    },
    limits.serviceIssuesMax,
  );
}

const inputBody = {
  type: 'object',
  properties: {
    decision,
    answers: {
      type: 'object',
      description: 'By the id of the question.',
      additionalProperties: {
        type: 'object',
        properties: { answers: { type: 'array', items: { type: 'string' } } },
        required: ['answers'],
      },
    },
    response: { type: 'object', description: 'Passed on as it is. Wins over `answers`.' },
  },
  required: ['decision'],
} as const;

function inputRoute(core: ServiceCore): Route {
  const { questions, limits } = core;
  return route(
    {
      method: 'POST',
      path: '/api/tool-input/:requestId/decision',
      operationId: 'decideToolInput',
      summary: 'Answer a question, or leave it unanswered',
      scope: 'manage',
      body: inputBody,
      answers: {
        200: { description: 'It is answered', body: 'AnsweredQuestion' },
        404: {
          description: 'No such question, or nobody waits for it any more',
          body: 'NotFound',
        },
      },
      handle: ({ access, param, body }) => {
        const requestId = param('requestId');
        const question = questions.find('input', requestId);
        if (!question || !maySee(access, question.sessionId)) return notFound({ requestId });
        const { answers = {}, response } = body;
        const given = body.decision === 'accept' ? (response ?? { answers }) : undefined;
        questions.decide(requestId, { decision: body.decision, scope: 'turn' }, given);
        return ok({ status: 'ok', requestId, threadId: question.sessionId });
      },
    },
    limits.serviceIssuesMax,
  );
}

/** The routes of approvals and questions. */
export function questionRoutes(core: ServiceCore): readonly Route[] {
  return [
    listRoute(core, 'approval', {
      path: '/api/sessions/:sessionId/approvals',
      operationId: 'listSessionApprovals',
      summary: 'What waits for an approval in a session, oldest first',
    }),
    approvalRoute(core),
    listRoute(core, 'input', {
      path: '/api/sessions/:sessionId/tool-input',
      operationId: 'listSessionToolInput',
      summary: 'What a session wants to know, oldest first',
    }),
    inputRoute(core),
  ];
}
