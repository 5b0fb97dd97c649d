/** The sessions of one run: opened side by side, closed in every case. */
import type { Env } from '../env.ts';
import { messageOf, SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { Tool } from '../tools/contract.ts';
import type { TeamMember } from './definition.ts';
import type { TeamMesh, TeamSession } from './member-session.ts';
import { memberInstructions } from './prompt.ts';
import { settlesWithin } from './session-turn.ts';

/** What becomes of a thread when its session closes. */
export type ThreadFate = 'keep' | 'archive' | 'delete';

interface TeamSessionsOptions {
  readonly mesh: TeamMesh;
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
  /** Aborts when the run is over; sessions that open after that are closed at once. */
  readonly signal: AbortSignal;
  readonly toolsFor: (member: string) => readonly Tool[];
  /** What becomes of the threads when the run is over. */
  readonly fate: ThreadFate;
}

export class TeamSessions {
  readonly #options: TeamSessionsOptions;
  readonly #sessions = new Map<string, TeamSession>();

  constructor(options: TeamSessionsOptions) {
    this.#options = options;
  }

  /** Opens one session a member. Resolves with why that failed, or null, once all have answered. */
  async open(members: readonly TeamMember[]): Promise<string | null> {
    const names = members.map(({ name }) => name);
    const opening = members.map(async (member) => this.#openOne(member, names));
    const settled = await Promise.allSettled(opening);
    const failures = settled.flatMap((result, index) =>
      result.status === 'rejected' ? [`${names[index]}: ${messageOf(result.reason)}`] : [],
    );
    return failures.length === 0 ? null : `no session for ${failures.join('; ')}`;
  }

  /** @throws SessionMeshError `session_unknown` if it was not opened. */
  get(member: string): TeamSession {
    const session = this.#sessions.get(member);
    if (session === undefined) {
      throw new SessionMeshError('session_unknown', { expected: `a session of ${member}` });
    }
    return session;
  }

  /** The ids of the sessions that were opened, by member. */
  ids(): Record<string, string> {
    return Object.fromEntries([...this.#sessions].map(([name, { id }]) => [name, id]));
  }

  /** Closes what was opened. Idempotent; resolves within a bounded time, whatever a session does. */
  async close(): Promise<void> {
    const closing = [...this.#sessions].map(async ([member, session]) =>
      this.#closeOne(member, session),
    );
    await Promise.all(closing);
  }

  async #openOne(member: TeamMember, names: readonly string[]): Promise<void> {
    const { mesh, signal, toolsFor } = this.#options;
    const session = await mesh.createSession({
      ...member.settings,
      title: `team-${member.name}`,
      instructions: memberInstructions(member, names),
      tools: toolsFor(member.name),
      signal,
    });
    if (signal.aborted) await this.#closeOne(member.name, session);
    else this.#sessions.set(member.name, session);
  }

  async #closeOne(member: string, session: TeamSession): Promise<void> {
    const { env, limits, logger, fate } = this.#options;
    // A session bounds its own closing by these two; twice as long means that it never will.
    const graceMs = 2 * (limits.closeGraceMs + limits.releaseTimeoutMs);
    const facts = { member, sessionId: session.id };
    const close = async () =>
      session.close({ archive: fate === 'archive', delete: fate === 'delete' });
    const closing = close().catch((error: unknown) => {
      logger.warn({ ...facts, error }, 'a session did not close');
    });
    const inTime = await settlesWithin(env.clock, graceMs, closing);
    if (!inTime) logger.warn({ ...facts, graceMs }, 'a session takes too long to close');
  }
}
