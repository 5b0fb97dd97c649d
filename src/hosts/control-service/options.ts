/** How a control-service host is set up, checked once. */
import { SessionMeshError } from '../../errors.ts';
import { defaultLimits } from '../../limits.ts';

/**
 * A bearer token, or where to read it: asked again when the service refuses the one in use, up to
 * `tokensTriedMax` tokens in a row. One that is still the same is refused for good.
 */
export type TokenSource = string | (() => string | Promise<string>);

/** Which control service to use, and as whom. */
export interface ControlServiceOptions {
  /** `http://127.0.0.1:3001` or `https://…`. The API is looked for at `/api` below it, unless it ends so. */
  readonly url: string;
  /** Left out for a service that asks for none. */
  readonly token?: TokenSource;
  /** Sent with every request and with the stream's upgrade. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The name under which sessions are leased, so that nobody else answers for them. */
  readonly holder?: string;
  /** Leases sessions also without a `holder`, under a name made up. `ttlMs`: default `leaseHoldMs`. */
  readonly lease?: boolean | { readonly ttlMs: number };
}

/** The address of a service in its parts. */
export interface ServiceAddress {
  /** `http://127.0.0.1:3001` */
  readonly origin: string;
  /** The path of the API, without a slash at its end. */
  readonly prefix: string;
  /** `ws://127.0.0.1:3001/api/stream` */
  readonly streamUrl: string;
}

function invalid(expected: string, fix?: string): SessionMeshError {
  return new SessionMeshError('option_invalid', {
    expected,
    ...(fix === undefined ? {} : { fix }),
  });
}

/**
 * Takes an address apart.
 * @throws SessionMeshError `option_invalid` for anything but an HTTP address without credentials and query.
 */
function parseAddress(text: string): ServiceAddress {
  const url = URL.parse(text);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw invalid('a url that begins with http:// or https://');
  }
  if (url.username || url.password) {
    throw invalid('a url without credentials', 'pass the token as `token`');
  }
  if (url.search || url.hash) throw invalid('a url without a query and a fragment');
  const path = url.pathname.replace(/\/+$/, '');
  const prefix = path.endsWith('/api') ? path : `${path}/api`;
  const streamOrigin = url.origin.replace(/^http/, 'ws');
  return { origin: url.origin, prefix, streamUrl: `${streamOrigin}${prefix}/stream` };
}

/**
 * How long leases of ours are to hold, in milliseconds, or null for a host that takes none.
 * @throws SessionMeshError `option_invalid`
 */
export function leaseTtlOf(options: ControlServiceOptions, defaultMs: number): number | null {
  const { holder, lease = holder !== undefined } = options;
  if (holder !== undefined && holder.trim() === '') throw invalid('a holder that is not blank');
  if (lease === false) return null;
  const ttlMs = lease === true ? defaultMs : lease.ttlMs;
  if (!Number.isFinite(ttlMs) || ttlMs <= 0) throw invalid('a lease.ttlMs above zero');
  return ttlMs;
}

/**
 * Checks what types cannot hold; returns the address.
 * @throws SessionMeshError `option_invalid`
 */
export function checkOptions(options: ControlServiceOptions): ServiceAddress {
  leaseTtlOf(options, defaultLimits.leaseHoldMs);
  return parseAddress(options.url);
}
