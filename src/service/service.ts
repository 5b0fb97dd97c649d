/**
 * `startService`: the mesh behind HTTP and a WebSocket, for clients in any language.
 *
 * It listens on loopback and asks for a token unless it is told otherwise, and it never does neither.
 */
import { isPort, systemEnv, type Env } from '../env.ts';
import { SessionMeshError } from '../errors.ts';
import { appServer, type AppServerOptions } from '../hosts/app-server/index.ts';
import { defaultLimits, resolveLimits, type Limits } from '../limits.ts';
import { silentLogger, type Logger } from '../logger.ts';
import type { MeshEvent } from '../mesh/event.ts';
import type { LedgerOptions } from '../mesh/mesh-options.ts';
import { packageVersion } from '../package-version.ts';
import type { CatalogPart } from '../tools/catalog.ts';
import type { ToolBundle } from '../tools/contract.ts';
import { UndoStack } from '../undo-stack.ts';
import { Keyring, newToken, type AccessToken } from './auth.ts';
import { publishedNotifications } from './notification.ts';
import { createOriginPolicy, isLoopback, urlHost, type OriginPolicy } from './origin.ts';
import { callRoutes } from './routes/calls.ts';
import { healthRoutes } from './routes/health.ts';
import { leaseRoutes } from './routes/leases.ts';
import { messageRoutes } from './routes/messages.ts';
import { questionRoutes } from './routes/questions.ts';
import { sessionSettingsRoutes } from './routes/session-settings.ts';
import { archiveRoutes } from './routes/session-archive.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { toolCallRoutes } from './routes/tool-calls.ts';
import { dashboardOf } from './inspection/dashboard.ts';
import { pageUrl } from './inspection/page-routes.ts';
import { PageSessions } from './inspection/page-sessions.ts';
import { serviceSource } from './inspection/service-source.ts';
import { createServer, type HttpServer } from './server.ts';
import { ServiceCore, type ServiceHostFactory } from './service-core.ts';
import { SessionRecords } from './session-record.ts';
import { StateFiles } from './state-file.ts';
import { streamTarget } from './upgrade.ts';

/** How a service is set up. All of it is optional. */
export interface ServiceOptions {
  /** The Codex behind it, or a host of one's own. Default: the Codex found on this machine. */
  readonly host?: AppServerOptions | ServiceHostFactory;
  /** Where it listens. Default: `127.0.0.1`. */
  readonly address?: string;
  /** Default: 3001; 0 for any free one. */
  readonly port?: number;
  /**
   * The token that is good for everything. Default: a new one for each start. Null: none is asked for,
   * which only a service on loopback may do.
   */
  readonly token?: string | null;
  /** Further tokens, good for less. */
  readonly tokens?: readonly AccessToken[];
  /** Other names it is reached by, as they stand in the `Host` of a request. */
  readonly hosts?: readonly string[];
  /** Pages that may call it, as they stand in `Origin`. Default: none. */
  readonly origins?: readonly string[];
  /** Tools that this process serves itself, in every session. */
  readonly tools?: readonly (CatalogPart | ToolBundle)[];
  /**
   * How long an answer of a client may take, in milliseconds; `Infinity`: as long as the turn lasts. Default:
   * `remoteCallTimeoutMs`.
   */
  readonly callTimeoutMs?: number;
  /** Where sessions work that do not say. Default: where Codex itself does. */
  readonly cwd?: string;
  /**
   * Which notifications of Codex are published: those about threads, turns and messages (`chosen`, the
   * default), or `all`, and then each of them a second time as it came.
   */
  readonly notifications?: 'chosen' | 'all';
  /** Where the token, the address and what is remembered of sessions are kept. Default: nowhere. */
  readonly stateDir?: string | null;
  /** Where claims and outcomes of calls are kept. Default: in memory. */
  readonly ledger?: LedgerOptions;
  readonly limits?: Partial<Limits>;
  readonly logger?: Logger;
  /** Told of everything that happens in its meshes. */
  readonly onEvent?: (event: MeshEvent) => void;
  /** Closes the service when it aborts. */
  readonly signal?: AbortSignal;
  /** Time, randomness and ids; for tests. */
  readonly env?: Env;
}

/** A running service. Close it, or let `await using` do so. */
export interface Service extends AsyncDisposable {
  /** `http://127.0.0.1:3001`. */
  readonly url: string;
  /** Names this start. */
  readonly epoch: string;
  /** The token that is good for everything, or null if none is asked for. */
  readonly token: string | null;
  /** Where it is written, or null. */
  readonly tokenFile: string | null;
  /** A new address of the dashboard, good once and for a few minutes; it does not hold the token. */
  pageUrl(): string;
  /**
   * From now on these tokens are valid and no others; the first one is written to the token file. Streams
   * of tokens that are gone are closed.
   * @throws SessionMeshError `option_invalid`, also of a service that asks for none
   */
  replaceTokens(tokens: readonly AccessToken[]): Promise<void>;
  /**
   * Takes no new work, lets turns go on for `graceMs` (default `serviceDrainMs`), then ends everything.
   * Idempotent; a second call joins the first.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** An answer that a client may send whole must reach Codex whole, and a decision waits as long as an answer. */
function serviceLimits(given: Partial<Limits> = {}): Limits {
  const bodyBytesMax = given.serviceBodyBytesMax ?? defaultLimits.serviceBodyBytesMax;
  const resultTextBytesMax = Math.max(defaultLimits.resultTextBytesMax, bodyBytesMax);
  const approvalTimeoutMs = given.remoteCallTimeoutMs ?? defaultLimits.remoteCallTimeoutMs;
  return resolveLimits({ resultTextBytesMax, approvalTimeoutMs, ...given });
}

function checkPort(port: number): void {
  if (isPort(port)) return;
  const expected = 'port to be a number from 0 to 65535';
  throw new SessionMeshError('option_invalid', { expected, found: String(port) });
}

function checkAddress({ address = '127.0.0.1', token }: ServiceOptions): string {
  if (token === null && !isLoopback(address)) {
    throw new SessionMeshError('option_invalid', {
      expected: 'a token for an address that other machines reach',
      found: `none for ${address}`,
      fix: 'listen on 127.0.0.1, or leave `token` out',
    });
  }
  return address;
}

function readCallTimeout(timeoutMs: number): number | null {
  if (timeoutMs === Infinity) return null;
  if (timeoutMs > 0) return timeoutMs;
  const expected = 'callTimeoutMs above 0';
  throw new SessionMeshError('option_invalid', { expected, found: String(timeoutMs) });
}

function tokensOf(token: string | null, tokens: readonly AccessToken[]): AccessToken[] | null {
  return token === null ? null : [{ token, scopes: ['read', 'respond', 'manage'] }, ...tokens];
}

function hostFactory({ host = {}, notifications }: ServiceOptions): ServiceHostFactory {
  if (typeof host === 'function') return host;
  const heard = notifications === 'all' ? 'all' : publishedNotifications;
  return (hooks) => appServer({ ...host, ...hooks, notifications: heard });
}

const partsOf = (tool: CatalogPart | ToolBundle): readonly CatalogPart[] =>
  'kind' in tool && tool.kind === 'bundle' ? tool.parts : [tool];

function serverOf(core: ServiceCore, place: Place, pages: PageSessions): HttpServer {
  const url = () => place.url;
  const shown = { source: serviceSource(core, url) };
  const dashboard = dashboardOf(core, { pages, url, shown });
  const routes = [
    ...sessionRoutes(core),
    ...archiveRoutes(core),
    ...sessionSettingsRoutes(core),
    ...messageRoutes(core),
    ...toolCallRoutes(core),
    ...callRoutes(core),
    ...questionRoutes(core),
    ...leaseRoutes(core),
    ...dashboard.routes,
  ];
  const health = healthRoutes(core, { version: packageVersion(), url }, routes);
  return createServer({
    core,
    pages,
    routes: [...health, ...routes, ...dashboard.files],
    upgrades: [streamTarget(core.stream), ...dashboard.upgrades],
    origins: () => place.origins,
  });
}

/** Where a service is reached. Known once it listens, because the port is part of it. */
interface Place {
  url: string;
  origins: OriginPolicy;
}

async function listen(
  server: HttpServer,
  place: Place,
  { port: wanted = 3001, hosts = [], origins = [], ...options }: ServiceOptions,
): Promise<void> {
  const address = checkAddress(options);
  checkPort(wanted);
  const port = await server.listen(address, wanted);
  place.origins = createOriginPolicy({ address, port, hosts, origins });
  place.url = `http://${urlHost(address)}:${port}`;
}

async function createCore(
  options: ServiceOptions,
  keyring: Keyring,
  files: StateFiles | null,
): Promise<ServiceCore> {
  const { env = systemEnv, logger = silentLogger, tools = [], cwd = null, ledger } = options;
  const limits = serviceLimits(options.limits);
  const path = files?.path('sessions.jsonl') ?? null;
  return new ServiceCore({
    env,
    limits,
    logger,
    keyring,
    records: await SessionRecords.open({ files: env.files, limits, logger, path }),
    host: hostFactory(options),
    served: tools.flatMap(partsOf),
    cwd,
    callTimeoutMs: readCallTimeout(options.callTimeoutMs ?? limits.remoteCallTimeoutMs),
    publishesAll: options.notifications === 'all',
    ledger,
  });
}

/** What a running service is made of. */
interface Running {
  readonly core: ServiceCore;
  readonly server: HttpServer;
  readonly pages: PageSessions;
  readonly files: StateFiles | null;
  readonly url: string;
  readonly token: string | null;
  readonly tokenFile: string | null;
}

async function end({ core, server, files }: Running, graceMs: number): Promise<void> {
  await core.drain(graceMs);
  try {
    // The mesh first: whoever still follows the stream is told what became of the calls.
    await core.close();
  } finally {
    await server.close();
    await files?.remove();
  }
}

function handleOf(running: Running, signal: AbortSignal | undefined): Service {
  const { core, server, pages, files, url, tokenFile } = running;
  const { keyring, limits } = core;
  let { token } = running;
  let closing: Promise<void> | undefined;
  const close: Service['close'] = ({ graceMs = limits.serviceDrainMs } = {}) => {
    signal?.removeEventListener('abort', onAbort);
    return (closing ??= end(running, graceMs));
  };
  const onAbort = () => void close();
  signal?.addEventListener('abort', onAbort, { once: true });
  return {
    url,
    epoch: core.epoch,
    tokenFile,
    get token() {
      return token;
    },
    pageUrl() {
      const access = keyring.authenticate(`Bearer ${token}`);
      return access ? pageUrl(url, pages.newCode(access)) : url;
    },
    async replaceTokens(next) {
      const [first] = next;
      if (keyring.isOpen || !first) {
        const expected = 'a service that asks for tokens, and at least one of them';
        const found = first ? 'a service that asks for none' : 'no token';
        throw new SessionMeshError('option_invalid', { expected, found });
      }
      keyring.replace(next);
      token = first.token;
      server.closeRevoked();
      await files?.writeToken(first.token);
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

/**
 * Starts Codex and a service on it; resolves once it listens.
 * @throws SessionMeshError `option_invalid`, `limit_invalid`, `service_running`, `service_start_failed`,
 * why Codex did not start, or the reason of `signal`
 */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const { env = systemEnv, signal, tokens = [], stateDir = null } = options;
  signal?.throwIfAborted();
  checkAddress(options);
  const token = options.token === undefined ? newToken() : options.token;
  const keyring = new Keyring(tokensOf(token, tokens), serviceLimits(options.limits));
  await using undo = new UndoStack();
  const files = stateDir === null ? null : await StateFiles.open(stateDir, env);
  const core = await createCore(options, keyring, files);
  undo.defer(() => core.close());
  if (options.onEvent) core.observe({ onMeshEvent: options.onEvent, onNamed: () => {} });
  await core.start(signal);
  const place: Place = { url: '', origins: { hosts: new Set(), origins: new Set() } };
  const pages = new PageSessions({ clock: env.clock, limits: core.limits, keyring });
  const server = serverOf(core, place, pages);
  undo.defer(() => server.close());
  await listen(server, place, options);
  const { url } = place;
  const tokenFile = files && token !== null ? await files.writeToken(token) : null;
  const startedAt = new Date(core.startedAt).toISOString();
  await files?.announce({ url, pid: env.processes.pid, tokenFile, startedAt });
  signal?.throwIfAborted();
  undo.move();
  return handleOf({ core, server, pages, files, url, token, tokenFile }, signal);
}
