/** The host port over one supervised link to a Codex app-server. */
import { eitherSignal, unlessAborted } from '../../abort.ts';
import { isSessionMeshError, messageOf, SessionMeshError } from '../../errors.ts';
import type { ToolOutput } from '../../tools/contract.ts';
import type {
  AnswerVerdict,
  Host,
  HostCall,
  HostContext,
  HostInfo,
  HostSignal,
  HostTool,
  QuestionPolicy,
  SessionSettings,
} from '../host.ts';
import type { AttachedSession } from './attached-session.ts';
import { Incoming } from './incoming.ts';
import type { Link } from './link.ts';
import type { AppServerTap } from './options.ts';
import { parseThreadId, textInput, type ClientMethod, type ClientRequests } from './protocol.ts';
import { Questions } from './questions.ts';
import { recoverSessions, resumeThread, threadSettings } from './recovery.ts';
import { whenFree } from './refusal.ts';
import { Sessions } from './sessions.ts';
import { Supervisor } from './supervisor.ts';
import { startTurn } from './turn-start.ts';
import { Waiters } from './waiters.ts';
import type { Dialer } from './wire.ts';

const defaultTitle = 'SessionMesh session';

const answered: AnswerVerdict = { type: 'answered' };
const unlinked: AnswerVerdict = { type: 'unlinked' };
const epochOver: AnswerVerdict = { type: 'abandoned', reason: 'its host process has ended' };
const notOpen: AnswerVerdict = { type: 'abandoned', reason: 'the host does not wait for it' };

/** What an {@link AppServerHost} is made of. */
export interface AppServerHostOptions {
  readonly dialer: Dialer;
  readonly onQuestion: QuestionPolicy | undefined;
  readonly onMessage?: AppServerTap['onMessage'] | undefined;
}

/** A Codex app-server as a host. Made by `appServer`. */
export class AppServerHost implements Host {
  readonly listsWhileLost = false;
  readonly #context: HostContext;
  readonly #name: string;
  readonly #sessions: Sessions;
  readonly #questions: Questions;
  readonly #supervisor: Supervisor;
  readonly #waiters = new Waiters();
  #failure: SessionMeshError | null = null;
  #closing: Promise<void> | null = null;
  /** Aborts when the host is closed. */
  readonly #over = new AbortController();
  #isStarted = false;
  #isClosed = false;

  constructor({ dialer, onQuestion, onMessage }: AppServerHostOptions, context: HostContext) {
    this.#context = context;
    this.#sessions = new Sessions(this.#emit, context.limits.turnsKeptMax);
    this.#questions = new Questions(onQuestion, context, this.#emit);
    this.#name = dialer.name;
    const incoming = new Incoming({
      sessions: this.#sessions,
      questions: this.#questions,
      logger: context.logger,
      emit: this.#emit,
      onMessage,
      epoch: () => this.#supervisor.epoch,
    });
    this.#supervisor = new Supervisor(dialer, context, {
      onRequest: (link, request) => incoming.request(link, request),
      onNotification: (link, method, params) => incoming.notification(link, method, params),
      onLinked: (link, epoch) => this.#linked(link, epoch),
      onUnlinked: () => this.#questions.withdrawAll(),
      onLost: (epoch, cause) => this.#lost(epoch, cause),
      onFailed: (cause) => this.#failed(cause),
    });
  }

  async start(signal?: AbortSignal): Promise<HostInfo> {
    if (!this.#isStarted) this.#supervisor.start();
    this.#isStarted = true;
    const { clock } = this.#context.env;
    // The supervisor ends its attempts by itself.
    await this.#waiters.until(() => this.#link() ?? undefined, { clock, signal, awaited: 'Codex' });
    return { name: this.#name, codex: this.#supervisor.codex };
  }

  async open(
    settings: SessionSettings,
    tools: readonly HostTool[],
    signal?: AbortSignal,
  ): Promise<{ sessionId: string }> {
    const params = {
      ...threadSettings(settings),
      ...(tools.length === 0 ? {} : { dynamicTools: tools }),
    };
    const link = await this.#whenLinked(signal);
    const name = settings.title ?? defaultTitle;
    return this.#create(link, settings, signal, async () => {
      const result = await link.request('thread/start', params);
      const threadId = parseThreadId('thread/start', result);
      try {
        // A thread without a turn can be resumed only if something of it was written.
        await link.request('thread/name/set', { threadId, name });
      } catch (error) {
        link.unsubscribe(threadId);
        throw error;
      }
      return threadId;
    });
  }

  async resume(sessionId: string, settings: SessionSettings, signal?: AbortSignal): Promise<void> {
    const link = await this.#whenLinked(signal);
    const { turnsListedMax } = this.#context.limits;
    // Attached before the answer is here, because what happens in the thread follows it closely.
    const session = this.#sessions.attach(sessionId, settings);
    try {
      const options = signal && { signal };
      const turns = await resumeThread(link, { id: sessionId, settings, turnsListedMax }, options);
      this.#sessions.observe(session, turns);
      session.link = link;
    } catch (error) {
      session.link = link;
      this.#letGo(session);
      throw error;
    }
  }

  async fork(sessionId: string, signal?: AbortSignal): Promise<{ sessionId: string }> {
    const { settings } = this.#session(sessionId);
    const link = await this.#whenLinked(signal);
    return this.#create(link, settings, signal, async () => {
      const result = await link.request('thread/fork', { threadId: sessionId, excludeTurns: true });
      return parseThreadId('thread/fork', result);
    });
  }

  async startTurn(
    sessionId: string,
    text: string,
    signal?: AbortSignal,
  ): Promise<{ turnId: string }> {
    const session = this.#session(sessionId);
    // It may be looked for long after its session is given up, but not after the host is closed.
    const abort = eitherSignal(signal, this.#over.signal);
    const turnId = await startTurn(text, {
      session,
      sessions: this.#sessions,
      context: this.#context,
      whenLinked: () => this.#whenResumed(session, abort),
      signal: abort,
    });
    return { turnId };
  }

  async steer(
    sessionId: string,
    turnId: string,
    text: string,
    signal?: AbortSignal,
  ): Promise<void> {
    const session = this.#session(sessionId);
    const params = { threadId: sessionId, expectedTurnId: turnId, input: textInput(text) };
    try {
      await this.#ask(session, 'turn/steer', params, signal);
    } catch (cause) {
      const isOver = isSessionMeshError(cause, 'request_refused') && session.hasEnded(turnId);
      throw isOver ? new SessionMeshError('turn_none', { sessionId, turnId, cause }) : cause;
    }
  }

  async interrupt(sessionId: string, turnId: string, signal?: AbortSignal): Promise<void> {
    const session = this.#session(sessionId);
    try {
      await this.#ask(session, 'turn/interrupt', { threadId: sessionId, turnId }, signal);
    } catch (error) {
      // Over is over: the end of the turn has been told by now.
      if (!isSessionMeshError(error, 'request_refused') || !session.hasEnded(turnId)) throw error;
    }
  }

  async pendingCalls(sessionId: string, signal?: AbortSignal): Promise<readonly HostCall[]> {
    await this.#whenResumed(this.#session(sessionId), signal);
    return this.#sessions.openCalls(sessionId);
  }

  answer(call: HostCall, output: ToolOutput): AnswerVerdict {
    if (call.epoch !== this.#supervisor.epoch) return epochOver;
    const open = this.#sessions.find(call);
    if (!open) return notOpen;
    const link = this.#supervisor.linked;
    if (!link || !this.#sessions.isReachable(open, link)) return unlinked;
    const { success, contentItems } = output;
    try {
      // A copy: V8 takes half as long again to write a list that is frozen.
      link.respond(call.requestId, { success, contentItems: [...contentItems] });
    } catch (error) {
      return link.isOpen ? { type: 'refused', reason: messageOf(error) } : unlinked;
    }
    this.#sessions.settleCall(call);
    return answered;
  }

  async release(sessionId: string, fate: 'keep' | 'archive' | 'delete'): Promise<void> {
    const session = this.#sessions.detach(sessionId);
    this.#waiters.wake();
    if (!session || this.#isClosed) return;
    const { releaseTimeoutMs: timeoutMs } = this.#context.limits;
    const params = { threadId: sessionId };
    if (fate === 'keep') {
      // A link that is gone, or one that never had the thread, holds nothing of it.
      const { link } = session;
      if (!link?.isOpen) return;
      await link.request('thread/unsubscribe', params, { timeoutMs }).catch((error: unknown) => {
        if (link.isOpen) throw error;
      });
      return;
    }
    const link = await this.#whenLinked(undefined, timeoutMs);
    const method = fate === 'archive' ? 'thread/archive' : 'thread/delete';
    await whenFree(link, this.#context, () => link.request(method, params, { timeoutMs }));
  }

  /**
   * Asks the server something that is no business of a host, once there is a link; resolves with the
   * answer, unparsed. Throws as `Link.request`, and `stream_closed` if no link comes.
   */
  async request<Method extends ClientMethod>(
    method: Method,
    params: ClientRequests[Method],
    signal?: AbortSignal,
  ): Promise<unknown> {
    const link = await this.#whenLinked(signal);
    const ask = () => link.request(method, params, signal && { signal });
    return whenFree(link, this.#context, ask);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#over.abort(new SessionMeshError('mesh_closed'));
    this.#isClosed = true;
    this.#questions.withdrawAll();
    this.#sessions.clear();
    this.#waiters.wake();
    await this.#supervisor.close();
  }

  /** Observers may throw; the link must not notice. After `close` nothing is said any more. */
  readonly #emit = (signal: HostSignal): void => {
    if (this.#isClosed) return;
    try {
      this.#context.emit(signal);
    } catch (error) {
      const fields = { signal: signal.type, error: messageOf(error) };
      this.#context.logger.error(fields, 'a signal was not taken');
    }
  };

  // What becomes of the link

  #linked(link: Link, epoch: string): void {
    this.#sessions.withdrawEarlier(epoch, 'its host process has ended');
    this.#emit({ type: 'host.online', epoch });
    this.#waiters.wake();
    void recoverSessions({
      link,
      sessions: this.#sessions,
      context: this.#context,
      emit: this.#emit,
      onSettled: () => this.#waiters.wake(),
    });
  }

  #lost(epoch: string, cause: SessionMeshError): void {
    this.#emit({ type: 'host.lost', epoch, cause });
    if (this.#supervisor.epoch === null) {
      this.#sessions.withdrawEarlier(null, 'its host process has ended');
    } else {
      this.#sessions.withdrawStrays('the link that brought it is gone');
    }
  }

  #failed(cause: SessionMeshError): void {
    this.#failure = cause;
    this.#emit({ type: 'host.failed', cause });
    this.#waiters.wake();
  }

  // Waiting for it

  /** The link, or null while there is none. Throws once there will never be one. */
  #link(): Link | null {
    if (this.#isClosed) throw new SessionMeshError('mesh_closed');
    if (this.#failure) throw this.#failure;
    return this.#supervisor.linked;
  }

  #whenLinked(signal: AbortSignal | undefined, timeoutMs?: number): Promise<Link> {
    return this.#waiters.until(() => this.#link() ?? undefined, {
      clock: this.#context.env.clock,
      timeoutMs: timeoutMs ?? this.#context.limits.requestTimeoutMs,
      signal,
      awaited: 'a link to Codex',
    });
  }

  /** The link, as soon as the session is subscribed on it. */
  #whenResumed(session: AttachedSession, signal: AbortSignal | undefined): Promise<Link> {
    const probe = () => {
      const link = this.#link();
      if (this.#session(session.id) !== session) throw sessionUnknown(session.id);
      return link && session.link === link ? link : undefined;
    };
    return this.#waiters.until(probe, {
      clock: this.#context.env.clock,
      timeoutMs: this.#context.limits.requestTimeoutMs,
      signal,
      awaited: `session ${session.id} to be linked`,
    });
  }

  async #ask<Method extends ClientMethod>(
    session: AttachedSession,
    method: Method,
    params: ClientRequests[Method],
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const link = await this.#whenResumed(session, signal);
    return link.request(method, params, signal && { signal });
  }

  // Sessions

  #session(sessionId: string): AttachedSession {
    const session = this.#sessions.get(sessionId);
    if (!session) throw sessionUnknown(sessionId);
    return session;
  }

  /**
   * Attaches the thread that `make` makes. Whoever gives up before it is there must not leave a thread
   * behind that nobody knows, so `make` itself is not aborted.
   */
  async #create(
    link: Link,
    settings: SessionSettings,
    signal: AbortSignal | undefined,
    make: () => Promise<string>,
  ): Promise<{ sessionId: string }> {
    signal?.throwIfAborted();
    const made = make().then((threadId) => {
      const session = this.#sessions.attach(threadId, settings);
      session.link = link;
      return session;
    });
    try {
      const { id } = await (signal ? unlessAborted(made, signal) : made);
      return { sessionId: id };
    } catch (error) {
      made.then((session) => this.#letGo(session)).catch(() => {});
      throw error;
    }
  }

  /** Forgets a session that its caller never got. */
  #letGo(session: AttachedSession): void {
    if (this.#sessions.get(session.id) === session) this.#sessions.detach(session.id);
    session.link?.unsubscribe(session.id);
  }
}

const sessionUnknown = (sessionId: string) =>
  new SessionMeshError('session_unknown', { sessionId });
