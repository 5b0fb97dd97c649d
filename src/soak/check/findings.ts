/** Collects what a check finds. */
import { defaultLimits } from '../../limits.ts';
import type { CallFacts } from './call-facts.ts';
import {
  invariants,
  invariantNames,
  type Invariant,
  type InvariantResult,
  type ViolatedCall,
  type Violation,
} from './verdict.ts';

/** Where a violation was seen. */
export interface Evidence {
  readonly at: number;
  /** Numbers of records; zeros, for what was never recorded, are left out. */
  readonly records: readonly number[];
  readonly call?: CallFacts | undefined;
  readonly sessionId?: string | undefined;
}

function idsOf({ epoch, sessionId, turnId, callId, requestId }: CallFacts): ViolatedCall {
  return { epoch, sessionId, turnId, callId, requestId };
}

interface Tally {
  checked: number;
  violations: number;
}

const none = (): Tally => ({ checked: 0, violations: 0 });

/** The findings of one check. */
export class Findings {
  readonly #tallies: Record<Invariant, Tally>;
  readonly #violations: Violation[] = [];
  readonly #reasons = new Set<string>();
  readonly #notes = new Set<string>();
  #left: ReadonlySet<Invariant> = new Set();
  /** Violations of any invariant. */
  count = 0;

  constructor() {
    this.#tallies = {
      I1: none(),
      I2: none(),
      I3: none(),
      I4: none(),
      I5: none(),
      I6: none(),
      I7: none(),
      I8: none(),
      I9: none(),
      I10: none(),
      G4: none(),
      G5: none(),
      G8: none(),
      G9: none(),
      G10: none(),
      fencing: none(),
    };
  }

  /** From now on these are for others to judge: nothing that is said of them counts here. */
  leave(invariants: ReadonlySet<Invariant>): void {
    this.#left = invariants;
  }

  /** Counts everything that `other` has found as well, and takes its doubts. */
  add(other: Findings): void {
    this.addViolations(other);
    for (const reason of other.#reasons) this.#reasons.add(reason);
    for (const note of other.#notes) this.#notes.add(note);
  }

  /** Counts what `other` has looked at and found broken as well. */
  addViolations(other: Findings): void {
    for (const name of invariantNames) {
      this.#tallies[name].checked += other.#tallies[name].checked;
      this.#tallies[name].violations += other.#tallies[name].violations;
    }
    this.count += other.count;
    this.#violations.push(...other.#violations);
  }

  /** The invariant was put to the test. */
  checked(invariant: Invariant): void {
    if (this.#left.has(invariant)) return;
    this.#tallies[invariant].checked += 1;
  }

  /** The invariant was broken. */
  violated(invariant: Invariant, message: string, evidence: Evidence): void {
    if (this.#left.has(invariant)) return;
    const tally = this.#tallies[invariant];
    tally.violations += 1;
    this.count += 1;
    if (tally.violations > defaultLimits.checkViolationsMax) return;
    const { call, at } = evidence;
    const records = [...new Set(evidence.records)].filter((seq) => seq > 0);
    this.#violations.push({
      invariant,
      message,
      call: call ? idsOf(call) : null,
      sessionId: evidence.sessionId ?? call?.sessionId ?? null,
      records: records.toSorted((one, other) => one - other),
      at,
    });
  }

  /** The history cannot show that the invariants held. */
  worthless(reason: string): void {
    this.#reasons.add(reason);
  }

  /** Something was not looked at. */
  note(text: string): void {
    this.#notes.add(text);
  }

  get violations(): readonly Violation[] {
    return this.#violations.toSorted((one, other) => one.at - other.at);
  }

  get reasons(): readonly string[] {
    return [...this.#reasons];
  }

  get notes(): readonly string[] {
    return [...this.#notes];
  }

  get results(): readonly InvariantResult[] {
    return invariantNames.map((invariant) => {
      const { checked, violations } = this.#tallies[invariant];
      const seen = checked > 0 ? 'held' : 'unseen';
      const result = violations > 0 ? 'violated' : seen;
      return { invariant, title: invariants[invariant], result, checked, violations };
    });
  }
}
