/**
 * What `top` knows of a service: folded from what was read and what came over the stream, by one pure
 * function.
 *
 * - T1 A read says how things were when it was asked for: it never overrules an event that came after that.
 * - T2 After a gap in the stream nothing counts as waiting until the service says again that it does.
 */
import type { StreamFrame } from '../hosts/control-service/frame.ts';
import type { Limits } from '../limits.ts';
import { plainLine } from './plain-text.ts';
import type { SessionRow } from './service-rows.ts';
import { afterFrame, newSession, type EndedCall, type SessionPicture } from './top-session.ts';

/** How the stream is. */
export type LinkState = 'connecting' | 'online' | 'lost';

/** What is known of the service. */
export interface Picture {
  readonly sessions: ReadonlyMap<string, SessionPicture>;
  /** Whether there are sessions that are not listed. */
  readonly isCut: boolean;
  readonly link: LinkState;
  readonly reconnects: number;
  /** Gaps in the stream. */
  readonly gaps: number;
  /** What waits is just being shown: how long it does already is what the service says. */
  readonly isCatchingUp: boolean;
  /** The version of Codex, or null; and whether it runs. */
  readonly codex: { readonly version: string | null; readonly isRunning: boolean } | null;
  /** The calls that ended last, oldest first. */
  readonly ended: readonly EndedCall[];
  readonly callsEnded: number;
  readonly failures: number;
  readonly turnsFailed: number;
  /** Since when is counted. */
  readonly sinceMs: number;
}

/** Something that was seen of the service. */
export type Sighting =
  | { readonly type: 'frame'; readonly frame: StreamFrame; readonly atMs: number }
  | { readonly type: 'online'; readonly isSeamless: boolean }
  | { readonly type: 'lost' }
  | { readonly type: 'lagged' }
  /** What waits has been shown. */
  | { readonly type: 'settled' }
  | {
      readonly type: 'listed';
      readonly rows: readonly SessionRow[];
      /** Whether there are no other sessions. */
      readonly isWhole: boolean;
      readonly askedAtMs: number;
    }
  | { readonly type: 'read'; readonly sessionId: string; readonly history: readonly string[] }
  | { readonly type: 'health'; readonly codex: NonNullable<Picture['codex']> };

type Draft = { -readonly [Key in keyof Picture]: Picture[Key] } & {
  readonly sessions: Map<string, SessionPicture>;
  readonly ended: EndedCall[];
};

/** What is known before anything was seen. */
export function emptyPicture(sinceMs: number): Picture {
  return {
    sessions: new Map(),
    isCut: false,
    link: 'connecting',
    reconnects: 0,
    gaps: 0,
    isCatchingUp: true,
    codex: null,
    ended: [],
    callsEnded: 0,
    failures: 0,
    turnsFailed: 0,
    sinceMs,
  };
}

/** Types after which a session is not there any more. */
const endTypes: ReadonlySet<string> = new Set([
  'session_deleted',
  'app_server.thread.deleted',
  'app_server.thread.archived',
]);

function foldFrame(frame: StreamFrame, atMs: number, draft: Draft, limits: Limits): void {
  const { threadId, type } = frame;
  if (threadId === null) return;
  if (endTypes.has(type)) {
    draft.sessions.delete(threadId);
    return;
  }
  const before = draft.sessions.get(threadId) ?? newSession(threadId);
  const { isCatchingUp } = draft;
  const after = afterFrame(before, frame, { limits, atMs, isCatchingUp });
  draft.sessions.set(threadId, after);
  draft.failures += after.failures - before.failures;
  draft.turnsFailed += after.turnsFailed - before.turnsFailed;
  const [ended] = after.callsEnded > before.callsEnded ? after.ended.slice(-1) : [];
  if (!ended) return;
  draft.callsEnded += 1;
  draft.ended.push(ended);
}

/** Nothing is known to wait any more; who does is shown again (T2). */
function forgetWaiting(draft: Draft): void {
  draft.isCatchingUp = true;
  for (const [id, session] of draft.sessions) {
    const open = {
      calls: new Map(),
      questions: new Set<string>(),
      turnId: null,
      turnSinceMs: null,
    };
    draft.sessions.set(id, { ...session, ...open, said: 'unknown', changedMs: 0 });
  }
}

function foldRow(row: SessionRow, askedAtMs: number, draft: Draft): void {
  const { id, title, cwd, state } = row;
  const known = draft.sessions.get(id);
  if (known && known.changedMs >= askedAtMs) {
    draft.sessions.set(id, { ...known, cwd, title: known.title || plainLine(title) });
    return;
  }
  const session = known ?? newSession(id);
  // What waits is known from the stream; here only whether a turn runs.
  const said = state === 'waiting' ? 'working' : state === 'unknown' ? session.said : state;
  draft.sessions.set(id, { ...session, title: plainLine(title), cwd, said });
}

/** A list that is whole also says which sessions are gone: those in which nothing happened since (T1). */
function foldList(
  { rows, isWhole, askedAtMs }: Extract<Sighting, { type: 'listed' }>,
  draft: Draft,
): void {
  for (const row of rows) foldRow(row, askedAtMs, draft);
  draft.isCut = !isWhole;
  if (!isWhole) return;
  const listed = new Set(rows.map(({ id }) => id));
  for (const [id, { changedMs }] of draft.sessions) {
    if (!listed.has(id) && changedMs < askedAtMs) draft.sessions.delete(id);
  }
}

function foldOne(sighting: Sighting, draft: Draft, limits: Limits): void {
  switch (sighting.type) {
    case 'frame':
      foldFrame(sighting.frame, sighting.atMs, draft, limits);
      return;
    case 'online':
      if (draft.link === 'lost') draft.reconnects += 1;
      draft.link = 'online';
      if (!sighting.isSeamless) forgetWaiting(draft);
      return;
    case 'lost':
      draft.link = 'lost';
      return;
    case 'lagged':
      draft.gaps += 1;
      forgetWaiting(draft);
      return;
    case 'settled':
      draft.isCatchingUp = false;
      return;
    case 'listed':
      foldList(sighting, draft);
      return;
    case 'read': {
      const { sessionId, history } = sighting;
      const session = draft.sessions.get(sessionId);
      if (session) draft.sessions.set(sessionId, { ...session, history });
      return;
    }
    case 'health':
      draft.codex = sighting.codex;
  }
}

/** What is known after `sightings`, in their order. The picture before it stays as it was. */
export function fold(picture: Picture, sightings: readonly Sighting[], limits: Limits): Picture {
  if (sightings.length === 0) return picture;
  const sessions = new Map(picture.sessions);
  const draft: Draft = { ...picture, sessions, ended: [...picture.ended] };
  for (const sighting of sightings) foldOne(sighting, draft, limits);
  return { ...draft, ended: draft.ended.slice(-limits.topCallsKeptMax) };
}
