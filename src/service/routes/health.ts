/** Routes: what the service is, how it is, and what it can be asked. */
import { metricsText } from '../metrics.ts';
import { openApiDocument } from '../openapi.ts';
import { ok } from '../reply.ts';
import { route, type Route } from '../route.ts';
import type { ServiceCore } from '../service-core.ts';
import { isRecord } from '../../tools/json.ts';

/** What the service says of itself. */
export interface ServiceIdentity {
  readonly version: string;
  /** Where it is reached, once it listens. */
  readonly url: () => string;
}

/** Whether Codex is logged in, as far as it says so itself. */
async function readAuth({ keeper }: ServiceCore): Promise<object> {
  const result = await keeper.ask('account/read', { refreshToken: false }).catch(() => null);
  const account = isRecord(result) ? result.account : null;
  const hasAccount = isRecord(account);
  return {
    hasOpenAiApiKey: hasAccount && account.type === 'apiKey',
    codexHomeAuthFile: hasAccount,
    likelyUnauthenticated: !hasAccount,
  };
}

async function healthBody(core: ServiceCore): Promise<object> {
  const { running, pid, initialized, version, lastExit } = core.keeper.health;
  const exit = lastExit && {
    code: null,
    signal: null,
    at: new Date(lastExit.at).toISOString(),
    reason: lastExit.reason,
  };
  return {
    status: running ? 'ok' : 'degraded',
    service: 'api',
    codex: { running, pid, initialized, version, ...(exit ? { lastExit: exit } : {}) },
    orchestratorQueue: {
      enabled: false,
      queued: 0,
      running: 0,
      completed: 0,
      failed: 0,
      canceled: 0,
      projects: 0,
    },
    auth: running
      ? await readAuth(core)
      : { hasOpenAiApiKey: false, codexHomeAuthFile: false, likelyUnauthenticated: true },
    timestamp: new Date(core.env.clock.now()).toISOString(),
  };
}

function probeRoutes(core: ServiceCore): readonly Route[] {
  const { serviceIssuesMax } = core.limits;
  return [
    route(
      {
        method: 'GET',
        path: '/healthz',
        operationId: 'isAlive',
        summary: 'Whether the process lives',
        scope: null,
        answers: { 200: { description: 'It does', body: 'Probe' } },
        handle: () => ok({ status: 'ok' }),
      },
      serviceIssuesMax,
    ),
    route(
      {
        method: 'GET',
        path: '/readyz',
        operationId: 'isReady',
        summary: 'Whether new work is taken',
        scope: null,
        answers: {
          200: { description: 'It is', body: 'Probe' },
          503: {
            description: '`draining`: about to end. `codex_down`: Codex cannot be asked',
            body: 'Probe',
          },
        },
        handle: () => {
          if (core.isDraining) return { status: 503, body: { status: 'draining' } };
          const { running } = core.keeper.health;
          return running ? ok({ status: 'ok' }) : { status: 503, body: { status: 'codex_down' } };
        },
      },
      serviceIssuesMax,
    ),
  ];
}

function aboutRoutes(core: ServiceCore, identity: ServiceIdentity): readonly Route[] {
  const { serviceIssuesMax } = core.limits;
  return [
    route(
      {
        method: 'GET',
        path: '/api',
        operationId: 'getApiInfo',
        summary: 'What this is',
        scope: 'read',
        answers: { 200: { description: 'Name and version', body: 'Info' } },
        handle: () => ok({ name: 'SessionMesh control service', version: identity.version }),
      },
      serviceIssuesMax,
    ),
    route(
      {
        method: 'GET',
        path: '/api/health',
        operationId: 'getHealth',
        summary: 'How the service and its Codex are',
        scope: 'read',
        answers: {
          200: {
            description: '`ok`, or `degraded` while Codex cannot be asked',
            body: 'Health',
          },
        },
        handle: async () => ok(await healthBody(core)),
      },
      serviceIssuesMax,
    ),
    route(
      {
        method: 'GET',
        path: '/metrics',
        operationId: 'getMetrics',
        summary: 'Figures for Prometheus',
        scope: 'read',
        answers: { 200: { description: 'Text' } },
        handle: () => ({
          status: 200,
          body: metricsText(core),
          headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
        }),
      },
      serviceIssuesMax,
    ),
  ];
}

/** The routes that say how the service is. `others` are described by its document as well. */
export function healthRoutes(
  core: ServiceCore,
  identity: ServiceIdentity,
  others: readonly Route[],
): readonly Route[] {
  const own = [...probeRoutes(core), ...aboutRoutes(core, identity)];
  const stream = route(
    {
      method: 'GET',
      path: '/api/stream',
      operationId: 'connectEventStream',
      summary: 'Everything that happens, over a WebSocket',
      scope: 'read',
      query: {
        type: 'object',
        properties: {
          threadId: { type: 'string', description: 'The session to follow; left out: all.' },
          since: { type: 'integer', minimum: 0, description: 'The last frame seen.' },
          epoch: { type: 'string', description: 'The start of the service it was seen in.' },
        },
      },
      answers: {
        101: { description: 'The stream' },
        404: { description: 'Not asked for as a WebSocket' },
        429: { description: 'Too many streams' },
      },
      handle: () => ({ status: 404, body: '' }),
    },
    core.limits.serviceIssuesMax,
  );
  const document: Route = route(
    {
      method: 'GET',
      path: '/api/openapi.json',
      operationId: 'getOpenApi',
      summary: 'This document',
      scope: 'read',
      answers: { 200: { description: 'OpenAPI 3.1' } },
      handle: () => {
        const routes = [...own, stream, document, ...others];
        return ok(openApiDocument(routes, { version: identity.version, url: identity.url() }));
      },
    },
    core.limits.serviceIssuesMax,
  );
  return [...own, stream, document];
}
