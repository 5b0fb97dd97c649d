/** Repeated, late and forged calls, and any order of events at all: what must hold all the same. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyEvent, emptyBoard, type BoardState } from '../../src/team/board-state.ts';
import type { BoardCommand } from '../../src/team/command.ts';
import type { BoardEvent } from '../../src/team/event.ts';
import { boardSnapshot } from '../../src/team/reading.ts';
import { isOpen } from '../../src/team/task.ts';
import { boardFixture, names } from './board-fixture.ts';

const commands: readonly BoardCommand[] = [
  { type: 'pull' },
  { type: 'queue', owner: 'docs', task: 'Write' },
  { type: 'publish', kind: 'plan', summary: 'steps' },
  { type: 'read', limit: 8 },
  { type: 'mark-done', note: 'bye' },
];

test.each(commands)('a repeated $type gets the same answer and changes nothing', (command) => {
  const { board, start, end, ask, events } = boardFixture();
  board.assign('developer', 'One');
  board.assign('developer', 'Two');
  start('developer');
  const answer = ask('developer', command, 'call-x');
  const before = events.length;
  expect(ask('developer', command, 'call-x')).toEqual(answer);
  end('developer');
  const ended = events.length;
  expect(ask('developer', command, 'call-x'), 'after the turn, too').toEqual(answer);
  expect(events.length).toBe(ended);
  expect(ended).toBeGreaterThanOrEqual(before);
});

test('the same call id in another turn is another call', () => {
  const { board, start, end, ask } = boardFixture();
  board.assign('developer', 'One');
  board.assign('developer', 'Two');
  const publish = { type: 'publish', kind: 'plan', summary: 'steps' } as const;
  for (const taskId of ['task-1', 'task-2']) {
    start('developer');
    expect(ask('developer', { type: 'pull' }, 'call-1')).toMatchObject({ taskId });
    ask('developer', publish, 'call-2');
    end('developer');
  }
  expect(board.state.artifacts).toHaveLength(2);
});

test('the same call id with other arguments is another call', () => {
  const { board, start, ask } = boardFixture();
  board.assign('developer', 'One');
  start('developer');
  ask('developer', { type: 'publish', kind: 'plan', summary: 'a' }, 'call-1');
  ask('developer', { type: 'publish', kind: 'plan', summary: 'b' }, 'call-1');
  expect(board.state.artifacts.map(({ summary }) => summary)).toEqual(['a', 'b']);
});

test('a call of a turn that is over changes nothing, even while a later turn runs', () => {
  const { board, start, end, ask, events } = boardFixture();
  board.assign('developer', 'One');
  const late = { turnId: start('developer'), callId: 'late' };
  ask('developer', { type: 'pull' });
  end('developer', { result: 'failure', error: 'timeout' });
  const before = events.length;
  const command = { type: 'publish', kind: 'plan', summary: 'too late' } as const;
  expect(() => board.handle('developer', command, late)).toThrow(/turn of this call is over/);
  start('developer');
  expect(() => board.handle('developer', command, late)).toThrow(/turn of this call is over/);
  ask('developer', { type: 'pull' });
  expect(() => board.handle('developer', command, late)).toThrow(/turn of this call is over/);
  expect(events.slice(before).map(({ type }) => type)).toEqual(['turn.started', 'task.claimed']);
});

test('a call of a turn that nobody heard of before is refused while another turn runs', () => {
  const { board, start, end, ask, events } = boardFixture();
  board.assign('developer', 'One');
  start('developer');
  end('developer', { turnId: null, result: 'failure', error: 'turn was lost' });
  const late = { turnId: 'never-seen', callId: 'late' };
  const before = events.length;
  expect(() => board.handle('developer', { type: 'pull' }, late)).toThrow(/is over/);
  start('developer');
  ask('developer', { type: 'read', limit: 8 });
  expect(() => board.handle('developer', { type: 'pull' }, late)).toThrow(/is over/);
  expect(events.slice(before).map(({ type }) => type)).toEqual(['turn.started']);
});

test('a member without a turn can do nothing, nor can a stranger', () => {
  const { ask, events } = boardFixture();
  expect(() => ask('developer', { type: 'pull' })).toThrow(/has no turn/);
  expect(() => ask('mallory', { type: 'pull' })).toThrow(/has no turn/);
  expect(events).toEqual([]);
});

test('a turn that calls for ever is stopped', () => {
  const { board, start, end, read, typesOf } = boardFixture({ limits: { teamCallsPerTurnMax: 3 } });
  board.assign('developer', 'One');
  start('developer');
  for (let call = 0; call < 3; call++) read('developer');
  expect(() => read('developer')).toThrow(/No more than 3 team calls/);
  end('developer');
  expect(typesOf().at(-1)).toBe('turn.ended');
});

test('ending a turn twice ends it once', () => {
  const { board, start, end, typesOf } = boardFixture();
  board.assign('developer', 'One');
  start('developer');
  end('developer');
  end('developer', { result: 'failure' });
  expect(typesOf().filter((type) => type === 'turn.ended')).toHaveLength(1);
});

const member = fc.constantFrom(...names);
const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('start' as const), name: member }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      name: member,
      result: fc.constantFrom('ended', 'ended', 'ended', 'failure', 'loss', 'stop'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('assign' as const), name: member }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('nudge' as const), name: member }) },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      name: member,
      /** Few ids, so that calls are repeated and ids used twice. */
      callId: fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8'),
      command: fc.oneof(
        fc.constant({ type: 'pull' } as const),
        fc.record({ type: fc.constant('queue' as const), owner: member, task: fc.constant('t') }),
        fc.record({
          type: fc.constant('publish' as const),
          kind: fc.constantFrom('plan', ' ', 'completion_note'),
          summary: fc.constantFrom('s', ''),
        }),
        fc.constant({ type: 'read', limit: 8 } as const),
        fc.record({ type: fc.constant('mark-done' as const), note: fc.constantFrom('', 'bye') }),
      ),
    }),
  },
);

const limits = { teamTaskAttemptsMax: 2, teamTurnAttemptsMax: 2, teamReworksMax: 1 };

function fold(events: readonly BoardEvent[]): BoardState {
  const state = emptyBoard(names, { turnAttemptsMax: 2, reworksMax: 1 });
  for (const event of events) applyEvent(state, event);
  return state;
}

function checkBoard(state: BoardState, events: readonly BoardEvent[]): void {
  const queued = events.filter(({ type }) => type === 'task.queued').length;
  expect(state.tasks.size, 'no task is lost').toBe(queued);
  for (const task of state.tasks.values()) {
    const ends = events.filter(
      (event) =>
        (event.type === 'task.finished' || event.type === 'task.failed') &&
        event.taskId === task.id,
    );
    expect(ends.length, 'a task ends once at most').toBe(isOpen(task) ? 0 : 1);
    expect(task.finishedAt === null).toBe(isOpen(task));
    expect(task.lease !== null).toBe(task.state === 'claimed');
    if (!isOpen(task)) expect(task.reason).toEqual(expect.any(String));
  }
  for (const { name, life } of state.members.values()) {
    const own = [...state.tasks.values()].filter((task) => task.owner === name);
    const claimed = own.filter((task) => task.state === 'claimed');
    expect(claimed.length, 'a member holds one task at most').toBeLessThanOrEqual(1);
    if (claimed.length > 0) expect(life.matches({ working: 'open' })).toBe(true);
    const open = own.filter(isOpen).length;
    const rests = ['idle', 'done', 'stalled'] as const;
    if (rests.some((value) => life.matches(value))) expect(open, 'rests with work').toBe(0);
    if (life.matches({ working: 'finished' })) expect(open).toBe(0);
  }
}

test('whatever happens in whatever order, the board stays whole and is the fold of its log', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
      const { board, start, end, ask, events, stateOf } = boardFixture({ limits });
      board.assign('developer', 'Begin');
      for (const step of actions) {
        const life = stateOf(step.name);
        switch (step.kind) {
          case 'start':
            if (life.matches('waiting')) start(step.name);
            break;
          case 'end':
            end(step.name, { result: step.result as 'ended' });
            break;
          case 'assign':
            if (life.can({ type: 'work.assigned' })) board.assign(step.name, 'More');
            break;
          case 'nudge':
            if (life.can({ type: 'nudge.due' })) board.nudge(step.name);
            break;
          case 'ask': {
            const before = events.length;
            try {
              ask(step.name, step.command, step.callId);
            } catch (error) {
              expect((error as Error).name).toBe('ToolError');
              expect(events.length, 'a refusal changes nothing').toBe(before);
            }
            break;
          }
        }
        checkBoard(board.state, events);
      }
      const whole = boardSnapshot(board.state);
      expect(boardSnapshot(fold(events))).toEqual(whole);
      expect(JSON.parse(JSON.stringify(whole)), 'plain JSON').toEqual(whole);
    }),
    { numRuns: 300 },
  );
});
