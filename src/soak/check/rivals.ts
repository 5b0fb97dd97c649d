/**
 * Runtimes that compete for the same sessions, each on a ledger of its own. The next holder of a lease may
 * start once more what the last one had in hand; so each is held by itself to what its own ledger promises,
 * by the records of its own lives and of what they all share.
 */
import type { HistoryEvent, HistoryRecord } from '../../history/record.ts';
import type { Findings } from './findings.ts';
import type { Perspective } from './perspective.ts';
import { invariantNames, type Invariant } from './verdict.ts';

/** What a runtime owes by itself, and no two of them together. */
const owed: ReadonlySet<Invariant> = new Set(['I1', 'I2', 'I8', 'I10']);

const others: ReadonlySet<Invariant> = new Set(
  invariantNames.filter((invariant) => !owed.has(invariant)),
);

/** The rivals of a run, each seen by itself. */
export class Rivals {
  readonly owes = owed;
  readonly #views: ReadonlyMap<string, Perspective>;
  readonly #ledgers = new Map<string, string>();

  /** @param makeView the rules for one of them */
  constructor(names: readonly string[], makeView: () => Perspective) {
    this.#views = new Map(names.map((name) => [name, makeView()]));
    for (const { rules } of this.#views.values()) rules.findings.leave(others);
  }

  get violations(): number {
    let count = 0;
    for (const { rules } of this.#views.values()) count += rules.findings.count;
    return count;
  }

  /** The next record of the whole history. */
  push(record: HistoryRecord): void {
    const owner = this.#ownerOf(record.event);
    for (const [name, view] of this.#views) {
      if (owner === null || owner === name) view.push(record);
    }
  }

  finish(seq: number): void {
    for (const view of this.#views.values()) view.finish(seq);
  }

  /** Adds what was found of each of them. */
  addTo(findings: Findings): void {
    for (const { rules } of this.#views.values()) findings.addViolations(rules.findings);
  }

  /** The rival whose event it is, or null for what concerns all. */
  #ownerOf(event: HistoryEvent): string | null {
    if (event.type === 'world.process.began') {
      const owner = this.#rivalOf(event.process);
      if (owner !== null && event.ledger !== null) this.#ledgers.set(event.ledger, owner);
      return owner;
    }
    if ('ledger' in event) return this.#ledgers.get(event.ledger) ?? null;
    if ('runtime' in event && event.runtime !== null) return this.#rivalOf(event.runtime);
    return 'process' in event ? this.#rivalOf(event.process) : null;
  }

  #rivalOf(life: string): string | null {
    const name = life.slice(0, life.lastIndexOf('.'));
    return this.#views.has(name) ? name : null;
  }
}
