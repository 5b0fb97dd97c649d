/** A session with its skills, as its user holds it. All handles of one session are the same. */
import type { ControlServiceHost } from '../hosts/control-service/internal.ts';
import {
  callOfRow,
  callOfSignal,
  endingOf,
  refusedTurn,
  replyOf,
  terminalStatuses,
  turnOf,
} from '../hosts/control-service/internal.ts';
import { SessionMeshError } from '../errors.ts';
import type { HostCall } from '../hosts/host.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { Session } from '../mesh/session.ts';
import type { Env } from '../env.ts';
import { handOver, holdLock } from './call-desk.ts';
import type { CallMemory, SubmitPlan } from './call-memory.ts';
import { unanswerable, type Dispatch } from './dispatch.ts';
import { disabled, dynamicToolsOf, toolsOf } from './draft.ts';
import type { FrameHub } from './frame-hub.ts';
import { askedByRow, askedBySignal, sessionOfSignal, type Signal } from './signal.ts';
import { skillOf, type DynamicTool, type Skill } from './skill.ts';
import {
  checkTime,
  submitPlan,
  type SendAndHandleOptions,
  type SendOptions,
  type SendResult,
  type SubmitOptions,
} from './sending.ts';
import { serveTurn } from './turn-service.ts';
import { acceptedTurn, readStatuses, type Wait } from './wait.ts';

/** What the sessions of one client share. */
export interface SkillsContext {
  readonly host: ControlServiceHost;
  readonly mesh: Mesh;
  readonly memory: CallMemory;
  readonly hub: FrameHub;
  readonly wait: Wait;
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
}

/** Answers that a message may get and that are handed on as they are. */
const sendStatuses: ReadonlySet<number> = new Set([400, 403, 404, 410]);

const createTimeOnly = 'skills are create-time only: register them in `register`';

/** Made by `remoteSkills.createSession`, `lifecycle`, `resumeSession` and `session`. */
export class SessionSkills {
  readonly #context: SkillsContext;
  readonly sessionId: string;

  /** @internal */
  constructor(sessionId: string, context: SkillsContext) {
    this.sessionId = sessionId;
    this.#context = context;
  }

  // The catalog

  /** The skills, in the order they were registered; none for a session that is not bound here. */
  list(): readonly Skill[] {
    return toolsOf(this.#bound?.tools ?? []).map(skillOf);
  }

  /** The tools as the service was told of them, sorted by name. Copies. */
  dynamicTools(): DynamicTool[] {
    return dynamicToolsOf(this.#bound?.tools ?? []);
  }

  /** The skills in words, for the model; empty if there are none. */
  instructionText(): string {
    return this.#bound?.instructionText() ?? '';
  }

  /** A request with the skills in words before it. */
  injectRequest(text: string): string {
    return this.#bound?.injectRequest(text) ?? text;
  }

  /** @throws SessionMeshError `catalog_frozen`, always: the catalog of a session never changes */
  register(): never {
    throw this.#frozen();
  }

  /** Throws as `register`. */
  skill(): never {
    throw this.#frozen();
  }

  /** Throws as `register`. */
  unregister(): never {
    throw this.#frozen();
  }

  /** Throws as `register`. */
  clear(): never {
    throw this.#frozen();
  }

  /** Throws as `register`. */
  using(): never {
    throw this.#frozen();
  }

  /** @throws SessionMeshError `operation_disabled`, always */
  syncRuntime(): never {
    throw disabled('syncRuntime');
  }

  /** Throws as `syncRuntime`. */
  prepareCatalog(): never {
    throw disabled('prepareCatalog');
  }

  /** Throws as `syncRuntime`. */
  sendPrepared(): never {
    throw disabled('sendPrepared');
  }

  // The lock

  /** Who holds the dispatch lock, or null while nobody does. */
  dispatchMode(): 'signal' | 'polling' | null {
    const mode = this.#bound?.dispatchMode ?? 'neutral';
    return mode === 'neutral' ? null : mode;
  }

  /** Frees the dispatch lock. What was handled stays handled. */
  resetDispatchMode(): void {
    this.#bound?.resetDispatchMode();
  }

  // Messages

  /**
   * Sends a message; resolves with what the service says, which may be no.
   * @throws SessionMeshError `request_refused` for an answer that is no answer to a message, or as
   * `ServiceClient.request`
   */
  async send(text: string, options: SendOptions = {}): Promise<unknown> {
    const reply = await this.#post(text, options);
    const isTaken = reply.status >= 200 && reply.status < 300;
    if (!isTaken && !sendStatuses.has(reply.status)) throw refusedTurn(reply, this.sessionId);
    return reply.body;
  }

  /**
   * Sends a message, handles its tool calls and resolves when the turn is over, however it ended: look at
   * `status`. Holds the dispatch lock for polling. At the deadline the turn is interrupted.
   * @throws SessionMeshError `option_invalid` and `dispatch_conflict` before anything is sent; why the message
   * was not taken; `turn_timeout`; `wait_over` if a reply is required and there is none.
   */
  async sendAndHandle(text: string, options: SendAndHandleOptions = {}): Promise<SendResult> {
    const { sessionId } = this;
    const plan = submitPlan(options);
    const statuses = readStatuses(options.terminalStatuses ?? terminalStatuses);
    checkTime('timeoutSeconds', options.timeoutSeconds);
    checkTime('intervalSeconds', options.intervalSeconds);
    options.signal?.throwIfAborted();
    const session = this.#session();
    const { dispatchMode } = session;
    holdLock(session.core, 'polling');
    let turnId: string;
    let accepted: unknown;
    try {
      const reply = await this.#post(text, options);
      accepted = reply.body;
      turnId = acceptedTurn(reply, sessionId);
    } catch (thrown) {
      if (dispatchMode === 'neutral') session.resetDispatchMode();
      throw thrown;
    }
    const drain = () => this.#takeListed(plan, 'join');
    const turn = { session, turnId, statuses, options, drain };
    const { detail, dispatches, result } = await serveTurn(turn, this.#context);
    const shown = turnOf(detail, turnId)?.status ?? null;
    // The read may be a moment behind the event that ended the turn.
    const status = result && endingOf(shown) === null ? result.status : shown;
    const assistantReply = replyOf(detail, turnId) ?? result?.reply ?? null;
    if (assistantReply === null && options.requireAssistantReply) {
      const found = `a turn that is ${status ?? 'over'} without one`;
      throw new SessionMeshError('wait_over', { expected: 'a reply', found, sessionId, turnId });
    }
    return { sessionId, turnId, accepted, detail, status, assistantReply, dispatches };
  }

  // Calls

  /** Whether a signal is for this session. One that names none is for nobody. */
  matchesSignal(signal: Signal): boolean {
    return sessionOfSignal(signal) === this.sessionId;
  }

  /**
   * Handles the tool call in a signal and answers it; null if there is none in it, or it is not for this
   * session.
   * @throws SessionMeshError `dispatch_conflict` while polling holds the lock; `option_invalid`;
   * `session_unknown` for a session that is not bound here
   */
  async respondToSignal(signal: Signal, options: SubmitOptions = {}): Promise<Dispatch | null> {
    const asked = this.matchesSignal(signal) ? askedBySignal(signal) : null;
    if (!asked) return null;
    const plan = submitPlan(options);
    const { core } = this.#session();
    const { requestId } = signal;
    const { epochOf } = this.#context.host;
    const call = callOfSignal(signal, this.sessionId, epochOf);
    const source = 'signal';
    if (!call) {
      holdLock(core, source);
      return unanswerable(asked, requestId);
    }
    const handed = { call, source, asked, requestId, plan, isListed: false } as const;
    return handOver(core, this.#context.memory, handed);
  }

  /**
   * Handles the call in a row of a list of pending calls; null if there is none in it, or it is not for this
   * session. Throws as `respondToSignal`, while signals hold the lock.
   */
  async respondToPendingCall(row: unknown, options: SubmitOptions = {}): Promise<Dispatch | null> {
    const asked = askedByRow(row);
    const owner = this.#ownerOf(row);
    if (!asked || owner !== this.sessionId) return null;
    const plan = submitPlan(options);
    const { core } = this.#session();
    const requestId = requestIdOf(row);
    const call = callOfRow(row, this.sessionId, this.#context.host.epochOf);
    const source = 'polling';
    if (!call) {
      holdLock(core, source);
      return unanswerable(asked, requestId);
    }
    const handed = { call, source, asked, requestId, plan, isListed: false } as const;
    return handOver(core, this.#context.memory, handed);
  }

  /**
   * Handles what the service lists as unanswered, side by side; resolves with one dispatch each, in the
   * order of the list. Throws as `respondToPendingCall`, and as the list does.
   */
  async drainPendingCalls(
    options: SubmitOptions & { readonly signal?: AbortSignal } = {},
  ): Promise<readonly Dispatch[]> {
    const dispatching = await this.#takeListed(submitPlan(options), 'report', options.signal);
    return Promise.all(dispatching);
  }

  /**
   * One pass over the list: the calls are handed over, and what becomes of them follows. Those that were
   * taken before are reported as repeated, or only joined.
   */
  async #takeListed(
    plan: SubmitPlan,
    repeated: 'report' | 'join',
    signal?: AbortSignal,
  ): Promise<readonly Promise<Dispatch>[]> {
    const { core } = this.#session();
    const { host, memory } = this.#context;
    const listed = await host.requests.listCalls(this.sessionId, { signal });
    if (listed.length === 0) return [];
    holdLock(core, 'polling');
    const source = 'polling';
    return listed.flatMap((call) => {
      if (repeated === 'join' && core.knows(call)) {
        core.take(call, source);
        return [];
      }
      const { requestId } = call;
      const handed = {
        call,
        source,
        asked: askedOf(call),
        requestId,
        plan,
        isListed: true,
      } as const;
      return [handOver(core, memory, handed)];
    });
  }

  #post(text: string, options: SendOptions) {
    const { injectSkills = true, signal, ...rest } = options;
    const { model, effort, approvalPolicy, networkAccess, filesystemSandbox } = rest;
    const controls = { model, effort, approvalPolicy, networkAccess, filesystemSandbox };
    const body = {
      text: injectSkills ? this.injectRequest(text) : text,
      // What is undefined does not become part of JSON.
      ...controls,
      ...('dynamicTools' in options ? { dynamicTools: options.dynamicTools } : {}),
    };
    return this.#context.host.requests.post(this.sessionId, body, { signal });
  }

  get #bound(): Session | undefined {
    return this.#context.mesh.session(this.sessionId);
  }

  #session(): Session {
    const session = this.#bound;
    if (session) return session;
    const { sessionId } = this;
    const fix = 'bind it with `remoteSkills.createSession` or `resumeSession`';
    throw new SessionMeshError('session_unknown', { sessionId, fix });
  }

  /** A row that names no session is of the session whose list it stands in. */
  #ownerOf(row: unknown): string {
    const threadId = Object(row).threadId;
    return typeof threadId === 'string' && threadId.trim() !== ''
      ? threadId.trim()
      : this.sessionId;
  }

  #frozen(): SessionMeshError {
    return new SessionMeshError('catalog_frozen', {
      sessionId: this.sessionId,
      fix: createTimeOnly,
    });
  }
}

function askedOf({ tool, callId, ...call }: HostCall) {
  return { tool, callId, arguments: call.arguments };
}

function requestIdOf(row: unknown): string | number | null {
  const { requestId } = Object(row);
  return typeof requestId === 'string' || Number.isInteger(requestId) ? requestId : null;
}
