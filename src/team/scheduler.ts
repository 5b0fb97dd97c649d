/**
 * Gives due members their turns until the run has a verdict. Its invariants:
 * - R1 A member has one turn at a time; members that are due have theirs side by side.
 * - R2 It always comes to a verdict: turns are bounded in number and time, and a team at rest is
 *   nudged or given up.
 * - R3 After `close()` no turn and no timer of it is left.
 *
 * Whether a member is due, and for what, is its machine's decision; this file only acts on it.
 */
import { backoffMs } from '../backoff.ts';
import type { Env, Timer } from '../env.ts';
import type { Limits } from '../limits.ts';
import type { Board, TurnEnd } from './board.ts';
import type { MemberRecord } from './board-state.ts';
import { nudgeTargets, unmetPoints } from './completion.ts';
import type { TeamMember, TeamPlan } from './definition.ts';
import type { TeamOutcome } from './event.ts';
import type { TeamSession } from './member-session.ts';
import { turnText } from './prompt.ts';
import { queueDepth } from './reading.ts';
import { playTurn } from './session-turn.ts';

/** How much one run may use. */
export interface TeamBudget {
  /** Turns of one member. */
  readonly rounds: number;
  /** Turns of all members together. */
  readonly turns: number;
  /** Milliseconds from start to end. */
  readonly wallMs: number;
}

/** How a run ended, and why. */
export interface Verdict {
  readonly outcome: TeamOutcome;
  /** One sentence, or the points that are missing, joined by `; `. */
  readonly reason: string;
}

interface SchedulerOptions {
  readonly team: TeamPlan;
  readonly board: Board;
  /** The open session of a member. */
  readonly sessionOf: (member: string) => TeamSession;
  readonly budget: TeamBudget;
  /** Aborts when the run is over; cuts the active turns. */
  readonly signal: AbortSignal;
  readonly env: Env;
  readonly limits: Limits;
}

function isBusy(record: MemberRecord | undefined): boolean {
  return record !== undefined && (record.life.matches('waiting') || record.life.matches('working'));
}

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #active = new Map<string, Promise<void>>();
  /** Members whose last turn failed, while they wait to try again. */
  readonly #backoffs = new Map<string, Timer>();
  #turns = 0;
  /** Who was nudged when the team last came to rest, and for want of what: the same again is a stall. */
  #lastRest = '';
  #stopped: Verdict | undefined;
  #woken = Promise.withResolvers<void>();

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Something has changed: look again at who is due. */
  wake(): void {
    this.#woken.resolve();
  }

  /** Ends the run with this verdict, unless it was given one before. */
  stop(verdict: Verdict): void {
    this.#stopped ??= verdict;
    this.wake();
  }

  /** Resolves with the verdict. */
  async run(): Promise<Verdict> {
    for (;;) {
      this.#woken = Promise.withResolvers<void>();
      const verdict = this.#look();
      if (verdict !== undefined) return verdict;
      await this.#woken.promise;
    }
  }

  /** Waits until the turns that the signal cut have ended, and stops every timer. Idempotent. */
  async close(): Promise<void> {
    await Promise.all(this.#active.values());
    for (const timer of this.#backoffs.values()) this.#options.env.clock.clearTimeout(timer);
    this.#backoffs.clear();
  }

  /** Starts what can start. The verdict, once nothing can. */
  #look(): Verdict | undefined {
    const { board, team } = this.#options;
    if (this.#stopped !== undefined) return this.#stopped;
    const unmet = unmetPoints(board.state, team.completion);
    if (this.#active.size === 0 && unmet.length === 0) {
      return { outcome: 'complete', reason: 'the completion contract is met' };
    }
    for (const member of this.#dueMembers()) {
      if (this.#mayStart(member)) this.#startTurn(member);
    }
    if (this.#active.size > 0 || this.#backoffs.size > 0) return undefined;
    const [due] = this.#dueMembers();
    if (due !== undefined) return this.#spent(due);
    const targets = nudgeTargets(board.state, team.completion);
    const rest = JSON.stringify([targets, unmet]);
    if (targets.length === 0 || rest === this.#lastRest) return this.#givenUp(unmet);
    this.#lastRest = rest;
    for (const name of targets) board.nudge(name);
    return this.#look();
  }

  #record(name: string): MemberRecord | undefined {
    return this.#options.board.state.members.get(name);
  }

  #dueMembers(): TeamMember[] {
    const members = [...this.#options.team.members.values()];
    return members.filter(
      ({ name }) => this.#record(name)?.life.matches('waiting') && !this.#backoffs.has(name),
    );
  }

  #mayStart({ name, waitsFor }: TeamMember): boolean {
    const { budget, limits } = this.#options;
    return (
      this.#stopped === undefined &&
      this.#active.size < limits.teamConcurrencyMax &&
      this.#turns < budget.turns &&
      (this.#record(name)?.turns ?? 0) < budget.rounds &&
      !waitsFor.some((other) => isBusy(this.#record(other)))
    );
  }

  #startTurn(member: TeamMember): void {
    const { board, env, sessionOf, limits, team, signal } = this.#options;
    const { name, turnTimeoutMs: timeoutMs } = member;
    this.#turns += 1;
    const cause = board.startTurn(name, env.clock.now() + timeoutMs);
    const text = turnText({
      member: name,
      cause,
      queueDepth: queueDepth(board.state, name),
      missing: unmetPoints(board.state, team.completion),
    });
    const { clock } = env;
    // Twice what a session gives an interrupted turn, so that its own word comes first.
    const graceMs = 2 * limits.interruptTimeoutMs;
    const turn = playTurn(sessionOf(name), text, { clock, timeoutMs, graceMs, signal });
    this.#active.set(
      name,
      turn.then((end) => this.#endTurn(name, end)),
    );
  }

  #endTurn(name: string, end: TurnEnd): void {
    const { board, env, limits } = this.#options;
    this.#active.delete(name);
    board.endTurn(name, end);
    const life = this.#record(name)?.life;
    if (life?.matches({ waiting: 'retry' })) {
      const backoff = {
        baseMs: limits.teamRetryBackoffBaseMs,
        capMs: limits.teamRetryBackoffCapMs,
      };
      const delayMs = backoffMs(backoff, life.context.failures, () => env.random());
      const tryAgain = () => {
        this.#backoffs.delete(name);
        this.wake();
      };
      this.#backoffs.set(name, env.clock.setTimeout(tryAgain, delayMs));
    }
    this.wake();
  }

  #spent(due: TeamMember): Verdict {
    const { rounds, turns } = this.#options.budget;
    const used = this.#turns >= turns ? `${turns} turns` : `${rounds} rounds`;
    const reason = `${used} are used up, and ${due.name} is due for another turn`;
    return { outcome: 'budget-exceeded', reason };
  }

  #givenUp(unmet: readonly string[]): Verdict {
    const records = [...this.#options.board.state.members.values()];
    const stalls = records.flatMap(({ name, life }) => {
      const cause = life.context.stallCause;
      return cause === null ? [] : [{ cause, text: `${name} stalled: ${cause}` }];
    });
    const failed =
      stalls.some(({ cause }) => cause !== 'no_progress') ||
      (stalls.length === 0 && this.#hasFailedTask());
    return {
      outcome: failed ? 'failed' : 'stalled',
      reason: [...stalls.map(({ text }) => text), ...unmet].join('; '),
    };
  }

  #hasFailedTask(): boolean {
    return [...this.#options.board.state.tasks.values()].some(({ state }) => state === 'failed');
  }
}
