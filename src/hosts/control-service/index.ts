/** The host for a control service: our own, or a codex-manager server. */
import type { HostFactory } from '../host.ts';
import { ControlServiceHost } from './host.ts';
import { networkWire } from './network.ts';
import { checkOptions, type ControlServiceOptions } from './options.ts';

export type { ControlServiceOptions, TokenSource } from './options.ts';
export type { ControlServiceSettings } from './settings.ts';

/**
 * A host on a control service, over HTTP and WebSocket.
 * @throws SessionMeshError `option_invalid`
 */
export function controlService(options: ControlServiceOptions): HostFactory {
  const address = checkOptions(options);
  return (context) => {
    const wire = networkWire(address, options.headers ?? {}, context);
    return new ControlServiceHost({ options, wire, observer: {} }, context);
  };
}
