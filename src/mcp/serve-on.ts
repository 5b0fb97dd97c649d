/** Puts a server together from its tools, the runner of their calls, and a transport. */
import { isPort, systemEnv, type Env } from '../env.ts';
import { SessionMeshError } from '../errors.ts';
import { resolveLimits, type Limits } from '../limits.ts';
import { silentLogger, type Logger } from '../logger.ts';
import { packageVersion } from '../package-version.ts';
import type { CatalogPart } from '../tools/catalog.ts';
import type { ToolBundle } from '../tools/contract.ts';
import { CallRunner } from './call-runner.ts';
import { serveHttp, type RunningEndpoint } from './http-endpoint.ts';
import type { Endpoint } from './protocol-server.ts';
import { loadServerPackage } from './sdk.ts';
import type { Approve } from './served-call.ts';
import { servedTools } from './served-tools.ts';
import type { HttpTransport, McpServing, ServeToolsOptions, StdioTransport } from './serving.ts';
import { serveStdio, type Streams } from './stdio-endpoint.ts';

const denyAll: Approve = () => ({
  denied: 'it needs an approval, and this server has nobody to ask',
});

interface Setting {
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly streams: () => Streams;
}

function start(
  endpoint: Endpoint,
  { transport }: ServeToolsOptions,
  { env, limits, logger, streams }: Setting,
): RunningEndpoint | Promise<RunningEndpoint> {
  switch (transport.kind) {
    case 'stdio':
      return serveStdio(endpoint, { ...streams(), limits, logger });
    case 'http': {
      const { port = 0, token } = transport;
      return serveHttp(endpoint, { port, token, env, limits, logger });
    }
  }
}

function refuse(expected: string, found: string): never {
  throw new SessionMeshError('option_invalid', { expected, found });
}

/** Refuses what would open a door that was meant to be closed, or none. */
function checkTransport(transport: StdioTransport | HttpTransport): void {
  if (transport.kind === 'stdio') return;
  const { port = 0, token } = transport;
  if (!isPort(port)) refuse('a port from 0 to 65535', String(port));
  if (token === null || (typeof token === 'string' && /^\S+$/.test(token))) return;
  refuse('a token without blanks, or null for none', token === undefined ? 'nothing' : 'another');
}

/**
 * Serves tools; `streams` are what the protocol runs over with `stdio`. See `serveTools`.
 * @throws SessionMeshError as `serveTools` does
 */
export async function serveOn(
  tools: readonly (CatalogPart | ToolBundle)[],
  options: ServeToolsOptions,
  streams: () => Streams,
): Promise<McpServing> {
  checkTransport(options.transport);
  const { env = systemEnv, logger = silentLogger, approve = denyAll } = options;
  const limits = resolveLimits(options.limits);
  const served = servedTools(tools, limits);
  const over = new AbortController();
  const endpoint: Endpoint = {
    sdk: await loadServerPackage(),
    env,
    info: { name: options.name ?? 'sessionmesh', version: options.version ?? packageVersion() },
    instructions: options.instructions ?? served.instructions,
    served,
    runner: new CallRunner({ env, limits, logger, approve }),
    id: env.id(),
    over: over.signal,
  };
  const running: RunningEndpoint = await start(endpoint, options, { env, limits, logger, streams });
  const close = async () => {
    over.abort(new Error('the server closes'));
    await running.close();
  };
  return {
    url: running.url,
    toolNames: Object.freeze([...served.byName.keys()]),
    closed: running.closed,
    close,
    [Symbol.asyncDispose]: close,
  };
}
