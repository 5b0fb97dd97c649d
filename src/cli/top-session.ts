/** What `top` knows of one session, and what an event makes of it. Pure. */
import { callRowType, parseCallEnd, type StreamFrame } from '../hosts/control-service/frame.ts';
import { endingOf } from '../hosts/control-service/session-view.ts';
import type { Limits } from '../limits.ts';
import { isRecord, textOrNull } from '../tools/json.ts';
import {
  frameText,
  isForPeople,
  requestOfFrame,
  toolText,
  valueText,
  type FrameText,
} from './frame-text.ts';
import { plainLine } from './plain-text.ts';
import { readCallRow, stateOfStatus, type SessionState } from './service-rows.ts';

/** A call that waits. All times are milliseconds since the Unix epoch. */
export interface OpenCall {
  readonly requestId: string;
  readonly tool: string;
  /** As one plain line. */
  readonly arguments: string;
  readonly sinceMs: number;
}

/** A call that is over. */
export interface EndedCall {
  readonly requestId: string;
  readonly tool: string;
  readonly outcome: 'answered' | 'failed' | 'expired';
  readonly endedMs: number;
  readonly tookMs: number;
}

/** An event of a session, in words. */
export interface SessionEvent extends FrameText {
  readonly atMs: number;
}

/** One session. */
export interface SessionPicture {
  readonly id: string;
  /** Plain. */
  readonly title: string;
  readonly cwd: string;
  /** What was said of it last; see {@link stateOf} for what it does. */
  readonly said: SessionState;
  readonly turnId: string | null;
  /** When its turn began; of one that was running already, when that was seen. */
  readonly turnSinceMs: number | null;
  readonly calls: ReadonlyMap<string, OpenCall>;
  /** Approvals and questions that wait for a person. */
  readonly questions: ReadonlySet<string>;
  /** The last ones, oldest first. */
  readonly ended: readonly EndedCall[];
  readonly callsEnded: number;
  readonly failures: number;
  readonly turnsFailed: number;
  readonly events: readonly SessionEvent[];
  /** What was said before, as lines; read when somebody looks at the session. */
  readonly history: readonly string[];
  /** When an event changed it last; 0 if none has. */
  readonly changedMs: number;
}

/** What the session does. */
export function stateOf({ said, turnId, calls, questions }: SessionPicture): SessionState {
  if (calls.size > 0 || questions.size > 0) return 'waiting';
  return turnId === null ? said : 'working';
}

/** A session of which nothing is known but its id. */
export function newSession(id: string): SessionPicture {
  return {
    id,
    title: '',
    cwd: '',
    said: 'unknown',
    turnId: null,
    turnSinceMs: null,
    calls: new Map(),
    questions: new Set(),
    ended: [],
    callsEnded: 0,
    failures: 0,
    turnsFailed: 0,
    events: [],
    history: [],
    changedMs: 0,
  };
}

const newest = <Item>(items: readonly Item[], item: Item, max: number): readonly Item[] =>
  items.length < max ? [...items, item] : [...items.slice(items.length - max + 1), item];

type Json = Readonly<Record<string, unknown>>;
const recordOf = (value: unknown): Json => (isRecord(value) ? value : {});

const without = (set: ReadonlySet<string>, item: string): ReadonlySet<string> =>
  new Set([...set].filter((one) => one !== item));

/** When a frame came, and what is known besides. */
export interface Circumstances {
  readonly limits: Limits;
  readonly atMs: number;
  /** What waits is just being shown: since when it does is what the service says. */
  readonly isCatchingUp: boolean;
}

/** What a notification of Codex says of its session. */
function afterSignal(
  session: SessionPicture,
  type: string,
  params: Json,
  atMs: number,
): Partial<SessionPicture> {
  switch (type) {
    case 'app_server.thread.started': {
      const { name, preview, cwd, status } = recordOf(params.thread);
      const title = plainLine(textOrNull(name) ?? textOrNull(preview) ?? '') || session.title;
      return { title, cwd: textOrNull(cwd) ?? session.cwd, said: stateOfStatus(status) };
    }
    case 'app_server.thread.status.changed': {
      const said = stateOfStatus(params.status);
      // A wait of Codex's own for a person shows in the questions.
      return { said: said === 'waiting' ? 'working' : said };
    }
    case 'app_server.thread.name.updated':
      return { title: plainLine(textOrNull(params.threadName) ?? session.title) };
    case 'app_server.thread.closed':
      return { said: 'stored' };
    case 'app_server.turn.started': {
      const turnId = textOrNull(recordOf(params.turn).id);
      return turnId === session.turnId ? {} : { turnId, turnSinceMs: atMs };
    }
    case 'app_server.turn.completed': {
      const isFailed = endingOf(textOrNull(recordOf(params.turn).status)) === 'failed';
      return {
        turnId: null,
        turnSinceMs: null,
        said: 'idle',
        turnsFailed: session.turnsFailed + Number(isFailed),
      };
    }
    default:
      return {};
  }
}

function afterRequest(
  session: SessionPicture,
  { payload }: StreamFrame,
  { isCatchingUp, atMs }: Circumstances,
): Partial<SessionPicture> {
  const row = readCallRow(payload);
  if (!row) return {};
  const { requestId, tool, namespace, createdAt, turnId } = row;
  const call: OpenCall = {
    requestId,
    tool: toolText(tool, namespace),
    arguments: valueText(row.arguments),
    sinceMs: isCatchingUp ? Math.min(createdAt ?? atMs, atMs) : atMs,
  };
  const isKnown = session.turnId === turnId;
  return {
    calls: new Map(session.calls).set(requestId, call),
    turnId,
    turnSinceMs: isKnown ? session.turnSinceMs : call.sinceMs,
  };
}

function afterCallEnd(
  session: SessionPicture,
  payload: unknown,
  { atMs, limits }: Circumstances,
): Partial<SessionPicture> {
  const end = parseCallEnd(payload);
  const open = end ? session.calls.get(end.requestId) : undefined;
  if (!end || !open) return {};
  const isGood = recordOf(payload).success === true;
  const outcome = end.isExpired ? 'expired' : isGood ? 'answered' : 'failed';
  const tookMs = Math.max(0, atMs - open.sinceMs);
  const { requestId, tool } = open;
  const ended: EndedCall = { requestId, tool, outcome, endedMs: atMs, tookMs };
  const calls = new Map(session.calls);
  calls.delete(requestId);
  return {
    calls,
    ended: newest(session.ended, ended, limits.topSessionCallsMax),
    callsEnded: session.callsEnded + 1,
    failures: session.failures + (outcome === 'answered' ? 0 : 1),
  };
}

function changeOf(
  session: SessionPicture,
  frame: StreamFrame,
  circumstances: Circumstances,
): Partial<SessionPicture> {
  const { type, payload } = frame;
  switch (type) {
    case callRowType:
      return afterRequest(session, frame, circumstances);
    case 'tool_call_resolved':
      return afterCallEnd(session, payload, circumstances);
    case 'approval':
    case 'tool_user_input_requested': {
      const question = requestOfFrame(frame);
      return question === null ? {} : { questions: new Set(session.questions).add(question) };
    }
    case 'approval_resolved':
    case 'tool_user_input_resolved':
      return { questions: without(session.questions, requestOfFrame(frame) ?? '') };
    default:
      return afterSignal(session, type, recordOf(recordOf(payload).params), circumstances.atMs);
  }
}

/** Whether `frame` brings what is known already: everything that waits comes again with every new stream. */
function isRepeat({ calls, questions }: SessionPicture, frame: StreamFrame): boolean {
  const request = requestOfFrame(frame) ?? '';
  if (frame.type === callRowType) return calls.has(request);
  return questionTypes.has(frame.type) && questions.has(request);
}

const questionTypes: ReadonlySet<string> = new Set(['approval', 'tool_user_input_requested']);

/** The session after a frame about it. */
export function afterFrame(
  session: SessionPicture,
  frame: StreamFrame,
  circumstances: Circumstances,
): SessionPicture {
  if (isRepeat(session, frame)) return session;
  const { atMs, limits } = circumstances;
  const title = textOrNull(recordOf(recordOf(frame.payload).session).title);
  const toolOf = (requestId: string) => session.calls.get(requestId)?.tool;
  return {
    ...session,
    ...(title === null ? {} : { title: plainLine(title) }),
    ...changeOf(session, frame, circumstances),
    events: isForPeople(frame)
      ? newest(session.events, { ...frameText(frame, toolOf), atMs }, limits.topSessionEventsMax)
      : session.events,
    changedMs: atMs,
  };
}
