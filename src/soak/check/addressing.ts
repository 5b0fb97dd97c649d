/**
 * I3: an answer reaches the call it was computed for. I4: a session never sees the calls of another.
 * Fencing: only the holder of a session's lease answers for it.
 */
import type { HistoryEventOf as Of } from '../../history/record.ts';
import type { CallFacts } from './call-facts.ts';
import type { Findings } from './findings.ts';
import type { RunFacts } from './run-facts.ts';

interface Seen<Event> {
  readonly event: Event;
  readonly seq: number;
}

/** What a handler was given must be what Codex asked of it. */
export function onHandlerGiven(
  run: RunFacts,
  findings: Findings,
  call: CallFacts,
  { event, seq }: Seen<Of<'world.handler.started'>>,
): void {
  findings.checked('I4');
  if (event.boundTo !== event.sessionId) {
    const message = `a tool of session ${event.boundTo} was run for a call of ${event.sessionId}`;
    findings.violated('I4', message, { at: run.at, call, records: [call.issuedSeq, seq] });
  }
  if (call.argumentsHash === null) return;
  findings.checked('I3');
  if (event.argumentsHash === call.argumentsHash || event.argumentsHash === call.reusedHash) return;
  const message = 'the handler was given other arguments than Codex had sent';
  findings.violated('I3', message, { at: run.at, call, records: [call.issuedSeq, seq] });
}

/** An answer that Codex took must have been computed for the call it answers. */
export function onAnswerTaken(
  run: RunFacts,
  findings: Findings,
  call: CallFacts,
  { event, seq }: Seen<Of<'world.answer.taken'>>,
): void {
  const { computedFor } = event;
  if (computedFor === null || call.canary === null) return;
  findings.checked('I3');
  if (computedFor === call.canary) return;
  const message = 'Codex took an answer that was computed for another call';
  findings.violated('I3', message, { at: run.at, call, records: [call.issuedSeq, seq] });
}

/** An answer that nobody waits for is harmless if it is late, and wrong if it is misdirected. */
export function onStray(
  run: RunFacts,
  findings: Findings,
  { event, seq }: Seen<Of<'world.answer.stray'>>,
): CallFacts | undefined {
  findings.checked('I3');
  const { epoch, requestId, computedFor } = event;
  const call = run.requested(epoch, requestId);
  if (!call) {
    if (run.forgotten > 0) return undefined;
    const message = `an answer was sent to request ${requestId} of ${epoch}, which never made it`;
    findings.violated('I3', message, { at: run.at, records: [seq] });
  } else if (computedFor !== null && call.canary !== null && computedFor !== call.canary) {
    const message = `an answer that was computed for another call was sent to request ${requestId}`;
    findings.violated('I3', message, { at: run.at, call, records: [call.issuedSeq, seq] });
  }
  return call;
}

/** Every call that was taken or run must be one that Codex asked for. */
export function finishAddressing(run: RunFacts, findings: Findings): void {
  if (run.issued === 0) return;
  for (const call of run.calls.values()) {
    if (call.issuedSeq > 0 || call.claimSeq + call.startSeq === 0) continue;
    const message = 'a runtime took a call that Codex did not ask for';
    findings.violated('I3', message, { at: run.at, call, records: [call.claimSeq, call.startSeq] });
  }
}

/** Leases of sessions, and who holds them. */
export class Fencing {
  readonly #holders = new Map<string, { runtime: string; token: number; seq: number }>();

  onGranted(run: RunFacts, findings: Findings, { event, seq }: Seen<Of<'world.lease.granted'>>) {
    const { sessionId, runtime, token } = event;
    findings.checked('fencing');
    const holder = this.#holders.get(sessionId);
    if (holder && holder.runtime !== runtime && token <= holder.token) {
      const message = `${runtime} was given a lease with a token that is not above ${holder.runtime}'s`;
      const records = [holder.seq, seq];
      findings.violated('fencing', message, { at: run.at, sessionId, records });
    }
    this.#holders.set(sessionId, { runtime, token, seq });
    const session = run.session(sessionId);
    session.leaseHolder = runtime;
    session.leaseSeq = seq;
  }

  onEnded({ event }: Seen<Of<'world.lease.ended'>>): void {
    if (this.#holders.get(event.sessionId)?.token === event.token) {
      this.#holders.delete(event.sessionId);
    }
  }

  onTaken(
    run: RunFacts,
    findings: Findings,
    call: CallFacts,
    { event, seq }: Seen<Of<'world.answer.taken'>>,
  ): void {
    const holder = this.#holders.get(event.sessionId);
    if (!holder || event.runtime === null) return;
    findings.checked('fencing');
    if (holder.runtime === event.runtime) return;
    const message = `an answer of ${event.runtime} was taken while ${holder.runtime} held the lease`;
    findings.violated('fencing', message, { at: run.at, call, records: [holder.seq, seq] });
  }
}
