/** A server that serves a dashboard and nothing else: for a team in this process, or a history. */
import { systemEnv, type Env } from '../../env.ts';
import { resolveLimits, type Limits } from '../../limits.ts';
import { silentLogger, type Logger } from '../../logger.ts';
import { Keyring, newToken } from '../auth.ts';
import { createOriginPolicy, type OriginPolicy } from '../origin.ts';
import { createServer } from '../server.ts';
import { dashboardOf, type Shown } from './dashboard.ts';
import { pageUrl } from './page-routes.ts';
import { PageSessions } from './page-sessions.ts';

/** How a dashboard is served. */
export interface DashboardServerOptions {
  readonly shown: Shown;
  /** Default: 0, any free one. */
  readonly port?: number;
  readonly limits?: Partial<Limits>;
  readonly logger?: Logger;
  readonly env?: Env;
}

/** A dashboard that is served. Close it, or let `await using` do so. */
export interface DashboardServer extends AsyncDisposable {
  /** `http://127.0.0.1:41905`. */
  readonly url: string;
  /** A new address of the dashboard, good once and for a few minutes. */
  pageUrl(): string;
  /** Idempotent. */
  close(): Promise<void>;
}

const address = '127.0.0.1';

/**
 * Serves a dashboard on loopback; resolves once it listens.
 * @throws SessionMeshError `service_start_failed`, `limit_invalid`
 */
export async function startDashboard(options: DashboardServerOptions): Promise<DashboardServer> {
  const { shown, port: wanted = 0, env = systemEnv, logger = silentLogger } = options;
  const limits = resolveLimits(options.limits);
  // Nobody is told the token: browsers come by one-time codes, which it stands behind.
  const token = newToken();
  const keyring = new Keyring([{ token, scopes: ['read', 'respond', 'manage'] }], limits);
  const pages = new PageSessions({ clock: env.clock, limits, keyring });
  const place: { url: string; origins: OriginPolicy } = {
    url: '',
    origins: { hosts: new Set(), origins: new Set() },
  };
  const core = { env, limits, logger, keyring };
  const { routes, files, upgrades } = dashboardOf(core, { shown, pages, url: () => place.url });
  const server = createServer({
    core,
    pages,
    routes: [...routes, ...files],
    upgrades,
    origins: () => place.origins,
  });
  const port = await server.listen(address, wanted);
  place.url = `http://${address}:${port}`;
  place.origins = createOriginPolicy({ address, port });
  const close = () => server.close();
  return {
    url: place.url,
    pageUrl: () => {
      const access = keyring.authenticate(`Bearer ${token}`);
      return access ? pageUrl(place.url, pages.newCode(access)) : place.url;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
