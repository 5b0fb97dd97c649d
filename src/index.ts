/** SessionMesh: Codex dynamic tools over many sessions. The public door, by explicit names. */
export { createMesh, type CreateMeshOptions } from './mesh/create-mesh.ts';
export type { Mesh } from './mesh/mesh.ts';
export type {
  CreateSessionOptions,
  LedgerOptions,
  MeshCloseOptions,
  MeshOptions,
  MeshStats,
  RecoverableSession,
  ResumeSessionOptions,
} from './mesh/mesh-options.ts';
export type {
  SendAndHandleOptions,
  Session,
  SessionCloseOptions,
  WaitOptions,
} from './mesh/session.ts';
export type { CallReference, Fault, MeshEvent } from './mesh/event.ts';
export type { DispatchRecord } from './mesh/dispatch-record.ts';
export type { TurnResult } from './mesh/turn.ts';
export type { PendingApproval } from './mesh/approvals.ts';
export type { Lagged } from './bus/reader.ts';
export type { JournalMode } from './ledger/journal.ts';
export type { CallOutcome } from '../machines/call-outcome.ts';
export type { CallSource, DispatchMode, DispatchPolicy } from '../machines/session.ts';

export { appServer, type AppServerOptions } from './hosts/app-server/index.ts';
export type {
  AnswerVerdict,
  Host,
  HostCall,
  HostContext,
  HostFactory,
  HostInfo,
  HostQuestion,
  HostSignal,
  QuestionPolicy,
  SessionSettings,
  TurnStatus,
} from './hosts/host.ts';

export {
  audio,
  bundle,
  image,
  injectRequest,
  instructionText,
  namespace,
  text,
  tool,
  ToolError,
  type CatalogDraft,
  type CatalogPart,
  type ContentItem,
  type JsonSchema,
  type Tool,
  type ToolBundle,
  type ToolCall,
  type ToolDefinition,
  type ToolNamespace,
  type ToolOutput,
  type ToolPolicy,
} from './tools/index.ts';

export { createTeam, type Team, type TeamOptions, type TeamRunOptions } from './team/team.ts';
export { softwareTeam, type SoftwareTeamSettings } from './team/software-team.ts';
export type { MemberDefinition, TeamDefinition } from './team/definition.ts';
export type { Completion } from './team/completion.ts';
export type { TeamBudget } from './team/scheduler.ts';
export type { TeamResult } from './team/team-run.ts';
export type { TeamEvent, TeamOutcome } from './team/event.ts';
export type { BoardSnapshot, MemberView } from './team/reading.ts';
export type { Artifact, Task, TaskState } from './team/task.ts';
export type { TeamMesh, TeamSession, TeamSessionOptions, TeamTurn } from './team/member-session.ts';

export {
  recordHistory,
  startHistory,
  type HistoryRecording,
  type RecordHistoryOptions,
} from './history/recording.ts';
export type { HistorySink, HistoryStats } from './history/writer.ts';

export { isSessionMeshError, SessionMeshError, type ErrorCode } from './errors.ts';
export {
  systemEnv,
  type Clock,
  type Env,
  type Files,
  type Network,
  type Processes,
} from './env.ts';
export { defaultLimits, type Limits } from './limits.ts';
export { type Logger } from './logger.ts';
