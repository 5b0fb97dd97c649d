/** `connect`: a client of a control service, our own or a codex-manager server. */
import { controlServiceHost, type ControlServiceOptions } from '../hosts/control-service/index.ts';
import { startClient, type Client, type ClientOptions } from './client.ts';

/** Which service, as whom, and how. */
export interface ConnectOptions extends ControlServiceOptions, ClientOptions {}

/**
 * Connects to a control service; resolves once its stream is up.
 * @throws SessionMeshError `option_invalid`, `limit_invalid`, `host_unreachable`, `host_unauthorized`; the reason of
 * `signal`
 */
export function connect(options: ConnectOptions): Promise<Client> {
  return startClient(
    (context, observer) => controlServiceHost(options, context, observer),
    options,
  );
}
