/** What a runtime says of itself, record by record. */
import type { Occurrence } from '../../mesh/event.ts';
import type { CallFacts, LifeFacts } from './call-facts.ts';
import { checkRefused, onClaimed, onDeclined } from './effects.ts';
import {
  checkClosing,
  checkDeadline,
  joinLine,
  leaveLine,
  onStarted,
  onTurnEnded,
} from './order.ts';
import { onSettled, passOn, settlesFormer } from './outcomes.ts';
import type { Rules } from './rules.ts';
import type { RunFacts } from './run-facts.ts';

/** Whether a session in this state takes no calls any more. */
function isClosing(state: unknown): boolean {
  if (typeof state === 'string') return state === 'closed' || state === 'failed';
  return typeof state === 'object' && state !== null && 'closing' in state;
}

/** Takes the events of all runtimes. */
export class MeshWitness {
  readonly #run: RunFacts;
  readonly #rules: Rules;
  readonly outcomes: Record<string, number> = {};
  /** The runtime that spoke last: mostly it speaks again. */
  #life: LifeFacts | undefined;

  constructor(run: RunFacts, rules: Rules) {
    this.#run = run;
    this.#rules = rules;
  }

  /** One event of the runtime of this name. */
  push(runtime: string, event: Occurrence, seq: number): void {
    const life = this.#life?.name === runtime ? this.#life : this.#run.life(runtime);
    this.#life = life;
    switch (event.type) {
      case 'call.claimed':
        return this.#onClaimed(life, this.#run.call(event), event.tool, seq);
      case 'call.started':
        return this.#onStarted(life, this.#run.call(event), seq);
      case 'call.answered':
        return this.#onAnswered(life, this.#run.call(event), seq);
      case 'call.settled':
        return this.#onSettled(life, event, seq);
      case 'call.declined':
        return onDeclined(this.#rules.findings, this.#run.call(event));
      case 'turn.ended':
        return this.#onTurnEnded(life, event.sessionId, event.turnId, seq);
      case 'session.opened':
        this.#run.session(event.sessionId).closedSeq = 0;
        return;
      case 'session.changed':
        return this.#onChanged(life, event.sessionId, event.state, seq);
      case 'mesh.started':
        life.isWhole = true;
        life.isLinked = true;
        return;
      case 'host.online':
        life.isLinked = true;
        return;
      case 'mesh.closed':
        if (life.endedSeq > 0) return;
        life.endedSeq = seq;
        life.endedAt = this.#run.at;
        life.endedAs = 'closed';
        return;
      case 'host.lost':
        life.isLinked = false;
        life.lostSeq = seq;
        this.#rules.recovery.onLost(this.#rules.findings, life.name);
        return;
      default:
    }
  }

  #onClaimed(life: LifeFacts, call: CallFacts, tool: string, seq: number): void {
    const run = this.#run;
    const { findings, recovery } = this.#rules;
    onClaimed(run, findings, call, { life, seq });
    checkClosing(run, findings, call, { life, seq });
    run.claims += 1;
    call.session.claims += 1;
    call.sessionOrdinal = call.session.claims;
    call.runOrdinal = run.claims;
    passOn(call, life);
    call.tool = tool;
    call.owner = life;
    call.claimSeq = seq;
    recovery.waits(run, call, 'nothing');
    joinLine(run, call);
  }

  #onStarted(life: LifeFacts, call: CallFacts, seq: number): void {
    onStarted(this.#run, this.#rules.findings, call, seq);
    // What a former owner still starts, which stood still meanwhile, is nothing to whoever has the call now.
    if (call.owner !== life) return;
    call.runSeq = seq;
    call.runAt = this.#run.at;
  }

  #onAnswered(life: LifeFacts, call: CallFacts, seq: number): void {
    const run = this.#run;
    checkDeadline(run, this.#rules.findings, call, { life, seq });
    leaveLine(call);
    call.answeredSeq = seq;
    call.answeredBy = life;
    call.isRefused = call.startLife !== life && call.runSeq <= call.claimSeq;
    if (call.issuedSeq > 0 && !run.isDone(call)) {
      this.#rules.recovery.waits(run, call, 'confirmation');
    }
  }

  #onSettled(
    life: LifeFacts,
    event: Extract<Occurrence, { type: 'call.settled' }>,
    seq: number,
  ): void {
    const run = this.#run;
    const { findings, isolation, ledgers, recovery } = this.#rules;
    const { outcome } = event;
    const call = run.call(event);
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
    if (settlesFormer(call, life)) return;
    onSettled(run, findings, call, { life, seq, outcome });
    checkDeadline(run, findings, call, { life, seq });
    isolation.onSettled(run, call, event.durationMs);
    leaveLine(call);
    call.settledSeq = seq;
    call.settledAt = run.at;
    call.settledBy = life;
    call.outcome = outcome;
    recovery.waits(run, call, 'nothing');
    // Of an answer that never left the runtime, nobody was told.
    if ((outcome === 'answered' || outcome === 'expired') && event.submissions > 0) {
      ledgers.acknowledge(run, call, life, { seq, answerHash: null });
    }
    run.retire(call);
  }

  #onTurnEnded(life: LifeFacts, sessionId: string, turnId: string, seq: number): void {
    const run = this.#run;
    const turn = run.turn(sessionId, turnId);
    onTurnEnded(run, this.#rules.findings, turn, { life, seq });
    for (const call of turn.calls) checkRefused(run, this.#rules.findings, call, { life, seq });
    // Where nobody watches Codex itself, the runtime's word is all there is.
    if (run.issued === 0) turn.endedSeq = seq;
  }

  #onChanged(life: LifeFacts, sessionId: string, state: unknown, seq: number): void {
    const session = this.#run.session(sessionId);
    if (!isClosing(state)) {
      if (session.closedBy === life.name) session.closedSeq = 0;
      return;
    }
    if (session.closedSeq > 0 && session.closedBy === life.name) return;
    session.closedSeq = seq;
    session.closedBy = life.name;
  }
}
