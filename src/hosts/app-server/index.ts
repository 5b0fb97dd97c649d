/** The host for the real `codex app-server`. */
import type { HostContext } from '../host.ts';
import { AppServerHost } from './host.ts';
import { checkOptions, type AppServerOptions } from './options.ts';
import { createDialer } from './wire.ts';

export type { AppServerMessage, AppServerOptions } from './options.ts';
export type { ClientMethod, ClientRequests } from './protocol.ts';

/**
 * A host on a Codex app-server: one that it starts itself and talks to over stdio (the default), or,
 * with a `url`, one that runs already and listens on a WebSocket.
 * @throws SessionMeshError `option_invalid` for options that exclude each other.
 */
export function appServer(options: AppServerOptions = {}): (context: HostContext) => AppServerHost {
  checkOptions(options);
  const { onQuestion, onMessage } = options;
  return (context) =>
    new AppServerHost({ dialer: createDialer(options, context), onQuestion, onMessage }, context);
}
