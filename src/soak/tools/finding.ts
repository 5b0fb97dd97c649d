/** What is wrong with a tool, from what was seen of it. */
import { bytesText } from '../report/words.ts';
import type { ToolRun } from './soak-tools.ts';

/** The kinds of findings. `untested` says that nothing is known. */
export type FindingKind =
  | 'started-twice'
  | 'ignored-abort'
  | 'blocked-loop'
  | 'exceeded-deadline'
  | 'grew-memory'
  | 'threw'
  | 'untested';

/** One finding about one tool, for people. */
export interface Finding {
  readonly tool: string;
  readonly kind: FindingKind;
  readonly found: string;
  readonly fix: string;
}

/** A handler that keeps the event loop for longer stalls every session of the process. */
const blockedMsMax = 50;
/** More than a runtime of any size keeps of a call, and than what it compiles while it is young adds to that. */
const growthBytesMax = 1.5 * 1024 * 1024;

type Judge = (run: ToolRun) => Omit<Finding, 'tool'> | null;

const judges: readonly Judge[] = [
  ({ obstacle, calls }) =>
    obstacle === null && calls > 0
      ? null
      : {
          kind: 'untested',
          found: obstacle ?? 'none of its calls ended',
          fix: 'give arguments for it with --arguments',
        },
  ({ repeatable, observation: { secondStarts } }) =>
    repeatable || secondStarts === 0
      ? null
      : {
          kind: 'started-twice',
          found: `${secondStarts} calls were started twice`,
          fix: 'report it: this is a fault of the runtime',
        },
  ({ observation: { ignoredAborts, afterAbortMs }, stuck }) =>
    ignoredAborts + stuck === 0
      ? null
      : {
          kind: 'ignored-abort',
          found: `${ignoredAborts + stuck} handlers went on after their signal, ${
            stuck > 0 ? `${stuck} of them to the end` : `for up to ${Math.round(afterAbortMs)} ms`
          }`,
          fix: 'pass call.signal to what the handler waits for',
        },
  ({ observation: { blockedMs } }) =>
    blockedMs <= blockedMsMax
      ? null
      : {
          kind: 'blocked-loop',
          found: `a handler kept the event loop for ${Math.round(blockedMs)} ms`,
          fix: 'do the work in pieces, in a worker or in another process',
        },
  ({ answers }) => {
    const expired = answers.get('handler_timeout') ?? 0;
    return expired === 0
      ? null
      : {
          kind: 'exceeded-deadline',
          found: `${expired} handlers passed their deadline`,
          fix: 'make it faster, or give its policy a longer timeoutMs',
        };
  },
  ({ growthBytes }) =>
    growthBytes === null || growthBytes <= growthBytesMax
      ? null
      : {
          kind: 'grew-memory',
          found: `the heap grew by ${bytesText(growthBytes)} for 1,000 calls`,
          fix: 'look for what the handler keeps: listeners, timers, caches without a bound',
        },
  ({ answers, observation: { declaredFailures } }) => {
    const threw = (answers.get('handler_failed') ?? 0) - declaredFailures;
    return threw <= 0
      ? null
      : {
          kind: 'threw',
          found: `${threw} handlers threw`,
          fix: 'throw a ToolError for what the model should know, and handle the rest',
        };
  },
];

/** What is wrong with the tool, or nothing. */
export function findingsOf(run: ToolRun): readonly Finding[] {
  return judges.flatMap((judge) => {
    const finding = judge(run);
    return finding ? { tool: run.name, ...finding } : [];
  });
}
