/**
 * Which addresses a request may name. A browser that is led to a loopback service by a name of its own
 * (DNS rebinding) says so in `Host`, and a page that calls one says so in `Origin`; neither is let in.
 */
import type { IncomingHttpHeaders } from 'node:http';

/** What is let in. */
export interface OriginPolicy {
  /** Values of `Host`, in lower case. */
  readonly hosts: ReadonlySet<string>;
  /** Values of `Origin`. Empty: no page at all. */
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

/** Why a request is not let in, or null. */
export function findForeign(
  { host, origin }: IncomingHttpHeaders,
  policy: OriginPolicy,
): 'host' | 'origin' | null {
  if (host === undefined || !policy.hosts.has(host.toLowerCase())) return 'host';
  return origin === undefined || policy.origins.has(origin) ? null : 'origin';
}
