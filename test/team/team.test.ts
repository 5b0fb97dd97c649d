/** Whole runs: how a team works, hands on, comes back and ends. */
import { expect, expectTypeOf, test } from 'vitest';
import { defaultLimits } from '../../src/limits.ts';
import type { Mesh } from '../../src/mesh/mesh.ts';
import type { TeamMesh } from '../../src/team/member-session.ts';
import type { MemberDefinition, TeamDefinition } from '../../src/team/definition.ts';
import { rehearsal } from '../../src/team/rehearsal.ts';
import { callsOf, lastAnswer, memberOf, playTeam } from './team-fixture.ts';

const worker = (name: string, facts: Partial<MemberDefinition> = {}): MemberDefinition => ({
  name,
  role: `does what ${name} does`,
  steps: ['Work.'],
  ...facts,
});

/** A team without a reviewer. */
const plainTeam = (...names: string[]): TeamDefinition => ({
  members: names.map((name) => worker(name)),
});

test('a mesh fits the port by its shape', () => {
  expectTypeOf<Mesh>().toExtend<TeamMesh>();
});

test('the software team plays its rehearsal to the end', async () => {
  const { result, fake, types, events } = await playTeam({ script: rehearsal });
  expect(result).toMatchObject({
    outcome: 'complete',
    reason: 'the completion contract is met',
    turns: 3,
    rounds: 1,
    sessions: {
      developer: 'thread-of-team-developer',
      docs: 'thread-of-team-docs',
      reviewer: 'thread-of-team-reviewer',
    },
  });
  expect(result.board.tasks.map(({ owner, sender, state }) => [owner, sender, state])).toEqual([
    ['developer', 'system', 'done'],
    ['docs', 'developer', 'done'],
    ['reviewer', 'developer', 'done'],
    ['reviewer', 'docs', 'done'],
  ]);
  const kinds = result.board.artifacts.map(({ member, kind }) => `${member} ${kind}`);
  expect(kinds.toSorted()).toEqual([
    'developer completion_note',
    'developer plan',
    'docs completion_note',
    'docs docs',
    'reviewer completion_note',
    'reviewer review',
    'reviewer review',
  ]);
  expect(fake.calls.filter((call) => call.startsWith('reviewer'))).toEqual([
    'reviewer team_pull_work',
    'reviewer team_publish_artifact',
    'reviewer team_pull_work',
    'reviewer team_publish_artifact',
    'reviewer team_pull_work',
    'reviewer team_read_board',
    'reviewer team_mark_done',
  ]);
  expect(events[0]).toMatchObject({
    type: 'team.started',
    budget: {
      rounds: defaultLimits.teamRoundsMax,
      turns: defaultLimits.teamTurnsMax,
      wallMs: defaultLimits.teamWallMs,
    },
  });
  expect(types.filter((type) => type === 'turn.started')).toHaveLength(3);
});

test('the same run twice is the same run', async () => {
  const first = await playTeam({ script: rehearsal });
  const second = await playTeam({ script: rehearsal });
  expect(second.events).toEqual(first.events);
  expect(second.result).toEqual(first.result);
});

test('a member is told who it is once, and what is asked of it in each turn', async () => {
  const { fake } = await playTeam({ script: rehearsal });
  const [developer] = fake.opened;
  expect(developer).toMatchObject({
    title: 'team-developer',
    sandbox: 'read-only',
    approvalPolicy: 'never',
  });
  expect(developer!.instructions).toMatch(/^You are "developer", a member of a team/);
  expect(developer!.instructions).toMatch(/Make at least one tool call before you answer/);
  expect(developer!.instructions).toMatch(/1\. Pull a task/);
  expect(fake.texts[0]).toBe(
    'developer: There is work for you: 1 in your queue; start by pulling.\n' +
      'Follow your steps, with the team_* tools only; call at least one before you answer.',
  );
});

test('members with work have their turns side by side, each one turn at a time', async () => {
  const script = callsOf({
    lead: [
      ['pull_work'],
      ['queue_work', { owner: 'left', task: 'L' }],
      ['queue_work', { owner: 'right', task: 'R' }],
      ['publish_artifact', { kind: 'plan', summary: 'p' }],
      ['mark_done'],
    ],
    left: [['pull_work'], ['publish_artifact', { kind: 'l', summary: 's' }], ['mark_done']],
    right: [['pull_work'], ['publish_artifact', { kind: 'r', summary: 's' }], ['mark_done']],
  });
  const team = plainTeam('lead', 'left', 'right');
  const { result, fake } = await playTeam({ script, team });
  expect(result).toMatchObject({ outcome: 'complete', turns: 3 });
  expect(fake.mostActive).toBe(3);
  const narrow = await playTeam({ script, team, limits: { teamConcurrencyMax: 1 } });
  expect(narrow.result).toMatchObject({ outcome: 'complete', turns: 3 });
  expect(narrow.fake.mostActive).toBe(1);
});

test('work that comes while a member is in its turn is done in its next one', async () => {
  const script = callsOf({
    lead: [
      ['pull_work'],
      ['publish_artifact', { kind: 'plan', summary: 'p' }],
      ['queue_work', { owner: 'helper', task: 'first' }],
      ['queue_work', { owner: 'helper', task: 'second' }],
      ['mark_done'],
    ],
    helper: [['pull_work'], ['publish_artifact', { kind: 'h', summary: 's' }]],
  });
  const team = { ...plainTeam('lead', 'helper'), completion: { doneBy: ['lead'] } };
  const { result } = await playTeam({ script, team });
  expect(result).toMatchObject({ outcome: 'complete', turns: 3, rounds: 2 });
  expect(result.board.tasks.map(({ state }) => state)).toEqual(['done', 'done', 'done']);
});

test('a member that waits for others starts when they are at rest', async () => {
  const { events } = await playTeam({ script: rehearsal });
  const order = events
    .filter(({ type }) => type === 'turn.started' || type === 'turn.ended')
    .map(({ type, member }) => `${member} ${type}`);
  expect(order.indexOf('reviewer turn.started')).toBeGreaterThan(
    Math.max(order.indexOf('docs turn.ended'), order.indexOf('developer turn.ended')),
  );
});

test('a reviewer sends work back, and the work is done over', async () => {
  const { result, types, events } = await playTeam({
    script: (step, signal) => {
      const member = memberOf(step);
      const called = step.results.map(({ tool }) => tool);
      if (member !== 'reviewer' || step.turn > 0) return rehearsal(step, signal);
      if (called.length === 0) return { calls: [{ tool: 'team_pull_work' }] };
      if (lastAnswer(step)['task'] !== null && called.at(-1) === 'team_pull_work') {
        const review = { kind: 'review', summary: 'The plan misses a step.' };
        return { calls: [{ tool: 'team_publish_artifact', arguments: review }] };
      }
      if (called.at(-1) === 'team_publish_artifact') return { calls: [{ tool: 'team_pull_work' }] };
      if (called.at(-1) === 'team_pull_work') {
        const rework = { owner: 'developer', task: 'Add the missing step.' };
        return { calls: [{ tool: 'team_queue_work', arguments: rework }] };
      }
      if (called.at(-1) === 'team_queue_work') return { calls: [{ tool: 'team_mark_done' }] };
      return { text: 'Sent back.' };
    },
  });
  expect(result.outcome).toBe('complete');
  expect(types).toContain('member.reopened');
  expect(events).toContainEqual(
    expect.objectContaining({
      type: 'done.refused',
      member: 'reviewer',
      open: [expect.stringMatching(/^task-5 of developer is /)],
    }),
  );
  const plans = result.board.artifacts.filter(({ kind }) => kind === 'plan');
  expect(plans.map(({ version }) => version)).toEqual([1, 2]);
  expect(result.board.members.map(({ name, reworks, done }) => [name, reworks, done])).toEqual([
    ['developer', 1, true],
    ['docs', 1, true],
    ['reviewer', 0, true],
  ]);
});

test('rework without end is refused to its sender, and the run ends', async () => {
  const { result, types } = await playTeam({
    team: {
      members: [worker('developer'), worker('reviewer', { waitsFor: ['developer'] })],
      completion: { reviewedBy: ['reviewer'] },
    },
    script: callsOf({
      developer: [
        ['pull_work'],
        ['publish_artifact', { kind: 'plan', summary: 'p' }],
        ['queue_work', { owner: 'reviewer', task: 'Review' }],
        ['mark_done'],
      ],
      reviewer: [
        ['pull_work'],
        ['publish_artifact', { kind: 'review', summary: 'never good enough' }],
        ['queue_work', { owner: 'developer', task: 'Again' }],
      ],
    }),
    limits: { teamReworksMax: 2 },
  });
  expect(result).toMatchObject({ outcome: 'stalled', turns: 7 });
  expect(result.reason).toMatch(/reviewer is not done/);
  expect(types.filter((type) => type === 'member.reopened')).toHaveLength(2);
  expect(types.filter((type) => type === 'handoff.refused').length).toBeGreaterThan(0);
  expect(result.board.refusals).toBeGreaterThan(0);
});

test('calls that are delivered twice count once', async () => {
  const { result, fake } = await playTeam({ script: rehearsal, duplicate: true });
  const once = await playTeam({ script: rehearsal });
  expect(fake.calls.length).toBe(2 * once.fake.calls.length);
  expect(result.board.tasks.map(({ text, state }) => [text, state])).toEqual(
    once.result.board.tasks.map(({ text, state }) => [text, state]),
  );
  expect(result.board.artifacts.length).toBe(once.result.board.artifacts.length);
  expect(result.outcome).toBe('complete');
});
