/** Skills of sessions at a control service: created with them, served, closed. */
import { SessionMeshError } from '../errors.ts';
import type { CallMemory } from './call-memory.ts';
import { disabled, SkillDraft } from './draft.ts';
import { SessionSkills, type SkillsContext } from './session-skills.ts';

/** How skills are bound to a session. */
export interface BindOptions {
  /** Fills the draft; may be async. Runs before anything is sent. */
  readonly register?: (draft: SkillDraft) => void | Promise<void>;
  /** Deadline of handlers, in milliseconds; a skill's own wins. */
  readonly handlerTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What a session is created with. What is left out is not sent. */
export interface CreateOptions extends BindOptions {
  readonly cwd?: string;
  readonly model?: string;
  readonly approvalPolicy?: 'untrusted' | 'on-request' | 'never';
  readonly networkAccess?: 'restricted' | 'enabled';
  readonly filesystemSandbox?: 'read-only' | 'workspace-write' | 'danger-full-access';
  readonly title?: string;
  /** Sent in place of the skills, whatever it is. */
  readonly dynamicTools?: unknown;
}

/** A session that was created. */
export interface CreatedSession {
  /** What the service said. */
  readonly created: unknown;
  readonly skills: SessionSkills;
}

/** How a session is closed. */
export interface CloseSessionOptions {
  /** Deletes it at the service. Default: false. */
  readonly deleteSession?: boolean;
  /** Whether a delete that fails is passed over. Default: true. */
  readonly ignoreCleanupErrors?: boolean;
  /** How long running handlers may go on, in milliseconds. Default `closeGraceMs`. */
  readonly graceMs?: number;
}

/** How closing went. */
export interface ClosedSession {
  readonly sessionId: string;
  /** Skills that are bound no more. */
  readonly cleared: number;
  /** The service says that it is deleted. */
  readonly deleted: boolean;
  /** What the service said, if it was asked. */
  readonly deleteResponse?: unknown;
}

/** What a scoped session is created with. */
export interface LifecycleOptions extends CreateOptions {
  /** Keeps the session at the service when the scope ends. Default: false. */
  readonly keepSession?: boolean;
  readonly ignoreCleanupErrors?: boolean;
}

/** A session whose end is that of a scope. */
export interface Lifecycle extends CreatedSession, AsyncDisposable {
  readonly sessionId: string;
}

/** What the skills of a client need. */
export interface RemoteSkillsContext extends SkillsContext {
  readonly memory: CallMemory;
  /** What the service said when it created a session; asked once. */
  readonly takeCreated: (sessionId: string) => unknown;
}

/** The skills of one client. */
export class RemoteSkills {
  readonly #context: RemoteSkillsContext;

  /** @internal */
  constructor(context: RemoteSkillsContext) {
    this.#context = context;
  }

  /**
   * Creates a session with the skills that `register` adds.
   * @throws SessionMeshError why a skill is not valid; why the service did not create it; whatever
   * `register` throws, before anything is sent
   */
  async createSession(options: CreateOptions = {}): Promise<CreatedSession> {
    const { register, handlerTimeoutMs, signal, filesystemSandbox, ...settings } = options;
    const draft = await this.#filled(register);
    const { mesh, takeCreated } = this.#context;
    // What only a control service knows goes to the host with the rest.
    const { id } = await mesh.createSession({
      ...settings,
      ...(filesystemSandbox === undefined ? {} : { sandbox: filesystemSandbox }),
      tools: draft.parts(),
      handlerTimeoutMs,
      signal,
    });
    return { created: takeCreated(id), skills: this.session(id) };
  }

  /**
   * Binds skills to a session that exists. No tool list is sent: Codex keeps the one it was created with.
   * @throws SessionMeshError `session_open` if it is bound already, `session_unknown`, `session_deleted`,
   * `session_leased`, and as `createSession`
   */
  async resumeSession(sessionId: string, options: BindOptions = {}): Promise<SessionSkills> {
    const { register, handlerTimeoutMs, signal } = options;
    const skills = this.session(sessionId);
    const draft = await this.#filled(register);
    const { mesh } = this.#context;
    const tools = draft.parts();
    await mesh.resumeSession(skills.sessionId, { tools, handlerTimeoutMs, signal });
    return skills;
  }

  /** Creates a session that is closed, and deleted unless it is to be kept, when its scope ends. */
  async lifecycle(options: LifecycleOptions = {}): Promise<Lifecycle> {
    const { keepSession = false, ignoreCleanupErrors = true, ...create } = options;
    const { created, skills } = await this.createSession(create);
    const { sessionId } = skills;
    const close = { deleteSession: !keepSession, ignoreCleanupErrors };
    return {
      sessionId,
      created,
      skills,
      [Symbol.asyncDispose]: async () => void (await this.closeSession(sessionId, close)),
    };
  }

  /**
   * A handle of a session, without asking anybody. One that is not bound here has no skills and takes no
   * calls, but messages can be sent to it.
   */
  session(sessionId: string): SessionSkills {
    const id = sessionId.trim();
    if (id === '')
      throw new SessionMeshError('option_invalid', { expected: 'the id of a session' });
    return new SessionSkills(id, this.#context);
  }

  /**
   * Unbinds a session: no new calls, running handlers get `graceMs`. Deletes it at the service if asked to.
   * @throws SessionMeshError why it was not deleted, if that is not to be passed over
   */
  async closeSession(givenId: string, options: CloseSessionOptions = {}): Promise<ClosedSession> {
    const { deleteSession = false, ignoreCleanupErrors = true, graceMs } = options;
    const { mesh, host, logger } = this.#context;
    const skills = this.session(givenId);
    const { sessionId } = skills;
    const cleared = skills.list().length;
    await mesh.session(sessionId)?.close(graceMs === undefined ? {} : { graceMs });
    const closed = { sessionId, cleared, deleted: false };
    if (!deleteSession) return closed;
    try {
      const deleteResponse = await host.deleteSession(sessionId);
      const { status } = Object(deleteResponse);
      const word = typeof status === 'string' ? status.trim() : '';
      return { ...closed, deleted: word === 'ok' || word === 'deleted', deleteResponse };
    } catch (thrown) {
      if (!ignoreCleanupErrors) throw thrown;
      logger.warn({ sessionId, error: String(thrown) }, 'a session was not deleted');
      return closed;
    }
  }

  /** @throws SessionMeshError `catalog_frozen`, always */
  using(): never {
    throw new SessionMeshError('catalog_frozen', {
      fix: 'skills are create-time only: register them in `register`',
    });
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

  async #filled(register: BindOptions['register']): Promise<SkillDraft> {
    const { memory, limits } = this.#context;
    const draft = new SkillDraft(memory, limits);
    await register?.(draft);
    return draft;
  }
}
