/** Routes: something is said to a session, and what it does is stopped. */
import { invalidRequest, ok } from '../reply.ts';
import { route, type Route } from '../route.ts';
import type { ServiceCore } from '../service-core.ts';
import { controlProperties } from '../session-controls.ts';
import { readThread } from '../thread.ts';
import { notBlank } from '../validation.ts';
import { forSession, refuseWhileDraining, sessionAnswers } from './session-access.ts';
import { readToolList, toolListSchema } from './tool-list.ts';

const messageBody = {
  type: 'object',
  properties: {
    text: { type: 'string', pattern: notBlank },
    effort: { type: 'string', minLength: 1, description: 'How hard the model thinks.' },
    ...controlProperties,
    dynamicTools: toolListSchema,
  },
  required: ['text'],
} as const;

function sendRoute(core: ServiceCore): Route {
  const { limits, sessions } = core;
  return route(
    {
      method: 'POST',
      path: '/api/sessions/:sessionId/messages',
      operationId: 'sendSessionMessage',
      summary: 'Begin a turn, or add to the one that runs',
      scope: 'manage',
      body: messageBody,
      answers: {
        202: { description: 'The turn that has it', body: 'AcceptedMessage' },
        ...sessionAnswers,
      },
      handle: (request) =>
        refuseWhileDraining(core) ??
        forSession(core, request, async (sessionId) => {
          const { text, effort, dynamicTools, ...changes } = request.body;
          const tools = readToolList(dynamicTools, limits.serviceToolsMax);
          if ('issues' in tools) return invalidRequest(tools.issues);
          const message = { text: text.trim(), effort, changes, tools };
          const turnId = await sessions.send(sessionId, message);
          return { status: 202, body: { status: 'accepted', sessionId, turnId } };
        }),
    },
    limits.serviceIssuesMax,
  );
}

function interruptRoute(core: ServiceCore): Route {
  const { limits, sessions, keeper } = core;
  return route(
    {
      method: 'POST',
      path: '/api/sessions/:sessionId/interrupt',
      operationId: 'interruptSessionTurn',
      summary: 'Stop the turn that runs',
      scope: 'manage',
      body: { type: 'object', properties: { turnId: { type: 'string' } } },
      isBodyOptional: true,
      answers: {
        200: { description: 'The turn that was stopped', body: 'InterruptedTurn' },
        409: { description: 'No turn runs, or not this one', body: 'NoActiveTurn' },
        ...sessionAnswers,
      },
      handle: (request) =>
        forSession(core, request, async (sessionId) => {
          const turnId = await sessions.interrupt(sessionId, request.body.turnId);
          if (turnId !== null) return ok({ status: 'ok', sessionId, turnId });
          if (!sessions.record(sessionId)) await readThread(keeper.ask, sessionId);
          return { status: 409, body: { status: 'no_active_turn', sessionId } };
        }),
    },
    limits.serviceIssuesMax,
  );
}

/** The routes of turns. */
export function messageRoutes(core: ServiceCore): readonly Route[] {
  return [sendRoute(core), interruptRoute(core)];
}
