/** A run of a team, as it goes over the feed: what the history folds, as plain JSON. */
import type { TeamView as FoldedTeam } from '../../history/view.ts';
import type { TeamBudget } from '../../team/scheduler.ts';
import type { TeamView } from './frame.ts';

/** What the runs of teams may use, by their ids. */
export type TeamBudgets = ReadonlyMap<string, TeamBudget>;

/** The team of a folded run. Its Maps become lists in the same order. */
export function teamRow(
  { runtime: _, members, tasks, ...team }: FoldedTeam,
  budgets: TeamBudgets,
): TeamView {
  const budget = budgets.get(team.runId) ?? null;
  return { ...team, budget, members: [...members.values()], tasks: [...tasks.values()] };
}
