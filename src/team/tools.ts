/**
 * The five tools through which a member works with the board. Their names, arguments and result
 * fields are a contract with the models that use them. Who calls is the session's binding, never an
 * argument.
 */
import type { Tool, ToolCall } from '../tools/contract.ts';
import { tool } from '../tools/tool.ts';
import type { BoardAnswer, BoardCommand, CallKey } from './command.ts';

interface TeamToolsOptions {
  /** Names of the team, in order. */
  readonly names: readonly string[];
  readonly handle: (command: BoardCommand, call: CallKey) => BoardAnswer;
}

/** Artifacts that `team_read_board` shows unless it is asked for more or fewer. */
const readLimitDefault = 8;

const readInput = {
  type: 'object',
  properties: {
    limit: {
      type: 'integer',
      minimum: 1,
      maximum: 25,
      description: `How many artifacts and tasks to show; ${readLimitDefault} if left out.`,
    },
  },
  additionalProperties: false,
} as const;

const publishInput = {
  type: 'object',
  properties: {
    kind: { type: 'string', description: 'What it is, in a word or two: plan, docs, review.' },
    summary: { type: 'string', description: 'The result itself, complete enough to build on.' },
  },
  required: ['kind', 'summary'],
  additionalProperties: false,
} as const;

const doneInput = {
  type: 'object',
  properties: { note: { type: 'string', description: 'A closing remark for the others.' } },
  additionalProperties: false,
} as const;

const queueInput = (names: readonly string[]) =>
  ({
    type: 'object',
    properties: {
      owner: { type: 'string', enum: names, description: 'Who is to do it.' },
      task: { type: 'string', description: 'What is to be done, understandable by itself.' },
    },
    required: ['owner', 'task'],
    additionalProperties: false,
  }) as const;

// Repeating any of these is safe: the board answers a repeated call as it did before.
const effects = 'repeatable';

/** The tools of one member. `handle` does what the member asks. */
export function teamTools({ names, handle }: TeamToolsOptions): readonly Tool[] {
  const ask = (command: BoardCommand, { turnId, callId }: ToolCall) =>
    handle(command, { turnId, callId });
  const pull = tool({
    name: 'team_pull_work',
    description:
      'Take the oldest task from your queue. You hold one task at a time: publishing an artifact ' +
      'finishes it, and until then another pull returns the same one. What you have not finished ' +
      'when your turn ends goes back to your queue. `task` is null when nothing waits.',
    effects,
    execute: (_, call) => ask({ type: 'pull' }, call),
  });
  const queue = tool({
    name: 'team_queue_work',
    description:
      'Queue a task for a member. A member that was done is given work again, a limited number of ' +
      'times. `queued` is false when the hand-off was refused; `reason` and `detail` say why.',
    input: queueInput(names),
    effects,
    execute: ({ owner, task }, call) => ask({ type: 'queue', owner, task }, call),
  });
  const publish = tool({
    name: 'team_publish_artifact',
    description:
      'Publish a result for the others to see. This finishes the task you hold, so publish once ' +
      'the work is done; further artifacts of the same turn are filed under the same task.',
    input: publishInput,
    effects,
    execute: ({ kind, summary }, call) => ask({ type: 'publish', kind, summary }, call),
  });
  const read = tool({
    name: 'team_read_board',
    description:
      'Read the board: queue depths, members that are done, the newest artifacts, open tasks, and ' +
      'what the team still lacks.',
    input: readInput,
    effects,
    execute: ({ limit = readLimitDefault }, call) => ask({ type: 'read', limit }, call),
  });
  const markDone = tool({
    name: 'team_mark_done',
    description:
      'Say that your part is finished. Refused with `done: false` and the list in `open` while ' +
      'tasks of yours are unfinished; a reviewer is also refused while anything of the team is ' +
      'open or not reviewed.',
    input: doneInput,
    effects,
    execute: ({ note = '' }, call) => ask({ type: 'mark-done', note }, call),
  });
  return [pull, queue, publish, read, markDone];
}
