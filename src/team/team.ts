/** A team: members on one mesh that share a board. What a user creates and runs. */
import { systemEnv, type Env } from '../env.ts';
import { SessionMeshError } from '../errors.ts';
import { resolveLimits, type Limits } from '../limits.ts';
import { silentLogger, type Logger } from '../logger.ts';
import { resolveTeam, type TeamDefinition } from './definition.ts';
import type { TeamEvent } from './event.ts';
import type { TeamMesh } from './member-session.ts';
import type { TeamBudget } from './scheduler.ts';
import { TeamRun, type TeamContext, type TeamResult } from './team-run.ts';
import type { ThreadFate } from './team-sessions.ts';

/** What a team is made of. */
export interface TeamOptions extends TeamDefinition {
  readonly mesh: TeamMesh;
  /** What becomes of the members' threads when a run is over. Default `keep`. */
  readonly fate?: ThreadFate;
  /** Told of everything that happens in a run, in order. What it throws is logged, no more. */
  readonly onEvent?: (event: TeamEvent) => void;
  readonly env?: Env;
  readonly limits?: Partial<Limits>;
  readonly logger?: Logger;
}

/** How one run goes. */
export interface TeamRunOptions {
  /** Cancels the run. */
  readonly signal?: AbortSignal;
  /** What the run may use. Defaults: `teamRoundsMax`, `teamTurnsMax`, `teamWallMs`. */
  readonly budget?: Partial<TeamBudget>;
}

/** Made by {@link createTeam}. Holds nothing between runs, so there is nothing to close. */
export interface Team {
  /** Names of the members, in order. */
  readonly members: readonly string[];
  /**
   * Gives `task` to the entry member and plays until there is a verdict: look at `outcome`. Opens its
   * own sessions and closes them in every case. Runs share nothing but the mesh.
   * @throws SessionMeshError `text_invalid` for the task, `option_invalid` for the budget.
   */
  run(task: string, options?: TeamRunOptions): Promise<TeamResult>;
}

function resolveBudget(limits: Limits, budget: Partial<TeamBudget> = {}): TeamBudget {
  const { teamRoundsMax, teamTurnsMax, teamWallMs } = limits;
  const { rounds = teamRoundsMax, turns = teamTurnsMax, wallMs = teamWallMs } = budget;
  for (const [name, value] of Object.entries({ rounds, turns, wallMs })) {
    if (Number.isFinite(value) && value > 0) continue;
    const expected = `a budget of ${name} above zero`;
    throw new SessionMeshError('option_invalid', { expected, found: String(value) });
  }
  return { rounds, turns, wallMs };
}

function checkTask(task: string, { teamTextCharsMax }: Limits): string {
  const text = task.trim();
  if (text !== '' && text.length <= teamTextCharsMax) return text;
  throw new SessionMeshError('text_invalid', {
    expected: `a task of 1 to ${teamTextCharsMax} characters`,
    found: `${text.length} characters`,
  });
}

/**
 * Makes a team of what its members are and the mesh they live on.
 * @throws SessionMeshError `team_invalid`, `team_member_unknown`, `limit_invalid`.
 */
export function createTeam(options: TeamOptions): Team {
  const limits = resolveLimits(options.limits);
  const team = resolveTeam(options, limits);
  const context: TeamContext = {
    team,
    limits,
    mesh: options.mesh,
    fate: options.fate ?? 'keep',
    onEvent: options.onEvent ?? (() => {}),
    env: options.env ?? systemEnv,
    logger: options.logger ?? silentLogger,
  };
  return {
    members: [...team.members.keys()],
    run: async (task, { signal, budget } = {}) => {
      const run = new TeamRun(context, resolveBudget(limits, budget));
      return run.play(checkTask(task, limits), signal);
    },
  };
}
