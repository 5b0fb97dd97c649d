/**
 * I10: calls of an ordered tool start in the order they were taken, and a turn is over only after its
 * calls are. G9: no call waits beyond the deadline of its handler. G10: a runtime that closes takes no
 * call, and stops in time.
 */
import type { CallFacts, LifeFacts, TurnFacts } from './call-facts.ts';
import type { Findings } from './findings.ts';
import type { RunFacts } from './run-facts.ts';

/** A runtime has taken a call: it lines up if its tool is ordered. */
export function joinLine(run: RunFacts, call: CallFacts): void {
  if (run.tools.get(call.tool)?.ordered !== true) return;
  const { session } = call;
  session.lines ??= new Map();
  const line = session.lines.get(call.tool);
  if (line) line.push(call);
  else session.lines.set(call.tool, [call]);
}

/** The call will not start any more, or has. */
export function leaveLine(call: CallFacts): void {
  const line = call.session.lines?.get(call.tool);
  const place = line?.indexOf(call) ?? -1;
  if (line && place >= 0) line.splice(place, 1);
}

/** A runtime says that a handler starts. */
export function onStarted(run: RunFacts, findings: Findings, call: CallFacts, seq: number): void {
  const line = call.session.lines?.get(call.tool);
  if (!line?.includes(call)) return;
  findings.checked('I10');
  const first = line[0];
  if (first && first !== call && first.owner === call.owner) {
    const message = `the call was started before ${first.callId}, which had come earlier`;
    const records = [first.claimSeq, call.claimSeq, seq];
    findings.violated('I10', message, { at: run.at, call, records });
  }
  leaveLine(call);
}

/** A runtime says that a turn is over. */
export function onTurnEnded(
  run: RunFacts,
  findings: Findings,
  turn: TurnFacts,
  { life, seq }: { readonly life: LifeFacts; readonly seq: number },
): void {
  for (const call of turn.calls) {
    const isFormer = call.formerOwners?.includes(life) === true;
    if (!isFormer && (call.owner !== life || call.claimSeq === 0)) continue;
    findings.checked('I10');
    if (!isFormer && call.settledSeq > call.claimSeq) continue;
    const message = 'the turn was over before its call was';
    findings.violated('I10', message, { at: run.at, call, records: [call.claimSeq, seq] });
  }
}

/** A runtime says that there is an answer, or that the call is over without one. */
export function checkDeadline(
  run: RunFacts,
  findings: Findings,
  call: CallFacts,
  { life, seq }: { readonly life: LifeFacts; readonly seq: number },
): void {
  if (call.runSeq === 0 || call.answeredSeq > call.runSeq || call.settledSeq > call.runSeq) return;
  const timeoutMs = run.tools.get(call.tool)?.timeoutMs ?? null;
  // What an earlier owner began is over with it, and what it still says of it is late.
  if (call.owner !== life || call.runSeq < call.claimSeq) return;
  if (timeoutMs === null || life.isPaused || life.pausedSeq > call.runSeq) return;
  findings.checked('G9');
  const tookMs = run.at - call.runAt;
  if (tookMs <= timeoutMs + run.options.deadlineSlackMs) return;
  const message = `the call was answered after ${Math.round(tookMs)} ms, its deadline is ${timeoutMs} ms`;
  findings.violated('G9', message, { at: run.at, call, records: [call.runSeq, seq] });
}

/** A runtime takes a call: not in a session that it closes. */
export function checkClosing(
  run: RunFacts,
  findings: Findings,
  call: CallFacts,
  { life, seq }: { readonly life: LifeFacts; readonly seq: number },
): void {
  const { closedSeq, closedBy } = call.session;
  if (closedSeq === 0 || closedBy !== life.name) return;
  findings.checked('G10');
  const message = `${life.name} took the call in a session that it was closing`;
  findings.violated('G10', message, { at: run.at, call, records: [closedSeq, seq] });
}

/** A process has ended, or the history has: it must not have taken longer than it may. */
export function checkStopped(
  run: RunFacts,
  findings: Findings,
  life: LifeFacts,
  seq: number,
): void {
  if (life.kind !== 'runtime' || life.stoppingSeq === 0) return;
  if (life.pausedSeq > life.stoppingSeq) return;
  findings.checked('G10');
  const tookMs = run.at - life.stoppingAt;
  if (tookMs <= run.options.stopMs) return;
  const message = `${life.name} was asked to stop and took more than ${run.options.stopMs} ms`;
  findings.violated('G10', message, { at: run.at, records: [life.stoppingSeq, seq] });
}
