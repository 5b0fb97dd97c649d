/**
 * The control API of proxies, in the style of Toxiproxy's: JSON over HTTP on loopback, behind a token.
 *
 * `GET /version`, `GET|POST /proxies`, `GET|POST|PATCH|DELETE /proxies/:name`,
 * `GET|POST /proxies/:name/toxics`, `GET|POST|PATCH|DELETE /proxies/:name/toxics/:toxic`, `POST /reset`.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isSessionMeshError, messageOf, SessionMeshError } from '../../errors.ts';
import { resolveLimits, type Limits } from '../../limits.ts';
import { readText } from '../../testing/request-text.ts';
import { isRecord } from '../../tools/json.ts';
import { controlRoute, type ControlReply, type ProxyRegistry } from './control-routes.ts';

/** How the API is served. */
export interface ProxyControlOptions {
  readonly registry: ProxyRegistry;
  /** Default: 0, any free port of 127.0.0.1. */
  readonly port?: number;
  /** Default: a new one. Null: none is asked for. */
  readonly token?: string | null;
  readonly limits?: Partial<Limits>;
}

/** A running API. */
export interface ProxyControl extends AsyncDisposable {
  /** `http://127.0.0.1:8474` */
  readonly url: string;
  readonly token: string | null;
  /** Idempotent. */
  close(): Promise<void>;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Serves the API; resolves once it listens.
 * @throws SessionMeshError `host_start_failed` if the port is taken
 */
export async function startProxyControl(options: ProxyControlOptions): Promise<ProxyControl> {
  const token = options.token === undefined ? randomBytes(32).toString('base64url') : options.token;
  const { proxyRequestBytesMax: bytesMax } = resolveLimits(options.limits);
  const server = createServer((request, response) => {
    void answer(request, { registry: options.registry, token, bytesMax }).then((reply) =>
      write(response, reply),
    );
  });
  const port = await listen(server, options.port ?? 0);
  let closing: Promise<void> | undefined;
  const close = () =>
    (closing ??= new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }));
  return { url: `http://127.0.0.1:${port}`, token, close, [Symbol.asyncDispose]: close };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const found = messageOf(cause);
      reject(
        new SessionMeshError('host_start_failed', {
          expected: 'a free control port',
          found,
          cause,
        }),
      );
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

interface Access {
  readonly registry: ProxyRegistry;
  readonly token: string | null;
  readonly bytesMax: number;
}

/** Why a request is not let in, or null. */
function refusal(request: IncomingMessage, token: string | null): ControlReply | null {
  const { host = '', origin, authorization = '' } = request.headers;
  // A page of a browser has no business here, whatever name it found us under.
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host) || origin !== undefined) {
    return { status: 403, body: { error: 'only programs of this machine are let in' } };
  }
  if (token === null) return null;
  const given = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '';
  if (timingSafeEqual(digest(given), digest(token))) return null;
  return { status: 401, body: { error: 'a bearer token is needed' } };
}

async function answer(request: IncomingMessage, access: Access): Promise<ControlReply> {
  try {
    const refused = refusal(request, access.token);
    if (refused) return refused;
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const path = pathname.split('/').filter(Boolean).map(decodeURIComponent);
    const { method = 'GET' } = request;
    const body = method === 'POST' || method === 'PATCH' ? await readBody(request, access) : {};
    if (body === null) return { status: 413, body: { error: 'the request is too long' } };
    return await controlRoute(access.registry, { method, path, body });
  } catch (thrown) {
    const isOurs = isSessionMeshError(thrown);
    const status =
      isOurs || thrown instanceof SyntaxError || thrown instanceof URIError ? 400 : 500;
    return { status, body: { error: messageOf(thrown) } };
  }
}

/** The body as an object, or null if it is too long. Empty counts as an object without members. */
async function readBody(
  request: IncomingMessage,
  { bytesMax }: Access,
): Promise<Readonly<Record<string, unknown>> | null> {
  const text = await readText(request, bytesMax);
  if (text === null) return null;
  const value: unknown = text === '' ? {} : JSON.parse(text);
  if (isRecord(value)) return value;
  throw new SessionMeshError('option_invalid', { expected: 'a JSON object' });
}

function write(response: ServerResponse, { status, body }: ControlReply): void {
  if (response.destroyed) return;
  const text = body === null ? '' : `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...(status === 413 ? { connection: 'close' } : {}),
  });
  response.end(text);
}
