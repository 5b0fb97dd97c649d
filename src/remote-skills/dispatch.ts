/** What became of one tool call, for whoever had it handled. */
import type { CallOutcome } from '../../machines/call-outcome.ts';
import type { AnswerAttempt } from '../hosts/control-service/internal.ts';
import type { DispatchRecord } from '../mesh/dispatch-record.ts';
import type { ToolOutput } from '../tools/contract.ts';
import type { AskedCall } from './signal.ts';

/** One tool call that was handled, or could not be. */
export interface Dispatch {
  /** The handler returned, and its answer was handed over as it is. */
  readonly handled: boolean;
  readonly tool: string;
  readonly arguments: unknown;
  /** As it came: a signal brings a number where a list has its text. */
  readonly requestId: string | number | null;
  readonly callId: string | null;
  /** The answer, or null if there is none. */
  readonly responsePayload: ToolOutput | null;
  /** What the handler returned, or null. */
  readonly result: unknown;
  /** Why it was not handled: what the handler threw, or else why the answer was not taken. */
  readonly error: string | null;
  /**
   * The word of the service for the last attempt to answer: `ok`, `not_found`, `conflict`, `error` …; or
   * `malformed`, `exception`, `local_duplicate`, `no_request_id`; null if there was none.
   */
  readonly submissionStatus: string | null;
  readonly submissionCode: string | null;
  readonly submissionAttempts: number;
  /** The call has its answer, although not by this attempt. */
  readonly submissionIdempotent: boolean;
  /**
   * What became of the call as far as is known: `abandoned` if the model never saw the answer, null while
   * it is still being sent.
   */
  readonly outcome: CallOutcome | null;
}

/** What a handler did with a call. */
export type Run =
  | { readonly type: 'returned'; readonly result: unknown }
  | { readonly type: 'threw'; readonly error: string };

/** What is known of the attempts to answer a call. */
export interface Submission {
  readonly attempts: number;
  readonly last: AnswerAttempt | null;
  /** Why the service would not take the answer as it was, or null. */
  readonly refusal: string | null;
}

/** All that a {@link Dispatch} is made of. */
export interface DispatchParts {
  readonly asked: AskedCall;
  readonly requestId: string | number | null;
  readonly record: DispatchRecord | undefined;
  readonly run: Run | null;
  readonly submission: Submission;
}

const nothing = {
  handled: false,
  responsePayload: null,
  result: null,
  error: null,
  submissionCode: null,
  submissionAttempts: 0,
  submissionIdempotent: false,
  outcome: null,
} as const;

/** The dispatch of a call that cannot be answered, because it names no request. Nothing was run. */
export function unanswerable(asked: AskedCall, requestId: string | number | null): Dispatch {
  const { tool, callId } = asked;
  const error = 'the call has no request id, so that nobody could answer it';
  const own = { tool, arguments: asked.arguments, callId, requestId, error };
  return { ...nothing, ...own, submissionStatus: 'no_request_id' };
}

/** Whether the service has an answer to the call, ours or another. */
function isAccepted({ last }: Submission): boolean {
  if (!last) return false;
  return last.status === 'ok' || isIdempotent(last);
}

const isIdempotent = ({ status, code }: AnswerAttempt): boolean =>
  status === 'not_found' || (status === 'conflict' && code === 'in_flight');

function textOf(output: ToolOutput | null | undefined): string | null {
  const [item] = output?.contentItems ?? [];
  return item?.type === 'inputText' ? item.text : null;
}

/** Why the handler did not handle the call, or null if it did. */
function handlerError({ run, record }: DispatchParts): string | null {
  if (run?.type === 'threw') return run.error;
  if (record?.outcome === 'cancelled') return 'the call was cancelled: its turn or session is over';
  const hasReturned = run?.type === 'returned' && record?.code !== 'handler_timeout';
  if (hasReturned || record?.code === null) return null;
  return textOf(record?.output) ?? record?.code ?? null;
}

function submissionError({ last, refusal }: Submission): string | null {
  if (refusal !== null) return `the service did not take the answer: ${refusal}`;
  if (!last) return null;
  const { status, code, message } = last;
  if (status === 'exception')
    return `submitting the answer failed: ${message ?? 'no reason given'}`;
  if (status === 'malformed') return 'the service gave a malformed reply to the answer';
  const parts = [`status=${status}`, code && `code=${code}`, message && `message=${message}`];
  return `the service did not take the answer: ${parts.filter(Boolean).join(', ')}`;
}

/** The dispatch of a call that was handed over for the first time. */
export function dispatchOf(parts: DispatchParts): Dispatch {
  const { submission, asked, requestId } = parts;
  const { last, attempts, refusal } = submission;
  const isTaken = isAccepted(submission) && refusal === null;
  const thrown = handlerError(parts);
  const error = thrown ?? (isTaken || !last ? null : submissionError(submission));
  return {
    ...ownParts(parts),
    handled: thrown === null && isTaken,
    tool: asked.tool,
    requestId,
    error,
    submissionStatus: last?.status ?? null,
    submissionCode: last?.code ?? null,
    submissionAttempts: attempts,
    submissionIdempotent: last !== null && isIdempotent(last),
  };
}

/** The dispatch of a call that came before: what became of it then; nothing was run or sent for this. */
export function repeatedDispatch(parts: DispatchParts): Dispatch {
  const error = handlerError(parts);
  const isKept = parts.record !== undefined;
  return {
    ...ownParts(parts),
    handled: isKept && error === null,
    error,
    submissionStatus: 'local_duplicate',
    submissionCode: null,
    submissionAttempts: 0,
    submissionIdempotent: true,
  };
}

function ownParts({ asked, requestId, record, run }: DispatchParts) {
  return {
    tool: asked.tool,
    arguments: asked.arguments,
    requestId,
    callId: asked.callId,
    responsePayload: record?.output ?? null,
    result: run?.type === 'returned' ? run.result : null,
    outcome: record?.outcome ?? null,
  };
}
