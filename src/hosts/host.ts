/**
 * The port between the mesh and the place where sessions live.
 *
 * A host turns its own protocol into the few signals below and back. It knows nothing of tools,
 * handlers, ledgers or locks. Its invariants:
 * - H1 `emit` is called synchronously from the read path, in the order things were read, and a host
 *   never awaits anything of the mesh.
 * - H2 A re-delivered call repeats `epoch`, `sessionId`, `turnId`, `callId` and `requestId`.
 * - H3 A reply address never leaves the host and never outlives its epoch: an answer for a call of an
 *   earlier epoch is `abandoned`, not written.
 * - H4 After a reconnect the host resumes every open session by itself, a few at a time, and says
 *   `session.resumed` for each; what it missed meanwhile (a turn's end) comes as an ordinary signal first.
 */
import type { Env } from '../env.ts';
import type { SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { JsonSchema, ToolOutput } from '../tools/contract.ts';

/** How a turn ended. */
export type TurnStatus = 'completed' | 'failed' | 'interrupted';

/** One request of the model to run one tool. Its five ids together are its identity. */
export interface HostCall {
  /** One life of the host process; request ids mean nothing outside it. */
  readonly epoch: string;
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly requestId: string | number;
  readonly namespace: string | null;
  readonly tool: string;
  /** Any JSON value; a host validates nothing. */
  readonly arguments: unknown;
}

/** What a host tells the mesh. Names are past tense or a noun with what became of it. */
export type HostSignal =
  | { readonly type: 'host.online'; readonly epoch: string }
  | { readonly type: 'host.lost'; readonly epoch: string; readonly cause: SessionMeshError }
  /** Final: restarts are used up, or the credentials were refused. */
  | { readonly type: 'host.failed'; readonly cause: SessionMeshError }
  | { readonly type: 'session.resumed'; readonly sessionId: string }
  /** Final for this session: deleted, archived, or it cannot be resumed. */
  | { readonly type: 'session.gone'; readonly sessionId: string; readonly cause: SessionMeshError }
  | { readonly type: 'turn.started'; readonly sessionId: string; readonly turnId: string }
  | {
      readonly type: 'turn.ended';
      readonly sessionId: string;
      readonly turnId: string;
      readonly status: TurnStatus;
      /** Why it failed, or null. */
      readonly error: string | null;
      /** The assistant's final text, or null. */
      readonly reply: string | null;
    }
  | { readonly type: 'call.requested'; readonly call: HostCall }
  /** The host no longer waits for this call: interrupted, expired, or answered by somebody else. */
  | { readonly type: 'call.withdrawn'; readonly call: HostCall; readonly reason: string }
  /** A request of the host that is no tool call was answered by policy (see {@link QuestionPolicy}). */
  | {
      readonly type: 'question.answered';
      readonly sessionId: string | null;
      readonly method: string;
      readonly answer: 'declined' | 'answered';
    }
  | {
      readonly type: 'host.notice';
      readonly sessionId: string | null;
      readonly level: 'info' | 'warn' | 'error';
      readonly message: string;
    };

/** A tool as a host is told about it when a session opens. */
export type HostTool =
  | {
      readonly type: 'function';
      readonly name: string;
      readonly description: string;
      readonly inputSchema: JsonSchema;
      readonly deferLoading?: boolean;
    }
  | {
      readonly type: 'namespace';
      readonly name: string;
      readonly description: string;
      readonly tools: readonly Extract<HostTool, { type: 'function' }>[];
    };

/** What may be said when a session opens or resumes. What is left out is the host's default. */
export interface SessionSettings {
  readonly cwd?: string;
  readonly model?: string;
  readonly approvalPolicy?: 'untrusted' | 'on-request' | 'never';
  readonly sandbox?: 'read-only' | 'workspace-write' | 'danger-full-access';
  /** Developer instructions of the session. */
  readonly instructions?: string;
  readonly title?: string;
}

/** What became of one attempt to hand an answer to the host. */
export type AnswerVerdict =
  /** The host has it. `presumed`: an earlier attempt of ours is taken to have landed. */
  | { readonly type: 'answered'; readonly presumed?: boolean }
  /** The host no longer knows the call; the answer is of no use to anybody. */
  | { readonly type: 'abandoned'; readonly reason: string }
  /** The host will never take this body. */
  | { readonly type: 'refused'; readonly reason: string }
  /** Not decided; the same bytes again after a while. */
  | { readonly type: 'again'; readonly afterMs?: number; readonly reason: string }
  /** No link. The answer keeps until the host is online again or delivers the call anew. */
  | { readonly type: 'unlinked' };

/** A request of the host that is no tool call: an approval, a question to the user, an elicitation. */
export interface HostQuestion {
  readonly method: string;
  readonly sessionId: string | null;
  readonly turnId: string | null;
  readonly params: unknown;
}

/**
 * Decides a host's question: a result to answer with, or undefined for the safe default (decline).
 * A policy that throws or takes longer than a call may is answered with the safe default too.
 */
export type QuestionPolicy = (question: HostQuestion, signal: AbortSignal) => unknown;

/** What is known of a host once it is ready. */
export interface HostInfo {
  /** What it is, for people: `codex app-server over stdio`. */
  readonly name: string;
  /** The Codex version, or null where there is no Codex. */
  readonly codex: string | null;
}

/** What a host is given by the mesh that makes it. */
export interface HostContext {
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
  emit(signal: HostSignal): void;
}

/** Where sessions live. All methods reject with a {@link SessionMeshError}. */
export interface Host {
  /** Resolves once sessions can be opened. */
  start(signal?: AbortSignal): Promise<HostInfo>;
  open(
    settings: SessionSettings,
    tools: readonly HostTool[],
    signal?: AbortSignal,
  ): Promise<{ sessionId: string }>;
  /**
   * Attaches to an existing thread, sending no tools; pending calls come again as signals. Where it fails
   * or is aborted it rejects once nothing of the attempt is left: only then is the next one made.
   */
  resume(sessionId: string, settings: SessionSettings, signal?: AbortSignal): Promise<void>;
  /** A new session with the history and tools of this one. */
  fork(sessionId: string, signal?: AbortSignal): Promise<{ sessionId: string }>;
  /**
   * Resolves when the turn is accepted. Across a lost link it finds out whether the turn landed
   * before it rejects with `turn_lost`, so that a caller may safely send again.
   */
  startTurn(sessionId: string, text: string, signal?: AbortSignal): Promise<{ turnId: string }>;
  steer(sessionId: string, turnId: string, text: string, signal?: AbortSignal): Promise<void>;
  interrupt(sessionId: string, turnId: string, signal?: AbortSignal): Promise<void>;
  /** The calls of this session that the host still waits for. */
  pendingCalls(sessionId: string, signal?: AbortSignal): Promise<readonly HostCall[]>;
  /** Whether `pendingCalls` works while the stream is down (HTTP up, stream down). */
  readonly listsWhileLost: boolean;
  /** Synchronous where the host can be: the hot path. Always the same bytes for the same call. */
  answer(call: HostCall, output: ToolOutput): AnswerVerdict | Promise<AnswerVerdict>;
  /** Lets go of the session; the thread is kept, archived or deleted. */
  release(sessionId: string, fate: 'keep' | 'archive' | 'delete'): Promise<void>;
  /** Idempotent. Nothing of the host survives it: no process, socket, timer or listener. */
  close(): Promise<void>;
}

/** Makes a host for one mesh. What `appServer(...)` and `simulatedHost(...)` return. */
export type HostFactory = (context: HostContext) => Host;
