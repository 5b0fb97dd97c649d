/** What the board promises to those who work on it. */
import { expect, test } from 'vitest';
import { boardFixture } from './board-fixture.ts';

test('a task goes from queue to claim to done, and publishing is what finishes it', () => {
  const { board, start, pull, publish, task, events } = boardFixture();
  board.assign('developer', 'Draft a plan');
  expect(task('task-1')).toMatchObject({ state: 'queued', sender: 'system', attempts: 0 });

  const turnId = start('developer');
  expect(pull('developer')).toEqual({
    task: 'Draft a plan',
    queueDepth: 0,
    taskId: 'task-1',
    sender: 'system',
    attempt: 1,
  });
  expect(task('task-1')).toMatchObject({
    state: 'claimed',
    attempts: 1,
    lease: { turnId, deadline: 60_000 },
  });

  expect(publish('developer', ' plan ', ' three steps ')).toEqual({
    artifactCount: 1,
    artifact: {
      member: 'developer',
      kind: 'plan',
      summary: 'three steps',
      id: 'artifact-1',
      taskId: 'task-1',
      version: 1,
    },
    finishedTask: 'task-1',
  });
  expect(task('task-1')).toMatchObject({ state: 'done', lease: null, reason: 'artifact-1' });
  expect(events.map(({ type, member }) => [type, member])).toEqual([
    ['task.queued', 'developer'],
    ['turn.started', 'developer'],
    ['task.claimed', 'developer'],
    ['artifact.published', 'developer'],
    ['task.finished', 'developer'],
  ]);
});

test('an empty queue is told as such, and so is that of a member that is done', () => {
  const { board, start, pull, publish, markDone } = boardFixture();
  board.assign('developer', 'One');
  start('developer');
  pull('developer');
  publish('developer', 'plan');
  expect(pull('developer')).toEqual({ task: null, queueDepth: 0 });
  markDone('developer');
  expect(pull('developer')).toEqual({ task: null, queueDepth: 0, reason: 'member_completed' });
});

test('a member holds one task: another pull returns the same one', () => {
  const { board, start, pull, publish } = boardFixture();
  board.assign('developer', 'One');
  board.assign('developer', 'Two');
  start('developer');
  expect(pull('developer')).toMatchObject({ taskId: 'task-1', queueDepth: 1 });
  expect(pull('developer')).toMatchObject({
    taskId: 'task-1',
    queueDepth: 1,
    attempt: 1,
    reason: 'already_claimed',
  });
  publish('developer', 'plan');
  expect(pull('developer')).toMatchObject({ taskId: 'task-2', queueDepth: 0 });
});

test('a hand-off says what was queued, by whom and on whose account', () => {
  const { board, start, pull, publish, queue, task } = boardFixture();
  board.assign('developer', 'Plan');
  start('developer');
  pull('developer');
  expect(queue('developer', 'docs', '  Write the guide ')).toEqual({
    queuedFor: 'docs',
    queuedBy: 'developer',
    queueDepth: 1,
    task: 'Write the guide',
    queued: true,
    taskId: 'task-2',
    reopened: false,
  });
  publish('developer', 'plan');
  queue('developer', 'reviewer', 'Review');
  expect(task('task-2')).toMatchObject({ sender: 'developer', cause: 'task-1' });
  expect(task('task-3')).toMatchObject({ sender: 'developer', cause: 'task-1' });
});

test.each([
  ['an unknown owner', { type: 'queue', owner: 'nobody', task: 'x' }, /no member "nobody"/],
  ['a blank task', { type: 'queue', owner: 'docs', task: ' \n' }, /task is blank/],
  ['a blank kind', { type: 'publish', kind: ' ', summary: 'x' }, /kind is blank/],
  ['a blank summary', { type: 'publish', kind: 'x', summary: '' }, /summary is blank/],
  ['an endless summary', { type: 'publish', kind: 'x', summary: 'x'.repeat(99) }, /longer than 50/],
  ['an endless note', { type: 'mark-done', note: 'x'.repeat(99) }, /longer than 50/],
  [
    'a note in disguise',
    { type: 'publish', kind: 'completion_note', summary: 'x' },
    /for the note/,
  ],
] as const)('%s is refused and changes nothing', (_, command, problem) => {
  const { board, start, ask, events } = boardFixture({ limits: { teamTextCharsMax: 50 } });
  board.assign('developer', 'Plan');
  board.assign('reviewer', 'Review');
  start('developer');
  if (command.type === 'mark-done') {
    ask('developer', { type: 'pull' });
    ask('developer', { type: 'publish', kind: 'plan', summary: 'x' });
  }
  const before = events.length;
  expect(() => ask('developer', command)).toThrow(problem);
  expect(events.length).toBe(before);
});

test('what comes of a task is filed under it, and of the same kind in versions', () => {
  const { board, start, end, pull, publish } = boardFixture();
  board.assign('developer', 'One');
  board.assign('developer', 'Two');
  const first = start('developer');
  pull('developer');
  publish('developer', 'plan');
  publish('developer', 'notes');
  end('developer');
  const second = start('developer');
  publish('developer', 'notes');
  pull('developer');
  publish('developer', 'plan');
  expect(
    board.state.artifacts.map(({ kind, taskId, version, turnId }) => [
      kind,
      taskId,
      version,
      turnId,
    ]),
  ).toEqual([
    ['plan', 'task-1', 1, first],
    ['notes', 'task-1', 1, first],
    ['notes', null, 2, second],
    ['plan', 'task-2', 2, second],
  ]);
});

test('reading shows depths, who is done, the newest artifacts, open tasks and what is missing', () => {
  const { board, start, pull, publish, queue, markDone, read } = boardFixture();
  board.assign('developer', 'Plan');
  start('developer');
  pull('developer');
  for (const kind of ['a', 'b', 'c']) publish('developer', kind);
  queue('developer', 'reviewer', 'Review it');
  markDone('developer', 'All yours');
  start('reviewer');
  const shown = read('reviewer', 2);
  expect(shown).toEqual({
    queueDepths: { developer: 0, docs: 0, reviewer: 1 },
    completed: ['developer'],
    recentArtifacts: [
      expect.objectContaining({ kind: 'c', member: 'developer' }),
      expect.objectContaining({ kind: 'completion_note', summary: 'All yours' }),
    ],
    openTasks: [
      {
        taskId: 'task-2',
        owner: 'reviewer',
        sender: 'developer',
        state: 'queued',
        task: 'Review it',
      },
    ],
    missing: [
      'task-2 of reviewer is queued',
      'artifact-1 (a of developer) is not reviewed',
      'artifact-2 (b of developer) is not reviewed',
      'artifact-3 (c of developer) is not reviewed',
      'reviewer is not done',
    ],
  });
  expect(read('reviewer', 0)['recentArtifacts']).toHaveLength(1);
});

test('a member with open work is not done, and is told what is open', () => {
  const { board, start, pull, publish, markDone, stateOf, events } = boardFixture();
  board.assign('developer', 'One');
  board.assign('developer', 'Two');
  start('developer');
  pull('developer');
  const open = ['task-1 is claimed: One', 'task-2 is queued: Two'];
  const refused = { completed: [], done: false, reason: 'work_open', open };
  expect(markDone('developer', 'Goodbye')).toEqual(refused);
  expect(events.at(-1)).toMatchObject({ type: 'done.refused', member: 'developer', open });
  expect(board.state.artifacts).toEqual([]);
  publish('developer', 'plan');
  pull('developer');
  publish('developer', 'plan');
  expect(markDone('developer', 'Goodbye')).toEqual({ completed: ['developer'], done: true });
  expect(stateOf('developer').matches({ working: 'finished' })).toBe(true);
  expect(board.state.artifacts.at(-1)).toMatchObject({ kind: 'completion_note', version: 1 });
});

test('a second task for the reviewer is reviewed, not wiped', () => {
  const { board, start, pull, publish, markDone, task } = boardFixture();
  board.assign('reviewer', 'Review the plan');
  board.assign('reviewer', 'Review the guide');
  start('reviewer');
  pull('reviewer');
  publish('reviewer', 'review');
  expect(markDone('reviewer')).toMatchObject({
    done: false,
    open: ['task-2 of reviewer is queued'],
  });
  expect(pull('reviewer')).toMatchObject({ taskId: 'task-2' });
  publish('reviewer', 'review');
  expect(markDone('reviewer')).toMatchObject({ done: true });
  expect(task('task-2').state).toBe('done');
});

test('a reviewer is not done while something of the others is open or not reviewed', () => {
  const { board, start, end, pull, publish, queue, markDone, read } = boardFixture();
  board.assign('developer', 'Plan');
  start('developer');
  pull('developer');
  publish('developer', 'plan');
  queue('developer', 'reviewer', 'Review');
  queue('developer', 'docs', 'Write');
  end('developer');
  start('reviewer');
  pull('reviewer');
  publish('reviewer', 'review');
  expect(markDone('reviewer')).toMatchObject({ open: ['task-3 of docs is queued'] });
  start('docs');
  pull('docs');
  publish('docs', 'docs');
  expect(markDone('reviewer')).toMatchObject({
    open: ['artifact-3 (docs of docs) is not reviewed'],
  });
  publish('reviewer', 'review');
  expect(markDone('reviewer'), 'published without having looked').toMatchObject({ done: false });
  read('reviewer');
  publish('reviewer', 'review');
  expect(markDone('reviewer')).toEqual({ completed: ['reviewer'], done: true });
});

test('an empty board cannot be closed', () => {
  const { board, start, markDone } = boardFixture();
  board.nudge('reviewer');
  start('reviewer');
  expect(markDone('reviewer')).toMatchObject({ open: ['0 of 1 artifacts are published'] });
});

test('work for a member that is done opens it again, a limited number of times', () => {
  const limits = { teamReworksMax: 1 };
  const { board, start, end, pull, publish, queue, markDone, stateOf, events } = boardFixture({
    limits,
  });
  const workOff = () => {
    start('developer');
    pull('developer');
    publish('developer', 'plan');
    markDone('developer');
    end('developer');
    expect(stateOf('developer').value).toBe('done');
  };
  board.assign('developer', 'Plan');
  workOff();
  board.assign('reviewer', 'Review');
  start('reviewer');
  pull('reviewer');
  expect(queue('reviewer', 'developer', 'Fix it')).toMatchObject({ queued: true, reopened: true });
  expect(events.slice(-2)).toMatchObject([
    { type: 'member.reopened', member: 'developer', sender: 'reviewer' },
    { type: 'task.queued', member: 'developer' },
  ]);
  expect(stateOf('developer').value).toEqual({ waiting: 'work' });
  workOff();
  const refused = queue('reviewer', 'developer', 'Fix it again');
  expect(refused).toEqual({
    queuedFor: 'developer',
    queuedBy: 'reviewer',
    queueDepth: 0,
    queued: false,
    reason: 'owner_completed',
    detail: 'developer is done and was given work again 1 times, the most allowed',
  });
  expect(events.at(-1)).toMatchObject({
    type: 'handoff.refused',
    member: 'reviewer',
    owner: 'developer',
    text: 'Fix it again',
    reason: 'owner_completed',
  });
  expect(board.state.refusals).toBe(1);
});

test('work that comes while a member finishes its turn keeps it open', () => {
  const { board, start, end, pull, publish, queue, markDone, stateOf } = boardFixture();
  board.assign('developer', 'Plan');
  board.assign('docs', 'Write');
  start('developer');
  start('docs');
  pull('developer');
  publish('developer', 'plan');
  markDone('developer');
  queue('docs', 'developer', 'One more');
  end('developer');
  expect(stateOf('developer').value).toEqual({ waiting: 'work' });
});

test('hand-offs are allowed by name and bounded by number, whatever a prompt says', () => {
  const { board, start, end, queue, task } = boardFixture({
    mayHandTo: { developer: ['docs'], docs: [] },
    handOffsPerTurnMax: 2,
    limits: { teamTasksMax: 4 },
  });
  board.assign('developer', 'Plan');
  start('developer');
  expect(queue('developer', 'reviewer', 'x')).toMatchObject({
    queued: false,
    reason: 'hand_off_not_allowed',
    detail: 'developer may queue work for: docs',
  });
  expect(queue('developer', 'developer', 'x')).toMatchObject({ reason: 'hand_off_not_allowed' });
  queue('developer', 'docs', 'one');
  queue('developer', 'docs', 'two');
  expect(queue('developer', 'docs', 'three')).toMatchObject({
    reason: 'quota_reached',
    detail: '2 tasks may be queued within one turn',
  });
  end('developer');
  start('developer');
  expect(queue('developer', 'docs', 'three')).toMatchObject({ queued: true, taskId: 'task-4' });
  expect(queue('developer', 'docs', 'four')).toMatchObject({
    reason: 'quota_reached',
    detail: 'a run holds 4 tasks',
  });
  start('docs');
  expect(queue('docs', 'developer', 'x')).toMatchObject({
    detail: 'docs may queue work for: nobody',
  });
  expect(task('task-4').text).toBe('three');
});

test('the artifacts of a run are bounded, notes included', () => {
  const { board, start, publish, markDone, pull } = boardFixture({
    limits: { teamArtifactsMax: 1 },
  });
  board.assign('developer', 'Plan');
  start('developer');
  pull('developer');
  publish('developer', 'plan');
  expect(() => publish('developer', 'plan')).toThrow(/board is full/);
  expect(() => markDone('developer', 'note')).toThrow(/board is full/);
  expect(markDone('developer')).toMatchObject({ done: true });
});

test('a task whose turn ends without a result comes back, and after the last attempt has failed', () => {
  const { board, start, end, pull, queue, task, stateOf, events } = boardFixture({
    limits: { teamTaskAttemptsMax: 2 },
  });
  board.assign('developer', 'Plan');
  start('developer');
  pull('developer');
  queue('developer', 'docs', 'progress of a kind');
  end('developer');
  expect(task('task-1')).toMatchObject({
    state: 'queued',
    attempts: 1,
    lease: null,
    reason: 'the turn ended without an artifact for it',
  });
  expect(stateOf('developer').value).toEqual({ waiting: 'work' });
  start('developer');
  expect(pull('developer')).toMatchObject({ taskId: 'task-1', attempt: 2 });
  end('developer', { result: 'failure', error: 'out of tokens' });
  const reason = 'claimed 2 times without a result; at last: out of tokens';
  expect(task('task-1')).toMatchObject({ state: 'failed', lease: null, reason });
  expect(events).toContainEqual(expect.objectContaining({ type: 'task.failed', reason }));
});

test('a run that is over takes no attempt away', () => {
  const { board, start, end, pull, task } = boardFixture({ limits: { teamTaskAttemptsMax: 1 } });
  board.assign('developer', 'Plan');
  start('developer');
  pull('developer');
  end('developer', { result: 'stop', error: 'the run is over' });
  expect(task('task-1')).toMatchObject({ state: 'queued', reason: 'the run is over' });
});

test('what a stalled member had open has failed, and nobody can queue more for it', () => {
  const { board, start, end, queue, task, events } = boardFixture();
  board.assign('developer', 'Plan');
  board.assign('docs', 'Write');
  start('developer');
  end('developer', { result: 'loss', error: 'session has failed' });
  expect(events.slice(-3)).toMatchObject([
    { type: 'turn.ended', result: 'loss', error: 'session has failed' },
    { type: 'member.stalled', cause: 'session_lost' },
    { type: 'task.failed', taskId: 'task-1' },
  ]);
  expect(task('task-1').reason).toBe('developer stalled: session_lost');
  start('docs');
  expect(queue('docs', 'developer', 'x')).toMatchObject({ reason: 'owner_stalled' });
});

test('the cause of a turn is told to whoever starts it', () => {
  const { board, start, end } = boardFixture();
  board.assign('developer', 'Plan');
  expect(board.startTurn('developer', 1)).toBe('work');
  end('developer');
  expect(board.startTurn('developer', 1)).toBe('nudge');
  end('developer', { result: 'failure' });
  expect(board.startTurn('developer', 1)).toBe('retry');
  expect(start('developer')).toBe('turn-of-developer-4');
});

test('a reply is kept up to its bound', () => {
  const { board, start, end, events } = boardFixture({ limits: { teamTextCharsMax: 3 } });
  board.assign('developer', 'x');
  start('developer');
  end('developer', { reply: 'abcdef' });
  expect(events.at(-1)).toMatchObject({ type: 'turn.ended', reply: 'abc' });
});
