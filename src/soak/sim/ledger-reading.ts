/** What a ledger on a simulated disk holds between two lives of the runtime that writes it. */
import type { CallOutcome } from '../../../machines/call-outcome.ts';
import type { LedgerState, WorldCallId } from '../../history/record.ts';
import { readAnswer, readCall, readLine, type JournalLine } from '../../ledger/journal-line.ts';
import type { ToolOutput } from '../../tools/contract.ts';
import { failureText } from '../../tools/failure.ts';
import { failureOutput } from '../../tools/output.ts';
import { hashAnswer, type Witness } from './witness.ts';

/** One call, as the lines so far have it. */
interface Held {
  readonly ids: WorldCallId;
  state: LedgerState;
  outcome: CallOutcome | null;
  answerHash: string | null;
}

function hashOfOutput({ success, contentItems }: ToolOutput): string {
  const texts = contentItems.map((item) => (item.type === 'inputText' ? item.text : ''));
  return hashAnswer(success, texts.join('\n'));
}

const unknownHash = hashOfOutput(failureOutput(failureText({ kind: 'outcome_unknown' })));

/** Reads one ledger, again and again. */
export class LedgerReader {
  readonly #name: string;
  readonly #lines: readonly string[];
  readonly #calls = new Map<number, Held>();
  #position = 0;

  /** @param lines what is on the disk; it grows */
  constructor(name: string, lines: readonly string[]) {
    this.#name = name;
    this.#lines = lines;
  }

  /** Tells the witness of every call there is: what is over may have been answered once more. */
  read(witness: Witness): void {
    for (; this.#position < this.#lines.length; this.#position += 1) {
      for (const text of (this.#lines[this.#position] ?? '').split('\n'))
        this.#take(readLine(text));
    }
    const ledger = this.#name;
    for (const { ids, state, outcome, answerHash: kept } of this.#calls.values()) {
      // What is over as unknown has no answer on disk: there is but one that can be given.
      const answerHash = kept ?? (outcome === 'unknown' ? unknownHash : null);
      witness.note({ type: 'world.ledger.call', ledger, ...ids, state, outcome, answerHash });
    }
    witness.note({ type: 'world.ledger.read', ledger, calls: this.#calls.size, completeSince: 0 });
  }

  #take(line: JournalLine): void {
    if (line.type === 'intent') {
      const { epoch, sessionId, turnId, callId, requestId } = readCall(line.call);
      const ids = { epoch, sessionId, turnId, callId, requestId };
      this.#calls.set(line.id, { ids, state: 'unknown', outcome: null, answerHash: null });
    }
    if (line.type === 'session' || line.type === 'closed') return;
    const held = this.#calls.get(line.id);
    if (held && line.type === 'outcome') {
      held.state = 'unconfirmed';
      held.answerHash = hashOfOutput(readAnswer(line.answer).output);
    } else if (held && line.type === 'settled') {
      held.state = 'settled';
      held.outcome = line.outcome;
    }
  }
}
