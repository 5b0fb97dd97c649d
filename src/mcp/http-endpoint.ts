/** Tools served over streamable HTTP, on the loopback interface. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Env } from '../env.ts';
import { messageOf, SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import { requestOf, writeResponse } from './fetch-bridge.ts';
import { refusalOf } from './http-guard.ts';
import { HttpSessions } from './http-sessions.ts';
import { createProtocolServer, type Endpoint } from './protocol-server.ts';

/** A served endpoint, of whichever kind. */
export interface RunningEndpoint {
  /** Where clients reach it; null where they need no address. */
  readonly url: string | null;
  /** Resolves when the endpoint is closed, by whoever. Never rejects. */
  readonly closed: Promise<void>;
  /** Idempotent, never rejects. */
  close(): Promise<void>;
}

/** How an endpoint is served over HTTP. */
export interface HttpEndpointOptions {
  readonly port: number;
  readonly token: string | null;
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
}

const path = '/mcp';

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (cause: Error) => {
      reject(new SessionMeshError('mcp_serve_failed', { found: messageOf(cause), cause }));
    };
    server.once('error', onError);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', onError);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    // What was sent is not read any further.
    connection: 'close',
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
  });
  response.end(`${reason}\n`);
}

/** Tells the two generations of the protocol apart, and answers either. */
function createHandler(endpoint: Endpoint, sessions: HttpSessions, options: HttpEndpointOptions) {
  const { sdk } = endpoint;
  const { limits, logger } = options;
  const maxRequestBodySize = limits.mcpRequestBytesMax;
  const stateless = sdk.createMcpHandler(() => createProtocolServer(endpoint), {
    legacy: 'reject',
    maxRequestBodySize,
    maxSubscriptions: limits.mcpSessionsMax,
    onerror: (error) => logger.debug({ error: error.message }, 'a request of a client was refused'),
  });
  const handle = async (request: Request): Promise<Response> =>
    (await sdk.isLegacyRequest(request, undefined, { maxRequestBodySize }))
      ? sessions.handle(request)
      : stateless.fetch(request);
  return { handle, close: () => stateless.close() };
}

/**
 * Serves `endpoint` at `http://127.0.0.1:PORT/mcp`.
 * @throws SessionMeshError `mcp_serve_failed` if the port cannot be had.
 */
export async function serveHttp(
  endpoint: Endpoint,
  options: HttpEndpointOptions,
): Promise<RunningEndpoint> {
  const { token, env, limits, logger } = options;
  const sessions = new HttpSessions(endpoint, limits);
  const handler = createHandler(endpoint, sessions, options);
  let port = options.port;

  const answer = async (message: IncomingMessage, response: ServerResponse) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the client is gone')));
    const url = URL.parse(message.url ?? '/', `http://127.0.0.1:${port}`);
    const refusal = refusalOf(message, { port, token });
    if (refusal) refuse(response, refusal.status, refusal.reason);
    else if (url?.pathname !== path) refuse(response, 404, `there is only ${path} here`);
    else await writeResponse(response, await handler.handle(requestOf(message, url, gone.signal)));
  };
  const server = env.network.createServer((message, response) => {
    answer(message, response).catch((thrown: unknown) => {
      logger.debug({ error: messageOf(thrown) }, 'a request of a client was not answered');
      response.destroy();
    });
  });
  server.maxConnections = limits.mcpConnectionsMax;
  port = await listen(server, port);
  server.on('error', (error) => {
    logger.error({ error: error.message }, 'a client could not be let in');
  });

  const over = Promise.withResolvers<void>();
  const close = async () => {
    server.close(() => over.resolve());
    await Promise.all([handler.close(), sessions.close()]).catch(() => {});
    server.closeAllConnections();
    await over.promise;
  };
  let closing: Promise<void> | null = null;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    closed: over.promise,
    close: () => (closing ??= close()),
  };
}
