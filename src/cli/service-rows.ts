/** What a service says of sessions and calls, read once. What does not fit is left out, never an error. */
import { requestIdOf } from '../hosts/control-service/frame.ts';
import { endingOf } from '../hosts/control-service/session-view.ts';
import { isRecord, textOf, textOrNull } from '../tools/json.ts';

/**
 * What a session does. `waiting`: it cannot go on without an answer, of a client or a person. `stored`: it
 * is not loaded. `unknown`: the service did not say.
 */
export type SessionState = 'working' | 'waiting' | 'idle' | 'failed' | 'stored' | 'unknown';

/** All of them, those that matter most first. */
export const sessionStates: readonly SessionState[] = [
  'waiting',
  'working',
  'failed',
  'idle',
  'unknown',
  'stored',
];

/** A session as lists show it. */
export interface SessionRow {
  readonly id: string;
  readonly title: string;
  readonly state: SessionState;
  readonly cwd: string;
  /** Milliseconds since the Unix epoch; 0 if it was not said. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A call that waits for an answer. */
export interface CallRow {
  readonly requestId: string;
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly tool: string;
  readonly namespace: string | null;
  readonly arguments: unknown;
  /** Milliseconds since the Unix epoch, or null. */
  readonly createdAt: number | null;
}

/** An ISO 8601 time as milliseconds since the Unix epoch, or null. */
export function msOfIso(value: unknown): number | null {
  const ms = Date.parse(textOf(value));
  return Number.isNaN(ms) ? null : ms;
}

const msOf = (seconds: unknown): number => (typeof seconds === 'number' ? seconds * 1_000 : 0);

/** The list that a body holds as `data`, or none. */
export function dataOf(body: unknown): readonly unknown[] {
  return isRecord(body) && Array.isArray(body.data) ? body.data : [];
}

/** What the status of a thread says of its session. */
export function stateOfStatus(status: unknown): SessionState {
  if (!isRecord(status)) return 'unknown';
  const flags = Array.isArray(status.activeFlags) ? status.activeFlags : [];
  switch (status.type) {
    case 'active':
      return flags.length > 0 ? 'waiting' : 'working';
    case 'idle':
      return 'idle';
    case 'systemError':
      return 'failed';
    case 'notLoaded':
      return 'stored';
    default:
      return 'unknown';
  }
}

/** A row of the list of sessions, or null. */
export function readSessionRow(row: unknown): SessionRow | null {
  if (!isRecord(row) || typeof row.sessionId !== 'string') return null;
  const createdAt = msOf(row.createdAt);
  return {
    id: row.sessionId,
    title: textOf(row.title),
    state: stateOfStatus(row.status),
    cwd: textOf(row.cwd),
    createdAt,
    updatedAt: msOf(row.updatedAt) || createdAt,
  };
}

/** A row of a list of calls, or the payload of `tool_call_requested`; or null. */
export function readCallRow(row: unknown): CallRow | null {
  if (!isRecord(row)) return null;
  const requestId = requestIdOf(row.requestId);
  if (requestId === null || typeof row.threadId !== 'string') return null;
  const details = isRecord(row.details) ? row.details : {};
  return {
    requestId,
    sessionId: row.threadId,
    turnId: textOf(row.turnId),
    callId: textOf(row.callId),
    tool: textOf(row.tool),
    namespace: textOrNull(details.namespace),
    arguments: row.arguments ?? null,
    createdAt: msOfIso(row.createdAt),
  };
}

/** One turn of a session that was read. */
export interface TurnRow {
  readonly id: string;
  readonly status: string;
  readonly error: string | null;
  readonly durationMs: number | null;
}

/** One row of a transcript: something said, or something done. */
export interface TranscriptRow {
  readonly turnId: string;
  readonly type: string;
  readonly role: string;
  readonly content: string;
  readonly status: string;
  /** What it holds as JSON, or null. */
  readonly details: unknown;
}

function readDetails(details: unknown): unknown {
  if (typeof details !== 'string') return null;
  try {
    return JSON.parse(details);
  } catch {
    return null;
  }
}

/** A session that was read: its row, its turns and its transcript, oldest first. */
export interface SessionDetail {
  readonly row: SessionRow;
  readonly turns: readonly TurnRow[];
  readonly transcript: readonly TranscriptRow[];
}

function readTurnRow(turn: unknown): TurnRow | readonly [] {
  if (!isRecord(turn) || typeof turn.id !== 'string') return [];
  return {
    id: turn.id,
    status: textOf(turn.status),
    error: isRecord(turn.error) ? textOrNull(turn.error.message) : null,
    durationMs: typeof turn.durationMs === 'number' ? turn.durationMs : null,
  };
}

function readTranscriptRow(row: unknown): TranscriptRow | readonly [] {
  if (!isRecord(row)) return [];
  return {
    turnId: textOf(row.turnId),
    type: textOf(row.type),
    role: textOf(row.role),
    content: textOf(row.content),
    status: textOf(row.status),
    details: readDetails(row.details),
  };
}

/** Whether a call waits according to the transcript. */
const isOpenCall = ({ type, status }: TranscriptRow): boolean =>
  type === 'dynamicToolCall' && status === 'streaming';

/** The body of `GET /sessions/:id`, or null. */
export function readSessionDetail(body: unknown): SessionDetail | null {
  if (!isRecord(body)) return null;
  const row = readSessionRow(body.session);
  if (!row) return null;
  const thread = isRecord(body.thread) ? body.thread : {};
  const turns = Array.isArray(thread.turns) ? thread.turns.flatMap(readTurnRow) : [];
  const transcript = Array.isArray(body.transcript)
    ? body.transcript.flatMap(readTranscriptRow)
    : [];
  const said = stateOfStatus(thread.status);
  const last = turns.at(-1);
  const isActive = last !== undefined && endingOf(last.status) === null;
  const isWaiting = isActive && transcript.some(isOpenCall);
  const state = isWaiting ? 'waiting' : isActive && said !== 'stored' ? 'working' : said;
  return { row: { ...row, state }, turns, transcript };
}
