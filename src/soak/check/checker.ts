/**
 * The checker: reads a history record by record, keeps what it needs of it, and says what was broken.
 *
 * A history of a system that only tells of itself, as a person's own does, is checked as far as that goes.
 */
import type { History, HistoryHeader, HistoryRecord } from '../../history/record.ts';
import { Findings } from './findings.ts';
import { Perspective } from './perspective.ts';
import { Rivals } from './rivals.ts';
import type { CheckOptions } from './run-facts.ts';
import { isInvariant, type Verdict, type Violation } from './verdict.ts';
import type { CheckWatcher } from './watcher.ts';

/** Checks a history as it comes. */
export interface Checker {
  /** Takes the next record. Costs about a microsecond. */
  push(record: HistoryRecord): void;
  /** How many violations there are so far, for whoever wants to stop at the first. */
  readonly violations: number;
  /** Those of them that are named: at most `checkViolationsMax` of an invariant. */
  readonly found: readonly Violation[];
  /** The verdict on everything that was pushed. The history is over with it. */
  verdict(): Verdict;
}

class HistoryChecker implements Checker {
  readonly #header: HistoryHeader;
  readonly #options: CheckOptions;
  /** What is true of the history itself, whatever it tells. */
  readonly #findings = new Findings();
  readonly #whole: Perspective;
  #rivals: Rivals | null = null;
  #seq = 0;
  #records = 0;
  #firstAt = 0;
  #verdict: Verdict | undefined;

  constructor(header: HistoryHeader, options: CheckOptions, watcher: CheckWatcher) {
    this.#header = header;
    this.#options = options;
    this.#whole = new Perspective(header, options, watcher);
  }

  get violations(): number {
    const { count } = this.#whole.rules.findings;
    return this.#findings.count + count + (this.#rivals?.violations ?? 0);
  }

  get found(): readonly Violation[] {
    return this.#all().violations;
  }

  push(record: HistoryRecord): void {
    const { seq, at, event } = record;
    if (seq !== this.#seq + 1) {
      this.#findings.worthless(`records are missing between ${this.#seq} and ${seq}`);
    }
    this.#seq = seq;
    if (this.#records === 0) this.#firstAt = at;
    this.#records += 1;
    this.#whole.push(record);
    if (event.type === 'world.promised') this.#onRivals(event.rivals);
    else if (event.type === 'world.broken') this.#onBroken(event.invariant, event.what, record);
    this.#rivals?.push(record);
  }

  /** From here on each of them is seen by itself, too. */
  #onRivals(names: readonly string[]): void {
    if (names.length < 2) return;
    this.#rivals = new Rivals(names, () => new Perspective(this.#header, this.#options));
    this.#whole.rules.findings.leave(this.#rivals.owes);
  }

  #onBroken(invariant: string, what: string, { seq, at }: HistoryRecord): void {
    if (isInvariant(invariant)) this.#findings.violated(invariant, what, { at, records: [seq] });
    else this.#findings.worthless(`${invariant} was broken, which is no known invariant: ${what}`);
  }

  verdict(): Verdict {
    this.#verdict ??= this.#finish();
    return this.#verdict;
  }

  /** Everything that was found so far, whoever found it. */
  #all(): Findings {
    const all = new Findings();
    all.add(this.#findings);
    all.add(this.#whole.rules.findings);
    this.#rivals?.addTo(all);
    return all;
  }

  #finish(): Verdict {
    const { run, rules, mesh, world } = this.#whole;
    this.#whole.finish(this.#seq);
    this.#rivals?.finish(this.#seq);
    const calls = run.issued > 0 ? run.issued : run.claims;
    if (calls === 0) this.#findings.worthless('there was no call');
    if (run.forgotten > 0) {
      this.#findings.note(`${run.forgotten} calls that were long over were forgotten on the way`);
    }
    const findings = this.#all();
    const worthless = findings.reasons.length > 0 ? 'worthless' : 'held';
    return {
      result: findings.count > 0 ? 'violated' : worthless,
      runId: this.#header.runId,
      source: this.#header.source,
      seed: this.#header.seed,
      records: this.#records,
      calls,
      startedAt: this.#firstAt,
      durationMs: run.at - this.#firstAt,
      invariants: findings.results,
      violations: findings.violations,
      reasons: findings.reasons,
      notes: findings.notes,
      faults: world.faults,
      outcomes: mesh.outcomes,
      latency: rules.isolation.all.spread,
      recovery: rules.recovery.times.spread,
    };
  }
}

/** A checker for the history with this header. */
export function createChecker(
  header: HistoryHeader,
  options: CheckOptions = {},
  watcher: CheckWatcher = {},
): Checker {
  return new HistoryChecker(header, options, watcher);
}

/** The verdict on a whole history. Pure: the same history has the same verdict. */
export function check(history: History, options: CheckOptions = {}): Verdict {
  const checker = createChecker(history.header, options);
  for (const record of history.records) checker.push(record);
  return checker.verdict();
}
