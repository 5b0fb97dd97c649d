/** The answer of a client to a tool call, as Codex takes it. */
import type { Limits } from '../limits.ts';
import type { ToolOutput } from '../tools/contract.ts';
import { failureText } from '../tools/failure.ts';
import { failureOutput, toolOutput } from '../tools/output.ts';
import { isRecord } from '../tools/json.ts';

/** What a client may send: the whole answer, or its parts. */
export interface AnswerBody {
  readonly response?: unknown;
  readonly success?: boolean;
  readonly contentItems?: readonly unknown[];
  readonly text?: string;
}

const malformed =
  'The tool did run, but its answer cannot be shown: it has to be an object with `success` (true or ' +
  'false) and `contentItems` (a list of content).';

const isOutput = (value: unknown): value is ToolOutput =>
  isRecord(value) && typeof value.success === 'boolean' && Array.isArray(value.contentItems);

function outputOf({ success = true, contentItems, text }: AnswerBody): unknown {
  if (contentItems) return { success, contentItems };
  return { success, contentItems: text === undefined ? [] : [{ type: 'inputText', text }] };
}

/** What the model is told of an answer that was too large to be read. */
export function tooLargeAnswer(limits: Limits): ToolOutput {
  return failureOutput(failureText({ kind: 'result_too_large' }), limits);
}

/**
 * Reads an answer. A `response` wins over the parts, and goes to Codex as it is if it is well-formed;
 * anything else becomes a failure that says so, because Codex would drop it and the turn would hang.
 */
export function readAnswer(body: AnswerBody, limits: Limits): ToolOutput {
  const given = Object.hasOwn(body, 'response') ? body.response : outputOf(body);
  return isOutput(given) ? toolOutput(given, limits) : failureOutput(malformed, limits);
}
