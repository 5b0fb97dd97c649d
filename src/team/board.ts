/**
 * The board that a team shares: tasks, artifacts and the state of each member. Synchronous and free
 * of I/O; every change is announced as an event. Its invariants:
 * - B1 A task is never lost: it is queued, claimed under a lease, done, or failed with a reason.
 * - B2 A member holds one task at most, and only while a turn of its own is active.
 * - B3 Publishing is what finishes a task, so nothing is done without a result.
 * - B4 A command that is refused changes no task, artifact or member, and whoever gave it is told why.
 */
import type { Limits } from '../limits.ts';
import { ToolError } from '../tools/contract.ts';
import { applyEvent, emptyBoard, openTasks, type BoardState } from './board-state.ts';
import type { BoardAnswer, BoardCommand, CallKey } from './command.ts';
import type { Completion } from './completion.ts';
import type { BoardEvent, TurnCause } from './event.ts';
import type { HandOffRights } from './hand-off.ts';
import { addTask, obey, type Desk } from './member-commands.ts';
import { MemberTurn } from './member-turn.ts';
import type { Task } from './task.ts';

interface BoardOptions {
  /** The members in the order of the team, each with what it may do to the others. */
  readonly members: ReadonlyMap<string, HandOffRights>;
  readonly completion: Completion;
  readonly limits: Limits;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly announce: (event: BoardEvent) => void;
}

/** How a turn ended, as its session told it. */
export interface TurnEnd {
  readonly result: 'ended' | 'failure' | 'loss' | 'stop';
  /** Null if the session did not say. */
  readonly turnId: string | null;
  readonly error: string | null;
  /** The assistant's final text, or null. */
  readonly reply: string | null;
}

export class Board {
  readonly #members: ReadonlyMap<string, HandOffRights>;
  readonly #desk: Desk;
  readonly #turns = new Map<string, MemberTurn>();
  /** Turns that ended, as `member turnId`. At most two ids a turn, so the budget bounds it. */
  readonly #endedTurns = new Set<string>();

  constructor({ members, completion, limits, now, announce }: BoardOptions) {
    const { teamTurnAttemptsMax: turnAttemptsMax, teamReworksMax: reworksMax } = limits;
    const state = emptyBoard([...members.keys()], { turnAttemptsMax, reworksMax });
    this.#members = members;
    this.#desk = {
      state,
      completion,
      limits,
      now,
      commit: (change) => {
        const event = { ...change, at: now() };
        applyEvent(state, event);
        announce(event);
      },
    };
  }

  /** The state itself, to look at and never to change. */
  get state(): BoardState {
    return this.#desk.state;
  }

  /**
   * Does what a member asks within its turn. A repeated call is answered as before.
   * @throws ToolError with what to tell the model; then nothing was changed.
   */
  handle(name: string, command: BoardCommand, call: CallKey): BoardAnswer {
    const turn = this.#turns.get(name);
    const rights = this.#members.get(name);
    if (turn === undefined || rights === undefined) {
      throw new ToolError(`${name} has no turn. Nothing was changed.`);
    }
    const caller = { name, rights, turn, turnId: call.turnId };
    return turn.answer(call, command, () => obey(this.#desk, caller, command));
  }

  /** Queues a task on behalf of the team itself. */
  assign(owner: string, text: string): void {
    addTask(this.#desk, { owner, text, sender: 'system', cause: null });
  }

  /**
   * Opens a turn of a member that is due for one. It may give commands until `endTurn`.
   * @param deadline when the turn is interrupted at the latest, in milliseconds since the Unix epoch
   */
  startTurn(name: string, deadline: number): TurnCause {
    const record = this.state.members.get(name);
    const cause = (['retry', 'nudge'] as const).find((waiting) =>
      record?.life.matches({ waiting }),
    );
    const turn = new MemberTurn({
      number: (record?.turns ?? 0) + 1,
      deadline,
      callsMax: this.#desk.limits.teamCallsPerTurnMax,
      isOver: (turnId) => this.#endedTurns.has(`${name} ${turnId}`),
    });
    this.#turns.set(name, turn);
    const started = { member: name, turn: turn.number, cause: cause ?? 'work' } as const;
    this.#desk.commit({ type: 'turn.started', ...started });
    return started.cause;
  }

  /** Ends the member's turn and with it its lease: a task without a result goes back to the queue. */
  endTurn(name: string, end: TurnEnd): void {
    const turn = this.#turns.get(name);
    if (turn === undefined || turn.over) return;
    turn.end();
    for (const turnId of [end.turnId, turn.turnId]) {
      if (turnId !== null) this.#endedTurns.add(`${name} ${turnId}`);
    }
    const claimed = openTasks(this.state, name).filter((task) => task.state === 'claimed');
    for (const task of claimed) this.#takeBack(task, end);
    const ended = turn.changed ? 'progress' : 'silence';
    this.#desk.commit({
      type: 'turn.ended',
      member: name,
      turn: turn.number,
      turnId: end.turnId ?? turn.turnId,
      result: end.result === 'ended' ? ended : end.result,
      error: end.error,
      reply: end.reply?.slice(0, this.#desk.limits.teamTextCharsMax) ?? null,
    });
    this.#giveUpStalled(name);
  }

  /** Makes an idle member due for a turn, though it has no task. */
  nudge(name: string): void {
    this.#desk.commit({ type: 'member.nudged', member: name });
  }

  #takeBack(task: Task, end: TurnEnd): void {
    const { commit, limits } = this.#desk;
    const target = { member: task.owner, taskId: task.id };
    const why = end.error ?? 'the turn ended without an artifact for it';
    if (end.result === 'stop' || task.attempts < limits.teamTaskAttemptsMax) {
      commit({ type: 'task.returned', ...target, reason: why });
    } else {
      const often = task.attempts === 1 ? 'once' : `${task.attempts} times`;
      const reason = `claimed ${often} without a result; at last: ${why}`;
      commit({ type: 'task.failed', ...target, reason });
    }
  }

  /** A member that takes no more turns keeps no work: what it had open has failed. */
  #giveUpStalled(name: string): void {
    const cause = this.state.members.get(name)?.life.context.stallCause ?? null;
    if (cause === null) return;
    this.#desk.commit({ type: 'member.stalled', member: name, cause });
    for (const { id } of openTasks(this.state, name)) {
      const failure = { member: name, taskId: id, reason: `${name} stalled: ${cause}` };
      this.#desk.commit({ type: 'task.failed', ...failure });
    }
  }
}
