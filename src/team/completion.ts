/** The completion contract of a run: what must hold before a team may call its work complete. */
import { isDone, type BoardState } from './board-state.ts';
import { isOpen, noteKind, type Artifact } from './task.ts';

/**
 * When a run is complete, besides that no turn is active and every task is done. An artifact counts
 * as reviewed once a reviewer has published something after having looked at the board with the
 * artifact on it.
 */
export interface Completion {
  /** Members that must have marked themselves done. */
  readonly doneBy: readonly string[];
  /** Members whose artifacts review everybody else's. Empty: nothing needs a review. */
  readonly reviewedBy: readonly string[];
  /** Artifacts there must be, notes not counted. */
  readonly artifactsMin: number;
}

/** The artifacts that no reviewer has spoken of yet, oldest first. */
function unreviewedArtifacts(state: BoardState, completion: Completion): Artifact[] {
  const { reviewedBy } = completion;
  if (reviewedBy.length === 0) return [];
  const reviews = state.artifacts.filter((artifact) => reviewedBy.includes(artifact.member));
  const reviewed = Math.max(0, ...reviews.map((review) => review.basis));
  return state.artifacts
    .slice(reviewed)
    .filter(({ member, kind }) => !reviewedBy.includes(member) && kind !== noteKind);
}

/** What the members can still do something about, one line a point. */
export function openPoints(state: BoardState, completion: Completion): string[] {
  const open = [...state.tasks.values()].filter(isOpen);
  const unreviewed = unreviewedArtifacts(state, completion);
  const count = state.artifacts.filter(({ kind }) => kind !== noteKind).length;
  const points = [
    ...open.map((task) => `${task.id} of ${task.owner} is ${task.state}`),
    ...unreviewed.map(({ id, kind, member }) => `${id} (${kind} of ${member}) is not reviewed`),
  ];
  if (count < completion.artifactsMin) {
    points.push(`${count} of ${completion.artifactsMin} artifacts are published`);
  }
  return points;
}

/** Why the run is not complete, one line a point. Empty when it is. */
export function unmetPoints(state: BoardState, completion: Completion): string[] {
  const failed = [...state.tasks.values()].filter((task) => task.state === 'failed');
  const undone = completion.doneBy.filter((name) => {
    const record = state.members.get(name);
    return record === undefined || !isDone(record);
  });
  return [
    ...failed.map((task) => `${task.id} of ${task.owner} has failed: ${task.reason ?? 'unknown'}`),
    ...openPoints(state, completion),
    ...undone.map((name) => `${name} is not done`),
  ];
}

/**
 * Whom to ask to move a resting team on: the authors of what nobody has reviewed, and where there
 * are none, those whose word is missing. Empty when no turn could help: everybody was asked already,
 * or a task has failed for good.
 */
export function nudgeTargets(state: BoardState, completion: Completion): string[] {
  if ([...state.tasks.values()].some((task) => task.state === 'failed')) return [];
  const idle = [...state.members.values()]
    .filter(({ life }) => life.can({ type: 'nudge.due' }))
    .map(({ name }) => name);
  const authors = new Set(unreviewedArtifacts(state, completion).map(({ member }) => member));
  const authorsIdle = idle.filter((name) => authors.has(name));
  if (authorsIdle.length > 0) return authorsIdle;
  return idle.filter((name) => completion.doneBy.includes(name));
}
