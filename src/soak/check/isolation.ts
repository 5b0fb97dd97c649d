/** I7: a fault in one session at most doubles the p99 of the others. */
import type { CallFacts } from './call-facts.ts';
import type { Findings } from './findings.ts';
import type { RunFacts } from './run-facts.ts';
import { SpreadCounter } from './spread.ts';
import type { CheckWatcher } from './watcher.ts';

/** The sessions that faults of a run hit: `session ID`. */
export function sessionOfTarget(target: string): string | null {
  return target.startsWith('session ') ? target.slice('session '.length) : null;
}

/** Latencies with and without faults in other sessions. */
export class Isolation {
  readonly #onAnswered: CheckWatcher['onAnswered'];
  readonly all = new SpreadCounter();
  readonly #free = new SpreadCounter();
  readonly #beside = new SpreadCounter();
  #worst = { ms: -1, issuedSeq: 0, seq: 0 };

  constructor({ onAnswered }: CheckWatcher) {
    this.#onAnswered = onAnswered;
  }

  /** The runtime says how long a call took of which nothing else is known. */
  onSettled(run: RunFacts, call: CallFacts, ms: number): void {
    if (call.issuedSeq === 0 && call.takenSeq === 0) this.#add(run, ms);
  }

  #add(run: RunFacts, ms: number): void {
    this.all.add(ms);
    this.#onAnswered?.(run.at, ms);
  }

  /** Codex has its answer. Only a call whose whole life saw the same faults says something. */
  onTaken(run: RunFacts, call: CallFacts, seq: number): void {
    if (call.issuedSeq === 0 || call.takenSeq > 0 || run.phase === 'warm-up') return;
    const ms = run.at - call.issuedAt;
    this.#add(run, ms);
    if (call.disturbances !== run.disturbances) return;
    const faults = run.openFaults.size;
    if (faults === 0) this.#free.add(ms);
    else if (this.#isBeside(run, call)) {
      this.#beside.add(ms);
      if (ms > this.#worst.ms) this.#worst = { ms, issuedSeq: call.issuedSeq, seq };
    }
  }

  #isBeside(run: RunFacts, { sessionId }: CallFacts): boolean {
    let inSessions = 0;
    for (const count of run.sessionFaults.values()) inSessions += count;
    return inSessions === run.openFaults.size && !run.sessionFaults.has(sessionId);
  }

  finish(run: RunFacts, findings: Findings): void {
    const { isolationCallsMin, isolationSlackMs } = run.options;
    if (this.#free.count < isolationCallsMin || this.#beside.count < isolationCallsMin) return;
    findings.checked('I7');
    const free = this.#free.quantile(0.99);
    const beside = this.#beside.quantile(0.99);
    if (beside <= 2 * free + isolationSlackMs) return;
    const [was, became] = [free.toFixed(1), beside.toFixed(1)];
    const message = `p99 of other sessions was ${became} ms during faults in one, ${was} ms without`;
    const { issuedSeq, seq } = this.#worst;
    findings.violated('I7', message, { at: run.at, records: [issuedSeq, seq] });
  }
}
