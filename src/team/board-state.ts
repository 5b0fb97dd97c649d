/**
 * The state of a board, and the one function that changes it. Events are the only cause of change,
 * so that the log of a run, folded from the start, is the board.
 */
import { initialTransition, transition } from 'xstate';
import {
  memberMachine,
  type MemberEvent,
  type MemberInput,
  type MemberSnapshot,
} from '../../machines/member.ts';
import type { BoardEvent, TurnResult } from './event.ts';
import { isOpen, type Artifact, type Task } from './task.ts';

/** A member as the board sees it. */
export interface MemberRecord {
  readonly name: string;
  readonly life: MemberSnapshot;
  readonly turns: number;
}

/** Everything on a board. Maps keep the order of the team and of the hand-offs. */
export interface BoardState {
  readonly members: Map<string, MemberRecord>;
  readonly tasks: Map<string, Task>;
  readonly artifacts: Artifact[];
  /** Hand-offs that were refused. */
  refusals: number;
}

/** An empty board for these members, in this order. */
export function emptyBoard(names: readonly string[], input: MemberInput): BoardState {
  const member = (name: string): [string, MemberRecord] => [
    name,
    { name, life: initialTransition(memberMachine, input)[0], turns: 0 },
  ];
  return { members: new Map(names.map(member)), tasks: new Map(), artifacts: [], refusals: 0 };
}

/** The tasks of one member that are not finished, oldest first. */
export function openTasks(state: BoardState, owner: string): Task[] {
  return [...state.tasks.values()].filter((task) => task.owner === owner && isOpen(task));
}

/** Whether the member has marked itself done and was not given work since. */
export function isDone(record: MemberRecord): boolean {
  return record.life.matches('done') || record.life.matches({ working: 'finished' });
}

const lifeEvents: Record<TurnResult, MemberEvent['type']> = {
  progress: 'turn.ended',
  stop: 'turn.ended',
  silence: 'turn.silent',
  failure: 'turn.failed',
  loss: 'turn.lost',
};

function change(state: BoardState, name: string, update: (record: MemberRecord) => MemberRecord) {
  const record = state.members.get(name);
  if (record !== undefined) state.members.set(name, update(record));
}

function move(state: BoardState, name: string, type: MemberEvent['type']): void {
  change(state, name, (record) => ({
    ...record,
    life: transition(memberMachine, record.life, { type })[0],
  }));
}

function alter(state: BoardState, taskId: string, facts: Partial<Task>): void {
  const task = state.tasks.get(taskId);
  if (task !== undefined) state.tasks.set(taskId, { ...task, ...facts });
}

function close(state: BoardState, event: BoardEvent & { taskId: string }, facts: Partial<Task>) {
  alter(state, event.taskId, { ...facts, lease: null, finishedAt: event.at });
}

function endTurn(state: BoardState, name: string, result: TurnResult): void {
  move(state, name, lifeEvents[result]);
  const idle = state.members.get(name)?.life.matches('idle') === true;
  if (idle && openTasks(state, name).length > 0) move(state, name, 'work.assigned');
}

/** Applies one event to `state`. Deterministic: no clock, no ids, nothing but its arguments. */
export function applyEvent(state: BoardState, event: BoardEvent): void {
  switch (event.type) {
    case 'task.queued':
      state.tasks.set(event.task.id, event.task);
      return move(state, event.task.owner, 'work.assigned');
    case 'task.claimed': {
      const attempts = (state.tasks.get(event.taskId)?.attempts ?? 0) + 1;
      const { lease } = event;
      return alter(state, event.taskId, {
        state: 'claimed',
        attempts,
        lease,
        claimedAt: event.at,
      });
    }
    case 'task.returned':
      return alter(state, event.taskId, { state: 'queued', lease: null, reason: event.reason });
    case 'task.finished':
      return close(state, event, { state: 'done', reason: event.artifactId });
    case 'task.failed':
      return close(state, event, { state: 'failed', reason: event.reason });
    case 'artifact.published':
      state.artifacts.push(event.artifact);
      return;
    case 'handoff.refused':
      state.refusals += 1;
      return;
    case 'member.done':
      return move(state, event.member, 'done.marked');
    case 'member.reopened':
      return move(state, event.member, 'work.assigned');
    case 'member.nudged':
      return move(state, event.member, 'nudge.due');
    case 'turn.started':
      change(state, event.member, (record) => ({ ...record, turns: event.turn }));
      return move(state, event.member, 'turn.started');
    case 'turn.ended':
      return endTurn(state, event.member, event.result);
    case 'done.refused':
    case 'member.stalled':
      return;
  }
}
