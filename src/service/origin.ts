/**
 * Which addresses a request may name. A browser that is led to a loopback service by a name of its own
 * (DNS rebinding) says so in `Host`, and a page that calls one says so in `Origin`; neither is let in.
 */
import type { IncomingHttpHeaders } from 'node:http';

/** What is let in. */
export interface OriginPolicy {
  /** Values of `Host`, in lower case. */
  readonly hosts: ReadonlySet<string>;
  /** Values of `Origin` besides that of the service itself. */
  readonly origins: ReadonlySet<string>;
}

const loopbackNames = ['127.0.0.1', 'localhost', '[::1]'] as const;

/** Whether an address is one that only this machine reaches. */
export function isLoopback(address: string): boolean {
  return address === '::1' || address === 'localhost' || /^127(\.\d{1,3}){3}$/.test(address);
}

/** An address as it stands in a URL. */
export function urlHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/**
 * The policy of a service that listens at `address` and `port`. `hosts` are other names it is reached by,
 * with or without a port.
 */
export function createOriginPolicy(options: {
  readonly address: string;
  readonly port: number;
  readonly hosts?: readonly string[];
  readonly origins?: readonly string[];
}): OriginPolicy {
  const { address, port, hosts = [], origins = [] } = options;
  const names = [...loopbackNames, urlHost(address), ...hosts].map((name) => name.toLowerCase());
  const withPort = names.map((name) => (/:\d+$/.test(name) ? name : `${name}:${port}`));
  return {
    // A port that is the default of HTTP is left out by clients.
    hosts: new Set([
      ...withPort,
      ...hosts.map((name) => name.toLowerCase()),
      ...(port === 80 ? names : []),
    ]),
    origins: new Set(origins),
  };
}

/** Whether a request comes from a page that this service served itself. Holds where `Host` is one of ours. */
export function isOwnOrigin({ host, origin }: IncomingHttpHeaders): boolean {
  if (host === undefined || origin === undefined) return false;
  return origin === `http://${host}` || origin === `https://${host}`;
}

/** Why a request is not let in, or null. */
export function findForeign(
  headers: IncomingHttpHeaders,
  policy: OriginPolicy,
): 'host' | 'origin' | null {
  const { host, origin } = headers;
  if (host === undefined || !policy.hosts.has(host.toLowerCase())) return 'host';
  if (origin === undefined || policy.origins.has(origin)) return null;
  return isOwnOrigin(headers) ? null : 'origin';
}
