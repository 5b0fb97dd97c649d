/**
 * The checker: reads a history record by record, keeps what it needs of it, and says what was broken. It
 * trusts no witness alone: what a runtime says of itself is compared with what was seen from outside.
 *
 * A history of a system that only tells of itself, as a person's own does, is checked as far as that goes.
 */
import type {
  History,
  HistoryEvent,
  HistoryEventOf as Of,
  HistoryHeader,
  HistoryRecord,
} from '../../history/record.ts';
import { onAnswerTaken, onHandlerGiven, onStray, Fencing, finishAddressing } from './addressing.ts';
import { Bounds } from './bounds.ts';
import { onHandlerStarted } from './effects.ts';
import { Findings } from './findings.ts';
import { Isolation } from './isolation.ts';
import { Ledgers } from './ledgers.ts';
import { MeshWitness } from './mesh-witness.ts';
import { finishOutcomes, onAnswerSeen, onTaken } from './outcomes.ts';
import { checkStopped } from './order.ts';
import { Recovery } from './recovery.ts';
import type { Rules } from './rules.ts';
import { RunFacts, type CheckOptions } from './run-facts.ts';
import { RunWitness } from './run-witness.ts';
import type { Verdict, Violation } from './verdict.ts';
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
  readonly #run: RunFacts;
  readonly #rules: Rules;
  readonly #mesh: MeshWitness;
  readonly #world: RunWitness;
  #seq = 0;
  #records = 0;
  #firstAt = 0;
  #verdict: Verdict | undefined;

  constructor(header: HistoryHeader, options: CheckOptions, watcher: CheckWatcher) {
    this.#header = header;
    this.#rules = {
      findings: new Findings(),
      recovery: new Recovery(watcher),
      isolation: new Isolation(watcher),
      ledgers: new Ledgers(),
      bounds: new Bounds(),
      fencing: new Fencing(),
    };
    this.#run = new RunFacts(header, options, (call) => this.#rules.ledgers.forget(call));
    this.#mesh = new MeshWitness(this.#run, this.#rules);
    this.#world = new RunWitness(this.#run, this.#rules);
  }

  get violations(): number {
    return this.#rules.findings.count;
  }

  get found(): readonly Violation[] {
    return this.#rules.findings.violations;
  }

  push(record: HistoryRecord): void {
    const { seq, at, event } = record;
    const { findings, recovery } = this.#rules;
    if (seq !== this.#seq + 1) {
      findings.worthless(`records are missing between ${this.#seq} and ${seq}`);
    }
    this.#seq = seq;
    if (this.#records === 0) this.#firstAt = at;
    this.#records += 1;
    // A clock that jumps back does not undo what has happened.
    if (at > this.#run.at) this.#run.at = at;
    recovery.onTime(this.#run, findings, seq);
    if (event.type === 'mesh') this.#mesh.push(event.runtime, event.event, seq);
    else if (event.type !== 'team') this.#pushWorld(event, seq);
  }

  #pushWorld(event: Exclude<HistoryEvent, { type: 'mesh' | 'team' }>, seq: number): void {
    const { findings, fencing, ledgers } = this.#rules;
    switch (event.type) {
      case 'world.call.issued':
        return this.#onIssued(event, seq);
      case 'world.handler.started':
        return this.#onHandlerStarted(event, seq);
      case 'world.handler.ended':
        return this.#onHandlerEnded(event);
      case 'world.answer.taken':
        return this.#onTaken(event, seq);
      case 'world.answer.refused':
        // A smaller answer takes its place.
        this.#run.call(event).answerHash = null;
        return;
      case 'world.answer.stray':
        return this.#onStray(event, seq);
      case 'world.turn.began':
        return;
      case 'world.turn.ended':
        return this.#onTurnEnded(event, seq);
      case 'world.ledger.call':
        return ledgers.onListed(this.#run.call(event), event, seq);
      case 'world.ledger.read':
        return ledgers.onRead(this.#run, findings, event, seq);
      case 'world.lease.granted':
        return fencing.onGranted(this.#run, findings, { event, seq });
      case 'world.lease.ended':
        return fencing.onEnded({ event, seq });
      default:
        return this.#world.push(event, seq);
    }
  }

  #onIssued(event: Of<'world.call.issued'>, seq: number): void {
    const run = this.#run;
    const call = run.call(event);
    if (call.issuedSeq > 0) {
      if (event.argumentsHash !== call.argumentsHash) {
        this.#rules.findings.checked('G5');
        call.reusedHash = event.argumentsHash;
        call.reusedSeq = seq;
      }
      return;
    }
    run.issued += 1;
    if (run.phase !== 'warm-up') run.measured += 1;
    call.issuedSeq = seq;
    call.issuedAt = run.at;
    call.epoch = event.epoch;
    call.tool = event.tool;
    call.argumentsHash = event.argumentsHash;
    call.canary = event.canary;
    call.disturbances = run.disturbances;
    run.address(call, event.epoch);
    this.#rules.findings.checked('I6');
    if (call.claimSeq === 0) this.#rules.recovery.waits(run, call, 'runtime');
  }

  #onHandlerStarted(event: Of<'world.handler.started'>, seq: number): void {
    const run = this.#run;
    const call = run.call(event);
    if (call.waitingFor === 'runtime') this.#rules.recovery.waits(run, call, 'nothing');
    onHandlerGiven(run, this.#rules.findings, call, { event, seq });
    onHandlerStarted(run, this.#rules.findings, call, { event, seq });
  }

  #onHandlerEnded(event: Of<'world.handler.ended'>): void {
    const run = this.#run;
    const call = run.call(event);
    // Where the runtime does not speak for itself, its handlers do.
    if (call.claimSeq > 0 || run.isDone(call)) return;
    call.owner = run.life(event.runtime);
    this.#rules.recovery.waits(run, call, 'confirmation');
  }

  #onTaken(event: Of<'world.answer.taken'>, seq: number): void {
    const run = this.#run;
    const { findings, fencing, isolation, ledgers, recovery } = this.#rules;
    const call = run.call(event);
    onTaken(run, findings, call, seq);
    onAnswerTaken(run, findings, call, { event, seq });
    onAnswerSeen(run, findings, call, { seq, answerHash: event.answerHash });
    fencing.onTaken(run, findings, call, { event, seq });
    isolation.onTaken(run, call, seq);
    recovery.waits(run, call, 'nothing');
    call.takenSeq = seq;
    call.takenAt = run.at;
    const life = event.runtime === null ? call.owner : run.life(event.runtime);
    // An answer in place of a result, as for a session that closes, need not be recorded.
    const isRecorded = call.answeredBy === life || event.computedFor !== null;
    const isKept =
      call.outcome === null || call.outcome === 'answered' || call.outcome === 'expired';
    if (life && isRecorded && isKept && call.answeredSeq > 0) {
      ledgers.acknowledge(run, call, life, { seq, answerHash: event.answerHash });
    }
    run.retire(call);
  }

  #onStray(event: Of<'world.answer.stray'>, seq: number): void {
    const { findings } = this.#rules;
    const call = onStray(this.#run, findings, { event, seq });
    if (!call) return;
    const { computedFor, answerHash } = event;
    if (computedFor !== null && call.canary !== null && computedFor !== call.canary) return;
    onAnswerSeen(this.#run, findings, call, { seq, answerHash });
  }

  #onTurnEnded(event: Of<'world.turn.ended'>, seq: number): void {
    const turn = this.#run.turn(event.sessionId, event.turnId);
    turn.endedSeq = seq;
    for (const call of turn.calls.slice()) {
      this.#rules.recovery.waits(this.#run, call, 'nothing');
      this.#run.retire(call);
    }
  }

  verdict(): Verdict {
    this.#verdict ??= this.#finish();
    return this.#verdict;
  }

  #finish(): Verdict {
    const run = this.#run;
    const { findings, bounds, isolation, recovery } = this.#rules;
    finishOutcomes(run, findings);
    finishAddressing(run, findings);
    bounds.finish(run, findings);
    isolation.finish(run, findings);
    for (const life of run.lives.values()) {
      if (life.endedSeq === 0) checkStopped(run, findings, life, this.#seq);
    }
    this.#world.finish();
    const calls = run.issued > 0 ? run.issued : run.claims;
    if (calls === 0) findings.worthless('there was no call');
    if (run.forgotten > 0) {
      findings.note(`${run.forgotten} calls that were long over were forgotten on the way`);
    }
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
      faults: this.#world.faults,
      outcomes: this.#mesh.outcomes,
      latency: isolation.all.spread,
      recovery: recovery.times.spread,
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
