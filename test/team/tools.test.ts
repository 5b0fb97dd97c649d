/** The five tools as models see them. What is spelt out here is a contract. */
import { expect, test } from 'vitest';
import type { ToolCall } from '../../src/tools/contract.ts';
import { silentLogger } from '../../src/logger.ts';
import type { BoardCommand, CallKey } from '../../src/team/command.ts';
import { teamTools } from '../../src/team/tools.ts';

const asked: [BoardCommand, CallKey][] = [];
const tools = teamTools({
  names: ['developer', 'docs', 'reviewer'],
  handle: (command, call) => {
    asked.push([command, call]);
    return { task: null, queueDepth: 0 };
  },
});
const named = (name: string) => tools.find((tool) => tool.name === name)!;

const call: ToolCall = {
  sessionId: 's',
  turnId: 'turn-1',
  callId: 'call-1',
  tool: 'x',
  namespace: null,
  arguments: {},
  attempt: 1,
  deadline: 0,
  extend: () => {},
  signal: new AbortController().signal,
  log: silentLogger,
};

/** The schema without what only explains it. */
function bare(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key, inner]) => key !== 'description' || typeof inner !== 'string',
  );
  return Object.fromEntries(kept.map(([key, inner]) => [key, bare(inner)]));
}

test('names and schemas', () => {
  expect(tools.map(({ name, inputSchema }) => [name, bare(inputSchema)])).toEqual([
    ['team_pull_work', { type: 'object', properties: {}, additionalProperties: false }],
    [
      'team_queue_work',
      {
        type: 'object',
        properties: {
          owner: { type: 'string', enum: ['developer', 'docs', 'reviewer'] },
          task: { type: 'string' },
        },
        required: ['owner', 'task'],
        additionalProperties: false,
      },
    ],
    [
      'team_publish_artifact',
      {
        type: 'object',
        properties: { kind: { type: 'string' }, summary: { type: 'string' } },
        required: ['kind', 'summary'],
        additionalProperties: false,
      },
    ],
    [
      'team_read_board',
      {
        type: 'object',
        properties: { limit: { type: 'integer', minimum: 1, maximum: 25 } },
        additionalProperties: false,
      },
    ],
    [
      'team_mark_done',
      {
        type: 'object',
        properties: { note: { type: 'string' } },
        additionalProperties: false,
      },
    ],
  ]);
});

test.each([
  ['team_pull_work', {}, { type: 'pull' }],
  [
    'team_queue_work',
    { owner: 'docs', task: 'Write' },
    { type: 'queue', owner: 'docs', task: 'Write' },
  ],
  [
    'team_publish_artifact',
    { kind: 'plan', summary: 'steps' },
    { type: 'publish', kind: 'plan', summary: 'steps' },
  ],
  ['team_read_board', {}, { type: 'read', limit: 8 }],
  ['team_read_board', { limit: 25 }, { type: 'read', limit: 25 }],
  ['team_mark_done', {}, { type: 'mark-done', note: '' }],
  ['team_mark_done', { note: 'bye' }, { type: 'mark-done', note: 'bye' }],
])('%s passes %j on, with the ids of its call', async (name, args, command) => {
  const checked = await named(name).validate(args);
  expect(checked).toMatchObject({ ok: true });
  asked.length = 0;
  expect(named(name).execute(checked.ok && checked.value, call)).toEqual({
    task: null,
    queueDepth: 0,
  });
  expect(asked).toEqual([[command, { turnId: 'turn-1', callId: 'call-1' }]]);
});

test.each([
  ['team_pull_work', { owner: 'docs' }],
  ['team_queue_work', { owner: 'nobody', task: 'x' }],
  ['team_queue_work', { owner: 'docs' }],
  ['team_publish_artifact', { kind: 'plan', summary: 5 }],
  ['team_read_board', { limit: 0 }],
  ['team_read_board', { limit: 26 }],
  ['team_read_board', { limit: 1.5 }],
  ['team_mark_done', { note: null }],
])('%s takes no %j', async (name, args) => {
  expect(await named(name).validate(args)).toMatchObject({ ok: false });
});

test('a call that may have run before can be run again: the board knows it', () => {
  expect(tools.map(({ policy }) => policy.effects)).toEqual(Array(5).fill('repeatable'));
});
