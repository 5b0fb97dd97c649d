/** Keeps the sessions of one runtime at work: turn after turn, through losses, until it is told to rest. */
import { sleep, type Env } from '../../env.ts';
import { isSessionMeshError, messageOf, SessionMeshError } from '../../errors.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import type { Session } from '../../mesh/session.ts';
import type { SoakTools } from './soak-tools.ts';
import type { Testify } from './witness.ts';

/** What a user does to sessions besides their work; a mean time between two in milliseconds, 0: never. */
export interface Mischief {
  readonly drain: number;
  readonly interrupt: number;
  readonly churn: number;
}

/** What the work needs. */
export interface SessionWorkOptions {
  readonly mesh: Mesh;
  readonly sessions: number;
  readonly tools: SoakTools;
  readonly handlerTimeoutMs: number;
  readonly turnTimeoutMs: number;
  readonly mischief: Mischief;
  readonly env: Env;
  readonly random: () => number;
  readonly testify: Testify;
  /** Names the runtime, in the ids of faults. */
  readonly runtime: string;
}

/** How long to wait after something did not work. */
const retryMs = 200;

/** Whatever a user does besides, is done for the first time within this. */
const firstMsMax = 8_000;

/** Whether Codex has said that there is no such thread; everything else may pass. */
const isGone = (thrown: unknown): boolean =>
  isSessionMeshError(thrown, 'session_unknown') || messageOf(thrown).includes('no rollout found');

/** A failed attempt is no event of a soak: the next one follows. */
const ignore = () => {};

export class SessionWork {
  readonly #options: SessionWorkOptions;
  readonly #resting = new AbortController();
  readonly #ended = new AbortController();
  readonly #sessions = new Set<Session>();
  #faults = 0;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(options: SessionWorkOptions) {
    this.#options = options;
  }

  /** Goes on with the sessions that an earlier life left, makes the others, and begins. */
  start(): void {
    const { mesh, sessions, mischief } = this.#options;
    const left = mesh.recoverable.map(({ sessionId }) => sessionId);
    const ids = Array.from({ length: sessions }, (_, index) => left[index] ?? null);
    const loops = ids.map((id) => this.#work(id));
    const pranks = [
      this.#repeat('drain', mischief.drain, async (session) => {
        await session.drainPendingCalls();
      }),
      this.#repeat('interrupt', mischief.interrupt, async (session) => {
        if (session.turnId !== null) await session.interrupt();
      }),
      this.#repeat('churn', mischief.churn, (session) => session.close({ graceMs: 100 })),
    ];
    this.#loops = Promise.all([...loops, ...pranks]);
  }

  /** No further turns. */
  rest(): void {
    this.#resting.abort();
  }

  /** Nothing is taken up any more, because the mesh is about to close. */
  end(): void {
    this.#resting.abort();
    this.#ended.abort();
  }

  /** Resolves when the turns under way are over. */
  async rested(): Promise<void> {
    await this.#loops;
  }

  async #work(known: string | null): Promise<void> {
    const { env } = this.#options;
    const { signal } = this.#resting;
    let session: Session | null = null;
    let id = known;
    // What an earlier life left is taken up also when there is to be no further turn.
    while (!this.#ended.signal.aborted && (!signal.aborted || (id !== null && !session))) {
      try {
        session ??= await this.#open(id);
        id = session.id;
        await this.#turn(session);
      } catch (thrown) {
        if (session && this.#isOver(session)) {
          this.#sessions.delete(session);
          id = null;
          session = null;
        } else if (!session && isGone(thrown)) {
          // One that cannot be taken up again is replaced.
          id = null;
        }
        // Also while it rests: what was left must be taken up.
        await sleep(env.clock, retryMs, this.#ended.signal).catch(ignore);
      }
    }
  }

  #isOver(session: Session): boolean {
    return this.#options.mesh.session(session.id) !== session;
  }

  async #open(id: string | null): Promise<Session> {
    const { mesh, tools, handlerTimeoutMs } = this.#options;
    const bound: { sessionId: string | null } = { sessionId: id };
    const binding = { tools: tools.of(bound), handlerTimeoutMs };
    const session =
      id === null ? await mesh.createSession(binding) : await mesh.resumeSession(id, binding);
    bound.sessionId = session.id;
    this.#sessions.add(session);
    return session;
  }

  async #turn(session: Session): Promise<void> {
    const { turnTimeoutMs: timeoutMs } = this.#options;
    const { turnId } = session;
    if (turnId === null) {
      if (!this.#resting.signal.aborted) await session.sendAndHandle('work', { timeoutMs });
      return;
    }
    await session.turnEnded(turnId, { timeoutMs });
    // A session that is closing keeps its last turn until it is closed.
    if (session.turnId === turnId) throw new SessionMeshError('session_closed');
  }

  async #repeat(
    fault: string,
    meanMs: number,
    deed: (session: Session) => Promise<void>,
  ): Promise<void> {
    const { env, random, testify, runtime } = this.#options;
    const { signal } = this.#resting;
    if (meanMs === 0) return;
    // The first one comes early, or a short run would have none.
    let waitMs = Math.min(meanMs, firstMsMax) * random();
    for (; ; waitMs = meanMs * (0.5 + random())) {
      await sleep(env.clock, waitMs, signal).catch(ignore);
      if (signal.aborted) return;
      const sessions = [...this.#sessions].filter((session) => !this.#isOver(session));
      const session = sessions[Math.floor(random() * sessions.length)];
      if (!session) continue;
      this.#faults += 1;
      const faultId = `${fault} ${runtime} ${this.#faults}`;
      const target = `session ${session.id}`;
      testify({ type: 'world.fault.began', fault, faultId, target, lasts: false, detail: null });
      await deed(session).catch(ignore);
    }
  }
}
