/**
 * The lines of a journal, taken one after the other: what is open, what is over, and whether each line
 * follows from those before it. Recovery, a check and an export all read a journal through this.
 */
import type { Limits } from '../limits.ts';
import { answerBytes, callKey } from './call-record.ts';
import { mayEnd, mayStartAgain, stateWithAnswer, type OpenCall } from './call-life.ts';
import type { Recovery, SettledCall, UnconfirmedCall, UnknownCall } from './journal.ts';
import {
  damaged,
  readAnswer,
  readCall,
  readLine,
  readSession,
  type IntentLine,
  type JournalLine,
  type OutcomeLine,
  type RestartLine,
  type SessionLine,
  type SettledLine,
} from './journal-line.ts';
import type { JournalStore } from './journal-store.ts';

/** Everything that the lines say of one call. */
export interface FoldedCall extends OpenCall {
  readonly intent: IntentLine;
  /** Its last start. */
  at: number;
  outcome: OutcomeLine | null;
}

/** A call that is over. */
interface FinishedCall {
  readonly call: FoldedCall;
  readonly settled: SettledLine;
}

/** The most characters that one becomes in JSON, as `\\u0000` does; it counts for two bytes. */
const jsonCharsMax = 6;

/** The newest finished calls, as many as may be recovered; their answers stay text until then. */
class FinishedCalls {
  readonly #limits: Limits;
  #calls: FinishedCall[] = [];
  #first = 0;
  #chars = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  push(finished: FinishedCall): void {
    const { ledgerCallsMax, ledgerAnswerBytesMax } = this.#limits;
    this.#calls.push(finished);
    this.#chars += charsOf(finished);
    const charsMax = ledgerAnswerBytesMax * (jsonCharsMax / 2);
    while (this.#calls.length - this.#first > ledgerCallsMax || this.#chars > charsMax) {
      const oldest = this.#calls[this.#first];
      if (!oldest) return;
      this.#chars -= charsOf(oldest);
      this.#first += 1;
    }
    if (this.#first <= ledgerCallsMax) return;
    this.#calls = this.#calls.slice(this.#first);
    this.#first = 0;
  }

  /** The newest first, as many as the ledger will keep. */
  recover(): SettledCall[] {
    const recovered: SettledCall[] = [];
    let bytes = 0;
    for (let index = this.#calls.length - 1; index >= this.#first; index -= 1) {
      const finished = this.#calls[index];
      if (!finished) break;
      const call = readSettled(finished);
      bytes += answerBytes(call.output);
      if (bytes > this.#limits.ledgerAnswerBytesMax) break;
      recovered.push(call);
    }
    return recovered;
  }
}

function charsOf({ call }: FinishedCall): number {
  return call.outcome?.answer.length ?? 0;
}

function readStart({ intent, attempt, at, effects }: FoldedCall): UnknownCall {
  const call = readCall(intent.call);
  return { key: callKey(call), call, effects, attempt, at };
}

function readUnconfirmed(call: FoldedCall, { answer, expired }: OutcomeLine): UnconfirmedCall {
  return { ...readStart(call), ...readAnswer(answer), expired };
}

function readSettled({ call, settled }: FinishedCall): SettledCall {
  const { output, code } = call.outcome ? readAnswer(call.outcome.answer) : noAnswer;
  const { outcome, at: settledAt } = settled;
  return { ...readStart(call), outcome, output, code, settledAt };
}

const noAnswer = { output: null, code: null };

export class JournalFold {
  /** Calls that are not over, in the order they were taken. */
  readonly open = new Map<number, FoldedCall>();
  /** Sessions that have not ended, in the order they were opened. */
  readonly sessions = new Map<number, SessionLine>();
  /** Calls that are over, and sessions. */
  finished = 0;
  closed = 0;
  /** The highest numbers so far; 0 if there was none. */
  lastCallId = 0;
  lastSessionId = 0;
  readonly #finishedCalls: FinishedCalls | undefined;

  /** @param limits what is to be recovered of the finished calls; left out: nothing */
  constructor(limits?: Limits) {
    this.#finishedCalls = limits && new FinishedCalls(limits);
  }

  /**
   * Takes the next line, and returns it read.
   * @throws SessionMeshError `ledger_damaged` for a line that is none, or does not follow; nothing
   * changes then.
   */
  take(text: string): JournalLine {
    const line = readLine(text);
    switch (line.type) {
      case 'intent':
        this.#start(line);
        break;
      case 'restart':
        this.#startAgain(line);
        break;
      case 'outcome':
        this.#answer(line);
        break;
      case 'settled':
        this.#end(line);
        break;
      case 'session':
        if (line.id <= this.lastSessionId) throw damaged('another session', `session ${line.id}`);
        this.lastSessionId = line.id;
        this.sessions.set(line.id, line);
        break;
      case 'closed':
        if (!this.sessions.delete(line.id)) {
          throw damaged('an open session', `the end of session ${line.id}`);
        }
        this.closed += 1;
    }
    return line;
  }

  /** What is wrong with what is open in the end. Throws `ledger_damaged` where it cannot be read. */
  *problems(): Iterable<string> {
    const keys = new Set<string>();
    for (const call of this.open.values()) {
      const { key } = readStart(call);
      if (keys.has(key)) yield `call ${call.id} is open twice: ${key}`;
      keys.add(key);
    }
    for (const line of this.sessions.values()) {
      const { sessionId } = readSession(line);
      if (keys.has(sessionId)) yield `session ${line.id} is open twice: ${sessionId}`;
      keys.add(sessionId);
    }
  }

  /** What a process that starts must know. Throws `ledger_damaged`. */
  recover(): Recovery {
    const unconfirmed: UnconfirmedCall[] = [];
    const unknown: UnknownCall[] = [];
    for (const call of this.open.values()) {
      if (call.outcome) unconfirmed.push(readUnconfirmed(call, call.outcome));
      else unknown.push(readStart(call));
    }
    const finished = this.#finishedCalls?.recover() ?? [];
    const sessions = [...this.sessions.values()].map(readSession);
    return { unconfirmed, unknown, finished, sessions };
  }

  #start(intent: IntentLine): void {
    const { id, at, effects, attempt } = intent;
    if (id <= this.lastCallId) throw damaged(`a call after ${this.lastCallId}`, `call ${id}`);
    this.lastCallId = id;
    this.open.set(id, { id, at, effects, attempt, state: 'running', intent, outcome: null });
  }

  #startAgain({ id, at, attempt }: RestartLine): void {
    const call = this.#find(id, 'another start');
    if (!mayStartAgain(call, attempt)) throw damaged('one start of a call', `call ${id} twice`);
    call.attempt = attempt;
    call.at = at;
  }

  #answer(outcome: OutcomeLine): void {
    const call = this.#find(outcome.id, 'an outcome');
    const state = stateWithAnswer(call.state, outcome.expired);
    if (state === undefined) throw damaged('one outcome of a call', `two of call ${outcome.id}`);
    call.state = state;
    call.outcome = outcome;
  }

  #end(settled: SettledLine): void {
    const { id, outcome } = settled;
    const call = this.#find(id, 'an end');
    if (!mayEnd(call.state, outcome)) {
      throw damaged(`an end of call ${id}, which is ${call.state}`, outcome);
    }
    this.open.delete(id);
    this.finished += 1;
    this.#finishedCalls?.push({ call, settled });
  }

  #find(id: number, found: string): FoldedCall {
    const call = this.open.get(id);
    if (call) return call;
    throw damaged('a call that is open', `${found} of call ${id}`);
  }
}

/** Reads a whole store. Throws `ledger_damaged`. */
export function foldStore(store: JournalStore, limits: Limits): JournalFold {
  const fold = new JournalFold(limits);
  for (const { lines } of store.batches(0)) {
    for (const line of lines.split('\n')) fold.take(line);
  }
  return fold;
}
