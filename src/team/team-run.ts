/**
 * One run of a team, from the first session to the last. Whatever happens, when it has ended no turn,
 * timer, listener or session of it is left, and the last event says why it ended.
 */
import type { Env } from '../env.ts';
import { messageOf } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import { Board } from './board.ts';
import type { TeamPlan } from './definition.ts';
import type { BoardChange, RunChange, TeamEvent } from './event.ts';
import type { TeamMesh } from './member-session.ts';
import { boardSnapshot, type BoardSnapshot } from './reading.ts';
import { Scheduler, type TeamBudget, type Verdict } from './scheduler.ts';
import { TeamSessions, type ThreadFate } from './team-sessions.ts';
import { teamTools } from './tools.ts';

/** What every run of a team is given. */
export interface TeamContext {
  readonly team: TeamPlan;
  readonly mesh: TeamMesh;
  readonly fate: ThreadFate;
  readonly onEvent: (event: TeamEvent) => void;
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
}

/** What became of a run. Plain JSON. */
export interface TeamResult extends Verdict {
  readonly runId: string;
  readonly board: BoardSnapshot;
  /** Turns of all members together. */
  readonly turns: number;
  /** Turns of the member that had the most. */
  readonly rounds: number;
  readonly wallMs: number;
  /** The session of each member, by name. All are closed. */
  readonly sessions: Readonly<Record<string, string>>;
}

export class TeamRun {
  readonly #context: TeamContext;
  readonly #runId: string;
  readonly #board: Board;
  readonly #sessions: TeamSessions;
  readonly #scheduler: Scheduler;
  /** Aborts when there is a verdict, or one from outside. */
  readonly #over = new AbortController();
  readonly #budget: TeamBudget;
  #sequence = 0;

  constructor(context: TeamContext, budget: TeamBudget) {
    const { team, env, limits } = context;
    const { signal } = this.#over;
    const names = [...team.members.keys()];
    this.#context = context;
    this.#runId = env.id();
    this.#budget = budget;
    const board = new Board({
      members: team.members,
      completion: team.completion,
      limits,
      now: () => env.clock.now(),
      announce: (event) => {
        this.#announce(event);
        this.#scheduler.wake();
      },
    });
    const sessions = new TeamSessions({
      ...context,
      signal,
      toolsFor: (member) =>
        teamTools({ names, handle: (command, call) => board.handle(member, command, call) }),
    });
    const sessionOf = (member: string) => sessions.get(member);
    this.#board = board;
    this.#sessions = sessions;
    this.#scheduler = new Scheduler({ ...context, board, sessionOf, budget, signal });
  }

  /** Plays the run to its end. Call it once. */
  async play(task: string, signal: AbortSignal | undefined): Promise<TeamResult> {
    const { clock } = this.#context.env;
    const startedAt = clock.monotonic();
    const unwatch = this.#watch(signal);
    let verdict: Verdict;
    try {
      if (!this.#over.signal.aborted) await this.#open(task);
      verdict = await this.#scheduler.run();
    } finally {
      unwatch();
      this.#over.abort(new Error('the run is over'));
      await this.#scheduler.close();
      await this.#sessions.close();
    }
    this.#announce({ type: 'team.finished', member: null, ...verdict, at: clock.now() });
    return this.#result(verdict, clock.monotonic() - startedAt);
  }

  async #open(task: string): Promise<void> {
    const { team, env } = this.#context;
    const failure = await this.#sessions.open([...team.members.values()]);
    if (this.#over.signal.aborted) return;
    if (failure !== null) return this.#stop({ outcome: 'failed', reason: failure });
    const sessions = this.#sessions.ids();
    const budget = this.#budget;
    const began = { type: 'team.started', member: null, task, sessions, budget } as const;
    this.#announce({ ...began, at: env.clock.now() });
    this.#board.assign(team.entry, task);
  }

  /** Watches for an end from outside: the user's signal, or the wall time. Returns how to stop. */
  #watch(signal: AbortSignal | undefined): () => void {
    const { clock } = this.#context.env;
    const { wallMs } = this.#budget;
    const reason = `${wallMs} ms have passed`;
    const expire = () => this.#stop({ outcome: 'budget-exceeded', reason });
    const cancel = () => this.#stop({ outcome: 'cancelled', reason: messageOf(signal?.reason) });
    const timer = clock.setTimeout(expire, wallMs);
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted) cancel();
    return () => {
      clock.clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    };
  }

  #stop(verdict: Verdict): void {
    this.#scheduler.stop(verdict);
    this.#over.abort(new Error(verdict.reason));
  }

  #announce(event: (BoardChange | RunChange) & { readonly at: number }): void {
    const { logger, onEvent } = this.#context;
    this.#sequence += 1;
    try {
      onEvent({ ...event, runId: this.#runId, sequence: this.#sequence });
    } catch (error) {
      logger.warn({ runId: this.#runId, error }, 'a team event observer threw');
    }
  }

  #result(verdict: Verdict, wallMs: number): TeamResult {
    const board = boardSnapshot(this.#board.state);
    const turns = board.members.map((member) => member.turns);
    return {
      runId: this.#runId,
      ...verdict,
      board,
      turns: turns.reduce((sum, count) => sum + count, 0),
      rounds: Math.max(...turns),
      wallMs,
      sessions: this.#sessions.ids(),
    };
  }
}
