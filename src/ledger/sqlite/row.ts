/** Rows as SQLite returns them: checked against their sums and read into ours. */
import type { SQLOutputValue } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { CallOutcome } from '../../../machines/call.ts';
import type { CallEffects } from '../journal.ts';
import {
  damaged,
  type IntentRow,
  type JournalRow,
  type OutcomeRow,
  type RestartRow,
  type SessionEndRow,
  type SessionRow,
  type SettlementRow,
  type StoredCall,
} from '../journal-row.ts';

export type SqliteRow = Readonly<Record<string, SQLOutputValue>>;

/** Selects calls with everything that is stored of them, for {@link readStoredCall}. */
export const selectCalls = `
  SELECT i.id, i.at AS started_at, i.effects, i.attempt, i.call, i.sum AS intent_sum,
    r.at AS restarted_at, r.attempt AS last_attempt, r.sum AS restart_sum,
    o.at AS answered_at, o.expired, o.code, o.output, o.sum AS outcome_sum,
    s.at AS settled_at, s.outcome, s.sum AS settlement_sum
  FROM intents i LEFT JOIN settlements s ON s.id = i.id
    LEFT JOIN outcomes o ON o.id = i.id LEFT JOIN restarts r ON r.id = i.id`;

/** Selects sessions with their ends, for {@link readStoredSession}. */
export const selectSessions = `
  SELECT s.id, s.at AS opened_at, s.session, s.sum AS session_sum,
    e.at AS ended_at, e.sum AS end_sum
  FROM sessions s LEFT JOIN session_ends e ON e.id = s.id`;

/** A session with its end, if it has ended. */
export interface StoredSession {
  readonly session: SessionRow;
  readonly end: SessionEndRow | null;
}

/** The checksum that is stored with a row. */
export function sumOf(row: JournalRow): number {
  const { type, id, at } = row;
  switch (type) {
    case 'intent':
      return crc32(row.call, crc32(`${type} ${id} ${at} ${row.effects} ${row.attempt}`));
    case 'restart':
      return crc32(`${type} ${id} ${at} ${row.attempt}`);
    case 'outcome':
      return crc32(row.output, crc32(`${type} ${id} ${at} ${row.expired} ${row.code}`));
    case 'settlement':
      return crc32(`${type} ${id} ${at} ${row.outcome}`);
    case 'session':
      return crc32(row.session, crc32(`${type} ${id} ${at}`));
    case 'session.end':
      return crc32(`${type} ${id} ${at}`);
  }
}

/** Returns `row` if it is what was written under that sum. */
function verified<Row extends JournalRow>(row: Row, sum: SQLOutputValue | undefined): Row {
  if (sum === sumOf(row)) return row;
  throw damaged(`the ${row.type} ${row.id} as it was written`, 'another one');
}

function readNumber(row: SqliteRow, column: string): number {
  const value = row[column];
  if (typeof value === 'number') return value;
  throw damaged(`a number as ${column}`, String(value));
}

function readText(row: SqliteRow, column: string): string {
  const value = row[column];
  if (typeof value === 'string') return value;
  throw damaged(`a text as ${column}`, String(value));
}

const effects: ReadonlySet<string> = new Set<CallEffects>(['at-most-once', 'repeatable']);
const outcomes: ReadonlySet<string> = new Set<CallOutcome>([
  'answered',
  'refused',
  'expired',
  'cancelled',
  'abandoned',
  'unknown',
]);

const isEffects = (text: string): text is CallEffects => effects.has(text);
const isOutcome = (text: string): text is CallOutcome => outcomes.has(text);

function readEffects(row: SqliteRow): CallEffects {
  const text = readText(row, 'effects');
  if (isEffects(text)) return text;
  throw damaged('effects of a call', text);
}

function readOutcome(row: SqliteRow): CallOutcome {
  const text = readText(row, 'outcome');
  if (isOutcome(text)) return text;
  throw damaged('an outcome of a call', text);
}

function readIntentRow(row: SqliteRow, id: number): IntentRow {
  const intent: IntentRow = {
    type: 'intent',
    id,
    at: readNumber(row, 'started_at'),
    effects: readEffects(row),
    attempt: readNumber(row, 'attempt'),
    call: readText(row, 'call'),
  };
  return verified(intent, row.intent_sum);
}

function readRestartRow(row: SqliteRow, id: number): RestartRow | null {
  if (row.restart_sum === null) return null;
  const at = readNumber(row, 'restarted_at');
  const attempt = readNumber(row, 'last_attempt');
  return verified({ type: 'restart', id, at, attempt }, row.restart_sum);
}

function readOutcomeRow(row: SqliteRow, id: number): OutcomeRow | null {
  if (row.outcome_sum === null) return null;
  const outcome: OutcomeRow = {
    type: 'outcome',
    id,
    at: readNumber(row, 'answered_at'),
    expired: readNumber(row, 'expired') === 1,
    code: row.code === null ? null : readText(row, 'code'),
    output: readText(row, 'output'),
  };
  return verified(outcome, row.outcome_sum);
}

function readSettlementRow(row: SqliteRow, id: number): SettlementRow | null {
  if (row.settlement_sum === null) return null;
  const at = readNumber(row, 'settled_at');
  return verified({ type: 'settlement', id, at, outcome: readOutcome(row) }, row.settlement_sum);
}

/**
 * Reads one row of {@link selectCalls}.
 * @throws SessionMeshError `ledger_damaged` if any part of it is not what was written.
 */
export function readStoredCall(row: SqliteRow): StoredCall {
  const id = readNumber(row, 'id');
  return {
    intent: readIntentRow(row, id),
    restart: readRestartRow(row, id),
    outcome: readOutcomeRow(row, id),
    settlement: readSettlementRow(row, id),
  };
}

/**
 * Reads one row of {@link selectSessions}.
 * @throws SessionMeshError `ledger_damaged` if any part of it is not what was written.
 */
export function readStoredSession(row: SqliteRow): StoredSession {
  const id = readNumber(row, 'id');
  const at = readNumber(row, 'opened_at');
  const text = readText(row, 'session');
  const session: SessionRow = { type: 'session', id, at, session: text, replaces: null };
  const isOpen = row.end_sum === null;
  const end: SessionEndRow | null = isOpen
    ? null
    : verified({ type: 'session.end', id, at: readNumber(row, 'ended_at') }, row.end_sum);
  return { session: verified(session, row.session_sum), end };
}
