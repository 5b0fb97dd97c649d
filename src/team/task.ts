/** What is on a board: the tasks the members hand each other, and the artifacts they answer with. */

/** The right to work on a task. It ends with the turn that claimed it, whatever becomes of the turn. */
export interface Lease {
  readonly turnId: string;
  /** When the turn is interrupted at the latest, in milliseconds since the Unix epoch. */
  readonly deadline: number;
}

/** `done` and `failed` are final; a claimed task that comes back is `queued` again. */
export type TaskState = 'queued' | 'claimed' | 'done' | 'failed';

/** A piece of work that one member owns. Times are milliseconds since the Unix epoch. */
export interface Task {
  readonly id: string;
  readonly text: string;
  readonly owner: string;
  /** The member that queued it, or `system`. */
  readonly sender: string;
  /** The task its sender was working on, or null. */
  readonly cause: string | null;
  readonly state: TaskState;
  /** How often it was claimed. */
  readonly attempts: number;
  /** Why it came back last, why it failed, or the artifact that finished it; null at first. */
  readonly reason: string | null;
  readonly createdAt: number;
  readonly claimedAt: number | null;
  readonly finishedAt: number | null;
  readonly lease: Lease | null;
}

/** What a member published. It is never changed; a newer one of the same kind has a higher version. */
export interface Artifact {
  readonly id: string;
  readonly kind: string;
  readonly summary: string;
  readonly member: string;
  /** The task it belongs to, or null. */
  readonly taskId: string | null;
  readonly turnId: string;
  /** 1 for the member's first artifact of this kind. */
  readonly version: number;
  /** How many artifacts were on the board when its author last looked; what a review can speak of. */
  readonly basis: number;
  /** Milliseconds since the Unix epoch. */
  readonly publishedAt: number;
}

/** The kind of artifact that the note of `team_mark_done` becomes. It needs no review. */
export const noteKind = 'completion_note';

/** Whether the task still has to be worked on. */
export function isOpen(task: Task): boolean {
  return task.state === 'queued' || task.state === 'claimed';
}
