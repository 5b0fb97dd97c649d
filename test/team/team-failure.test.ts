/** What goes wrong around a team, and how the run still ends, says why, and leaves nothing behind. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SessionMeshError } from '../../src/errors.ts';
import { silentLogger } from '../../src/logger.ts';
import type { Script, ScriptReply, ScriptStep } from '../../src/hosts/simulated/script.ts';
import type { TeamDefinition } from '../../src/team/definition.ts';
import type { TeamEvent, TeamOutcome } from '../../src/team/event.ts';
import { rehearsal } from '../../src/team/rehearsal.ts';
import { softwareTeam } from '../../src/team/software-team.ts';
import { createTeam } from '../../src/team/team.ts';
import { virtualEnv } from '../../src/testing/virtual-clock.ts';
import { fakeMesh } from './fake-mesh.ts';
import { callsOf, memberOf, playTeam } from './team-fixture.ts';

/** The rehearsal, but for the turns of a member that `instead` speaks for. */
const except =
  (member: string, turns: number, instead: Script): Script =>
  (step, signal) =>
    memberOf(step) === member && step.turn < turns
      ? instead(step, signal)
      : rehearsal(step, signal);

/** Pulls and then fails. */
const pullAndFail: Script = ({ results }) =>
  results.length === 0 ? { calls: [{ tool: 'team_pull_work' }] } : { fail: 'out of tokens' };

/** Pulls and then thinks for ever. */
const pullAndHang: Script = ({ results }) =>
  results.length === 0
    ? { calls: [{ tool: 'team_pull_work' }] }
    : new Promise<ScriptReply>(() => {});

const ofType = <Type extends TeamEvent['type']>(events: readonly TeamEvent[], type: Type) =>
  events.filter((event): event is Extract<TeamEvent, { type: Type }> => event.type === type);

test('a failed turn gives its task back, and the member tries again after a pause', async () => {
  const { result, events } = await playTeam({ script: except('docs', 2, pullAndFail) });
  expect(result.outcome).toBe('complete');
  expect(ofType(events, 'task.returned')).toMatchObject([
    { member: 'docs', taskId: 'task-2', reason: 'out of tokens' },
    { member: 'docs', taskId: 'task-2', reason: 'out of tokens' },
  ]);
  expect(ofType(events, 'turn.started').filter(({ member }) => member === 'docs')).toMatchObject([
    { turn: 1, cause: 'work' },
    { turn: 2, cause: 'retry' },
    { turn: 3, cause: 'retry' },
  ]);
  expect(result.board.tasks[1]).toMatchObject({ owner: 'docs', state: 'done', attempts: 3 });
});

test('a member whose turns keep failing is given up, and the run has failed', async () => {
  const { result } = await playTeam({ script: except('docs', 99, pullAndFail) });
  expect(result.outcome).toBe('failed');
  expect(result.reason).toMatch(/^docs stalled: turns_failed; task-2 of docs has failed/);
  expect(result.board.members[1]).toMatchObject({ turns: 3, stallCause: 'turns_failed' });
});

test('a turn that outlasts its time is interrupted, and its lease ends', async () => {
  const { result, events, fake } = await playTeam({
    script: except('docs', 1, pullAndHang),
    limits: { turnTimeoutMs: 5_000 },
  });
  expect(result.outcome).toBe('complete');
  const [ended] = ofType(events, 'turn.ended').filter(({ result }) => result === 'failure');
  expect(ended).toMatchObject({ member: 'docs', turnId: 'turn-2' });
  expect(ended!.error).toMatch(/turn did not end in time/);
  expect(ofType(events, 'task.returned')).toHaveLength(1);
  expect(fake.active.size).toBe(0);
});

test('a session that never answers is cut off all the same', async () => {
  const { result } = await playTeam({
    script: pullAndHang,
    deaf: true,
    limits: { turnTimeoutMs: 5_000 },
  });
  expect(result.outcome).toBe('failed');
  expect(result.reason).toMatch(/developer stalled: turns_failed/);
});

test('a late call of an interrupted turn does not touch the board', async () => {
  let answered: string | undefined;
  const env = virtualEnv();
  const script = except('developer', 1, pullAndHang);
  const fake = fakeMesh({ clock: env.clock, script });
  const team = createTeam({
    ...softwareTeam(),
    mesh: fake.mesh,
    env,
    limits: { turnTimeoutMs: 1_000 },
    onEvent: ({ type, member }) => {
      if (type !== 'turn.started' || member !== 'reviewer') return;
      const publish = fake.opened[0]!.tools.find(({ name }) => name === 'team_publish_artifact')!;
      try {
        publish.execute({ kind: 'ghost', summary: 'late' }, {
          turnId: 'turn-1',
          callId: 'late',
        } as never);
        answered = 'accepted';
      } catch (error) {
        answered = (error as Error).message;
      }
    },
  });
  const running = team.run('Summarise');
  await env.clock.runUntilIdle();
  const result = await running;
  expect(answered).toMatch(/turn of this call is over/);
  expect(result.outcome).toBe('complete');
  expect(result.board.artifacts.map(({ kind }) => kind)).not.toContain('ghost');
});

test('a lost session is not tried again', async () => {
  const script = except('docs', 99, () => {
    throw new SessionMeshError('session_failed', { sessionId: 'x' });
  });
  const { result } = await playTeam({ script });
  expect(result).toMatchObject({ outcome: 'failed' });
  expect(result.board.members[1]).toMatchObject({ turns: 1, stallCause: 'session_lost' });
});

test('an unexpected error of a session counts as a failed turn', async () => {
  const script = except('docs', 2, () => {
    throw new TypeError('cannot read');
  });
  const { result } = await playTeam({ script });
  expect(result.outcome).toBe('complete');
});

test('a member that never calls a tool is nudged once, and then stalled', async () => {
  const { result, events, fake } = await playTeam({ script: () => ({ text: 'I am thinking.' }) });
  expect(result.outcome).toBe('stalled');
  expect(result.reason).toBe(
    'developer stalled: no_progress; task-1 of developer has failed: developer stalled: ' +
      'no_progress; 0 of 2 artifacts are published; reviewer is not done',
  );
  expect(ofType(events, 'turn.started').map(({ cause }) => cause)).toEqual(['work', 'nudge']);
  expect(ofType(events, 'turn.ended').map(({ result }) => result)).toEqual(['silence', 'silence']);
  expect(fake.texts[1]).toMatch(/needs you\. 1 in your queue/);
  expect(fake.texts[1]).toMatch(/- task-1 of developer is queued/);
});

test('reading the board all day is no progress', async () => {
  const { result } = await playTeam({
    script: ({ results }) =>
      results.length < 3 ? { calls: [{ tool: 'team_read_board' }] } : { text: 'read' },
  });
  expect(result).toMatchObject({ outcome: 'stalled', turns: 2 });
});

test('a reviewer that forgets to say so is asked once, and then the run is complete', async () => {
  const script = except('reviewer', 1, (step, signal) => {
    const reply = rehearsal(step, signal) as ScriptReply;
    const forgets = 'calls' in reply && reply.calls[0]?.tool === 'team_mark_done';
    return forgets ? { text: 'I reviewed it all.' } : reply;
  });
  const { result, events } = await playTeam({ script });
  expect(result.outcome).toBe('complete');
  expect(ofType(events, 'member.nudged').map(({ member }) => member)).toEqual(['reviewer']);
});

const pair: TeamDefinition = {
  members: [
    { name: 'author', role: 'writes', steps: ['Write.'] },
    { name: 'reviewer', role: 'reviews', steps: ['Review.'] },
  ],
  completion: { reviewedBy: ['reviewer'] },
};

/** Writes and hands nothing on; then does `later`, turn by turn. The reviewer does all it can. */
const shyAuthor =
  (later: readonly (readonly [string, unknown?])[]): Script =>
  (step) => {
    const first = [['pull_work'], ['publish_artifact', { kind: 'text', summary: 's' }]] as const;
    const author = step.turn === 0 ? first : later;
    const review = { kind: 'review', summary: 'fine' };
    const reviewer = [['pull_work'], ['publish_artifact', review], ['mark_done']] as const;
    return callsOf({ author, reviewer })(step, new AbortController().signal);
  };

test('an author that hands nothing on is asked to', async () => {
  const { result, events, fake } = await playTeam({
    team: pair,
    script: shyAuthor([['queue_work', { owner: 'reviewer', task: 'Review' }]]),
  });
  expect(result).toMatchObject({ outcome: 'complete', turns: 3 });
  expect(ofType(events, 'member.nudged').map(({ member }) => member)).toEqual(['author']);
  expect(fake.texts[1]).toMatch(/- artifact-1 \(text of author\) is not reviewed/);
});

test('where the author stays silent, the reviewer is asked', async () => {
  const { result, events } = await playTeam({ team: pair, script: shyAuthor([]) });
  expect(ofType(events, 'member.nudged').map(({ member }) => member)).toEqual([
    'author',
    'reviewer',
  ]);
  expect(ofType(events, 'member.stalled').map(({ member }) => member)).toEqual(['author']);
  expect(result).toMatchObject({ outcome: 'complete', turns: 3 });
});

test.each([
  [{ rounds: 1 }, /^1 rounds are used up, and docs is due for another turn$/, 3],
  [{ turns: 2 }, /^2 turns are used up, and docs is due for another turn$/, 2],
] as const)('a budget of %j ends the run', async (budget, reason, turns) => {
  const { result } = await playTeam({
    script: except('docs', 1, () => ({ text: 'not yet' })),
    team: {
      ...softwareTeam(),
      members: softwareTeam().members.map((member) =>
        member.name === 'reviewer' && 'rounds' in budget ? { ...member, waitsFor: [] } : member,
      ),
    },
    run: { budget },
  });
  expect(result).toMatchObject({ outcome: 'budget-exceeded', turns });
  expect(result.reason).toMatch(reason);
});

test('a run that is out of time is cut off, and its tasks are back in their queues', async () => {
  const { result, events, fake } = await playTeam({
    script: except('docs', 99, pullAndHang),
    run: { budget: { wallMs: 10_000 } },
  });
  expect(result).toMatchObject({ outcome: 'budget-exceeded', reason: '10000 ms have passed' });
  expect(ofType(events, 'turn.ended').at(-1)).toMatchObject({ member: 'docs', result: 'stop' });
  expect(result.board.tasks[1]).toMatchObject({ state: 'queued', reason: '10000 ms have passed' });
  expect(fake.active.size).toBe(0);
});

test('a cancelled run interrupts its turns and closes its sessions', async () => {
  const controller = new AbortController();
  const { result, events } = await playTeam({
    script: except('docs', 99, pullAndHang),
    run: { signal: controller.signal },
    onEvent: ({ type, member }) => {
      if (type === 'task.claimed' && member === 'docs') controller.abort(new Error('enough'));
    },
  });
  expect(result).toMatchObject({ outcome: 'cancelled', reason: 'enough' });
  const ended = ofType(events, 'turn.ended').filter(({ result }) => result === 'stop');
  expect(ended.map(({ member }) => member)).toContain('docs');
  expect(result.board.tasks.every(({ state }) => state !== 'claimed')).toBe(true);
});

test('a run that is cancelled as a turn starts sends nothing more', async () => {
  const controller = new AbortController();
  const { result, fake, events } = await playTeam({
    script: rehearsal,
    run: { signal: controller.signal },
    onEvent: ({ type, member }) => {
      if (type === 'turn.started' && member === 'docs') controller.abort(new Error('enough'));
    },
  });
  expect(result.outcome).toBe('cancelled');
  expect(fake.texts.map((text) => text.split(':')[0])).toEqual(['developer']);
  expect(ofType(events, 'turn.ended').map(({ result }) => result)).toEqual(['stop', 'stop']);
});

test('a run that was cancelled before it began opens nothing', async () => {
  const run = { signal: AbortSignal.abort(new Error('never mind')) };
  const { result, fake, types } = await playTeam({ script: rehearsal, run });
  expect(result).toMatchObject({ outcome: 'cancelled', reason: 'never mind', turns: 0 });
  expect(fake.opened).toEqual([]);
  expect(types).toEqual(['team.finished']);
});

test('a run that is cancelled while its sessions open closes those that did', async () => {
  const env = virtualEnv();
  const fake = fakeMesh({ clock: env.clock, script: rehearsal });
  const controller = new AbortController();
  let opening = 0;
  const mesh = {
    createSession: async (options: Parameters<typeof fake.mesh.createSession>[0]) => {
      const session = await fake.mesh.createSession(options);
      if (++opening === 2) controller.abort(new Error('too late'));
      return session;
    },
  };
  const running = createTeam({ ...softwareTeam(), mesh, env }).run('x', {
    signal: controller.signal,
  });
  await env.clock.runUntilIdle();
  const result = await running;
  expect(result).toMatchObject({ outcome: 'cancelled', reason: 'too late', turns: 0 });
  expect(fake.closed.length).toBe(fake.opened.length);
  expect(fake.opened.length).toBeGreaterThan(0);
});

test('a team whose last session does not open closes the others', async () => {
  const { result, fake, types } = await playTeam({
    script: rehearsal,
    failOpen: ['team-reviewer'],
  });
  expect(result).toMatchObject({ outcome: 'failed', turns: 0 });
  expect(result.reason).toMatch(/^no session for reviewer: session could not be opened/);
  expect(fake.closed.toSorted()).toEqual(['thread-of-team-developer', 'thread-of-team-docs']);
  expect(types).toEqual(['team.finished']);
});

test('a session that does not close holds nobody up for ever', async () => {
  const env = virtualEnv();
  const fake = fakeMesh({ clock: env.clock, script: rehearsal });
  const warnings: string[] = [];
  const mesh = {
    createSession: async (options: Parameters<typeof fake.mesh.createSession>[0]) => {
      const session = await fake.mesh.createSession(options);
      if (options.title === 'team-developer') session.close = () => new Promise(() => {});
      if (options.title === 'team-docs') session.close = () => Promise.reject(new Error('no'));
      return session;
    },
  };
  const logger = {
    ...silentLogger,
    warn: (_: object, text: string) => void warnings.push(text),
  };
  const running = createTeam({ ...softwareTeam(), mesh, env, logger }).run('x');
  await env.clock.runUntilIdle();
  expect(await running).toMatchObject({ outcome: 'complete' });
  expect(warnings.toSorted()).toEqual([
    'a session did not close',
    'a session takes too long to close',
  ]);
});

test('an observer that throws is logged and otherwise ignored', async () => {
  const { result } = await playTeam({
    script: rehearsal,
    onEvent: () => {
      throw new Error('observer');
    },
  });
  expect(result.outcome).toBe('complete');
});

test.each([
  ['no members', { members: [] }, 'team_invalid'],
  ['a blank role', { members: [{ name: 'a', role: ' ', steps: [] }] }, 'team_invalid'],
  ['a bad name', { members: [{ name: 'a b', role: 'x', steps: [] }] }, 'team_invalid'],
  [
    'the name of the team itself',
    { members: [{ name: 'system', role: 'x', steps: [] }] },
    'team_invalid',
  ],
  [
    'a name twice',
    { members: ['a', 'a'].map((name) => ({ name, role: 'x', steps: [] })) },
    'team_invalid',
  ],
  [
    'an unknown entry',
    { members: [{ name: 'a', role: 'x', steps: [] }], entry: 'b' },
    'team_member_unknown',
  ],
  [
    'an unknown reviewer',
    { members: [{ name: 'a', role: 'x', steps: [] }], completion: { reviewedBy: ['b'] } },
    'team_member_unknown',
  ],
  [
    'an unknown hand-off target',
    { members: [{ name: 'a', role: 'x', steps: [], mayHandTo: ['b'] }] },
    'team_member_unknown',
  ],
  [
    'members that wait for each other',
    {
      members: [
        { name: 'a', role: 'x', steps: [], waitsFor: ['b'] },
        { name: 'b', role: 'x', steps: [], waitsFor: ['a'] },
      ],
    },
    'team_invalid',
  ],
  [
    'a quota that is none',
    { members: [{ name: 'a', role: 'x', steps: [], handOffsPerTurnMax: -1 }] },
    'team_invalid',
  ],
  [
    'a turn without time',
    { members: [{ name: 'a', role: 'x', steps: [], turnTimeoutMs: 0 }] },
    'team_invalid',
  ],
  [
    'a part of an artifact',
    { members: [{ name: 'a', role: 'x', steps: [] }], completion: { artifactsMin: 0.5 } },
    'team_invalid',
  ],
] satisfies [string, TeamDefinition, string][])('a team with %s is refused', (_, team, code) => {
  const { mesh } = fakeMesh({ clock: virtualEnv().clock, script: rehearsal });
  expect(() => createTeam({ ...team, mesh })).toThrow(expect.objectContaining({ code }));
});

test('a run without a task, or with an impossible budget, is refused before it begins', async () => {
  const env = virtualEnv();
  const fake = fakeMesh({ clock: env.clock, script: rehearsal });
  const team = createTeam({ ...softwareTeam(), mesh: fake.mesh, env });
  await expect(team.run('  ')).rejects.toMatchObject({ code: 'text_invalid' });
  const budget = { turns: 0 };
  await expect(team.run('x', { budget })).rejects.toMatchObject({ code: 'option_invalid' });
  expect(env.clock.pendingTimers).toBe(0);
  expect(fake.opened).toEqual([]);
});

const toolCalls = [
  ['pull_work'],
  ['pull_work'],
  ['pull_work'],
  ['publish_artifact', { kind: 'k', summary: 's' }],
  ['publish_artifact', { kind: 'k', summary: 's' }],
  ['publish_artifact', { kind: 'k', summary: 's' }],
  ['queue_work', { owner: 'developer', task: 't' }],
  ['queue_work', { owner: 'docs', task: 't' }],
  ['queue_work', { owner: 'reviewer', task: 't' }],
  ['read_board'],
  ['mark_done'],
  ['mark_done'],
] as const;

/** A model that does anything: calls, repeats ids, fails, hangs, breaks, or just talks. */
function chaos(choices: readonly number[]): Script {
  let next = 0;
  const choose = (count: number) => choices[next++ % choices.length]! % count;
  return ({ results }: ScriptStep): ScriptReply | Promise<ScriptReply> => {
    const kind = choose(80);
    if (kind === 0) return { fail: 'chaos' };
    if (kind === 1) return new Promise<ScriptReply>(() => {});
    if (kind === 2) throw new SessionMeshError('session_closed');
    if (kind < 9 || results.length > 12) return { text: 'enough' };
    const [tool, args] = toolCalls[choose(toolCalls.length)]!;
    const callId = choose(3) === 0 ? 'again' : `call-${results.length}`;
    return { calls: [{ tool: `team_${tool}`, arguments: args ?? {}, callId }] };
  };
}

test('whatever the models do, the run ends within its budget, says why, and loses no task', async () => {
  const outcomes = new Map<TeamOutcome, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(1_000), { minLength: 30, maxLength: 200 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 40 }),
      async (choices, duplicate, seed) => {
        const { result, events, fake } = await playTeam({
          script: chaos(choices),
          duplicate,
          seed,
          limits: { turnTimeoutMs: 2_000 },
          run: { budget: { rounds: 6, turns: 12, wallMs: 60_000 } },
        });
        outcomes.set(result.outcome, (outcomes.get(result.outcome) ?? 0) + 1);
        expect(result.turns).toBeLessThanOrEqual(12);
        expect(result.rounds).toBeLessThanOrEqual(6);
        expect(fake.active.size).toBe(0);
        expect(result.board.tasks.length).toBe(ofType(events, 'task.queued').length);
        const finished = ofType(events, 'task.finished').map(({ taskId }) => taskId);
        expect(new Set(finished).size).toBe(finished.length);
        for (const task of result.board.tasks) {
          expect(task.state).not.toBe('claimed');
          if (task.state !== 'queued') expect(task.reason).toEqual(expect.any(String));
        }
        if (result.outcome === 'complete') {
          expect(result.board.tasks.every(({ state }) => state === 'done')).toBe(true);
          expect(result.board.members.find(({ name }) => name === 'reviewer')?.done).toBe(true);
        }
      },
    ),
    { numRuns: 200 },
  );
  expect(outcomes.size, 'more than one way to end was seen').toBeGreaterThan(2);
}, 60_000);

test('a cut at any moment leaves a whole board and no session open', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 45 }), async (moment) => {
      const controller = new AbortController();
      const { result, events } = await playTeam({
        script: rehearsal,
        run: { signal: controller.signal },
        onEvent: ({ sequence }) => {
          if (sequence === moment) controller.abort(new Error('cut'));
        },
      });
      const before = events.findIndex(({ sequence }) => sequence === moment);
      expect(result.outcome).toBe(before >= 0 && moment < events.length ? 'cancelled' : 'complete');
      expect(result.board.tasks.every(({ state }) => state !== 'claimed')).toBe(true);
    }),
    { numRuns: 45 },
  );
});

test('calls made by the dozen in one step are all answered', async () => {
  const { result } = await playTeam({
    team: { members: [{ name: 'solo', role: 'works alone', steps: [] }] },
    script: ({ results }) =>
      results.length > 0
        ? { text: 'done' }
        : {
            calls: ['pull_work', 'publish_artifact', 'mark_done'].map((name) => ({
              tool: `team_${name}`,
              arguments: name === 'publish_artifact' ? { kind: 'k', summary: 's' } : {},
            })),
          },
  });
  expect(result).toMatchObject({ outcome: 'complete', turns: 1 });
});
