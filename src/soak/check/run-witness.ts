/** What was seen of the run around its calls: processes, faults, phases, levels. */
import type { HistoryEventOf as Of, WorldRunEvent, WriterEvent } from '../../history/record.ts';
import type { LifeFacts } from './call-facts.ts';
import type { Rules } from './rules.ts';
import { sessionOfTarget } from './isolation.ts';
import { checkStopped, leaveLine } from './order.ts';
import type { RunFacts } from './run-facts.ts';
import type { FaultCount } from './verdict.ts';

type RunEvent = Exclude<WorldRunEvent, Of<'world.lease.granted'>> | WriterEvent;

/** Takes what happens around the calls. */
export class RunWitness {
  readonly #run: RunFacts;
  readonly #rules: Rules;
  readonly #planned = new Set<string>();
  readonly #happened = new Map<string, number>();
  #phased = false;

  constructor(run: RunFacts, rules: Rules) {
    this.#run = run;
    this.#rules = rules;
  }

  get faults(): readonly FaultCount[] {
    const names = new Set([...this.#planned, ...this.#happened.keys()]);
    return [...names].map((fault) => ({
      fault,
      planned: this.#planned.has(fault),
      happened: this.#happened.get(fault) ?? 0,
    }));
  }

  /** One event. */
  push(event: RunEvent, seq: number): void {
    const run = this.#run;
    const { findings, bounds } = this.#rules;
    switch (event.type) {
      case 'world.promised':
        for (const name of run.promise(event.bounds)) {
          findings.note(`the history promises ${name}, of which nothing is known here`);
        }
        return;
      case 'world.tool.declared':
        run.tools.set(event.tool, event);
        return;
      case 'world.process.began':
        return this.#onBegan(event, seq);
      case 'world.process.stopping':
        return this.#onStopping(run.life(event.process), seq);
      case 'world.process.paused':
        return run.pause(run.life(event.process), seq, true);
      case 'world.process.resumed':
        return run.pause(run.life(event.process), seq, false);
      case 'world.process.ended':
        return this.#onEnded(event, seq);
      case 'world.fault.planned':
        this.#planned.add(event.fault);
        return;
      case 'world.fault.began':
        return this.#onFaultBegan(event, seq);
      case 'world.fault.ended':
        return this.#onFaultEnded(event, seq);
      case 'world.phase.began':
        this.#phased = true;
        run.phase = event.phase;
        if (event.phase === 'quiet') this.#checkQuiet();
        return;
      case 'world.gauges':
        return bounds.onGauges(run, findings, event, seq);
      case 'world.bound':
        return bounds.onBound(event);
      case 'world.searched':
        if (event.texts > 0) findings.checked(event.place.startsWith('session ') ? 'I4' : 'I9');
        return;
      case 'world.leak':
        return this.#onLeak(event, seq);
      case 'history.dropped':
        findings.worthless(`${event.records} records were left out of the history`);
        return;
      case 'world.broken':
      case 'history.ended':
    }
  }

  /** The history is over. */
  finish(): void {
    const { findings } = this.#rules;
    for (const fault of this.#planned) {
      if (!this.#happened.has(fault))
        findings.worthless(`the planned fault ${fault} never happened`);
    }
    if (this.#phased && this.#run.phase !== 'idle') {
      findings.worthless(`the run ended in its phase ${this.#run.phase ?? 'none'}, not at rest`);
    }
  }

  #onBegan(event: Of<'world.process.began'>, seq: number): void {
    const life = this.#run.life(event.process);
    life.kind = event.kind;
    life.ledger = event.ledger;
    life.journal = event.journal;
    life.isWhole = true;
    life.beganSeq = seq;
    this.#run.disturb();
  }

  #onStopping(life: LifeFacts, seq: number): void {
    life.stoppingSeq = seq;
    life.stoppingAt = this.#run.at;
    this.#run.disturb();
  }

  #onEnded(event: Of<'world.process.ended'>, seq: number): void {
    const run = this.#run;
    const life = run.life(event.process);
    checkStopped(run, this.#rules.findings, life, seq);
    run.pause(life, seq, false);
    if (life.endedSeq === 0) {
      life.endedSeq = seq;
      life.endedAt = run.at;
      life.endedAs = event.as;
    }
    run.disturb();
    if (life.kind === 'runtime') this.#orphan(life);
    if (life.kind === 'codex') this.#endEpoch(life.name);
  }

  /** What the runtime had taken is for the next one, if Codex still waits for it. */
  #orphan(life: LifeFacts): void {
    for (const call of this.#run.calls.values()) {
      if (call.owner !== life || call.isOver) continue;
      leaveLine(call);
      if (this.#run.isDone(call)) this.#rules.recovery.waits(this.#run, call, 'nothing');
      else if (call.settledSeq < call.claimSeq) {
        this.#rules.recovery.waits(this.#run, call, 'runtime');
      }
    }
  }

  #endEpoch(epoch: string): void {
    for (const call of this.#run.calls.values()) {
      if (call.epoch !== epoch || call.isOver) continue;
      this.#rules.recovery.waits(this.#run, call, 'nothing');
      this.#run.retire(call);
    }
  }

  #onFaultBegan(event: Of<'world.fault.began'>, seq: number): void {
    const run = this.#run;
    const { fault, faultId, target, lasts } = event;
    const sessionId = sessionOfTarget(target);
    this.#happened.set(fault, (this.#happened.get(fault) ?? 0) + 1);
    run.disturb(sessionId);
    if (!lasts) return;
    run.openFaults.set(faultId, { fault, target, seq });
    if (sessionId !== null) {
      run.sessionFaults.set(sessionId, (run.sessionFaults.get(sessionId) ?? 0) + 1);
    }
    this.#rules.recovery.onFaultBegan(run, { fault, faultId, target, seq });
  }

  #onFaultEnded({ faultId }: Of<'world.fault.ended'>, seq: number): void {
    const run = this.#run;
    const open = run.openFaults.get(faultId);
    if (!open) {
      this.#rules.findings.worthless(`the fault ${faultId} ended, but had not begun`);
      return;
    }
    const sessionId = sessionOfTarget(open.target);
    if (sessionId !== null) {
      this.#rules.isolation.onFaultEnding(run, this.#rules.findings, seq);
      const left = (run.sessionFaults.get(sessionId) ?? 1) - 1;
      if (left > 0) run.sessionFaults.set(sessionId, left);
      else run.sessionFaults.delete(sessionId);
    }
    run.openFaults.delete(faultId);
    this.#rules.recovery.onFaultEnded(faultId);
    run.disturb(sessionId);
  }

  /** No fault may be on once the run is to come to rest: nothing could be said of its recovery. */
  #checkQuiet(): void {
    for (const { fault, target } of this.#run.openFaults.values()) {
      const text = `the fault ${fault} at ${target} was still on when the run was to come to rest`;
      this.#rules.findings.worthless(text);
    }
  }

  #onLeak(event: Of<'world.leak'>, seq: number): void {
    const { canary, place } = event;
    const run = this.#run;
    const call = [...run.calls.values()].find((one) => one.canary === canary);
    const records = [call?.issuedSeq ?? 0, seq];
    const isSession = place.startsWith('session ');
    const message = isSession
      ? `what belongs to ${call?.sessionId ?? 'another session'} was seen in ${place}`
      : `a secret, an argument or a result stands in ${place}`;
    this.#rules.findings.violated(isSession ? 'I4' : 'I9', message, { at: run.at, call, records });
  }
}
