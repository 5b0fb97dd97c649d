/**
 * The shapes of the app-server protocol, as far as they are used, and their parsers.
 *
 * Written by hand, because only this much of some thousand generated types is needed; a test compares
 * them with what the pinned Codex itself generates. What the server adds is ignored, what it leaves out
 * makes a parser throw `protocol_invalid` (answers) or return null (everything it sends unasked).
 */
import { SessionMeshError } from '../../errors.ts';
import { isRecord, textOrNull } from '../../tools/json.ts';
import type { HostTool, TurnStatus } from '../host.ts';

// Requests of ours

interface ThreadTarget {
  readonly threadId: string;
}

/** What may be set for a thread, at its start and each time it is resumed. */
export interface ThreadSettings {
  readonly cwd?: string;
  readonly model?: string;
  readonly approvalPolicy?: 'untrusted' | 'on-request' | 'never';
  readonly sandbox?: 'read-only' | 'workspace-write' | 'danger-full-access';
  readonly developerInstructions?: string;
}

/** What may be changed of a thread between turns. */
export interface TurnSettings {
  readonly model?: string;
  readonly effort?: string;
  readonly approvalPolicy?: 'untrusted' | 'on-request' | 'never';
  readonly sandboxPolicy?: SandboxPolicy;
}

/** What commands of a thread may do. */
export type SandboxPolicy =
  | { readonly type: 'dangerFullAccess' }
  | { readonly type: 'readOnly'; readonly networkAccess: boolean }
  | {
      readonly type: 'workspaceWrite';
      readonly writableRoots: readonly string[];
      readonly networkAccess: boolean;
      readonly excludeTmpdirEnvVar: boolean;
      readonly excludeSlashTmp: boolean;
    };

interface TextInput {
  readonly type: 'text';
  readonly text: string;
  readonly text_elements: readonly never[];
}

interface Page {
  readonly limit: number;
  readonly sortDirection: 'desc';
}

/** The params of every request we make, by its method. */
export interface ClientRequests {
  initialize: {
    readonly clientInfo: {
      readonly name: string;
      readonly title: string;
      readonly version: string;
    };
    readonly capabilities: {
      readonly experimentalApi: true;
      readonly requestAttestation: false;
      readonly optOutNotificationMethods: readonly string[];
    };
  };
  'server/diagnostics': Record<string, never>;
  'thread/start': ThreadSettings & { readonly dynamicTools?: readonly HostTool[] };
  'thread/name/set': ThreadTarget & { readonly name: string };
  'thread/resume': ThreadTarget &
    ThreadSettings & {
      readonly excludeTurns: true;
      readonly initialTurnsPage: Page & { readonly itemsView: 'summary' };
    };
  'thread/fork': ThreadTarget & { readonly excludeTurns: true };
  'thread/unsubscribe': ThreadTarget;
  'thread/archive': ThreadTarget;
  'thread/unarchive': ThreadTarget;
  'thread/delete': ThreadTarget;
  'thread/read': ThreadTarget & { readonly includeTurns: false };
  'thread/list': {
    readonly limit: number;
    readonly archived: boolean;
    readonly cursor?: string;
  };
  'thread/settings/update': ThreadTarget & TurnSettings;
  'thread/turns/list': ThreadTarget & Page & { readonly itemsView: 'summary' | 'full' };
  'thread/items/list': ThreadTarget & Page & { readonly turnId: string };
  'turn/start': ThreadTarget & {
    readonly clientUserMessageId: string;
    readonly input: readonly TextInput[];
  };
  'turn/steer': ThreadTarget & {
    readonly expectedTurnId: string;
    readonly input: readonly TextInput[];
  };
  'turn/interrupt': ThreadTarget & { readonly turnId: string };
  'account/read': { readonly refreshToken: false };
}

/** A request that we make. */
export type ClientMethod = keyof ClientRequests;

/** The user input of a turn that is one text. */
export const textInput = (text: string): readonly TextInput[] => [
  { type: 'text', text, text_elements: [] },
];

// Parsing

function invalid(method: string, expected: string): SessionMeshError {
  return new SessionMeshError('protocol_invalid', { expected: `${expected} in ${method}` });
}

// Answers of the server

/** What of `initialize` is used: `sessionmesh/0.169.0 (…)`. */
export interface InitializeResult {
  readonly userAgent: string;
}

/** The Codex version of the server, or null if it does not say. */
export function parseCodexVersion(result: unknown): string | null {
  if (!isRecord(result) || typeof result.userAgent !== 'string') {
    throw invalid('initialize', 'a userAgent');
  }
  return /^[^/\s]+\/(\S+)/.exec(result.userAgent)?.[1] ?? null;
}

/** What of `server/diagnostics` is used. */
export interface DiagnosticsResult {
  readonly process: { readonly id: number };
}

/** The id of the server process. */
export function parseProcessId(result: unknown): number {
  const process = isRecord(result) ? result.process : undefined;
  if (!isRecord(process) || typeof process.id !== 'number') {
    throw invalid('server/diagnostics', 'a process id');
  }
  return process.id;
}

/** What of `thread/start` and `thread/fork` is used. */
export interface ThreadResult {
  readonly thread: { readonly id: string };
}

/** The id of the thread that `method` made. */
export function parseThreadId(method: ClientMethod, result: unknown): string {
  const thread = isRecord(result) ? result.thread : undefined;
  if (!isRecord(thread) || typeof thread.id !== 'string') throw invalid(method, 'a thread id');
  return thread.id;
}

/** What of `turn/start` is used. */
export interface TurnStartResult {
  readonly turn: { readonly id: string };
}

/** The id of the turn that was started. */
export function parseTurnStart(result: unknown): string {
  const turn = isRecord(result) ? result.turn : undefined;
  if (!isRecord(turn) || typeof turn.id !== 'string') throw invalid('turn/start', 'a turn id');
  return turn.id;
}

/** One item of a turn, as far as it matters here. */
export type TurnItem =
  | { readonly type: 'userMessage'; readonly clientId: string | null }
  | { readonly type: 'agentMessage'; readonly text: string };

/** One turn, as it stands in answers and notifications. */
export interface WireTurn {
  readonly id: string;
  readonly status: TurnStatus | 'inProgress';
  readonly error: { readonly message: string } | null;
  readonly items: readonly unknown[];
}

/** A turn, read. */
export interface Turn {
  readonly id: string;
  readonly status: TurnStatus | 'inProgress';
  /** Why it failed, or null. */
  readonly error: string | null;
  /** The agent's last message, or null. */
  readonly reply: string | null;
  /** The ids we gave to the user messages that it holds. */
  readonly clientIds: readonly string[];
}

const turnStatuses: ReadonlySet<unknown> = new Set([
  'completed',
  'failed',
  'interrupted',
  'inProgress',
] satisfies WireTurn['status'][]);

const isTurnStatus = (value: unknown): value is WireTurn['status'] => turnStatuses.has(value);

function parseItem(value: unknown): TurnItem | null {
  if (!isRecord(value)) return null;
  const { type, text, clientId } = value;
  if (type === 'userMessage') return { type, clientId: textOrNull(clientId) };
  return type === 'agentMessage' && typeof text === 'string' ? { type, text } : null;
}

/** Reads a turn, or returns null if it is none. Items of other kinds are passed over. */
function parseTurn(value: unknown): Turn | null {
  if (!isRecord(value)) return null;
  const { id, status, error, items } = value;
  if (typeof id !== 'string' || !isTurnStatus(status)) return null;
  const known = (Array.isArray(items) ? items : []).map(parseItem);
  const messages = known.flatMap((item) => (item?.type === 'agentMessage' ? item.text : []));
  return {
    id,
    status,
    error: isRecord(error) ? textOrNull(error.message) : null,
    reply: messages.at(-1) ?? null,
    clientIds: known.flatMap((item) =>
      item?.type === 'userMessage' && item.clientId !== null ? item.clientId : [],
    ),
  };
}

/** What of `thread/turns/list` is used; also the first page of `thread/resume`. */
export interface TurnsPage {
  readonly data: readonly WireTurn[];
}

/** The turns of a page, newest first. */
export function parseTurns(method: ClientMethod, result: unknown): readonly Turn[] {
  if (!isRecord(result) || !Array.isArray(result.data)) throw invalid(method, 'turns');
  return result.data.flatMap((turn) => parseTurn(turn) ?? []);
}

/** What of `thread/resume` is used. */
export interface ResumeResult {
  readonly initialTurnsPage: TurnsPage | null;
}

/** The newest turns of a thread that was resumed. */
export function parseResume(result: unknown): readonly Turn[] {
  if (!isRecord(result)) throw invalid('thread/resume', 'an object');
  return parseTurns('thread/resume', result.initialTurnsPage);
}

/** What of `thread/items/list` is used. */
export interface ItemsPage {
  readonly data: readonly { readonly turnId: string; readonly item: unknown }[];
}

/** The ids we gave to user messages among these items. */
export function parseClientIds(result: unknown): readonly string[] {
  if (!isRecord(result) || !Array.isArray(result.data)) {
    throw invalid('thread/items/list', 'items');
  }
  return result.data.flatMap((entry: unknown) => {
    const item = isRecord(entry) ? parseItem(entry.item) : null;
    return item?.type === 'userMessage' && item.clientId !== null ? item.clientId : [];
  });
}

// What the server sends unasked

/** The params of `item/tool/call`. */
export interface ToolCallParams {
  readonly threadId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly namespace: string | null;
  readonly tool: string;
  readonly arguments: unknown;
}

/** Reads the params of `item/tool/call`, or returns null. On the hot path. */
export function parseToolCall(params: unknown): ToolCallParams | null {
  if (!isRecord(params)) return null;
  const { threadId, turnId, callId, namespace = null, tool } = params;
  if (typeof threadId !== 'string' || typeof turnId !== 'string') return null;
  if (typeof callId !== 'string' || typeof tool !== 'string') return null;
  if (namespace !== null && typeof namespace !== 'string') return null;
  return { threadId, turnId, callId, namespace, tool, arguments: params.arguments };
}

/** The params of `turn/started` and `turn/completed`. */
export interface TurnNotification {
  readonly threadId: string;
  readonly turn: WireTurn;
}

/** Reads the params of `turn/started` and `turn/completed`, or returns null. */
export function parseTurnNotification(params: unknown): { threadId: string; turn: Turn } | null {
  if (!isRecord(params) || typeof params.threadId !== 'string') return null;
  const turn = parseTurn(params.turn);
  return turn && { threadId: params.threadId, turn };
}

/** Where a request or notification of the server belongs; older requests call a thread a conversation. */
export function parseScope(params: unknown): { sessionId: string | null; turnId: string | null } {
  if (!isRecord(params)) return { sessionId: null, turnId: null };
  const { threadId, conversationId, turnId } = params;
  return {
    sessionId: textOrNull(threadId) ?? textOrNull(conversationId),
    turnId: textOrNull(turnId),
  };
}

/** The text of a notification that is meant for people, and whether Codex tries again by itself. */
export interface Notice {
  readonly sessionId: string | null;
  readonly message: string;
  readonly willRetry: boolean;
}

/** Reads `error`, the warnings and `deprecationNotice`, or returns null if there is nothing to show. */
export function parseNotice(params: unknown): Notice | null {
  if (!isRecord(params)) return null;
  const { error, message, summary, details, willRetry } = params;
  const text = isRecord(error) ? error.message : (message ?? summary);
  if (typeof text !== 'string') return null;
  return {
    sessionId: parseScope(params).sessionId,
    message: typeof details === 'string' ? `${text} ${details}` : text,
    willRetry: willRetry === true,
  };
}

// Our answers to the server's questions

type Declined = { readonly decision: 'decline' };
type Denied = { readonly decision: { readonly denied: { readonly rejection: string } } };

/** The results that are sent when nobody decides. Questions not named here are refused. */
export interface SafeResults {
  'item/commandExecution/requestApproval': Declined;
  'item/fileChange/requestApproval': Declined;
  'item/permissions/requestApproval': {
    readonly permissions: Record<string, never>;
    readonly scope: 'turn';
  };
  'item/tool/requestUserInput': { readonly answers: Record<string, never> };
  'mcpServer/elicitation/request': {
    readonly action: 'decline';
    readonly content: null;
    readonly _meta: null;
  };
  'currentTime/read': { readonly currentTimeAt: number };
  applyPatchApproval: Denied;
  execCommandApproval: Denied;
}
