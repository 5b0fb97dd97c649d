/**
 * Entries as a store keeps them: one line of text each, in which a number stands for a call or a session
 * and everything that is free text is JSON, so that a line never contains another.
 *
 *     intent 12 1767225600000 repeatable 1 ["epoch","session","turn","call",7,"tool",null,99]
 *     restart 12 1767225601000 2
 *     outcome 12 1767225602000 finished [null,true,"a text",{"type":"inputImage","imageUrl":"…"}]
 *     settled 12 1767225603000 answered
 *     session 3 1767225600000 ["session","a title",["tool"],{"cwd":"/work"}]
 *     closed 3 1767225609000
 */
import { isCallOutcome, type CallOutcome } from '../../machines/call-outcome.ts';
import { messageOf, SessionMeshError } from '../errors.ts';
import type { ContentItem, ToolOutput } from '../tools/contract.ts';
import { isRecord } from '../tools/json.ts';
import type {
  CallEffects,
  IntentEntry,
  JournaledCall,
  OutcomeEntry,
  SessionOpenedEntry,
} from './journal.ts';

/** The first start of a call. Its `id` is the call's; ids ascend in the order calls were taken. */
export interface IntentLine {
  readonly type: 'intent';
  readonly id: number;
  readonly at: number;
  readonly effects: CallEffects;
  readonly attempt: number;
  /** For {@link readCall}. */
  readonly call: string;
}

/** A later start of a call. */
export interface RestartLine {
  readonly type: 'restart';
  readonly id: number;
  readonly at: number;
  readonly attempt: number;
}

export interface OutcomeLine {
  readonly type: 'outcome';
  readonly id: number;
  readonly at: number;
  /** The handler passed its deadline. */
  readonly expired: boolean;
  /** For {@link readAnswer}. */
  readonly answer: string;
}

export interface SettledLine {
  readonly type: 'settled';
  readonly id: number;
  readonly at: number;
  readonly outcome: CallOutcome;
}

/** A session that was opened, under a number of its own each time. */
export interface SessionLine {
  readonly type: 'session';
  readonly id: number;
  readonly at: number;
  /** For {@link readSession}. */
  readonly session: string;
}

export interface ClosedLine {
  readonly type: 'closed';
  readonly id: number;
  readonly at: number;
}

export type JournalLine =
  IntentLine | RestartLine | OutcomeLine | SettledLine | SessionLine | ClosedLine;

/** What an {@link OutcomeLine} says of the answer. */
export type Answer = Pick<OutcomeEntry, 'output' | 'code'>;

/**
 * `value` as JSON text.
 * @throws SessionMeshError `json_invalid` for what JSON cannot express.
 */
function jsonText(value: readonly unknown[]): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new SessionMeshError('json_invalid', { found: messageOf(cause), cause });
  }
}

/** Throws `json_invalid`, as the other two with free content do. */
export function intentLine(id: number, { at, effects, attempt, call }: IntentEntry): string {
  const { epoch, sessionId, turnId, callId, requestId, tool, namespace, fingerprint } = call;
  const asked = [epoch, sessionId, turnId, callId, requestId, tool, namespace, fingerprint];
  const text = call.arguments === undefined ? asked : [...asked, call.arguments];
  return `intent ${id} ${at} ${effects} ${attempt} ${jsonText(text)}`;
}

export function restartLine(id: number, at: number, attempt: number): string {
  return `restart ${id} ${at} ${attempt}`;
}

export function outcomeLine(id: number, { at, code, expired, output }: OutcomeEntry): string {
  const answer: unknown[] = [code, output.success];
  for (const item of output.contentItems) {
    answer.push(item.type === 'inputText' ? item.text : item);
  }
  return `outcome ${id} ${at} ${expired ? 'expired' : 'finished'} ${jsonText(answer)}`;
}

export function settledLine(id: number, at: number, outcome: CallOutcome): string {
  return `settled ${id} ${at} ${outcome}`;
}

export function sessionLine(id: number, entry: SessionOpenedEntry): string {
  const { sessionId, title, tools, settings, at } = entry;
  const session = settings === undefined ? [] : [settings];
  return `session ${id} ${at} ${jsonText([sessionId, title, tools, ...session])}`;
}

export function closedLine(id: number, at: number): string {
  return `closed ${id} ${at}`;
}

/** A stored text that is not what was written there. */
export function damaged(expected: string, found: string): SessionMeshError {
  return new SessionMeshError('ledger_damaged', { expected, found: found.slice(0, 80) });
}

const effects: ReadonlySet<string> = new Set<CallEffects>(['at-most-once', 'repeatable']);

const isEffects = (text: string): text is CallEffects => effects.has(text);

const lineForm = /^([a-z]+) (\d+) (\S+)(?: (.*))?$/s;
const intentForm = /^(\S+) (\d+) (.*)$/s;

/**
 * Reads one line, its JSON excepted.
 * @throws SessionMeshError `ledger_damaged`.
 */
export function readLine(text: string): JournalLine {
  const [, type, idText, atText, rest = ''] = lineForm.exec(text) ?? [];
  const id = Number(idText);
  const at = Number(atText);
  if (!Number.isSafeInteger(id) || !Number.isFinite(at)) throw damaged('a line', text);
  switch (type) {
    case 'intent':
      return readIntentLine(id, at, rest);
    case 'restart':
      if (Number.isInteger(Number(rest))) return { type, id, at, attempt: Number(rest) };
      break;
    case 'outcome':
      return readOutcomeLine(id, at, rest);
    case 'settled':
      if (isCallOutcome(rest)) return { type, id, at, outcome: rest };
      break;
    case 'session':
      return { type, id, at, session: rest };
    case 'closed':
      return { type, id, at };
    default:
  }
  throw damaged('a line', text);
}

function readIntentLine(id: number, at: number, rest: string): IntentLine {
  const [, word = '', attempt, call = ''] = intentForm.exec(rest) ?? [];
  if (!isEffects(word)) throw damaged('effects of a call', rest);
  return { type: 'intent', id, at, effects: word, attempt: Number(attempt), call };
}

function readOutcomeLine(id: number, at: number, rest: string): OutcomeLine {
  const expired = rest.startsWith('expired ');
  if (!expired && !rest.startsWith('finished ')) throw damaged('an outcome of a call', rest);
  return { type: 'outcome', id, at, expired, answer: rest.slice(rest.indexOf(' ') + 1) };
}

/** Whom a line is about, without reading the rest of it. */
export interface LineSubject {
  readonly type: string;
  readonly id: number;
}

export function subjectOf(text: string): LineSubject {
  const gap = text.indexOf(' ');
  return { type: text.slice(0, gap), id: Number.parseInt(text.slice(gap + 1), 10) };
}

function parse(text: string, what: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value;
  } catch {
    // Reported below.
  }
  throw damaged(what, text);
}

/** Reads what an {@link IntentLine} has of the call. Throws `ledger_damaged`, as do the others. */
export function readCall(text: string): JournaledCall {
  const what = 'a call';
  const call = parse(text, what);
  const [epoch, sessionId, turnId, callId, requestId, tool, namespace, fingerprint] = call;
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
    throw damaged(what, text);
  }
  const identity = { epoch, sessionId, turnId, callId, requestId };
  const asked = { ...identity, tool, namespace, fingerprint };
  return call.length > 8 ? { ...asked, arguments: call[8] } : asked;
}

function readItem(item: unknown): ContentItem | undefined {
  if (typeof item === 'string') return { type: 'inputText', text: item };
  if (!isRecord(item)) return undefined;
  const { type, imageUrl, audioUrl } = item;
  if (type === 'inputImage' && typeof imageUrl === 'string') return { type, imageUrl };
  if (type === 'inputAudio' && typeof audioUrl === 'string') return { type, audioUrl };
  return undefined;
}

/** Reads what an {@link OutcomeLine} has of the answer. */
export function readAnswer(text: string): Answer {
  const what = 'an answer';
  const [code, success, ...items] = parse(text, what);
  if ((typeof code !== 'string' && code !== null) || typeof success !== 'boolean') {
    throw damaged(what, text);
  }
  const contentItems = items.map((item) => {
    const read = readItem(item);
    if (!read) throw damaged(what, text);
    return read;
  });
  const output: ToolOutput = { success, contentItems };
  return { output, code };
}

/** Reads back a session that was opened. */
export function readSession({ at, session }: SessionLine): Omit<SessionOpenedEntry, 'type'> {
  const what = 'a session';
  const [sessionId, title, tools, settings] = parse(session, what);
  if (
    typeof sessionId !== 'string' ||
    (typeof title !== 'string' && title !== null) ||
    !Array.isArray(tools) ||
    !tools.every((name) => typeof name === 'string')
  ) {
    throw damaged(what, session);
  }
  return { sessionId, title, tools, settings, at };
}
