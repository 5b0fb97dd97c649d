/** The host for the real `codex app-server`. */
import type { HostFactory } from '../host.ts';
import { AppServerHost } from './host.ts';
import { checkOptions, type AppServerOptions } from './options.ts';
import { createDialer } from './wire.ts';

export type { AppServerOptions } from './options.ts';

/**
 * A host on a Codex app-server: one that it starts itself and talks to over stdio (the default), or,
 * with a `url`, one that runs already and listens on a WebSocket.
 * @throws SessionMeshError `option_invalid` for options that exclude each other.
 */
export function appServer(options: AppServerOptions = {}): HostFactory {
  checkOptions(options);
  const { onQuestion } = options;
  return (context) =>
    new AppServerHost({ dialer: createDialer(options, context), onQuestion }, context);
}
