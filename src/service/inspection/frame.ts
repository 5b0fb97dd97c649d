/**
 * What goes over the inspection feed, in both directions. Types only: the page is made of them as well.
 *
 * A feed has a sequence: every event of the run is numbered, whether or not a viewer is told of it by
 * itself. An overview or a session as of `seq` is what all events up to `seq` have made of it.
 */
import type { DispatchMode } from '../../../machines/session.ts';
import type { HistoryHeader, HistoryRecord } from '../../history/record.ts';
import type { Fault } from '../../mesh/event.ts';
import type { TeamMemberView, TeamView as FoldedTeam } from '../../history/view.ts';
import type { TeamBudget } from '../../team/scheduler.ts';
import type { Task } from '../../team/task.ts';
import type { LoggedCall } from '../call-log.ts';

/** The version of the feed. A page of another version asks to be loaded again. */
export const feedVersion = 1;

/** One session, as the overview shows it. Times are milliseconds since the Unix epoch. */
export interface SessionRow {
  readonly id: string;
  readonly title: string | null;
  /** The member of the team whose session it is, or null. */
  readonly member: string | null;
  /** The value of its state chart. */
  readonly state: unknown;
  readonly mode: DispatchMode;
  readonly turnId: string | null;
  readonly tools: number;
  /** Calls without an outcome. */
  readonly inFlight: number;
  /** Calls that ended since {@link Counters.since}, and those of them that failed. */
  readonly calls: number;
  readonly failures: number;
  /** When something happened in it last. */
  readonly lastAt: number;
  readonly fault: Fault | null;
}

/** The host, as the mesh knows it. */
export interface HostRow {
  readonly name: string;
  readonly codex: string | null;
  readonly link: 'online' | 'lost' | 'failed' | 'closed';
  /** When it became so. */
  readonly since: number;
  readonly fault: Fault | null;
}

/** Figures over all sessions. */
export interface Counters {
  /** Since when calls are counted: nobody counts while nobody looks. */
  readonly since: number;
  readonly inFlight: number;
  readonly calls: number;
  readonly failures: number;
  readonly repeats: number;
  readonly declined: number;
  readonly late: number;
  /** Calls that ended in the last five seconds, per second. */
  readonly perSecond: number;
  /** Of the calls that ended last, from claim to answer, in milliseconds; null before the first one. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** Something that waits for a person. */
export interface WaitingRow {
  readonly id: string;
  readonly kind: 'approval' | 'input';
  readonly sessionId: string;
  readonly turnId: string | null;
  readonly method: string;
  readonly summary: string;
  /** What is asked, as plain JSON. */
  readonly details: unknown;
  readonly createdAt: number;
  /** When it counts as denied, or null where the feed does not know. */
  readonly deadline: number | null;
}

/** A run of a team, with its board. */
export interface TeamView extends Omit<FoldedTeam, 'runtime' | 'members' | 'tasks'> {
  readonly members: readonly TeamMemberView[];
  readonly tasks: readonly Task[];
  /** What the run may use, or null where its beginning is not known. */
  readonly budget: TeamBudget | null;
}

/** Everything but the sessions' own details. */
export interface OverviewView {
  readonly host: HostRow | null;
  readonly counters: Counters;
  readonly rows: readonly SessionRow[];
  readonly waiting: readonly WaitingRow[];
  readonly team: TeamView | null;
}

/** A session as it stands when somebody begins to look. */
export interface SessionFacts {
  readonly id: string;
  readonly title: string | null;
  readonly state: unknown;
  readonly mode: DispatchMode;
  readonly turnId: string | null;
  readonly tools: readonly string[];
  /** The newest calls, oldest first. */
  readonly calls: readonly LoggedCall[];
}

/** What is looked at. */
export interface RunAbout {
  /** `serve`, `team`, or what wrote the history. */
  readonly source: string;
  readonly kind: 'live' | 'replay';
  readonly time: 'wall' | 'virtual';
  /** A line for people: the address, the file. */
  readonly name: string;
  /** Whether a person may decide approvals here. */
  readonly decides: boolean;
  /** Whether the feed can show what was said in a session. */
  readonly converses: boolean;
}

/** A moment of a recorded run that people jump to. */
export interface RunMark {
  readonly seq: number;
  readonly at: number;
  readonly kind: 'phase' | 'fault' | 'loss' | 'failure' | 'violation';
  readonly text: string;
}

/** Levels of one gauge over a recorded run; null where none was reported. */
export interface GaugeCurve {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

/** A recorded run as a whole; of one that is still being written, as far as it goes. */
export interface RunTimeline {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly header: HistoryHeader;
  /** False while records may still come. */
  readonly isOver: boolean;
  readonly counts: Readonly<Record<string, number>>;
  /** In order. */
  readonly marks: readonly RunMark[];
  /** Marks beyond `replayMarksMax`. */
  readonly marksOmitted: number;
  /** Whether the run was checked against its invariants. */
  readonly isChecked: boolean;
  /** Why the run cannot show that nothing was violated; empty if it can. */
  readonly doubts: readonly string[];
  /** The ends of equal stretches of time, and what happened in each. */
  readonly times: readonly number[];
  readonly perSecond: readonly number[];
  readonly inFlight: readonly number[];
  readonly p50Ms: readonly (number | null)[];
  readonly p99Ms: readonly (number | null)[];
  readonly gauges: readonly GaugeCurve[];
}

/** What a viewer is told. */
export type FeedFrame =
  | {
      readonly type: 'hello';
      readonly version: typeof feedVersion;
      /** Names this life of what is looked at; numbers of another one mean nothing. */
      readonly epoch: string;
      readonly seq: number;
      readonly at: number;
      readonly about: RunAbout;
    }
  | {
      readonly type: 'snapshot';
      readonly seq: number;
      readonly at: number;
      readonly overview: OverviewView;
    }
  /** What changed; what is left out did not. */
  | {
      readonly type: 'update';
      readonly seq: number;
      readonly at: number;
      readonly host?: HostRow | null;
      readonly counters?: Counters;
      readonly rows?: readonly SessionRow[];
      /** Sessions that are not listed any more. */
      readonly gone?: readonly string[];
      readonly waiting?: readonly WaitingRow[];
      readonly team?: TeamView | null;
      /** What happened in the sessions that this viewer watches. */
      readonly records?: readonly HistoryRecord[];
    }
  /** A session that this viewer watches from now on; `records` are those that were kept, up to `seq`. */
  | {
      readonly type: 'session';
      readonly sessionId: string;
      readonly seq: number;
      readonly at: number;
      /** Null if there is no such session any more. */
      readonly facts: SessionFacts | null;
      /** The number of the first record that stands here or would, had it happened. */
      readonly from: number;
      readonly records: readonly HistoryRecord[];
    }
  /** A recorded run goes on: it ends here by now. */
  | {
      readonly type: 'grown';
      readonly lastSeq: number;
      readonly lastAt: number;
      readonly isOver: boolean;
    }
  /** What happened from `from` to `to` is not told; a snapshot follows. */
  | { readonly type: 'lagged'; readonly from: number; readonly to: number }
  | { readonly type: 'pong' }
  | { readonly type: 'error'; readonly message: string };

/** What a viewer says. */
export type ViewerCommand =
  | { readonly type: 'ping' }
  /** The sessions it wants to be told everything of; takes the place of those before. */
  | { readonly type: 'watch'; readonly sessionIds: readonly string[] }
  /** In a replay: the overview as of this record; beyond the last one, it follows a run that goes on. */
  | { readonly type: 'seek'; readonly seq: number };
