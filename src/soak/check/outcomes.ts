/**
 * I2: every call has exactly one outcome. G4: an answer that is sent again is the same.
 *
 * That none has two is seen at once; that none has none, only at the end of a run that came to rest.
 */
import type { CallOutcome } from '../../../machines/call-outcome.ts';
import type { CallFacts, LifeFacts } from './call-facts.ts';
import type { Findings } from './findings.ts';
import type { RunFacts } from './run-facts.ts';

/** Another runtime takes the call over: the one before still has to say how it ended for it. */
export function passOn(call: CallFacts, next: LifeFacts): void {
  const { owner, formerOwners } = call;
  if (owner && owner !== next && call.settledSeq < call.claimSeq) {
    call.formerOwners = [...(formerOwners ?? []), owner];
  }
}

/** Whether the call was this runtime's before another one took it, which it is not any more now. */
export function settlesFormer(call: CallFacts, life: LifeFacts): boolean {
  if (call.owner === life || !call.formerOwners?.includes(life)) return false;
  const left = call.formerOwners.filter((former) => former !== life);
  call.formerOwners = left.length > 0 ? left : null;
  return true;
}

/** A runtime says how a call ended. */
export function onSettled(
  run: RunFacts,
  findings: Findings,
  call: CallFacts,
  { life, seq, outcome }: { life: LifeFacts; seq: number; outcome: CallOutcome },
): void {
  findings.checked('I2');
  const evidence = { at: run.at, call, records: [call.claimSeq, call.settledSeq, seq] };
  if (call.owner !== life || call.claimSeq === 0) {
    if (!life.isWhole) return;
    const message = `${life.name} ended the call as ${outcome}, but had not taken it`;
    findings.violated('I2', message, evidence);
  } else if (call.settledSeq > call.claimSeq) {
    const message = `the call ended as ${call.outcome ?? 'over'} and again as ${outcome}`;
    findings.violated('I2', message, evidence);
  }
}

/** An answer reached Codex, or would have: it must be the one that was seen before. */
export function onAnswerSeen(
  run: RunFacts,
  findings: Findings,
  call: CallFacts,
  { seq, answerHash }: { readonly seq: number; readonly answerHash: string },
): void {
  findings.checked('G4');
  if (call.answerHash === null) {
    call.answerHash = answerHash;
    call.answerSeq = seq;
  } else if (call.answerHash !== answerHash) {
    const message = 'two different answers were sent for one call';
    findings.violated('G4', message, { at: run.at, call, records: [call.answerSeq, seq] });
  }
}

/** Codex took an answer: for one request, once. */
export function onTaken(run: RunFacts, findings: Findings, call: CallFacts, seq: number): void {
  findings.checked('I2');
  if (call.takenSeq === 0) return;
  const message = 'Codex was given two answers to one request';
  findings.violated('I2', message, { at: run.at, call, records: [call.takenSeq, seq] });
}

/** Whether it is no fault that the runtime which took the call never said how it ended. */
function mayBeOpen(life: LifeFacts): boolean {
  if (life.endedAs === 'killed' || life.endedAs === 'power-lost') return true;
  // What a durable ledger holds, the next life goes on with.
  return life.endedSeq > 0 && life.ledger !== null;
}

function checkFormer(run: RunFacts, findings: Findings, call: CallFacts): void {
  for (const life of call.formerOwners ?? []) {
    if (mayBeOpen(life)) continue;
    const message = `${life.name} took the call, lost it to another, and never recorded its end`;
    findings.violated('I2', message, {
      at: run.at,
      call,
      records: [call.issuedSeq, call.claimSeq],
    });
  }
}

function checkRecorded(run: RunFacts, findings: Findings, call: CallFacts): void {
  const { owner, claimSeq, settledSeq } = call;
  if (!owner || claimSeq === 0 || settledSeq > claimSeq || mayBeOpen(owner)) return;
  const records = [call.issuedSeq, claimSeq, call.answeredSeq, owner.endedSeq];
  const message = `${owner.name} took the call and never recorded what became of it`;
  findings.violated('I2', message, { at: run.at, call, records });
}

function checkAnswered(run: RunFacts, findings: Findings, call: CallFacts): void {
  if (call.issuedSeq === 0 || run.isDone(call)) return;
  const records = [call.issuedSeq, call.claimSeq, call.startSeq, call.answeredSeq, call.settledSeq];
  const told =
    call.outcome === null
      ? 'and no outcome was recorded'
      : `though it was recorded as ${call.outcome}`;
  const message = `Codex never got an answer to the call, ${told}, and its turn still waits`;
  findings.violated('I2', message, { at: run.at, call, records });
}

/** The history is over: at rest, nothing may be open. */
export function finishOutcomes(run: RunFacts, findings: Findings): void {
  const atRest = run.phase === 'idle';
  if (!atRest) findings.note('that every call ended was not checked: the run did not come to rest');
  for (const call of run.calls.values()) {
    if (atRest) findings.checked('I2');
    if (atRest) checkFormer(run, findings, call);
    if (atRest || (call.owner?.endedSeq ?? 0) > 0) checkRecorded(run, findings, call);
    if (atRest) checkAnswered(run, findings, call);
  }
}
