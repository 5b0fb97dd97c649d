/** What can be read off a board: the views that members are given, and the plain snapshot. */
import type { StallCause } from '../../machines/member.ts';
import { isDone, type BoardState, type MemberRecord } from './board-state.ts';
import type { ArtifactView, BoardReading } from './command.ts';
import { unmetPoints, type Completion } from './completion.ts';
import { isOpen, type Artifact, type Task } from './task.ts';

/** A member, as plain data. */
export interface MemberView {
  readonly name: string;
  /** The state of its machine: `idle`, `waiting.retry`, `working.open`, `done`, `stalled` … */
  readonly state: string;
  readonly done: boolean;
  readonly turns: number;
  /** Failed turns in a row. */
  readonly failures: number;
  /** How often it was given work after it was done. */
  readonly reworks: number;
  readonly stallCause: StallCause | null;
}

/** A board, as plain JSON. */
export interface BoardSnapshot {
  readonly members: readonly MemberView[];
  readonly tasks: readonly Task[];
  readonly artifacts: readonly Artifact[];
  /** Hand-offs that were refused. */
  readonly refusals: number;
}

/** An artifact as members see it. */
export function artifactView(artifact: Artifact): ArtifactView {
  const { member, kind, summary, id, taskId, version } = artifact;
  return { member, kind, summary, id, taskId, version };
}

/** Names of the members that are done, sorted. */
export function completedNames(state: BoardState): string[] {
  const done = [...state.members.values()].filter(isDone);
  return done.map(({ name }) => name).toSorted();
}

/** How many tasks of the member nobody has claimed. */
export function queueDepth(state: BoardState, owner: string): number {
  const tasks = [...state.tasks.values()];
  return tasks.filter((task) => task.owner === owner && task.state === 'queued').length;
}

/** What `team_read_board` shows: at most `limit` artifacts and tasks, at least one of each. */
export function readBoard(state: BoardState, completion: Completion, limit: number): BoardReading {
  const shown = Math.max(1, limit);
  const open = [...state.tasks.values()].filter(isOpen).slice(0, shown);
  return {
    queueDepths: Object.fromEntries(
      [...state.members.keys()].map((name) => [name, queueDepth(state, name)]),
    ),
    completed: completedNames(state),
    recentArtifacts: state.artifacts.slice(-shown).map(artifactView),
    openTasks: open.map((task) => ({
      taskId: task.id,
      owner: task.owner,
      sender: task.sender,
      state: task.state,
      task: task.text,
    })),
    missing: unmetPoints(state, completion),
  };
}

function memberView(record: MemberRecord): MemberView {
  const { name, life, turns } = record;
  const { failures, reworks, stallCause } = life.context;
  const state =
    typeof life.value === 'string' ? life.value : Object.entries(life.value).flat().join('.');
  return { name, state, done: isDone(record), turns, failures, reworks, stallCause };
}

/** The whole board as plain JSON, in the order things came. */
export function boardSnapshot(state: BoardState): BoardSnapshot {
  return {
    members: [...state.members.values()].map(memberView),
    tasks: [...state.tasks.values()],
    artifacts: [...state.artifacts],
    refusals: state.refusals,
  };
}
