/** What can be looked at: the seam between the feed and whatever it shows. */
import type { HistoryEvent } from '../../history/record.ts';
import type { TeamEvent } from '../../team/event.ts';
import type { CallLog } from '../call-log.ts';
import type { HostRow, RunAbout, SessionFacts, WaitingRow } from './frame.ts';

/** What a person decides of something that waits. */
export interface PersonalDecision {
  readonly decision: 'accept' | 'decline';
  /** For how long an approval of Codex holds. */
  readonly scope: 'turn' | 'session';
  /** Why not: the model is told, where Codex has a place for it. */
  readonly reason: string | null;
  /** Answers to a question, by its id. */
  readonly answers: Readonly<Record<string, { readonly answers: readonly string[] }>> | null;
}

/** Who is told what happens. */
export interface SourceObserver {
  readonly onEvent: (event: HistoryEvent, at: number) => void;
  /** A session is called so from now on. */
  readonly onTitle: (sessionId: string, title: string, at: number) => void;
}

/** A run that goes on, looked at from outside. Nothing here costs anything until it is called. */
export interface InspectionSource {
  readonly about: RunAbout;
  /** Tells of everything from now on; returns how to stop. */
  observe(observer: SourceObserver): () => void;
  host(): HostRow | null;
  sessions(): Iterable<SessionFacts>;
  /** Null for a session that is not open. */
  session(id: string): SessionFacts | null;
  /** What the team has told since its run began. */
  teamEvents(): readonly TeamEvent[];
  /** What waits for a person, oldest first; at most `inspectionWaitingMax`. */
  waiting(): readonly WaitingRow[];
  /** Decides one; false if nothing waits under this id. */
  decide(id: string, decision: PersonalDecision): boolean;
  /** The calls of all sessions, with what is still known of their content. */
  readonly log: CallLog;
  /** The tools of a session as the model is told of them; null if it is not open. */
  catalog(sessionId: string): unknown;
  /** What was said in a session, as rows of a transcript; null where nobody can be asked. */
  conversation(sessionId: string): Promise<unknown>;
}
