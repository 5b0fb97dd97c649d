/** Where a proxy listens or connects to: `127.0.0.1:8080`, `[::1]:8080`, or the path of a Unix socket. */
import { isPort } from '../../env.ts';
import { SessionMeshError } from '../../errors.ts';

/** An address as `net` takes it. */
export type SocketAddress =
  { readonly host: string; readonly port: number } | { readonly path: string };

/** @throws SessionMeshError `option_invalid` */
export function parseSocketAddress(text: string): SocketAddress {
  const path = /^(?:unix:)?(\/.+)$/.exec(text)?.[1];
  if (path !== undefined) return { path };
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:\s]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (!isPort(port)) {
    throw new SessionMeshError('option_invalid', {
      expected: 'an address such as 127.0.0.1:8080, [::1]:8080 or /path/to.sock',
      found: text,
    });
  }
  return { host: bracketed ?? (plain || '127.0.0.1'), port };
}

/** The text of an address. */
export function showSocketAddress(address: SocketAddress): string {
  if ('path' in address) return address.path;
  const { host, port } = address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
