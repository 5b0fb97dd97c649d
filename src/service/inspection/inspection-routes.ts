/** Routes: what the page shows besides the feed, and what a person decides on it. */
import { machines } from '../../../machines/index.ts';
import { chartOf } from '../../charts/chart.ts';
import { layOut } from '../../charts/layout/layout.ts';
import { notFound, ok, partialToken, type Reply } from '../reply.ts';
import { route, type Route } from '../route.ts';
import type { ServerCore } from '../server.ts';
import type { InspectionSource } from './source.ts';

/** What the routes need. */
export interface InspectionRoutesOptions {
  readonly core: ServerCore;
  readonly source: InspectionSource;
}

/** The machines, laid out once: they do not change while the process lives. */
let drawings: Promise<string> | undefined;

async function drawMachines(): Promise<string> {
  const drawn = await Promise.all(
    Object.entries(machines).map(async ([name, machine]) => {
      const chart = chartOf(machine);
      return [name, { chart, drawing: await layOut(chart) }] as const;
    }),
  );
  return JSON.stringify(Object.fromEntries(drawn));
}

/** The charts of all machines, with coordinates. */
export function chartsRoute(core: ServerCore): Route {
  return route(
    {
      method: 'GET',
      path: '/api/charts',
      operationId: 'getCharts',
      summary: 'The state charts of all machines, with coordinates',
      scope: 'read',
      answers: { 200: { description: 'By name: the chart and its drawing' } },
      handle: async () => ok(await (drawings ??= drawMachines())),
    },
    core.limits.serviceIssuesMax,
  );
}

function catalogRoute({ core, source }: InspectionRoutesOptions): Route {
  return route(
    {
      method: 'GET',
      path: '/api/inspect/sessions/:sessionId/catalog',
      operationId: 'getSessionCatalog',
      summary: 'The tools of a session as the model is told of them',
      scope: 'read',
      answers: { 200: { description: 'The tools' }, 404: { description: 'It is not open' } },
      handle: ({ access, param }) => {
        const sessionId = param('sessionId');
        const catalog = access.sessions === null ? source.catalog(sessionId) : null;
        return catalog === null ? notFound({ sessionId }) : ok(catalog);
      },
    },
    core.limits.serviceIssuesMax,
  );
}

function conversationRoute({ core, source }: InspectionRoutesOptions): Route {
  return route(
    {
      method: 'GET',
      path: '/api/inspect/sessions/:sessionId/conversation',
      operationId: 'getSessionConversation',
      summary: 'What was said in a session',
      scope: 'read',
      answers: {
        200: { description: 'Rows of a transcript' },
        404: { description: 'Nobody can be asked here' },
      },
      handle: async ({ access, param }) => {
        const sessionId = param('sessionId');
        const rows = access.sessions === null ? await source.conversation(sessionId) : null;
        return rows === null ? notFound({ sessionId }) : ok({ data: rows });
      },
    },
    core.limits.serviceIssuesMax,
  );
}

function callRoute({ core, source }: InspectionRoutesOptions): Route {
  const query = {
    type: 'object',
    properties: { key: { type: 'string', maxLength: 4_096 } },
    required: ['key'],
  } as const;
  return route(
    {
      method: 'GET',
      path: '/api/inspect/sessions/:sessionId/call',
      operationId: 'getInspectedCall',
      summary: 'What a call asked for and was answered',
      scope: 'read',
      query,
      answers: {
        200: { description: 'The call with its content, as far as it is kept' },
        404: { description: 'No such call' },
      },
      handle: ({ access, param, query: { key } }): Reply => {
        const sessionId = param('sessionId');
        const calls = access.sessions === null ? source.log.list(sessionId) : [];
        const call = calls.find((one) => one.key === key);
        if (!call) return notFound({ sessionId });
        const content = source.log.contentOf(call);
        return ok({ call, arguments: content?.arguments, output: content?.output ?? null });
      },
    },
    core.limits.serviceIssuesMax,
  );
}

const decisionBody = {
  type: 'object',
  properties: {
    decision: { type: 'string', enum: ['accept', 'decline'] },
    scope: { type: 'string', enum: ['turn', 'session'] },
    reason: { type: 'string', maxLength: 2_000 },
    answers: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        properties: { answers: { type: 'array', items: { type: 'string' } } },
        required: ['answers'],
      },
    },
  },
  required: ['decision'],
} as const;

function decisionRoute({ core, source }: InspectionRoutesOptions): Route {
  return route(
    {
      method: 'POST',
      path: '/api/inspect/waiting/:id/decision',
      operationId: 'decideWaiting',
      summary: 'Decide what waits for a person',
      scope: 'manage',
      body: decisionBody,
      answers: {
        200: { description: 'It is decided' },
        404: { description: 'Nothing waits under this id any more' },
      },
      handle: ({ access, param, body }) => {
        const id = param('id');
        if (access.sessions !== null) return partialToken;
        const { decision, scope = 'turn', reason = null, answers = null } = body;
        const isDecided = source.decide(id, { decision, scope, reason, answers });
        return isDecided ? ok({ status: 'ok', id }) : notFound({ id });
      },
    },
    core.limits.serviceIssuesMax,
  );
}

/** The routes of a run that is looked at. */
export function inspectionRoutes(options: InspectionRoutesOptions): readonly Route[] {
  return [
    chartsRoute(options.core),
    catalogRoute(options),
    conversationRoute(options),
    callRoute(options),
    decisionRoute(options),
  ];
}
