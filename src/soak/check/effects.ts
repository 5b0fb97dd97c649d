/**
 * I1: a handler starts at most once for each call. G5: a key that comes again with other arguments is
 * refused.
 *
 * A second start is allowed where the promise does not reach: after the life of a runtime without a
 * durable ledger, once the session's lease has gone to a runtime with another ledger, for a repeatable tool
 * whose first run went with its process, within what `async` may lose, and beyond the window in which calls
 * are remembered.
 */
import { defaultLimits } from '../../limits.ts';
import type { HistoryEventOf } from '../../history/record.ts';
import type { CallFacts, LifeFacts } from './call-facts.ts';
import type { Findings } from './findings.ts';
import type { RunFacts } from './run-facts.ts';

/** A start, with the number of its record and the life in which it happened. */
interface Start {
  readonly event: HistoryEventOf<'world.handler.started'>;
  readonly seq: number;
  readonly life: LifeFacts;
}

/** How far witnesses in different processes may be apart, in milliseconds. */
const witnessSlackMs = 100;

const { ledgerKeepMs } = defaultLimits;

/** Whether the runtime still has to remember the call, were it to come now. */
function isRemembered(run: RunFacts, call: CallFacts): boolean {
  const { callsKept, sessionCallsKept } = run.options;
  if (call.settledSeq === 0) return true;
  if (run.claims - call.runOrdinal >= callsKept) return false;
  if (call.session.claims - call.sessionOrdinal < sessionCallsKept) return true;
  // Nothing is forgotten before its time where there is room for everything.
  return run.claims < callsKept && run.at - call.settledAt < ledgerKeepMs;
}

/** Whether a record of this moment may have gone with the life, as its ledger promises. */
export function mayBeLost(run: RunFacts, life: LifeFacts, at: number): boolean {
  if (life.endedAs !== 'power-lost' || life.journal !== 'async') return false;
  return life.endedAt - at <= run.options.asyncLossMs;
}

/** Why a call may start once more, or null. */
function excuse(run: RunFacts, call: CallFacts, { event, life: now }: Start): string | null {
  const before = call.startLife;
  if (!before) return 'it has not started';
  if (call.wasForgotten || !isRemembered(run, call)) return 'it is beyond the window';
  if (before === now) return null;
  const isShared = before.ledger !== null && before.ledger === now.ledger;
  const { leaseHolder, leaseSeq } = call.session;
  const hasPassedOn = leaseHolder === now.name && leaseSeq > call.startSeq;
  if (hasPassedOn && !isShared) return 'the right to answer has passed on without a ledger';
  if (before.endedSeq === 0) return null;
  if (!isShared) return 'nothing outlives the process';
  if (mayBeLost(run, before, call.startAt)) return 'its record went with the machine';
  return event.repeatable && call.takenSeq === 0 ? 'it is repeatable' : null;
}

function checkAgain(run: RunFacts, findings: Findings, call: CallFacts, start: Start) {
  const { event, seq } = start;
  if (excuse(run, call, start) !== null) return;
  const first = call.startLife?.name ?? 'a runtime';
  const where =
    first === event.runtime ? `in ${first}` : `in ${first} and again in ${event.runtime}`;
  const records = [call.issuedSeq, call.startSeq, call.startLife?.endedSeq ?? 0, seq];
  const times = call.starts + 1;
  const message = `the handler of ${call.tool || event.tool} was started ${times} times, ${where}`;
  findings.violated('I1', message, { at: run.at, call, records });
}

/** A handler started, though its own runtime had recorded the end of the call. */
function checkAfterEnd(run: RunFacts, findings: Findings, call: CallFacts, { seq, life }: Start) {
  if (call.settledSeq === 0 || call.settledBy !== life || call.claimSeq > call.settledSeq) return;
  if (!run.isExact && run.at - call.settledAt <= witnessSlackMs) return;
  const message = `the handler was started after the call had ended as ${call.outcome ?? 'over'}`;
  findings.violated('I1', message, { at: run.at, call, records: [call.settledSeq, seq] });
}

/** A call that the ledger reported as unknown must stay so. */
function checkUnknown(run: RunFacts, findings: Findings, call: CallFacts, start: Start) {
  const { event, seq, life } = start;
  if (call.ledgerState !== 'unknown' || event.repeatable || call.starts > 0) return;
  if (life.beganSeq < call.ledgerSeq) return;
  const message =
    'the handler was started though its ledger held the call as started and unfinished';
  findings.violated('I1', message, { at: run.at, call, records: [call.ledgerSeq, seq] });
}

/** A handler says that it was started. */
export function onHandlerStarted(
  run: RunFacts,
  findings: Findings,
  call: CallFacts,
  { event, seq }: Omit<Start, 'life'>,
): void {
  findings.checked('I1');
  const life = run.life(event.runtime);
  const start = { event, seq, life };
  if (call.starts > 0) checkAgain(run, findings, call, start);
  checkAfterEnd(run, findings, call, start);
  checkUnknown(run, findings, call, start);
  if (call.reusedHash !== null && event.argumentsHash === call.reusedHash) {
    const message = 'a call that came under the key of another one was run';
    findings.violated('G5', message, { at: run.at, call, records: [call.reusedSeq, seq] });
  }
  call.starts += 1;
  call.startSeq = seq;
  call.startAt = run.at;
  call.startLife = life;
}

/** A runtime takes a call: one that it remembers it must not take again. */
export function onClaimed(
  run: RunFacts,
  findings: Findings,
  call: CallFacts,
  { life, seq }: { readonly life: LifeFacts; readonly seq: number },
): void {
  findings.checked('I1');
  if (call.owner !== life) return;
  if (!isRemembered(run, call)) {
    call.wasForgotten = true;
    return;
  }
  const message = `${life.name} took the call a second time as if it were new`;
  findings.violated('I1', message, { at: run.at, call, records: [call.claimSeq, seq] });
}

/** Something else was asked for under the key of a call. */
export function onReused(
  run: RunFacts,
  call: CallFacts,
  { event, seq }: { readonly event: HistoryEventOf<'world.call.issued'>; readonly seq: number },
): void {
  call.reusedHash = event.argumentsHash;
  call.reusedSeq = seq;
  // Whoever has the call may have no link by which this comes.
  const isSeen = run.isCalm && call.owner?.isLinked === true;
  call.reusedDisturbances = isSeen ? run.disturbances : -1;
}

/** A runtime says that it does not take a call. */
export function onDeclined(findings: Findings, call: CallFacts): void {
  if (call.reusedSeq === 0) return;
  findings.checked('G5');
  call.reusedDisturbances = -1;
}

/**
 * A runtime says that the turn of a call is over. What came under the key of that call before, it must have
 * seen and refused by then, if nothing went wrong meanwhile.
 */
export function checkRefused(
  run: RunFacts,
  findings: Findings,
  call: CallFacts,
  { life, seq }: { readonly life: LifeFacts; readonly seq: number },
): void {
  const { reusedSeq, reusedDisturbances } = call;
  if (reusedDisturbances !== run.disturbances) return;
  if (Math.max(life.beganSeq, life.lostSeq) > reusedSeq || call.owner !== life) return;
  // It may have come by no link yet.
  if (!life.isLinked) return;
  findings.checked('G5');
  const message = 'what came under the key of the call was not refused';
  findings.violated('G5', message, { at: run.at, call, records: [reusedSeq, seq] });
}
