/** How an app-server host is set up, checked once. */
import { SessionMeshError } from '../../errors.ts';
import type { QuestionPolicy } from '../host.ts';

/** Something the server sent unasked: a notification, or a request, which has an id. */
export interface AppServerMessage {
  readonly method: string;
  readonly params: unknown;
  readonly requestId?: string | number;
}

/** What may be seen of the messages that pass the host. */
export interface AppServerTap {
  /** Is told of each message once the host has taken it in, on the read path. */
  readonly onMessage?: (message: AppServerMessage) => void;
  /**
   * Which notifications the server is asked to send: those that the host needs (`needed`, the default),
   * the ones named here besides, or `all`.
   */
  readonly notifications?: 'needed' | 'all' | readonly string[];
}

/** A Codex that the host starts as a child process and talks to over stdio. */
export interface SpawnedAppServer extends AppServerTap {
  /** The program to run. Default: the Codex found by looking around; see `findFrom`. */
  readonly command?: string;
  /** All of its arguments. Default: `['app-server']`. */
  readonly args?: readonly string[];
  /** The whole environment of the child, `CODEX_HOME` and `PATH` included. Default: the parent's own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The folder the child runs in. Default: the parent's own. */
  readonly cwd?: string;
  /** The folder from which `@openai/codex` is looked for, besides our own. Default: `cwd`. */
  readonly findFrom?: string;
  /** Decides approvals and other questions of Codex. Default: all of them are declined. */
  readonly onQuestion?: QuestionPolicy;
}

/** A Codex app-server that runs already and listens on a socket. It goes on when the host is closed. */
export interface ConnectedAppServer extends AppServerTap {
  /** `ws://host:port`, `wss://…` or `ws+unix:///path/to.sock:/`. */
  readonly url: string;
  /** The bearer token, where the server asks for one. */
  readonly token?: string;
  /** Decides approvals and other questions of Codex. Default: all of them are declined. */
  readonly onQuestion?: QuestionPolicy;
}

/** How to reach a Codex app-server. */
export type AppServerOptions = SpawnedAppServer | ConnectedAppServer;

/** Whether the options name a server that runs already. */
export const isConnected = (options: AppServerOptions): options is ConnectedAppServer =>
  'url' in options && options.url !== undefined;

const spawnOnly = ['command', 'args', 'env', 'cwd', 'findFrom'] as const;

/**
 * Checks what types cannot hold.
 * @throws SessionMeshError `option_invalid` for options of both kinds at once.
 */
export function checkOptions(options: AppServerOptions): void {
  if (!isConnected(options)) return;
  const extra = spawnOnly.filter((name) => name in options);
  if (extra.length === 0) return;
  throw new SessionMeshError('option_invalid', {
    expected: '`url`, or options of a child process, not both',
    found: `url and ${extra.join(', ')}`,
  });
}
