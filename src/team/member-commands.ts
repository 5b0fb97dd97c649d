/**
 * What the board does when a member asks. Each command checks everything first and then commits,
 * so that one which is refused has changed nothing.
 */
import type { Limits } from '../limits.ts';
import { ToolError } from '../tools/contract.ts';
import { isDone, openTasks, type BoardState } from './board-state.ts';
import type {
  BoardAnswer,
  BoardCommand,
  DoneVerdict,
  PublishedArtifact,
  PulledWork,
  QueuedWork,
} from './command.ts';
import { openPoints, type Completion } from './completion.ts';
import type { BoardChange } from './event.ts';
import { refusalOf, type HandOffRights } from './hand-off.ts';
import type { MemberTurn } from './member-turn.ts';
import { artifactView, completedNames, queueDepth, readBoard } from './reading.ts';
import { noteKind, type Artifact, type Task } from './task.ts';

/** The inside of a board, as commands need it. */
export interface Desk {
  readonly state: BoardState;
  readonly completion: Completion;
  readonly limits: Limits;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Applies the change and announces it. */
  readonly commit: (change: BoardChange) => void;
}

/** Who gives a command, and in which turn. */
export interface Caller {
  readonly name: string;
  readonly rights: HandOffRights;
  readonly turn: MemberTurn;
  readonly turnId: string;
}

function claimedTask(desk: Desk, name: string): Task | undefined {
  return openTasks(desk.state, name).find((task) => task.state === 'claimed');
}

function checkText(desk: Desk, text: string, what: string): string {
  const { teamTextCharsMax } = desk.limits;
  const trimmed = text.trim();
  if (trimmed === '') throw new ToolError(`The ${what} is blank. Say what you mean.`);
  if (trimmed.length > teamTextCharsMax) {
    throw new ToolError(`The ${what} is longer than ${teamTextCharsMax} characters. Shorten it.`);
  }
  return trimmed;
}

/** Queues a task, whoever sends it, and returns its id. */
export function addTask(
  desk: Desk,
  facts: Pick<Task, 'owner' | 'text' | 'sender' | 'cause'>,
): string {
  const task: Task = {
    id: `task-${desk.state.tasks.size + 1}`,
    ...facts,
    state: 'queued',
    attempts: 0,
    reason: null,
    createdAt: desk.now(),
    claimedAt: null,
    finishedAt: null,
    lease: null,
  };
  desk.commit({ type: 'task.queued', member: task.owner, task });
  return task.id;
}

function pull(desk: Desk, { name, turn, turnId }: Caller): PulledWork {
  turn.artifactsSeen = desk.state.artifacts.length;
  const open = openTasks(desk.state, name);
  const held = claimedTask(desk, name);
  const task = held ?? open[0];
  if (task === undefined) {
    const record = desk.state.members.get(name);
    const done = record !== undefined && isDone(record);
    return { task: null, queueDepth: 0, ...(done && { reason: 'member_completed' }) };
  }
  if (held === undefined) {
    const lease = { turnId, deadline: turn.deadline };
    desk.commit({ type: 'task.claimed', member: name, taskId: task.id, lease });
  }
  return {
    task: task.text,
    queueDepth: open.length - 1,
    taskId: task.id,
    sender: task.sender,
    attempt: held === undefined ? task.attempts + 1 : task.attempts,
    ...(held !== undefined && { reason: 'already_claimed' }),
  };
}

function queue(desk: Desk, caller: Caller, owner: string, task: string): QueuedWork {
  const { name, rights, turn } = caller;
  const record = desk.state.members.get(owner);
  if (record === undefined) {
    const names = [...desk.state.members.keys()].join(', ');
    throw new ToolError(`There is no member "${owner}". Members: ${names}.`);
  }
  const handOff = { sender: name, owner, rights, made: turn.handOffs };
  const refusal = refusalOf(desk.state, handOff, desk.limits);
  if (refusal !== null) {
    const text = task.slice(0, desk.limits.teamTextCharsMax);
    desk.commit({ type: 'handoff.refused', member: name, owner, text, ...refusal });
    const depth = queueDepth(desk.state, owner);
    return { queuedFor: owner, queuedBy: name, queueDepth: depth, queued: false, ...refusal };
  }
  const text = checkText(desk, task, 'task');
  const cause = claimedTask(desk, name)?.id ?? turn.finishedTask;
  const reopened = isDone(record);
  if (reopened) desk.commit({ type: 'member.reopened', member: owner, sender: name });
  const taskId = addTask(desk, { owner, text, sender: name, cause });
  turn.handOffs += 1;
  turn.changed = true;
  return {
    queuedFor: owner,
    queuedBy: name,
    queueDepth: queueDepth(desk.state, owner),
    task: text,
    queued: true,
    taskId,
    reopened,
  };
}

function addArtifact(desk: Desk, caller: Caller, kind: string, summary: string): Artifact {
  const { name, turn, turnId } = caller;
  const { artifacts } = desk.state;
  if (artifacts.length >= desk.limits.teamArtifactsMax) {
    throw new ToolError(`The board is full: a run holds ${artifacts.length} artifacts.`);
  }
  const earlier = artifacts.filter((other) => other.member === name && other.kind === kind);
  const artifact: Artifact = {
    id: `artifact-${artifacts.length + 1}`,
    kind,
    summary,
    member: name,
    taskId: claimedTask(desk, name)?.id ?? turn.finishedTask,
    turnId,
    version: earlier.length + 1,
    basis: turn.artifactsSeen,
    publishedAt: desk.now(),
  };
  desk.commit({ type: 'artifact.published', member: name, artifact });
  turn.changed = true;
  return artifact;
}

function publish(desk: Desk, caller: Caller, kind: string, summary: string): PublishedArtifact {
  const { name, turn } = caller;
  const trimmedKind = checkText(desk, kind, 'kind');
  if (trimmedKind === noteKind) {
    throw new ToolError(`"${noteKind}" is for the note of team_mark_done. Name another kind.`);
  }
  const held = claimedTask(desk, name);
  const artifact = addArtifact(desk, caller, trimmedKind, checkText(desk, summary, 'summary'));
  if (held !== undefined) {
    const finished = { taskId: held.id, artifactId: artifact.id };
    desk.commit({ type: 'task.finished', member: name, ...finished });
    turn.finishedTask = held.id;
  }
  return {
    artifactCount: desk.state.artifacts.length,
    artifact: artifactView(artifact),
    finishedTask: held?.id ?? null,
  };
}

/** What keeps a member from being done: its own tasks; for a reviewer, all that is open. */
function openFor({ state, completion }: Desk, name: string): string[] {
  if (completion.reviewedBy.includes(name)) return openPoints(state, completion);
  return openTasks(state, name).map((task) => `${task.id} is ${task.state}: ${task.text}`);
}

function markDone(desk: Desk, caller: Caller, note: string): DoneVerdict {
  const { name, turn } = caller;
  const open = openFor(desk, name);
  if (open.length > 0) {
    desk.commit({ type: 'done.refused', member: name, open });
    return { completed: completedNames(desk.state), done: false, reason: 'work_open', open };
  }
  if (note.trim() !== '') addArtifact(desk, caller, noteKind, checkText(desk, note, 'note'));
  const record = desk.state.members.get(name);
  if (record !== undefined && !isDone(record)) desk.commit({ type: 'member.done', member: name });
  turn.changed = true;
  return { completed: completedNames(desk.state), done: true };
}

/**
 * Does what `caller` asks.
 * @throws ToolError with what to tell the model; then nothing was changed.
 */
export function obey(desk: Desk, caller: Caller, command: BoardCommand): BoardAnswer {
  switch (command.type) {
    case 'pull':
      return pull(desk, caller);
    case 'queue':
      return queue(desk, caller, command.owner, command.task);
    case 'publish':
      return publish(desk, caller, command.kind, command.summary);
    case 'read':
      caller.turn.artifactsSeen = desk.state.artifacts.length;
      return readBoard(desk.state, desk.completion, command.limit);
    case 'mark-done':
      return markDone(desk, caller, command.note);
  }
}
