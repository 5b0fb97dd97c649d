/** `connect`: a client of a control service, our own or a codex-manager server. The door of this folder. */
import { controlServiceHost } from '../hosts/control-service/internal.ts';
import type { ControlServiceOptions } from '../hosts/control-service/options.ts';
import { startClient, type Client, type ClientOptions } from './client.ts';

export type { ControlServiceOptions, TokenSource } from '../hosts/control-service/options.ts';
export type { Client, ClientOptions } from './client.ts';
export type { Dispatch } from './dispatch.ts';
export type { SkillDraft } from './draft.ts';
export type {
  BindOptions,
  ClosedSession,
  CloseSessionOptions,
  CreatedSession,
  CreateOptions,
  Lifecycle,
  LifecycleOptions,
  RemoteSkills,
} from './remote-skills.ts';
export type { StreamContext } from './route.ts';
export type { SendAndHandleOptions, SendOptions, SendResult, SubmitOptions } from './sending.ts';
export type { SessionSkills } from './session-skills.ts';
export type { JsonObject, Signal, StreamEvent } from './signal.ts';
export type { DynamicTool, Skill, SkillHandler, SkillInput, SkillOptions } from './skill.ts';
export type {
  ClientStream,
  EventHandler,
  RunOptions,
  SignalHandler,
  StreamStats,
} from './stream.ts';
export type {
  SendAndWaitOptions,
  TurnReference,
  TurnReply,
  TurnStatusOptions,
  UntilOptions,
  Wait,
  WaitTime,
} from './wait.ts';

/** Which service, as whom, and how. */
export interface ConnectOptions extends ControlServiceOptions, ClientOptions {}

/**
 * Connects to a control service; resolves once its stream is up.
 * @throws SessionMeshError `option_invalid`, `limit_invalid`, `host_unreachable`, `host_unauthorized`, why the
 * ledger cannot be opened; the reason of `signal`
 */
export function connect(options: ConnectOptions): Promise<Client> {
  return startClient(
    (context, observer) => controlServiceHost(options, context, observer),
    options,
  );
}
