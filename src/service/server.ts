/**
 * The HTTP server: connections and their bounds, requests into routes, what goes wrong into answers.
 * What the routes do is theirs; what may come in is decided in `guard.ts`, before a body is read.
 */
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Network } from '../env.ts';
import { messageOf, SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import { textOf } from '../tools/json.ts';
import type { Access } from './auth.ts';
import { admit, type Demand } from './guard.ts';
import { BodyError, BodyExcess, parseBody } from './json-body.ts';
import type { OriginPolicy } from './origin.ts';
import {
  describeThrown,
  errorReply,
  invalidRequest,
  noRoute,
  refusal,
  type Reply,
} from './reply.ts';
import type { Route, RouteRequest } from './route.ts';
import type { PageSessions } from './inspection/page-sessions.ts';
import type { ServiceCore } from './service-core.ts';
import { serveUpgrades, type UpgradeTarget } from './upgrade.ts';

const jsonType = 'application/json; charset=utf-8';
const emptyBody = "Body cannot be empty when content-type is set to 'application/json'";

/** What requests are served with, whatever they are about. */
export type ServerCore = Pick<ServiceCore, 'env' | 'limits' | 'logger' | 'keyring'>;

/** What the server needs. */
export interface ServerOptions {
  readonly core: ServerCore;
  /** Browsers that were let in without a token of their own. */
  readonly pages: PageSessions;
  readonly routes: readonly Route[];
  readonly upgrades: readonly UpgradeTarget[];
  /** Known once it listens, because the port is part of it. */
  readonly origins: () => OriginPolicy;
}

/** A server that can listen. */
export interface HttpServer {
  /** Resolves with the port. Throws `service_start_failed`. */
  listen(address: string, port: number): Promise<number>;
  /** Ends the streams and feeds whose token is not valid any more. */
  closeRevoked(): void;
  /** Ends: no connection is left. Idempotent. */
  close(): Promise<void>;
}

function createHttpServer(handler: RequestListener, network: Network, limits: Limits): Server {
  const server = network.createServer(
    {
      maxHeaderSize: limits.serviceHeaderBytesMax,
      headersTimeout: limits.serviceHeadersTimeoutMs,
      requestTimeout: limits.serviceRequestTimeoutMs,
      keepAliveTimeout: limits.serviceKeepAliveMs,
      // Node looks for late connections every half minute, unless it is told to look more often.
      connectionsCheckingInterval: Math.min(limits.serviceHeadersTimeoutMs, 1_000),
    },
    handler,
  );
  server.maxConnections = limits.serviceConnectionsMax;
  return server;
}

function createApp({ env, limits }: ServerCore): FastifyInstance {
  const app = fastify({
    serverFactory: (handler) => createHttpServer(handler, env.network, limits),
    logger: false,
    bodyLimit: limits.serviceBodyBytesMax,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    trustProxy: false,
    routerOptions: { maxParamLength: 1_000 },
    frameworkErrors: (error, _request, reply) => {
      // A path that cannot be decoded: it was not let in yet, so it learns nothing.
      const refused = refusal(error.statusCode ?? 400, 'request_failed', 'Bad request');
      void send(reply.header('connection', 'close'), refused);
    },
  });
  return app;
}

/** Nothing but JSON is read, whatever a browser may send without asking. */
function acceptJsonOnly(app: FastifyInstance, limits: Limits): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    const bytes = Buffer.from(body);
    try {
      if (bytes.length === 0) throw new BodyError(emptyBody);
      done(null, parseBody(bytes, limits));
    } catch (thrown) {
      done(thrown instanceof Error ? thrown : new BodyError(String(thrown)), undefined);
    }
  });
}

function send(reply: FastifyReply, { status, body, headers = {} }: Reply): FastifyReply {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = text === '' ? {} : { 'content-type': jsonType };
  return reply
    .code(status)
    .headers({ ...type, ...headers })
    .send(text);
}

/** The answer to what Fastify itself refused. Its messages say nothing that the sender did not send. */
function refusedByServer({ statusCode = 500, message }: FastifyError): Reply | null {
  return statusCode < 500 ? refusal(statusCode, 'request_failed', message) : null;
}

/** Lets requests in, or answers them at once. Returns who may do what, for the handlers. */
function guardRequests(
  app: FastifyInstance,
  { core, pages, routes, origins }: ServerOptions,
): (request: FastifyRequest) => Access {
  const { keyring } = core;
  const demands = new Map<string, Demand>(
    routes.map(({ method, path, scope }) => [`${method} ${path}`, scope]),
  );
  const accesses = new WeakMap<FastifyRequest, Access>();
  // Also before the answer that there is no such route: who has no token learns nothing.
  app.addHook('onRequest', (request, reply, done) => {
    const demand = demands.get(`${request.method} ${request.routeOptions.url}`);
    const passage = admit(request.headers, demand === undefined ? 'token' : demand, {
      keyring,
      pages,
      origins: origins(),
    });
    if ('access' in passage) {
      accesses.set(request, passage.access);
      done();
      return;
    }
    // What follows on this connection may be a body that nobody is going to read.
    void send(reply.header('connection', 'close'), passage.reply);
  });
  return (request) => {
    const access = accesses.get(request);
    if (!access) throw new Error('a request was served that was not let in');
    return access;
  };
}

function readRequest(request: FastifyRequest, access: Access): RouteRequest {
  const { query, body, headers } = request;
  const params: Readonly<Record<string, unknown>> = Object(request.params);
  return { access, param: (name) => textOf(params[name]), query, body, headers };
}

function explainFailure(error: FastifyError, request: FastifyRequest, logger: Logger): Reply {
  const sessionId = textOf(Object(request.params).sessionId);
  const details = sessionId === '' ? {} : { sessionId };
  const isOurs = error instanceof SessionMeshError;
  const refused = isOurs ? null : refusedByServer(error);
  const reply = refused ?? errorReply(error, details);
  if (reply.status >= 500) {
    const where = { method: request.method, route: request.routeOptions.url };
    logger.warn({ ...where, status: reply.status, ...describeThrown(error) }, 'a request failed');
  }
  return reply;
}

function addRoutes(app: FastifyInstance, options: ServerOptions): void {
  const { logger } = options.core;
  const accessOf = guardRequests(app, options);
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const explained = explainFailure(error, request, logger);
    if (explained.status === 413 || error instanceof BodyExcess) {
      const route = options.routes.find(({ path }) => path === request.routeOptions.url);
      route?.onTooLarge?.(readRequest(request, accessOf(request)));
    }
    return send(reply, explained);
  });
  app.setNotFoundHandler((request, reply) => send(reply, noRoute(request.method, request.url)));
  for (const { method, path, serve } of options.routes) {
    app.route({
      method,
      url: path,
      handler: async (request, reply) => {
        const result = await serve(readRequest(request, accessOf(request)));
        return send(reply, 'issues' in result ? invalidRequest(result.issues) : result);
      },
    });
  }
  app.addHook('onResponse', (request, reply, done) => {
    // Never the query, a header or a body: those hold what is nobody's business.
    const { method, routeOptions } = request;
    const durationMs = Math.round(reply.elapsedTime);
    const fields = {
      method,
      route: routeOptions.url ?? null,
      status: reply.statusCode,
      durationMs,
    };
    logger.debug(fields, 'a request was answered');
    done();
  });
}

/** Counts requests that are being served. What it returns resolves when there are none, or in time. */
function watchRequests(app: FastifyInstance, { env, limits }: ServerCore): () => Promise<void> {
  let count = 0;
  let onIdle: (() => void) | undefined;
  app.addHook('onRequest', (_request, _reply, done) => {
    count += 1;
    done();
  });
  app.addHook('onResponse', (_request, _reply, done) => {
    count -= 1;
    if (count === 0) onIdle?.();
    done();
  });
  return () =>
    new Promise((resolve) => {
      if (count === 0) {
        resolve();
        return;
      }
      const timer = env.clock.setTimeout(resolve, limits.streamCloseMs);
      onIdle = () => {
        env.clock.clearTimeout(timer);
        resolve();
      };
    });
}

/** Makes the server of a service. It does not listen yet. */
export function createServer(options: ServerOptions): HttpServer {
  const { core, pages, upgrades: targets, origins } = options;
  const { keyring, env, limits, logger } = core;
  const app = createApp(core);
  const whenIdle = watchRequests(app, core);
  acceptJsonOnly(app, core.limits);
  addRoutes(app, options);
  const gate = () => ({ keyring, pages, origins: origins() });
  const upgrades = serveUpgrades(app.server, { env, limits, logger, gate, targets });
  let closing: Promise<void> | undefined;
  return {
    async listen(address, port) {
      try {
        await app.listen({ host: address, port });
      } catch (cause) {
        const found = messageOf(cause);
        throw new SessionMeshError('service_start_failed', { found, cause });
      }
      const bound: AddressInfo | string | null = app.server.address();
      return typeof bound === 'object' && bound ? bound.port : port;
    },
    closeRevoked: () => upgrades.closeUnless((access) => keyring.isValid(access)),
    close: () => (closing ??= Promise.all([upgrades.close(), whenIdle()]).then(() => app.close())),
  };
}
