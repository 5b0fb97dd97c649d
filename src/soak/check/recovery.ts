/**
 * I6: once no fault is on any more, every call that waits goes on within `recoveryMs`: one that nobody
 * has is taken, an answer that Codex has not got reaches it. G8: a dead link is noticed in time.
 */
import type { CallFacts, WaitingFor } from './call-facts.ts';
import type { Findings } from './findings.ts';
import type { RunFacts } from './run-facts.ts';
import { SpreadCounter } from './spread.ts';
import type { CheckWatcher } from './watcher.ts';

/** The fault whose link is silent without being closed. */
const silentFault = 'half-open';

/** Calls that wait for a runtime to do something, the longest waiting first. */
export class Recovery {
  readonly #onRecovered: CheckWatcher['onRecovered'];
  readonly #waiting = new Set<CallFacts>();
  readonly times = new SpreadCounter();
  /** Before this nothing can be overdue: most records need no look at the calls. */
  #nextAt = Infinity;
  readonly #silences = new Map<string, { runtime: string; seq: number; at: number }>();
  #firstSilenceAt = Infinity;

  constructor({ onRecovered }: CheckWatcher) {
    this.#onRecovered = onRecovered;
  }

  /** What a call waits for has changed. */
  waits(run: RunFacts, call: CallFacts, waitingFor: WaitingFor): void {
    if (call.waitingFor === waitingFor) return;
    if (call.waitingFor !== 'nothing') {
      this.#waiting.delete(call);
      if (run.isCalm && run.calmSince > 0 && call.waitingSince < run.calmSince) {
        const ms = run.at - run.calmSince;
        this.times.add(ms);
        this.#onRecovered?.(run.at, ms);
      }
    }
    call.waitingFor = waitingFor;
    if (waitingFor === 'nothing') return;
    call.waitingSince = run.at;
    this.#waiting.add(call);
    this.#nextAt = Math.min(this.#nextAt, run.at + run.options.recoveryMs);
  }

  /** The time has moved on. */
  onTime(run: RunFacts, findings: Findings, seq: number): void {
    if (run.at > this.#firstSilenceAt) this.#checkSilences(run, findings, seq);
    if (run.at <= this.#nextAt) return;
    this.#nextAt = Infinity;
    for (const call of this.#waiting) {
      const since = Math.max(call.waitingSince, run.calmSince);
      const dueAt = since + run.options.recoveryMs;
      if (run.at <= dueAt || !run.isCalm) {
        this.#nextAt = Math.max(dueAt, run.at);
        return;
      }
      this.#waiting.delete(call);
      this.#judge(run, findings, call, { seq, waitedMs: run.at - since });
    }
  }

  #judge(
    run: RunFacts,
    findings: Findings,
    call: CallFacts,
    { seq, waitedMs }: { readonly seq: number; readonly waitedMs: number },
  ): void {
    const { waitingFor } = call;
    // It keeps its place with whatever comes next, but is not told of twice.
    call.waitingFor = 'nothing';
    if (!isServed(run, call, waitingFor)) return;
    const what =
      waitingFor === 'runtime'
        ? 'no runtime took the call'
        : 'the answer to the call did not reach Codex';
    const message = `${what} within ${Math.round(waitedMs)} ms, though no fault was on`;
    const records = [call.issuedSeq, call.claimSeq, call.answeredSeq, seq];
    findings.violated('I6', message, { at: run.at, call, records });
  }

  /** A fault began whose link is dead without a word. */
  onFaultBegan(
    run: RunFacts,
    {
      fault,
      faultId,
      target,
      seq,
    }: { fault: string; faultId: string; target: string; seq: number },
  ): void {
    const runtime = target.replace(/^link /, '');
    const life = run.lives.get(runtime);
    if (fault !== silentFault || life?.kind !== 'runtime' || life.isPaused) return;
    // Without a link there is nothing to notice: it only takes longer to get one.
    if (!life.isLinked) return;
    this.#silences.set(faultId, { runtime, seq, at: run.at });
    this.#firstSilenceAt = Math.min(this.#firstSilenceAt, run.at + run.options.detectionMs);
  }

  /** A runtime says that its link is gone. */
  onLost(findings: Findings, runtime: string): void {
    for (const [faultId, silence] of this.#silences) {
      if (silence.runtime !== runtime) continue;
      findings.checked('G8');
      this.#silences.delete(faultId);
    }
  }

  /** A link that works again need not be given up. */
  onFaultEnded(faultId: string): void {
    this.#silences.delete(faultId);
  }

  #checkSilences(run: RunFacts, findings: Findings, seq: number): void {
    this.#firstSilenceAt = Infinity;
    for (const [faultId, silence] of this.#silences) {
      const dueAt = silence.at + run.options.detectionMs;
      const life = run.life(silence.runtime);
      if (run.at <= dueAt) {
        this.#firstSilenceAt = Math.min(this.#firstSilenceAt, dueAt);
        continue;
      }
      this.#silences.delete(faultId);
      if (life.endedSeq > 0 || life.pausedSeq > silence.seq) continue;
      findings.checked('G8');
      const message = `${silence.runtime} did not notice within ${run.options.detectionMs} ms that its link was dead`;
      findings.violated('G8', message, { at: run.at, records: [silence.seq, seq] });
    }
  }
}

/** Whether there is a runtime that should have done it. */
function isServed(run: RunFacts, call: CallFacts, waitingFor: WaitingFor): boolean {
  if (run.isDone(call)) return false;
  const { session, owner } = call;
  if (waitingFor === 'confirmation') {
    return owner !== null && owner.endedSeq === 0 && owner.stoppingSeq === 0;
  }
  if (session.closedSeq > 0) return false;
  for (const life of run.lives.values()) {
    if (life.kind === 'runtime' && life.endedSeq === 0 && life.stoppingSeq === 0) return true;
  }
  return false;
}
