/**
 * Keeps one link up: makes it, notices its loss, makes the next, until that is of no use any more.
 * `machines/connection.ts` says what may happen; what happens in `connecting` is here.
 *
 * - At most one link, and at most one child process, exists at any time: the old one is gone before
 *   the next is made, also because it may hold locks on the threads.
 * - The epoch names a server process. That of a child ends with its link. A socket may come back to the
 *   same process, which the epoch must show, because that process waits for the same calls under the
 *   same request ids; so there the epoch is the process id, as the server tells it in each handshake.
 *   Two processes with one id (a container that was restarted) share an epoch, and may: a call is known
 *   by its turn as well, a turn never outlives its process, and every turn that was active is looked up
 *   before its session counts as linked again, which withdraws the calls of those that are over.
 */
import { createActor, type Actor } from 'xstate';
import { connectionMachine } from '../../../machines/connection.ts';
import { messageOf, SessionMeshError, type ErrorCode } from '../../errors.ts';
import type { HostContext } from '../host.ts';
import { Link, type LinkHandlers } from './link.ts';
import { RestartBudget, type LossKind } from './restarts.ts';
import type { Dialer } from './wire.ts';

/** Who is told what becomes of the link. None of these throws. */
export interface SupervisorHandlers extends Pick<LinkHandlers, 'onRequest' | 'onNotification'> {
  onLinked(link: Link, epoch: string): void;
  /** In the tick in which the stream closed; why is known a little later. */
  onUnlinked(): void;
  onLost(epoch: string, cause: SessionMeshError): void;
  /** Final. */
  onFailed(cause: SessionMeshError): void;
}

/** Errors that no further attempt can mend. */
const permanentCodes: ReadonlySet<ErrorCode> = new Set([
  'codex_not_found',
  'option_invalid',
  'host_unauthorized',
  'protocol_invalid',
  'request_refused',
]);

/** The link of one host. */
export class Supervisor implements LinkHandlers {
  readonly #context: HostContext;
  readonly #dialer: Dialer;
  readonly #handlers: SupervisorHandlers;
  readonly #budget: RestartBudget;
  readonly #actor: Actor<typeof connectionMachine>;
  readonly #over = new AbortController();
  #newest: Link | null = null;
  #linked: Link | null = null;
  #wasLinked = false;
  #isConnecting = false;
  #epoch: string | null = null;
  #codex: string | null = null;
  /** What is under way between two links. */
  #work: Promise<void> = Promise.resolve();

  constructor(dialer: Dialer, context: HostContext, handlers: SupervisorHandlers) {
    const { env, limits } = context;
    this.#context = context;
    this.#dialer = dialer;
    this.#handlers = handlers;
    const random = () => env.random();
    this.#budget = new RestartBudget({ limits, random, startsProcess: dialer.ownsServer });
    this.#actor = createActor(connectionMachine, { clock: env.clock });
    this.#actor.subscribe({
      next: (snapshot) => {
        // The actor tells of every event, also of one that changed nothing.
        const wasConnecting = this.#isConnecting;
        this.#isConnecting = snapshot.matches({ live: 'connecting' });
        if (this.#isConnecting && !wasConnecting) this.#work = this.#connect();
      },
      error: (error) => this.#fail(asMeshError(error)),
    });
  }

  /** The link in use, or null while there is none. */
  get linked(): Link | null {
    return this.#linked;
  }

  /** The server process, or null where none is known to run. */
  get epoch(): string | null {
    return this.#epoch;
  }

  /** The Codex version of the newest link, or null. */
  get codex(): string | null {
    return this.#codex;
  }

  /** Begins. */
  start(): void {
    this.#actor.start();
    this.#actor.send({ type: 'start' });
  }

  /** Ends for good, also within an attempt. Never rejects. */
  async close(): Promise<void> {
    this.#over.abort(new SessionMeshError('mesh_closed'));
    if (this.#actor.getSnapshot().status === 'active') this.#actor.send({ type: 'stop' });
    await this.#newest?.close();
    await this.#work;
    // The attempt may have made one last link before it saw the end.
    await this.#newest?.close();
    this.#actor.stop();
  }

  onRequest: LinkHandlers['onRequest'] = (link, request) => this.#handlers.onRequest(link, request);

  onNotification: LinkHandlers['onNotification'] = (link, method, params) =>
    this.#handlers.onNotification(link, method, params);

  onClose(link: Link, cause: SessionMeshError): void {
    // A link that was not ready belongs to its attempt, which fails by itself.
    if (link !== this.#linked) return;
    const epoch = this.#epoch;
    this.#linked = null;
    if (this.#dialer.ownsServer) this.#epoch = null;
    this.#handlers.onUnlinked();
    if (epoch !== null) this.#work = this.#recover(link, epoch, cause);
  }

  async #recover(link: Link, epoch: string, cause: SessionMeshError): Promise<void> {
    const why = await link.explain(cause);
    if (this.#over.signal.aborted) return;
    this.#handlers.onLost(epoch, why);
    this.#retreat('link', why);
  }

  async #connect(): Promise<void> {
    const { clock } = this.#context.env;
    const { connectTimeoutMs } = this.#context.limits;
    const late = new AbortController();
    const deadline = clock.setTimeout(() => late.abort(this.#tooLate()), connectTimeoutMs);
    try {
      await this.#attempt(AbortSignal.any([late.signal, this.#over.signal]));
    } catch (error) {
      if (!this.#over.signal.aborted) this.#retreat('attempt', asMeshError(error));
    } finally {
      clock.clearTimeout(deadline);
    }
  }

  async #attempt(signal: AbortSignal): Promise<void> {
    const wire = await this.#dialer.dial(signal);
    const link = new Link(wire, this, this.#context);
    this.#newest = link;
    try {
      signal.throwIfAborted();
      this.#actor.send({ type: 'connected' });
      const { epoch, codex } = await link.introduce(this.#dialer, signal, () =>
        this.#context.env.id(),
      );
      link.signal.throwIfAborted();
      this.#adopt(link, epoch, codex);
    } catch (error) {
      if (link.closedBy) throw await link.explain(link.closedBy);
      await link.close();
      throw error;
    }
  }

  #adopt(link: Link, epoch: string, codex: string | null): void {
    this.#budget.succeed();
    this.#wasLinked = true;
    this.#linked = link;
    this.#epoch = epoch;
    this.#codex = codex;
    this.#actor.send({ type: 'handshaken' });
    this.#handlers.onLinked(link, epoch);
  }

  #retreat(kind: LossKind, cause: SessionMeshError): void {
    const { env, logger } = this.#context;
    const isPermanent = permanentCodes.has(cause.code);
    const delayMs = isPermanent ? null : this.#budget.spend(kind, env.clock.monotonic());
    if (delayMs === null) {
      this.#fail(isPermanent ? cause : this.#giveUp(cause));
      return;
    }
    logger.warn({ error: cause.message, delayMs }, 'the link to Codex is down; trying again');
    this.#actor.send({ type: 'lost', code: cause.code, delayMs });
  }

  #fail(cause: SessionMeshError): void {
    this.#actor.send({ type: 'given.up', code: cause.code });
    this.#handlers.onFailed(cause);
  }

  /** The error of a host that used up its attempts; `cause` is the last of them. */
  #giveUp(cause: SessionMeshError): SessionMeshError {
    const { restartsMax, restartWindowMs } = this.#context.limits;
    const { found } = cause.facts;
    const last = { found: `at last: ${found ?? cause.message}`, cause };
    if (!this.#wasLinked && !this.#dialer.ownsServer) {
      return new SessionMeshError('host_unreachable', { expected: this.#dialer.name, ...last });
    }
    const expected = this.#dialer.ownsServer
      ? `at most ${restartsMax} restarts within ${restartWindowMs} ms`
      : `at most ${restartsMax} lost links and no outage of ${restartWindowMs} ms`;
    const code = this.#wasLinked ? 'host_failed' : 'host_start_failed';
    return new SessionMeshError(code, { expected, ...last });
  }

  #tooLate(): SessionMeshError {
    const expected = `an answer to the handshake within ${this.#context.limits.connectTimeoutMs} ms`;
    const code = this.#dialer.ownsServer ? 'host_start_failed' : 'host_unreachable';
    return new SessionMeshError(code, { expected });
  }
}

function asMeshError(error: unknown): SessionMeshError {
  if (error instanceof SessionMeshError) return error;
  return new SessionMeshError('host_start_failed', { found: messageOf(error), cause: error });
}
