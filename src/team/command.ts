/** What a member may ask of the board, and what it is told. The answers are what the model sees. */
import type { RefusalReason } from './event.ts';

/** One board call: the five tools, as data. */
export type BoardCommand =
  | { readonly type: 'pull' }
  | { readonly type: 'queue'; readonly owner: string; readonly task: string }
  | { readonly type: 'publish'; readonly kind: string; readonly summary: string }
  | { readonly type: 'read'; readonly limit: number }
  | { readonly type: 'mark-done'; readonly note: string };

/** Which call of which turn a command came with. A repeat has the same two ids. */
export interface CallKey {
  readonly turnId: string;
  readonly callId: string;
}

/** The answer of `team_pull_work`. */
export type PulledWork =
  | {
      readonly task: string;
      /** Tasks of the member that still wait behind this one. */
      readonly queueDepth: number;
      readonly taskId: string;
      readonly sender: string;
      readonly attempt: number;
      /** The member holds this task from an earlier pull of the same turn. */
      readonly reason?: 'already_claimed';
    }
  | { readonly task: null; readonly queueDepth: 0; readonly reason?: 'member_completed' };

/** The answer of `team_queue_work`. */
export type QueuedWork = {
  readonly queuedFor: string;
  readonly queuedBy: string;
  /** Tasks of the owner that nobody has claimed. */
  readonly queueDepth: number;
} & (
  | {
      readonly task: string;
      readonly queued: true;
      readonly taskId: string;
      /** The owner was done and has work again. */
      readonly reopened: boolean;
    }
  | { readonly queued: false; readonly reason: RefusalReason; readonly detail: string }
);

/** An artifact as members see it. */
export interface ArtifactView {
  readonly member: string;
  readonly kind: string;
  readonly summary: string;
  readonly id: string;
  readonly taskId: string | null;
  readonly version: number;
}

/** The answer of `team_publish_artifact`. */
export interface PublishedArtifact {
  readonly artifactCount: number;
  readonly artifact: ArtifactView;
  /** The task that this finished, or null. */
  readonly finishedTask: string | null;
}

/** The answer of `team_read_board`. */
export interface BoardReading {
  readonly queueDepths: Readonly<Record<string, number>>;
  /** Names of the members that are done, sorted. */
  readonly completed: readonly string[];
  /** The newest artifacts, oldest of them first. */
  readonly recentArtifacts: readonly ArtifactView[];
  /** The oldest tasks that are not finished. */
  readonly openTasks: readonly {
    readonly taskId: string;
    readonly owner: string;
    readonly sender: string;
    readonly state: string;
    readonly task: string;
  }[];
  /** What the team still lacks to be complete, one line a point. */
  readonly missing: readonly string[];
}

/** The answer of `team_mark_done`. */
export type DoneVerdict = { readonly completed: readonly string[] } & (
  | { readonly done: true }
  | { readonly done: false; readonly reason: 'work_open'; readonly open: readonly string[] }
);

export type BoardAnswer = PulledWork | QueuedWork | PublishedArtifact | BoardReading | DoneVerdict;
