/** Where an MCP server is. */
import { SessionMeshError } from '../errors.ts';

/** A server that is started as a child process and spoken to over its stdin and stdout. */
export interface StdioServer {
  readonly command: string;
  readonly args?: readonly string[];
  /**
   * Its environment, besides the handful of harmless variables (`PATH`, `HOME` …) that are all it gets
   * of this process's own.
   */
  readonly env?: Readonly<Record<string, string>>;
  /** The folder it works in; this process's own by default. */
  readonly cwd?: string;
}

/** A server that is reached over streamable HTTP. */
export interface HttpServer {
  readonly url: string | URL;
  /** Sent with every request; credentials go here. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server of either kind. */
export type ServerAddress = StdioServer | HttpServer;

/** An address that was checked. */
export type CheckedAddress =
  | { readonly kind: 'stdio'; readonly server: StdioServer }
  | {
      readonly kind: 'http';
      readonly url: URL;
      readonly headers: Readonly<Record<string, string>>;
    };

function refuse(expected: string, found: string): never {
  throw new SessionMeshError('option_invalid', { expected, found });
}

function readUrl(url: string | URL): URL {
  const parsed = URL.parse(String(url));
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return parsed;
  return refuse('an http or https URL of an MCP server', String(url).slice(0, 200));
}

/**
 * Tells the two kinds apart.
 * @throws SessionMeshError `option_invalid` for what is neither.
 */
export function checkAddress(address: ServerAddress): CheckedAddress {
  if ('command' in address) {
    if (typeof address.command === 'string' && address.command.trim() !== '') {
      return { kind: 'stdio', server: address };
    }
    return refuse('the program of an MCP server as `command`', 'none');
  }
  if ('url' in address) {
    return { kind: 'http', url: readUrl(address.url), headers: address.headers ?? {} };
  }
  return refuse('`command` or `url` of an MCP server', 'neither');
}
