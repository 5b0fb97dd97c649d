/** What happens in a run of a team, as plain data: the board's log, and what watchers are told. */
import type { StallCause } from '../../machines/member.ts';
import type { Artifact, Lease, Task } from './task.ts';

/** Why a member has a turn. */
export type TurnCause = 'work' | 'nudge' | 'retry';

/** How a turn ended, as far as the board is concerned. */
export type TurnResult =
  /** It ended by itself, and the board had changed in it. */
  | 'progress'
  /** It ended by itself and had changed nothing. */
  | 'silence'
  /** It failed, was interrupted by somebody else, or ran out of time. */
  | 'failure'
  /** The session can have no more turns. */
  | 'loss'
  /** The run is over and took the turn with it. */
  | 'stop';

/** Why a hand-off was refused. */
export type RefusalReason =
  'owner_completed' | 'owner_stalled' | 'hand_off_not_allowed' | 'quota_reached';

/** How a run ended. Only `complete` means that the completion contract holds. */
export type TeamOutcome = 'complete' | 'stalled' | 'budget-exceeded' | 'failed' | 'cancelled';

/** A change of the board. Folding these in order gives the board again. */
export type BoardChange =
  | { readonly type: 'task.queued'; readonly member: string; readonly task: Task }
  | {
      readonly type: 'task.claimed';
      readonly member: string;
      readonly taskId: string;
      readonly lease: Lease;
    }
  | {
      readonly type: 'task.finished';
      readonly member: string;
      readonly taskId: string;
      readonly artifactId: string;
    }
  /** The lease ended without a result; the task is in its owner's queue again. */
  | {
      readonly type: 'task.returned';
      readonly member: string;
      readonly taskId: string;
      readonly reason: string;
    }
  | {
      readonly type: 'task.failed';
      readonly member: string;
      readonly taskId: string;
      readonly reason: string;
    }
  /** `member` wanted to queue work for `owner` and was told no. */
  | {
      readonly type: 'handoff.refused';
      readonly member: string;
      readonly owner: string;
      readonly text: string;
      readonly reason: RefusalReason;
      readonly detail: string;
    }
  | { readonly type: 'artifact.published'; readonly member: string; readonly artifact: Artifact }
  | { readonly type: 'member.done'; readonly member: string }
  /** `member` wanted to be done and was told what is open. */
  | { readonly type: 'done.refused'; readonly member: string; readonly open: readonly string[] }
  /** A member that was done has work again, from `sender`. */
  | { readonly type: 'member.reopened'; readonly member: string; readonly sender: string }
  | { readonly type: 'member.nudged'; readonly member: string }
  | { readonly type: 'member.stalled'; readonly member: string; readonly cause: StallCause }
  | {
      readonly type: 'turn.started';
      readonly member: string;
      /** 1 for the member's first turn. */
      readonly turn: number;
      readonly cause: TurnCause;
    }
  | {
      readonly type: 'turn.ended';
      readonly member: string;
      readonly turn: number;
      /** Null if the turn was never accepted. */
      readonly turnId: string | null;
      readonly result: TurnResult;
      readonly error: string | null;
      /** The assistant's final text, cut to `teamTextCharsMax`, or null. */
      readonly reply: string | null;
    };

/** A change of the board, and when: milliseconds since the Unix epoch. */
export type BoardEvent = BoardChange & { readonly at: number };

/** A change of the run itself. */
export type RunChange =
  | {
      readonly type: 'team.started';
      readonly member: null;
      readonly task: string;
      /** The session of each member, by name. */
      readonly sessions: Readonly<Record<string, string>>;
      /** What the run may use: turns of one member, turns of all together, milliseconds. */
      readonly budget: Readonly<Record<'rounds' | 'turns' | 'wallMs', number>>;
    }
  | {
      readonly type: 'team.finished';
      readonly member: null;
      readonly outcome: TeamOutcome;
      readonly reason: string;
    };

/** What is announced of a run, in order. Plain JSON. `member` is whom it is about, or null. */
export type TeamEvent = (BoardChange | RunChange) & {
  readonly at: number;
  readonly runId: string;
  /** 1 for the first event of the run, without gaps. */
  readonly sequence: number;
};
