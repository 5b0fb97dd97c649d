/**
 * The sessions of the service: made, found again, spoken to, deleted.
 *
 * A session that this service once served, or that somebody else made, is bound again as soon as
 * somebody wants something of it: Codex has its thread and its tools, and the records say which of those
 * were given by clients.
 */
import type { Env } from '../env.ts';
import { isSessionMeshError, messageOf, SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { Session } from '../mesh/session.ts';
import type { CatalogPart } from '../tools/catalog.ts';
import { AppliedControls } from './applied-controls.ts';
import type { MeshKeeper } from './mesh-keeper.ts';
import { recoverSessions } from './recovery.ts';
import { isUnknownThread } from './reply.ts';
import { say } from './say.ts';
import {
  remotePartsOf,
  type RemoteParts,
  type RemoteServing,
  type RemoteTool,
} from './remote-tool.ts';
import {
  changeControls,
  defaultControls,
  openingSettings,
  sameControls,
  type ControlChanges,
} from './session-controls.ts';
import { SessionLines } from './session-line.ts';
import type { DeletedSession, SessionRecord, SessionRecords } from './session-record.ts';
import { defaultTitle, titleOf } from './session-summary.ts';
import { readThread, type Thread } from './thread.ts';

/** What the sessions need. */
export interface ServiceSessionsOptions {
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly keeper: MeshKeeper;
  readonly records: SessionRecords;
  /** What this process serves itself, in every session. */
  readonly served: readonly CatalogPart[];
  readonly serving: RemoteServing;
  /** Where sessions work that do not say. */
  readonly cwd: string | null;
}

/** A session to be made. */
export interface NewSession {
  readonly cwd?: string | undefined;
  readonly changes: ControlChanges;
  readonly tools: readonly RemoteTool[];
}

/** A message to a session. */
export interface NewMessage {
  readonly text: string;
  readonly changes: ControlChanges;
  readonly effort?: string | undefined;
  /** Tools of the session, in case it has to be bound again. */
  readonly tools: readonly RemoteTool[];
}

/** The tools of both lists; one of a name that the second list has too is that one. */
function mergeTools(
  known: readonly RemoteTool[],
  given: readonly RemoteTool[],
): readonly RemoteTool[] {
  const names = new Set(given.map(({ name }) => name));
  return [...known.filter(({ name }) => !names.has(name)), ...given];
}

/** The sessions of one service. */
export class ServiceSessions {
  readonly #options: ServiceSessionsOptions;
  readonly #servedNames: ReadonlySet<string>;
  readonly #applied: AppliedControls;
  /** Sessions of this start that nobody has said anything in: Codex does not list those. */
  readonly #unused = new Set<string>();
  /** Sessions that are being bound again. */
  readonly #binding = new Map<string, Promise<Session>>();
  /** Messages of one session are taken one after the other. */
  readonly #lines: SessionLines;

  constructor(options: ServiceSessionsOptions) {
    this.#options = options;
    this.#servedNames = new Set(options.served.map(({ name }) => name));
    this.#applied = new AppliedControls(options.keeper);
    this.#lines = new SessionLines(options.limits);
  }

  /** The session if it is bound right now. */
  bound(id: string): Session | undefined {
    return this.#options.keeper.mesh.session(id);
  }

  record(id: string): SessionRecord | undefined {
    return this.#options.records.get(id);
  }

  deleted(id: string): DeletedSession | undefined {
    return this.#options.records.deleted(id);
  }

  /** The sessions that nobody has said anything in, newest first; at most `servicePageMax`. */
  async unused(): Promise<readonly Thread[]> {
    const { keeper, limits } = this.#options;
    const newest = [...this.#unused].toReversed().slice(0, limits.servicePageMax);
    const read = await Promise.allSettled(newest.map((id) => readThread(keeper.ask, id)));
    // One that another client deleted is no reason to list none.
    return read.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  }

  /** What a session is called, as far as that is known without asking Codex. */
  title(id: string): string | null {
    return this.record(id)?.title ?? null;
  }

  /**
   * Makes a session; or says which of its tools cannot be served, and makes none.
   * @throws SessionMeshError as `Mesh.createSession`, or why Codex refused
   */
  async create({
    cwd,
    changes,
    tools,
  }: NewSession): Promise<Thread | Pick<RemoteParts, 'problems'>> {
    const { keeper, records } = this.#options;
    const given = this.#partsOf(tools);
    if (given.problems.size > 0) return { problems: given.problems };
    const controls = changeControls(defaultControls, changes);
    const place = cwd ?? this.#options.cwd;
    const session = await keeper.mesh.createSession({
      ...openingSettings(controls),
      ...(place === null ? {} : { cwd: place }),
      title: defaultTitle,
      tools: this.#servable(null, given),
    });
    const { id } = session;
    this.#applied.begin(id, controls, true);
    this.#unused.add(id);
    records.put({ id, title: defaultTitle, cwd: place, controls, tools });
    try {
      await this.#applied.apply(id, controls);
      // A crash after the answer must not cost the session its tools.
      await records.written();
      return await readThread(keeper.ask, id);
    } catch (thrown) {
      // Nobody would ever learn of it.
      await this.delete(id).catch(() => {});
      throw thrown;
    }
  }

  /**
   * The session, bound. `tools` are those that its client says it has.
   * @throws SessionMeshError as `Mesh.resumeSession`; see `isUnknownThread`
   */
  async bind(id: string, tools: readonly RemoteTool[] = []): Promise<Session> {
    const { mesh } = this.#options.keeper;
    const open = mesh.session(id);
    if (open && !this.#lacks(open, tools)) return open;
    const binding = this.#binding.get(id) ?? this.#bind(id, tools, open);
    this.#binding.set(id, binding);
    try {
      return await binding;
    } finally {
      if (this.#binding.get(id) === binding) this.#binding.delete(id);
    }
  }

  /** Binds a session that was served before and is not now, so that its calls come. Never rejects. */
  async wake(id: string): Promise<void> {
    try {
      if (this.record(id) && !this.bound(id)) await this.bind(id);
    } catch (thrown) {
      const fields = { sessionId: id, error: messageOf(thrown) };
      this.#options.logger.debug(fields, 'a session could not be bound again');
    }
  }

  /** Binds the sessions that had a turn under way when they were lost. Never rejects. */
  recover(): Promise<void> {
    const { records, limits, logger } = this.#options;
    return recoverSessions({ records, limits, logger, bind: (id) => this.bind(id) });
  }

  /**
   * Says something to a session: begins a turn, or adds to the one that runs. Resolves with the turn.
   * @throws SessionMeshError as `bind` and `Session.send`; `overloaded` if too many messages wait
   */
  send(id: string, message: NewMessage): Promise<string> {
    return this.#lines.run(id, async () => {
      const session = await this.bind(id, message.tools);
      await this.#change(id, message.changes, message.effort);
      const turnId = await this.#noting(session, () => say(session, message.text, this.#options));
      this.#unused.delete(id);
      return turnId;
    });
  }

  /** Interrupts the active turn; returns which it was, or null if there is none (or another one). */
  async interrupt(id: string, turnId: string | undefined): Promise<string | null> {
    await this.wake(id);
    const session = this.bound(id);
    const active = session?.turnId ?? null;
    if (!session || active === null || (turnId !== undefined && turnId !== active)) return null;
    try {
      await session.interrupt();
    } catch (thrown) {
      if (isSessionMeshError(thrown, 'turn_none')) return null;
      throw thrown;
    }
    return active;
  }

  /** Names a session. Throws as `readThread`, and `session_closed` for one that is put away. */
  async rename(id: string, title: string): Promise<Thread> {
    const { keeper, records } = this.#options;
    try {
      await keeper.ask('thread/name/set', { threadId: id, name: title });
    } catch (thrown) {
      if (!isUnknownThread(thrown)) throw thrown;
      // Codex names only what is not in its archive.
      await readThread(keeper.ask, id);
      const fix = 'take it out of the archive first';
      throw new SessionMeshError('session_closed', { sessionId: id, fix, cause: thrown });
    }
    const record = records.get(id);
    if (record) records.put({ ...record, title });
    return readThread(keeper.ask, id);
  }

  /** Codex, or another client of it, named a session. */
  onNamed(id: string, title: string): void {
    const record = this.record(id);
    if (record && record.title !== title) this.#options.records.put({ ...record, title });
  }

  /**
   * Puts a session away: its turn ends, and nobody serves it any more. One that is away stays so. Throws as
   * `readThread`.
   */
  async archive(id: string): Promise<Thread> {
    const thread = await readThread(this.#options.keeper.ask, id);
    await this.#end(id);
    await this.#moveThread('thread/archive', id);
    return thread;
  }

  /** Takes a session out of the archive. One that is not in it stays as it is. Throws as `readThread`. */
  async unarchive(id: string): Promise<Thread> {
    await this.#moveThread('thread/unarchive', id);
    const thread = await readThread(this.#options.keeper.ask, id);
    if (thread.preview === '') this.#unused.add(id);
    return thread;
  }

  /**
   * Deletes a session and its thread for good. Returns what is remembered of it and how many files are gone.
   * @throws SessionMeshError as `readThread`
   */
  async delete(id: string): Promise<{ readonly session: DeletedSession; readonly files: number }> {
    const { keeper, records, env } = this.#options;
    const thread = await readThread(keeper.ask, id);
    await this.#end(id);
    await this.#moveThread('thread/delete', id);
    const title = this.title(id) ?? titleOf(thread);
    const session = { id, title, deletedAt: env.clock.now() };
    records.delete(session);
    this.#applied.forget(id);
    return { session, files: thread.path === null ? 0 : 1 };
  }

  /** Nobody serves the session from here on, nor does the next start of the service. */
  async #end(id: string): Promise<void> {
    const { mesh } = this.#options.keeper;
    this.#unused.delete(id);
    const session = mesh.session(id);
    if (session) await session.close({ graceMs: 1 });
    else mesh.giveUp(id);
    this.#options.records.setActive(id, false);
  }

  /** A thread that Codex does not find where it is to be taken from is where it is to go. */
  async #moveThread(
    method: 'thread/archive' | 'thread/unarchive' | 'thread/delete',
    threadId: string,
  ): Promise<void> {
    try {
      await this.#options.keeper.ask(method, { threadId });
    } catch (thrown) {
      if (!isUnknownThread(thrown)) throw thrown;
    }
  }

  /** What becomes of the tools that a client gives to a session. */
  #partsOf(tools: readonly RemoteTool[]): RemoteParts {
    return remotePartsOf(tools, this.#servedNames, this.#options);
  }

  /** What can be served in a session: a tool that cannot is passed over, with a warning. */
  #servable(id: string | null, { parts, shadowed, problems }: RemoteParts): readonly CatalogPart[] {
    const { served, logger } = this.#options;
    for (const tool of shadowed) {
      logger.warn({ sessionId: id, tool }, 'Codex runs its own tool in place of this one');
    }
    for (const { message } of problems.values()) {
      logger.warn({ sessionId: id, error: message }, 'a tool is not served');
    }
    return [...served, ...parts];
  }

  /** A session that was bound without knowing of these tools cannot serve them; an idle one is bound anew. */
  #lacks(session: Session, tools: readonly RemoteTool[]): boolean {
    const isFixed = this.#applied.isMade(session.id);
    if (tools.length === 0 || session.turnId !== null || isFixed) return false;
    const names = new Set(session.tools.map(({ name }) => name));
    return tools.some(({ name }) => !names.has(name));
  }

  async #bind(id: string, given: readonly RemoteTool[], open?: Session): Promise<Session> {
    const { keeper, records } = this.#options;
    await open?.close();
    const known = records.get(id);
    const tools = mergeTools(known?.tools ?? [], given);
    const controls = known?.controls ?? null;
    const session = await keeper.mesh.resumeSession(id, {
      ...(controls === null ? {} : openingSettings(controls)),
      ...(known?.cwd ? { cwd: known.cwd } : {}),
      tools: this.#servable(id, this.#partsOf(tools)),
    });
    this.#applied.begin(id, controls, false);
    const title = titleOf(await readThread(keeper.ask, id));
    records.put({ id, title, cwd: known?.cwd ?? null, controls, tools });
    return session;
  }

  /** Takes in what a message says of the controls, and tells Codex what it does not know yet. */
  async #change(id: string, changes: ControlChanges, effort: string | undefined): Promise<void> {
    const { records, keeper } = this.#options;
    const record = records.get(id);
    const isSilent = Object.values(changes).every((value) => value === undefined);
    const before = record?.controls ?? null;
    if (!isSilent || before !== null) {
      const controls = changeControls(before ?? defaultControls, changes);
      await this.#applied.apply(id, controls);
      const isNews = before === null || !sameControls(before, controls);
      if (record && isNews) records.put({ ...record, controls });
    }
    if (effort !== undefined) await keeper.ask('thread/settings/update', { threadId: id, effort });
  }

  /** A turn may call tools at once: that it is under way is written down before it is. */
  async #noting<Result>(session: Session, begin: () => Promise<Result>): Promise<Result> {
    const { records } = this.#options;
    records.setActive(session.id, true);
    await records.written();
    try {
      return await begin();
    } catch (thrown) {
      if (session.turnId === null) records.setActive(session.id, false);
      throw thrown;
    }
  }
}
