/** What a facade may see of the control-service host besides the port. Not for users of the library. */
import type { HostContext } from '../host.ts';
import { ControlServiceHost, type ControlServiceObserver } from './host.ts';
import { networkWire } from './network.ts';
import { checkOptions, type ControlServiceOptions } from './options.ts';

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
export { turnIdOf } from './session-requests.ts';
export { endingOf, replyOf, terminalStatuses, turnOf } from './session-view.ts';
export { refusedTurn } from './turn-start.ts';
export type { ServiceReply } from './wire.ts';

/** The host itself, followed by `observer`. Throws as `controlService`. */
export function controlServiceHost(
  options: ControlServiceOptions,
  context: HostContext,
  observer: ControlServiceObserver,
): ControlServiceHost {
  const wire = networkWire(checkOptions(options), options.headers ?? {}, context);
  return new ControlServiceHost({ options, wire, observer }, context);
}
