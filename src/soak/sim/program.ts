/**
 * The program of one runtime process, as a person might write it: it starts a mesh on its ledger, takes up
 * the sessions that an earlier life left, and keeps each of them busy with turns.
 */
import { isSessionMeshError, messageOf, type ErrorCode } from '../../errors.ts';
import type { Host } from '../../hosts/host.ts';
import { BufferedJournal } from '../../ledger/buffered-journal.ts';
import { silentLogger, type Logger } from '../../logger.ts';
import type { Occurrence } from '../../mesh/event.ts';
import { Mesh } from '../../mesh/mesh.ts';
import type { Session } from '../../mesh/session.ts';
import type { Tool } from '../../tools/contract.ts';
import { SimDisk, type DiskImage } from './disk.ts';
import type { Place, Stage } from './place.ts';
import type { SimProcess } from './process.ts';
import type { Random } from '../random.ts';
import { canaryIn } from './witness.ts';
import { simTools, type ToolOwner } from './tools.ts';

/** What a program is given. */
export interface ProgramOptions {
  readonly stage: Stage;
  readonly place: Place;
  readonly process: SimProcess;
  readonly image: DiskImage;
  /** The sessions that this runtime is to serve; it adds those it opens. */
  readonly directory: Set<string>;
  /** Whether it opens sessions, or only takes up those that are there. */
  readonly opensSessions: boolean;
  /** It cannot go on. */
  readonly onDefeat: (why: string) => void;
}

type Settled = Extract<Occurrence, { readonly type: 'call.settled' }>;

/** Errors after which a session is gone for good. */
const goneCodes: ReadonlySet<ErrorCode> = new Set(['session_unknown', 'session_deleted']);

/** One life of the program. */
export class Program {
  readonly #options: ProgramOptions;
  readonly #random: Random;
  /** Ends each wait that is under way. */
  readonly #waits = new Set<() => void>();
  mesh: Mesh | null = null;
  #host: Host | null = null;
  #isClosing = false;
  /** Sessions that somebody is looking after. */
  readonly #served = new Set<string>();
  /** Calls that have an answer. */
  readonly #answered = new Set<string>();

  constructor(options: ProgramOptions) {
    this.#options = options;
    this.#random = options.process.random.fork('program');
  }

  /** Runs it. Never rejects. */
  async run(): Promise<void> {
    const { process, onDefeat, stage } = this.#options;
    try {
      const mesh = this.#makeMesh();
      this.mesh = mesh;
      await mesh.start();
      for (const { sessionId } of mesh.recoverable) this.#options.directory.add(sessionId);
      await this.#serveAll(mesh);
    } catch (thrown) {
      if (!process.isAlive || this.#isClosing) return;
      if (!isSessionMeshError(thrown)) stage.world.fail(thrown);
      onDefeat(messageOf(thrown));
    }
  }

  /** Ends it gently. Resolves once nothing of it is left. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    this.#endWaits();
    await this.mesh?.close({ graceMs });
  }

  /**
   * Lets go of what a program that was killed holds of the machine outside of the world: signals that were
   * made of others live for as long as somebody listens to them. Only for a world that is over.
   */
  bury(): void {
    this.#isClosing = true;
    this.#endWaits();
    void this.mesh?.close({ graceMs: 0 }).catch(() => {});
    void this.#host?.close().catch(() => {});
  }

  #makeMesh(): Mesh {
    const { stage, place, process, image } = this.#options;
    const { limits, scenario, dice } = stage;
    const { seam: env } = process;
    const logger = this.#logger();
    const makeHost = place.hostFor(process);
    const isSync = scenario.ledger === 'sync';
    const flushMs = limits.journalSyncMs + 5;
    const store = () => new SimDisk({ image, process, dice, isSync, flushMs });
    const journal =
      scenario.ledger === 'none'
        ? null
        : new BufferedJournal({ store: store(), env, limits, logger });
    const mesh = new Mesh(
      {
        host: (context) => (this.#host = makeHost(context)),
        env,
        limits,
        logger,
        onEvent: ({ at: _, ...event }) => {
          if (process.isAlive) this.#hear(event);
        },
      },
      journal,
    );
    if (dice.hits('poison', process.name)) {
      mesh.events$.subscribe(() => {
        throw new Error('an observer that breaks');
      });
    }
    return mesh;
  }

  /** Writes down what the mesh says. A call has one answer, whatever becomes of it. */
  #hear(event: Occurrence): void {
    const { stage, process } = this.#options;
    stage.witness.note({ type: 'mesh', runtime: process.name, event });
    if (event.type === 'call.settled') this.#checkEnd(event);
    if (event.type !== 'call.answered') return;
    const { sessionId, turnId, callId, requestId } = event;
    const key = `${sessionId} ${turnId} ${callId} ${requestId}`;
    if (this.#answered.has(key)) stage.accuse('I2', `${process.name} answered ${key} twice`);
    this.#answered.add(key);
  }

  /** A service that still waits for a call has no answer to it, and was not done with it. */
  #checkEnd({ outcome, sessionId, turnId, requestId }: Settled): void {
    const { stage, place, process } = this.#options;
    const { topology, runtimes } = stage.scenario;
    const isService = topology === 'service' || topology === 'manager';
    const isFalse = outcome === 'answered' || (outcome === 'abandoned' && this.serves(sessionId));
    if (!isService || runtimes > 1 || !isFalse) return;
    const isWaiting = place
      .waiting()
      .some(({ issued }) => issued.turnId === turnId && issued.requestId === requestId);
    if (!isWaiting) return;
    stage.accuse('I2', `${process.name} says that ${requestId} is ${outcome}, and it waits`);
  }

  /** Whether it has this session open, and takes calls of it. */
  serves(sessionId: string): boolean {
    const state = this.mesh?.session(sessionId)?.state;
    return typeof state === 'object' && state !== null && 'running' in state;
  }

  /** Looks for canaries in what is logged at the levels that people leave on. */
  #logger(): Logger {
    const { witness } = this.#options.stage;
    const look = (fields: object, message: string) => {
      const canary = canaryIn(`${message} ${JSON.stringify(fields)}`);
      witness.searched += 1;
      if (canary !== null) witness.note({ type: 'world.leak', canary, place: 'log' });
    };
    return { ...silentLogger, info: look, warn: look, error: look };
  }

  async #serveAll(mesh: Mesh): Promise<void> {
    const { directory, opensSessions, stage, process } = this.#options;
    for (;;) {
      for (const sessionId of directory) {
        if (!this.#served.has(sessionId)) void this.#lookAfter(mesh, sessionId);
      }
      const missing = opensSessions && !stage.dice.isResting;
      if (missing && directory.size < stage.scenario.sessions) await this.#open(mesh);
      else await this.#wait(500);
      if (!process.isAlive || this.#isClosing) return;
    }
  }

  async #open(mesh: Mesh): Promise<void> {
    const { directory, process } = this.#options;
    try {
      const title = this.#random.chance(0.5) ? { title: 'simulated' } : {};
      const owner = { sessionId: '' };
      const session = await mesh.createSession({ tools: this.#tools(owner), ...title });
      owner.sessionId = session.id;
      if (!process.isAlive) return;
      directory.add(session.id);
    } catch (thrown) {
      this.#check(thrown);
      await this.#wait(this.#random.wait(500));
    }
  }

  /** Takes a session up whenever it is not open here, and keeps it busy while it is. */
  async #lookAfter(mesh: Mesh, sessionId: string): Promise<void> {
    const { directory, process, stage } = this.#options;
    this.#served.add(sessionId);
    try {
      while (process.isAlive && !this.#isClosing && directory.has(sessionId)) {
        const session = mesh.session(sessionId) ?? (await this.#resume(mesh, sessionId));
        if (session && !stage.dice.isResting) await this.#turn(session);
        else await this.#wait(500);
      }
    } catch (thrown) {
      if (process.isAlive && !this.#isClosing) {
        if (isSessionMeshError(thrown)) this.#options.onDefeat(messageOf(thrown));
        else stage.world.fail(thrown);
      }
    }
    this.#served.delete(sessionId);
  }

  async #resume(mesh: Mesh, sessionId: string): Promise<Session | undefined> {
    try {
      return await mesh.resumeSession(sessionId, { tools: this.#tools({ sessionId }) });
    } catch (thrown) {
      this.#check(thrown);
      if (this.#isGone(thrown)) this.#options.directory.delete(sessionId);
      else await this.#wait(200 + this.#random.wait(1_000));
      return undefined;
    }
  }

  #tools(owner: ToolOwner): readonly Tool[] {
    return simTools(this.#options.stage, this.#options.process, owner);
  }

  async #turn(session: Session): Promise<void> {
    await this.#wait(this.#random.wait(800));
    const { process, stage } = this.#options;
    const callsLeft = stage.library.threads.get(session.id)?.callsLeft ?? 0;
    if (!process.isAlive || this.#isClosing || callsLeft <= 0 || stage.dice.isResting) return;
    try {
      const timeoutMs = this.#random.chance(0.05) ? 2_000 : 120_000;
      await session.sendAndHandle(`go on, please: ${process.seam.id()}`, { timeoutMs });
    } catch (thrown) {
      this.#check(thrown);
      await this.#wait(this.#random.wait(700));
    }
  }

  /** Somebody reads the pending calls by hand. */
  drain(sessionId: string): void {
    this.mesh
      ?.session(sessionId)
      ?.drainPendingCalls()
      .catch((thrown: unknown) => this.#check(thrown));
  }

  interrupt(sessionId: string): void {
    this.mesh
      ?.session(sessionId)
      ?.interrupt()
      .catch((thrown: unknown) => this.#check(thrown));
  }

  /** A session is closed; whether it is deleted or only let go of is a matter of chance. */
  discard(sessionId: string): void {
    const session = this.mesh?.session(sessionId);
    if (!session) return;
    this.#options.directory.delete(sessionId);
    session
      .close({ delete: true, graceMs: 500 })
      // Where the host could not be asked, a person deletes it by hand.
      .then(() => this.#options.place.forsake(sessionId))
      .catch((thrown: unknown) => this.#options.stage.world.fail(thrown));
  }

  /** Whatever the runtime throws at its user is an error of its own table. Without a host it is of no use. */
  #check(thrown: unknown): void {
    const { stage, process, onDefeat } = this.#options;
    if (isSessionMeshError(thrown, 'host_failed')) onDefeat(thrown.message);
    if (isSessionMeshError(thrown) || !process.isAlive || this.#isClosing) return;
    stage.world.fail(thrown);
  }

  /** A thread that was never written, or that somebody deleted. */
  #isGone(thrown: unknown): boolean {
    if (!isSessionMeshError(thrown)) return false;
    if (goneCodes.has(thrown.code)) return true;
    return thrown.code === 'request_refused' && /no rollout/.test(thrown.facts.found ?? '');
  }

  /** Most of what happens in a world is the end of such a wait: it needs no signal of its own. */
  #wait(ms: number): Promise<void> {
    if (this.#isClosing) return Promise.resolve();
    const { clock } = this.#options.process.seam;
    return new Promise((resolve) => {
      const end = (): void => {
        clock.clearTimeout(timer);
        this.#waits.delete(end);
        resolve();
      };
      const timer = clock.setTimeout(end, ms);
      this.#waits.add(end);
    });
  }

  #endWaits(): void {
    for (const end of this.#waits) end();
  }
}
