/** What happens to every call, as events. */
import type { Occurrence } from './event.ts';
import { referenceOf, type LiveCall } from './live-call.ts';

/**
 * Makes an event of a call, or nothing at all while nobody watches: not even the function that would make
 * it, since a call has several of these.
 */
export type AnnounceCall = (make: (live: LiveCall) => Occurrence, live: LiveCall) => void;

/** Somebody took the call. */
export function callClaimed({ call, record }: LiveCall): Occurrence {
  return { type: 'call.claimed', source: record.source, ...referenceOf(call) };
}

/** Its handler runs. */
export function callStarted({ call }: LiveCall): Occurrence {
  return { type: 'call.started', ...referenceOf(call) };
}

/** There is an answer. */
export function callAnswered({ call, record }: LiveCall): Occurrence {
  return {
    type: 'call.answered',
    success: record.output?.success ?? false,
    code: record.code,
    durationMs: record.durationMs ?? 0,
    ...referenceOf(call),
  };
}

/** A handler came back after its call was over. */
export function callLate({ call }: LiveCall): Occurrence {
  return { type: 'call.late', ...referenceOf(call) };
}

/** The call is over. */
export function callSettled({ call, record }: LiveCall): Occurrence {
  return {
    type: 'call.settled',
    outcome: record.outcome ?? 'unknown',
    success: record.output?.success ?? null,
    code: record.code,
    durationMs: record.durationMs ?? 0,
    submissions: record.submissions,
    ...referenceOf(call),
  };
}
