/**
 * What a model is told when a call fails: short fixed texts, each with the reason and what to do. Nothing
 * of an exception gets in here: it may hold secrets, and a model cannot act on a stack.
 */

import { defaultLimits, type Limits } from '../limits.ts';

/** Why a call has no result of its handler. */
export type Failure =
  | { readonly kind: 'arguments_invalid'; readonly problem: string }
  | { readonly kind: 'handler_failed' }
  | { readonly kind: 'handler_timeout'; readonly timeoutMs: number }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'session_closing' }
  | {
      readonly kind: 'unknown_tool';
      readonly name: string;
      /** The names of the tools there are. */
      readonly known: readonly string[];
    }
  | { readonly kind: 'overloaded' }
  | { readonly kind: 'outcome_unknown' }
  | { readonly kind: 'key_reused' }
  | { readonly kind: 'result_too_large'; readonly problem?: string }
  | { readonly kind: 'result_invalid'; readonly problem?: string }
  | { readonly kind: 'approval_denied'; readonly reason: string };

const wordsCharsMax = 300;

/** Words of somebody else as part of one line. */
function quoteWords(words: string, charsMax = wordsCharsMax): string {
  const line = words.replace(/\s+/g, ' ').trim();
  return (line.length > charsMax ? `${line.slice(0, charsMax)}…` : line).toWellFormed();
}

function listKnown(known: readonly string[], namesMax: number): string {
  if (known.length === 0) return 'This session has no tools.';
  const shown = known.slice(0, namesMax).join(', ');
  const hidden = known.length - namesMax;
  return `There are: ${shown}${hidden > 0 ? ` and ${hidden} more` : ''}.`;
}

/** `: problem`, if there is one to tell. */
function becauseOf(problem: string | undefined): string {
  return problem ? `: ${quoteWords(problem)}` : '';
}

/** The text a model is given in place of a result. */
export function failureText(failure: Failure, limits: Limits = defaultLimits): string {
  switch (failure.kind) {
    case 'arguments_invalid':
      return `The arguments do not fit. ${failure.problem}. Correct them and call the tool again.`;
    case 'handler_failed':
      return 'The tool failed. The same call may fail again; try another way or go on without it.';
    case 'handler_timeout':
      return (
        `The tool was stopped after ${failure.timeoutMs / 1000} s without a result. ` +
        'Whether it took effect is not known; check before you call it again.'
      );
    case 'cancelled':
      return 'The call was cancelled: its turn or its session is over.';
    case 'session_closing':
      return 'The call was not started: the session is closing.';
    case 'unknown_tool':
      return (
        `There is no tool ${JSON.stringify(quoteWords(failure.name, 80))}. ` +
        listKnown(failure.known, limits.toolNamesShownMax)
      );
    case 'overloaded':
      return 'The call was not started: too many calls are waiting. Call again when some have finished.';
    case 'outcome_unknown':
      return (
        'The tool was started and then interrupted. ' +
        'Whether it took effect is not known; check before you call it again.'
      );
    case 'key_reused':
      return 'The call was not started: its id was used before with other arguments. Call again under a new id.';
    case 'result_too_large':
      return `The tool finished, but its result is too large to show${becauseOf(failure.problem)}. Ask for less.`;
    case 'result_invalid':
      return (
        `The tool finished, but its result cannot be shown${becauseOf(failure.problem)}. ` +
        'The same call will not do better.'
      );
    case 'approval_denied':
      return `The call was not started: it was not approved${becauseOf(failure.reason)}. Do not repeat it unchanged.`;
  }
}
