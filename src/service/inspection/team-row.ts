/** A run of a team, as it goes over the feed: what the history folds, as plain JSON. */
import type { TeamView as FoldedTeam } from '../../history/view.ts';
import type { TeamView } from './frame.ts';

/** The team of a folded run. Its Maps become lists in the same order. */
export function teamRow({ runtime: _, members, tasks, ...team }: FoldedTeam): TeamView {
  return { ...team, members: [...members.values()], tasks: [...tasks.values()] };
}
