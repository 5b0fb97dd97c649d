/** Entries as a store keeps them: numbered, with everything that is structured as JSON text. */
import type { CallOutcome } from '../../machines/call.ts';
import { messageOf, SessionMeshError } from '../errors.ts';
import type { ContentItem, ToolOutput } from '../tools/contract.ts';
import { isRecord } from '../tools/json.ts';
import { callKey } from './call-record.ts';
import type {
  CallEffects,
  JournaledCall,
  SessionOpenedEntry,
  SettledCall,
  UnconfirmedCall,
  UnknownCall,
} from './journal.ts';

/** The first start of a call. Its `id` is the call's, in the order calls were taken. */
export interface IntentRow {
  readonly type: 'intent';
  readonly id: number;
  readonly at: number;
  readonly effects: CallEffects;
  readonly attempt: number;
  /** A {@link JournaledCall}. */
  readonly call: string;
}

/** The last of the later starts of a call. */
export interface RestartRow {
  readonly type: 'restart';
  readonly id: number;
  readonly at: number;
  readonly attempt: number;
}

export interface OutcomeRow {
  readonly type: 'outcome';
  readonly id: number;
  readonly at: number;
  readonly expired: boolean;
  readonly code: string | null;
  /** A {@link ToolOutput}. */
  readonly output: string;
}

export interface SettlementRow {
  readonly type: 'settlement';
  readonly id: number;
  readonly at: number;
  readonly outcome: CallOutcome;
}

export interface SessionRow {
  readonly type: 'session';
  readonly id: number;
  readonly at: number;
  /** The rest of a {@link SessionOpenedEntry}. */
  readonly session: string;
  /** An earlier row of the same session, which goes. */
  readonly replaces: number | null;
}

export interface SessionEndRow {
  readonly type: 'session.end';
  readonly id: number;
  readonly at: number;
}

export type JournalRow =
  IntentRow | RestartRow | OutcomeRow | SettlementRow | SessionRow | SessionEndRow;

/** Everything that is stored of one call. */
export interface StoredCall {
  readonly intent: IntentRow;
  readonly restart: RestartRow | null;
  readonly outcome: OutcomeRow | null;
  readonly settlement: SettlementRow | null;
}

/**
 * `value` as JSON text.
 * @throws SessionMeshError `json_invalid` for what JSON cannot express.
 */
export function journalText(value: object): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new SessionMeshError('json_invalid', { found: messageOf(cause), cause });
  }
}

/** The text that counts towards the bytes of a row. */
export function rowChars(row: JournalRow): number {
  switch (row.type) {
    case 'intent':
      return row.call.length + 32;
    case 'outcome':
      return row.output.length + 32;
    case 'session':
      return row.session.length + 32;
    case 'restart':
    case 'settlement':
    case 'session.end':
      return 32;
  }
}

/** A stored text that is not what was written there. */
export function damaged(what: string, found: string): SessionMeshError {
  return new SessionMeshError('ledger_damaged', { expected: what, found });
}

function parse(text: string, what: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch {
    // Reported below.
  }
  throw damaged(what, text.slice(0, 80));
}

/** Reads what {@link IntentRow} has of the call. */
export function readCall(text: string): JournaledCall {
  const what = 'a call';
  const call = parse(text, what);
  const { epoch, sessionId, turnId, callId, requestId, tool, namespace, fingerprint } = call;
  if (
    typeof epoch !== 'string' ||
    typeof sessionId !== 'string' ||
    typeof turnId !== 'string' ||
    typeof callId !== 'string' ||
    (typeof requestId !== 'string' && typeof requestId !== 'number') ||
    typeof tool !== 'string' ||
    (typeof namespace !== 'string' && namespace !== null) ||
    typeof fingerprint !== 'number'
  ) {
    throw damaged(what, text.slice(0, 80));
  }
  const identity = { epoch, sessionId, turnId, callId, requestId };
  const asked = { ...identity, tool, namespace, fingerprint };
  return 'arguments' in call ? { ...asked, arguments: call.arguments } : asked;
}

function readItem(item: unknown): ContentItem | undefined {
  if (!isRecord(item)) return undefined;
  const { type, text, imageUrl, audioUrl } = item;
  if (type === 'inputText' && typeof text === 'string') return { type, text };
  if (type === 'inputImage' && typeof imageUrl === 'string') return { type, imageUrl };
  if (type === 'inputAudio' && typeof audioUrl === 'string') return { type, audioUrl };
  return undefined;
}

/** Reads what {@link OutcomeRow} has of the answer. */
export function readOutput(text: string): ToolOutput {
  const what = 'an answer';
  const { success, contentItems } = parse(text, what);
  if (typeof success !== 'boolean' || !Array.isArray(contentItems)) {
    throw damaged(what, text.slice(0, 80));
  }
  const items = contentItems.map((item) => {
    const read = readItem(item);
    if (!read) throw damaged(what, text.slice(0, 80));
    return read;
  });
  return { success, contentItems: items };
}

/** Reads back the start of a call. */
export function readIntent({ intent, restart }: StoredCall): UnknownCall {
  const call = readCall(intent.call);
  const { attempt, at } = restart ?? intent;
  return { key: callKey(call), call, effects: intent.effects, attempt, at };
}

/** Reads back a call that has an outcome and is not over. */
export function readUnconfirmed(stored: StoredCall, outcome: OutcomeRow): UnconfirmedCall {
  const { code, expired, output } = outcome;
  return { ...readIntent(stored), output: readOutput(output), code, expired };
}

/** Reads back a call that is over. */
export function readSettled(stored: StoredCall, settlement: SettlementRow): SettledCall {
  const { outcome } = stored;
  return {
    ...readIntent(stored),
    outcome: settlement.outcome,
    output: outcome && readOutput(outcome.output),
    code: outcome && outcome.code,
    settledAt: settlement.at,
  };
}

/** Reads back an open session. */
export function readSession({ at, session }: SessionRow): Omit<SessionOpenedEntry, 'type'> {
  const what = 'a session';
  const { sessionId, title, tools, settings } = parse(session, what);
  if (
    typeof sessionId !== 'string' ||
    (typeof title !== 'string' && title !== null) ||
    !Array.isArray(tools) ||
    !tools.every((name) => typeof name === 'string')
  ) {
    throw damaged(what, session.slice(0, 80));
  }
  return { sessionId, title, tools, settings, at };
}
