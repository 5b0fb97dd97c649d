/**
 * I8: the ledger loses nothing that was acknowledged. An answer is acknowledged once Codex has it, or once
 * the runtime, which had submitted it, has told that it is over; then every later reading of its ledger must
 * hold it. A call that was refused before its handler started is answered even if the ledger cannot be
 * written: nothing is lost with it.
 */
import type { HistoryEventOf as Of } from '../../history/record.ts';
import type { CallFacts, LifeFacts } from './call-facts.ts';
import { mayBeLost } from './effects.ts';
import type { Findings } from './findings.ts';
import type { RunFacts } from './run-facts.ts';

interface Acknowledged {
  readonly life: LifeFacts;
  readonly seq: number;
  readonly at: number;
  readonly answerHash: string | null;
}

interface LedgerFacts {
  readonly acknowledged: Map<CallFacts, Acknowledged>;
  /** Calls listed since it was read last. */
  listed: number;
  readSeq: number;
}

/** The ledgers of a run, and what they have to hold. */
export class Ledgers {
  readonly #ledgers = new Map<string, LedgerFacts>();

  /** An answer of this life is known to somebody outside of its ledger. */
  acknowledge(
    run: RunFacts,
    call: CallFacts,
    life: LifeFacts,
    { seq, answerHash }: { readonly seq: number; readonly answerHash: string | null },
  ): void {
    if (life.ledger === null || call.isRefused) return;
    const { acknowledged } = this.#ledger(life.ledger);
    const known = acknowledged.get(call);
    if (known && (known.answerHash !== null || answerHash === null)) return;
    acknowledged.set(call, { life, seq, at: run.at, answerHash });
  }

  /** The call is forgotten by the check: so it is here. */
  forget(call: CallFacts): void {
    for (const { acknowledged } of this.#ledgers.values()) acknowledged.delete(call);
  }

  onListed(call: CallFacts, event: Of<'world.ledger.call'>, seq: number): void {
    this.#ledger(event.ledger).listed += 1;
    call.ledgerSeq = seq;
    call.ledgerState = event.state;
    call.ledgerHash = event.answerHash;
  }

  onRead(run: RunFacts, findings: Findings, event: Of<'world.ledger.read'>, seq: number): void {
    const ledger = this.#ledger(event.ledger);
    if (ledger.listed !== event.calls) {
      findings.worthless(
        `a reading of ${event.ledger} lists ${ledger.listed} of ${event.calls} calls`,
      );
    }
    for (const [call, acknowledged] of ledger.acknowledged) {
      if (acknowledged.at < event.completeSince) continue;
      findings.checked('I8');
      this.#compare(run, findings, call, { acknowledged, readSeq: seq, after: ledger.readSeq });
    }
    ledger.listed = 0;
    ledger.readSeq = seq;
  }

  #compare(
    run: RunFacts,
    findings: Findings,
    call: CallFacts,
    reading: { acknowledged: Acknowledged; readSeq: number; after: number },
  ): void {
    const { life, seq, at, answerHash } = reading.acknowledged;
    if (call.wasForgotten || mayBeLost(run, life, at)) return;
    const isListed = call.ledgerSeq > reading.after;
    const records = [seq, life.endedSeq, isListed ? call.ledgerSeq : reading.readSeq];
    const evidence = { at: run.at, call, records };
    if (!isListed) {
      findings.violated('I8', 'an outcome that was acknowledged is not in the ledger', evidence);
    } else if (call.ledgerState === 'unknown') {
      const message = 'the ledger holds as unknown what was acknowledged as answered';
      findings.violated('I8', message, evidence);
    } else if (answerHash !== null && call.ledgerHash !== answerHash) {
      const message = 'the ledger holds another answer than the one that Codex has';
      findings.violated('I8', message, evidence);
    }
  }

  #ledger(name: string): LedgerFacts {
    const known = this.#ledgers.get(name);
    if (known) return known;
    const ledger = { acknowledged: new Map(), listed: 0, readSeq: 0 };
    this.#ledgers.set(name, ledger);
    return ledger;
  }
}
