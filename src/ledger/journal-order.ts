/** What may follow what in a journal, and the ids by which rows of one call find each other. */
import {
  nextCallState,
  type CallEvent,
  type CallOutcome,
  type CallState,
} from '../../machines/call.ts';
import { SessionMeshError } from '../errors.ts';
import { callKey } from './call-record.ts';
import type {
  CallEffects,
  IntentEntry,
  JournalEntry,
  OutcomeEntry,
  SessionOpenedEntry,
  SettledEntry,
} from './journal.ts';
import {
  journalText,
  readIntent,
  readSession,
  type JournalRow,
  type OutcomeRow,
} from './journal-row.ts';
import type { JournalStore } from './journal-store.ts';

/** A call that is not over. */
interface OpenIntent {
  readonly id: number;
  readonly effects: CallEffects;
  attempt: number;
  state: CallState;
}

/** The events that end calls, the usual one first. */
const endings: readonly CallEvent['type'][] = ['confirmed', 'cancelled', 'gone', 'refused', 'lost'];

function stateAfter(expired: boolean): CallState | undefined {
  return nextCallState('running', expired ? 'timed.out' : 'finished');
}

/** Where a call is in its life that has this outcome, or none yet, and is not over. */
export function stateOf(outcome: OutcomeRow | null): CallState {
  return (outcome && stateAfter(outcome.expired)) ?? 'running';
}

/** Whether a call may end in `outcome` from `state`. */
export function mayEnd(state: CallState, outcome: CallOutcome): boolean {
  return endings.some((event) => nextCallState(state, event) === outcome);
}

function misused(expected: string, found: string): SessionMeshError {
  return new SessionMeshError('ledger_misused', { expected, found });
}

/** Turns entries into rows, and refuses those that do not follow from the ones before (J1). */
export class JournalOrder {
  readonly #open = new Map<string, OpenIntent>();
  /** Ids of the open sessions. */
  readonly #sessions = new Map<string, number>();
  #lastCallId: number;
  #lastSessionId: number;

  /** Goes on where `store` left off. */
  constructor(store: JournalStore) {
    this.#lastCallId = store.lastCallId;
    this.#lastSessionId = store.lastSessionId;
    for (const stored of store.openCalls()) {
      const { key, effects, attempt } = readIntent(stored);
      const { id } = stored.intent;
      this.#open.set(key, { id, effects, attempt, state: stateOf(stored.outcome) });
    }
    for (const row of store.openSessions()) {
      this.#sessions.set(readSession(row).sessionId, row.id);
    }
  }

  /** Calls that are not over. */
  get open(): number {
    return this.#open.size;
  }

  /**
   * The row for an entry, or undefined where the entry means nothing.
   * @throws SessionMeshError `ledger_misused`, `json_invalid`; nothing changes then.
   */
  place(entry: JournalEntry): JournalRow | undefined {
    if (!Number.isFinite(entry.at)) throw misused('a time', String(entry.at));
    switch (entry.type) {
      case 'intent':
        return this.#start(entry);
      case 'outcome':
        return this.#answer(entry);
      case 'settled':
        return this.#end(entry);
      case 'session.opened':
        return this.#openSession(entry);
      case 'session.closed': {
        const id = this.#sessions.get(entry.sessionId);
        this.#sessions.delete(entry.sessionId);
        return id === undefined ? undefined : { type: 'session.end', id, at: entry.at };
      }
    }
  }

  #start(entry: IntentEntry): JournalRow {
    const { key, call, effects, attempt, at } = entry;
    if (!Number.isInteger(attempt)) throw misused('a whole number', `attempt ${attempt}`);
    const open = this.#open.get(key);
    if (open) return this.#startAgain(open, entry);
    const { epoch, sessionId, turnId, callId, requestId, tool, namespace, fingerprint } = call;
    if (key !== callKey(call)) throw misused('the key of the call', key);
    if (!Number.isFinite(fingerprint)) throw misused('a fingerprint', String(fingerprint));
    const identity = { epoch, sessionId, turnId, callId, requestId };
    const asked = { ...identity, tool, namespace, fingerprint, arguments: call.arguments };
    const text = journalText(asked);
    const id = ++this.#lastCallId;
    this.#open.set(key, { id, effects, attempt, state: 'running' });
    return { type: 'intent', id, at, effects, attempt, call: text };
  }

  #startAgain(open: OpenIntent, { key, attempt, at }: IntentEntry): JournalRow {
    if (open.state !== 'running' || open.effects !== 'repeatable' || attempt <= open.attempt) {
      const expected = 'one start of a call, or a later attempt at a repeatable one';
      throw misused(expected, `attempt ${attempt} at ${key}, ${open.state}, ${open.effects}`);
    }
    open.attempt = attempt;
    return { type: 'restart', id: open.id, at, attempt };
  }

  #answer({ key, output, code, expired, at }: OutcomeEntry): JournalRow {
    const open = this.#find(key);
    const state = stateAfter(expired);
    if (open.state !== 'running' || state === undefined) {
      throw misused('one outcome of a call', `another one of ${key}`);
    }
    const { success, contentItems } = output;
    const text = journalText({ success, contentItems });
    open.state = state;
    return { type: 'outcome', id: open.id, at, expired, code, output: text };
  }

  #end({ key, outcome, at }: SettledEntry): JournalRow {
    const open = this.#find(key);
    if (!mayEnd(open.state, outcome)) {
      throw misused(`an end of a call that is ${open.state}`, `${outcome} of ${key}`);
    }
    this.#open.delete(key);
    return { type: 'settlement', id: open.id, at, outcome };
  }

  #openSession({ sessionId, title, tools, settings, at }: SessionOpenedEntry): JournalRow {
    const session = journalText({ sessionId, title, tools, settings });
    const replaces = this.#sessions.get(sessionId) ?? null;
    const id = ++this.#lastSessionId;
    this.#sessions.delete(sessionId);
    this.#sessions.set(sessionId, id);
    return { type: 'session', id, at, session, replaces };
  }

  #find(key: string): OpenIntent {
    const open = this.#open.get(key);
    if (!open) throw misused('an intent before it, and no end', key);
    return open;
  }
}
