/** Numbers calls and sessions, and turns entries into lines. */
import { SessionMeshError } from '../errors.ts';
import { TransientMap } from '../transient-map.ts';
import { callKey } from './call-record.ts';
import { mayEnd, mayStartAgain, OpenCall, stateWithAnswer } from './call-life.ts';
import type {
  IntentEntry,
  JournalEntry,
  OutcomeEntry,
  SessionOpenedEntry,
  SettledEntry,
} from './journal.ts';
import type { JournalFold } from './journal-fold.ts';
import {
  closedLine,
  intentLine,
  outcomeLine,
  readCall,
  readSession,
  restartLine,
  sessionLine,
  settledLine,
} from './journal-line.ts';

function misused(expected: string, found: string): SessionMeshError {
  return new SessionMeshError('ledger_misused', { expected, found });
}

/** Turns entries into lines, and refuses those that do not follow from the ones before (J1). */
export class JournalOrder {
  readonly #open = new TransientMap<string, OpenCall>();
  /** Numbers of the open sessions. */
  readonly #sessions = new Map<string, number>();
  #lastCallId: number;
  #lastSessionId: number;

  /** Goes on where `fold` ends. */
  constructor({ open, sessions, lastCallId, lastSessionId }: JournalFold) {
    this.#lastCallId = lastCallId;
    this.#lastSessionId = lastSessionId;
    for (const { id, effects, attempt, state, intent } of open.values()) {
      const call = new OpenCall(id, effects, attempt);
      call.state = state;
      this.#open.set(callKey(readCall(intent.call)), call);
    }
    for (const line of sessions.values()) this.#sessions.set(readSession(line).sessionId, line.id);
  }

  /** Calls that are not over. */
  get open(): number {
    return this.#open.size;
  }

  /**
   * The line for an entry, or undefined where the entry means nothing.
   * @throws SessionMeshError `ledger_misused`, `json_invalid`; nothing changes then.
   */
  place(entry: JournalEntry): string | undefined {
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
      case 'session.closed':
        return this.#closeSession(entry.sessionId, entry.at);
    }
  }

  #start(entry: IntentEntry): string {
    const { key, call, effects, attempt } = entry;
    if (!Number.isInteger(attempt)) throw misused('a whole number', `attempt ${attempt}`);
    const open = this.#open.get(key);
    if (open) return this.#startAgain(open, entry);
    if (key !== callKey(call)) throw misused('the key of the call', key);
    const { fingerprint } = call;
    if (!Number.isFinite(fingerprint)) throw misused('a fingerprint', String(fingerprint));
    const id = this.#lastCallId + 1;
    const line = intentLine(id, entry);
    this.#lastCallId = id;
    this.#open.set(key, new OpenCall(id, effects, attempt));
    return line;
  }

  #startAgain(open: OpenCall, { key, attempt, at }: IntentEntry): string {
    if (!mayStartAgain(open, attempt)) {
      const expected = 'one start of a call, or a later attempt at a repeatable one';
      throw misused(expected, `attempt ${attempt} at ${key}, ${open.state}, ${open.effects}`);
    }
    open.attempt = attempt;
    return restartLine(open.id, at, attempt);
  }

  #answer(entry: OutcomeEntry): string {
    const open = this.#find(entry.key);
    const state = stateWithAnswer(open.state, entry.expired);
    if (state === undefined) throw misused('one outcome of a call', `another one of ${entry.key}`);
    const line = outcomeLine(open.id, entry);
    open.state = state;
    return line;
  }

  #end({ key, outcome, at }: SettledEntry): string {
    const open = this.#find(key);
    if (!mayEnd(open.state, outcome)) {
      throw misused(`an end of a call that is ${open.state}`, `${outcome} of ${key}`);
    }
    this.#open.delete(key);
    return settledLine(open.id, at, outcome);
  }

  /** A session that was open ends with the line before. */
  #openSession(entry: SessionOpenedEntry): string {
    const line = sessionLine(this.#lastSessionId + 1, entry);
    const closed = this.#closeSession(entry.sessionId, entry.at);
    this.#lastSessionId += 1;
    this.#sessions.set(entry.sessionId, this.#lastSessionId);
    return closed === undefined ? line : `${closed}\n${line}`;
  }

  #closeSession(sessionId: string, at: number): string | undefined {
    const id = this.#sessions.get(sessionId);
    this.#sessions.delete(sessionId);
    return id === undefined ? undefined : closedLine(id, at);
  }

  #find(key: string): OpenCall {
    const open = this.#open.get(key);
    if (!open) throw misused('an intent before it, and no end', key);
    return open;
  }
}
