/** How tools are served to MCP clients. */
import type { Env } from '../env.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { Approve } from './served-call.ts';

/**
 * Over stdin and stdout, to the client that started this process. Stdout then belongs to the protocol:
 * whoever prints to it besides breaks it.
 */
export interface StdioTransport {
  readonly kind: 'stdio';
}

/** Over streamable HTTP, on the loopback interface, to anybody with the token. */
export interface HttpTransport {
  readonly kind: 'http';
  /** Default: 0, any free one. */
  readonly port?: number;
  /** What clients send as `Authorization: Bearer …`; null lets every program of this machine in. */
  readonly token: string | null;
}

/** How tools are served. */
export interface ServeToolsOptions {
  readonly transport: StdioTransport | HttpTransport;
  /** What the server calls itself. Default: `sessionmesh`, and the version of this package. */
  readonly name?: string;
  readonly version?: string;
  /** What clients tell their models of the server. Default: the descriptions of the namespaces. */
  readonly instructions?: string;
  /**
   * Decides on calls of tools with `approval: 'always'`. Default: they are denied, because a server has
   * nobody to ask.
   */
  readonly approve?: Approve;
  readonly logger?: Logger;
  readonly limits?: Partial<Limits>;
  readonly env?: Env;
}

/** Tools that are being served. */
export interface McpServing extends AsyncDisposable {
  /** Where clients reach the server; null over stdio. */
  readonly url: string | null;
  /** The names that clients call the tools by: `namespace__name`, or the name alone. */
  readonly toolNames: readonly string[];
  /** Resolves when nothing is served any more: after `close()`, or when the client over stdio is gone. */
  readonly closed: Promise<void>;
  /** Aborts the calls under way and ends all connections. Idempotent, never rejects. */
  close(): Promise<void>;
}
