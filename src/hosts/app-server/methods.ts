/** The names of the app-server protocol: what we send, what we take, and what we ask not to be sent. */

/** The Codex whose protocol this is, and that the tests run. */
export const testedCodexVersion = '0.169.0';

/** Requests that the server sends. Each of them waits for an answer, so each has a safe one. */
export type ServerRequestMethod =
  | 'item/tool/call'
  | 'item/commandExecution/requestApproval'
  | 'item/fileChange/requestApproval'
  | 'item/permissions/requestApproval'
  | 'item/tool/requestUserInput'
  | 'mcpServer/elicitation/request'
  | 'currentTime/read'
  | 'account/chatgptAuthTokens/refresh'
  | 'attestation/generate'
  | 'applyPatchApproval'
  | 'execCommandApproval';

/** Requests that are no tool calls. */
export type QuestionMethod = Exclude<ServerRequestMethod, 'item/tool/call'>;

/** Notifications that mean something to a host. */
export type HeardNotification =
  | 'turn/started'
  | 'turn/completed'
  | 'thread/closed'
  | 'thread/archived'
  | 'thread/deleted'
  | 'serverRequest/resolved'
  | 'error'
  | 'warning'
  | 'guardianWarning'
  | 'configWarning'
  | 'deprecationNotice';

/**
 * All its other notifications, which the server is asked not to send: they would only fill
 * the stream. What a later version adds is read and ignored.
 */
export const unheardNotifications = [
  'thread/started',
  'thread/status/changed',
  'thread/readState/changed',
  'thread/unarchived',
  'thread/reverted',
  'thread/name/updated',
  'thread/section/changed',
  'thread/attachment/updated',
  'thread/goal/updated',
  'thread/goal/cleared',
  'thread/prediction/updated',
  'thread/queue/changed',
  'thread/project/updated',
  'thread/environment/connected',
  'thread/environment/disconnected',
  'thread/settings/updated',
  'thread/tokenUsage/updated',
  'thread/compacted',
  'thread/realtime/started',
  'thread/realtime/itemAdded',
  'thread/realtime/item/started',
  'thread/realtime/item/transcript/delta',
  'thread/realtime/item/completed',
  'thread/realtime/transcript/delta',
  'thread/realtime/transcript/done',
  'thread/realtime/outputAudio/delta',
  'thread/realtime/sdp',
  'thread/realtime/error',
  'thread/realtime/closed',
  'turn/diff/updated',
  'turn/plan/updated',
  'turn/moderationMetadata',
  'item/started',
  'item/completed',
  'item/agentMessage/delta',
  'item/plan/delta',
  'item/commandExecution/outputDelta',
  'item/commandExecution/terminalInteraction',
  'item/fileChange/outputDelta',
  'item/fileChange/patchUpdated',
  'item/mcpToolCall/progress',
  'item/reasoning/summaryTextDelta',
  'item/reasoning/summaryPartAdded',
  'item/reasoning/textDelta',
  'item/autoApprovalReview/started',
  'item/autoApprovalReview/completed',
  'autoApprovalReview/strictReviewRequired',
  'rawResponseItem/completed',
  'rawResponse/completed',
  'hook/started',
  'hook/completed',
  'command/exec/outputDelta',
  'process/outputDelta',
  'process/exited',
  'mcpServer/oauthLogin/completed',
  'mcpServer/startupStatus/updated',
  'mcpServer/event/stream/notification',
  'model/rerouted',
  'model/verification',
  'model/safetyBuffering/updated',
  'modelProvider/authRecoveryStarted',
  'modelProvider/authRecoveryCompleted',
  'account/updated',
  'account/gatewayOAuth/changed',
  'account/rateLimits/updated',
  'account/login/completed',
  'app/list/updated',
  'project/changed',
  'skills/changed',
  'fs/changed',
  'remoteControl/status/changed',
  'externalAgentConfig/import/progress',
  'externalAgentConfig/import/completed',
  'fuzzyFileSearch/sessionUpdated',
  'fuzzyFileSearch/sessionCompleted',
  'windows/worldWritableWarning',
  'windowsSandbox/setupCompleted',
] as const;

/** A notification that nobody here listens to. */
export type UnheardNotification = (typeof unheardNotifications)[number];
