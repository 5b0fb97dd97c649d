/** The host for a control service: our own, or a codex-manager server. */
import type { HostContext, HostFactory } from '../host.ts';
import { ControlServiceHost, type ControlServiceObserver } from './host.ts';
import { networkWire } from './network.ts';
import { leaseTtlOf, parseAddress, type ControlServiceOptions } from './options.ts';

export type { AnswerAttempt } from './answer-reply.ts';
export type { AnswerObserver } from './answering.ts';
export {
  callOfFrame,
  callOfRow,
  callOfSignal,
  callRowType,
  callSignalType,
  type StreamFrame,
} from './frame.ts';
export { ControlServiceHost, type ControlServiceObserver, type StreamState } from './host.ts';
export type { ControlServiceOptions, TokenSource } from './options.ts';
export { endingOf, replyOf, terminalStatuses, turnOf } from './session-view.ts';
export { refusedTurn } from './turn-start.ts';
export { turnIdOf } from './session-requests.ts';
export type { ControlServiceSettings } from './settings.ts';
export type { ServiceReply, ServiceRequest, ServiceWire } from './wire.ts';

/**
 * A host on a control service, over HTTP and WebSocket.
 * @throws SessionMeshError `option_invalid`
 */
export function controlService(options: ControlServiceOptions): HostFactory {
  return (context) => controlServiceHost(options, context);
}

/** The host itself, for a facade that follows it closely. Throws as `controlService`. */
export function controlServiceHost(
  options: ControlServiceOptions,
  context: HostContext,
  observer: ControlServiceObserver = {},
): ControlServiceHost {
  leaseTtlOf(options, context.limits.leaseHoldMs);
  const wire = networkWire(parseAddress(options.url), options.headers ?? {}, context);
  return new ControlServiceHost({ options, wire, observer }, context);
}
