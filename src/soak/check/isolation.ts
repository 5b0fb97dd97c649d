/**
 * I7: a fault in one session at most doubles the p99 of the others; and, where a run promises so, holds none of
 * their calls up for longer than a bound: not before its handler starts, where no other call of its session is
 * served, and not after it ends. What the handlers of a session take is its own affair.
 */
import type { CallFacts, SessionFacts } from './call-facts.ts';
import type { Findings } from './findings.ts';
import type { RunFacts } from './run-facts.ts';
import { SpreadCounter } from './spread.ts';
import type { CheckWatcher } from './watcher.ts';

/** The sessions that faults of a run hit: `session ID`. */
export function sessionOfTarget(target: string): string | null {
  return target.startsWith('session ') ? target.slice('session '.length) : null;
}

/** For how long calls of the session have been served so far. */
function busyMsOf(run: RunFacts, { running, busySince, busyMs }: SessionFacts): number {
  return running.size === 0 ? busyMs : busyMs + run.at - busySince;
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

  /** Codex asks for a call. */
  onIssued(run: RunFacts, call: CallFacts): void {
    call.disturbances = run.disturbances;
    call.ownDisturbances = run.commonDisturbances + call.session.disturbances;
    call.busyMs = busyMsOf(run, call.session);
  }

  /** Its handler runs. */
  onStarted(run: RunFacts, call: CallFacts): void {
    const { session } = call;
    if (session.running.size === 0) session.busySince = run.at;
    session.running.add(call);
  }

  /** Nobody waits for it any more. */
  onOver(run: RunFacts, call: CallFacts): void {
    const { session } = call;
    const busyMs = busyMsOf(run, session);
    if (session.running.delete(call) && session.running.size === 0) session.busyMs = busyMs;
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
  onTaken(run: RunFacts, findings: Findings, call: CallFacts, seq: number): void {
    if (call.issuedSeq === 0 || call.takenSeq > 0 || run.phase === 'warm-up') return;
    const ms = run.at - call.issuedAt;
    this.#add(run, ms);
    this.#checkHeldUp(run, findings, call, seq);
    if (call.disturbances !== run.disturbances) return;
    const faults = run.openFaults.size;
    if (faults === 0) this.#free.add(ms);
    else if (this.#isBeside(run, call)) {
      this.#beside.add(ms);
      if (ms > this.#worst.ms) this.#worst = { ms, issuedSeq: call.issuedSeq, seq };
    }
  }

  /** A fault in one session is about to end: who still waits in another one waited beside it. */
  onFaultEnding(run: RunFacts, findings: Findings, seq: number): void {
    for (const call of run.calls.values()) {
      if (!call.isOver && !run.isDone(call)) this.#checkHeldUp(run, findings, call, seq);
    }
  }

  #isBeside(run: RunFacts, { sessionId }: CallFacts): boolean {
    let inSessions = 0;
    for (const count of run.sessionFaults.values()) inSessions += count;
    return inSessions === run.openFaults.size && !run.sessionFaults.has(sessionId);
  }

  /** Only a call that nothing else can have held up says something. */
  #checkHeldUp(run: RunFacts, findings: Findings, call: CallFacts, seq: number): void {
    const { isolationMs } = run.options;
    const { session, ownDisturbances, issuedAt } = call;
    if (run.sessionFaults.size === 0 || !this.#isBeside(run, call)) return;
    if (ownDisturbances !== run.commonDisturbances + session.disturbances) return;
    if (isolationMs === Infinity || issuedAt - run.commonSince < isolationMs) return;
    findings.checked('I7');
    const idleMs = run.at - issuedAt - (busyMsOf(run, session) - call.busyMs);
    const heldUpMs = Math.max(idleMs, call.workedAt > 0 ? run.at - call.workedAt : 0);
    if (heldUpMs <= isolationMs) return;
    const message = `the call was held up for ${Math.round(heldUpMs)} ms while only another session was disturbed`;
    findings.violated('I7', message, { at: run.at, call, records: [call.issuedSeq, seq] });
    // Once is enough.
    call.ownDisturbances = -1;
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
