/** Every state a member can be in, found by walking the machine, and what must hold in each. */
import { transition } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { expect, test } from 'vitest';
import { memberMachine, type MemberEvent, type MemberSnapshot } from '../../machines/member.ts';

const types: MemberEvent['type'][] = [
  'work.assigned',
  'nudge.due',
  'turn.started',
  'done.marked',
  'turn.ended',
  'turn.silent',
  'turn.failed',
  'turn.lost',
];
const events = types.map((type): MemberEvent => ({ type }));
const input = { turnAttemptsMax: 3, reworksMax: 2 };
const paths = getShortestPaths(memberMachine, { events, input });
const states = paths.map(({ state }) => state);

const nameOf = ({ value }: MemberSnapshot) =>
  typeof value === 'string' ? value : Object.entries(value).flat().join('.');

const next = (state: MemberSnapshot, type: MemberEvent['type']) =>
  transition(memberMachine, state, { type })[0];

/** The state after these events, from the start. */
function walk(...sequence: MemberEvent['type'][]): MemberSnapshot {
  const start = paths.find(({ steps }) => steps.length <= 1)!.state;
  return sequence.reduce(next, start);
}

test('every state is reachable, and there are finitely many', () => {
  expect([...new Set(states.map(nameOf))].toSorted()).toEqual([
    'done',
    'idle',
    'stalled',
    'waiting.nudge',
    'waiting.retry',
    'waiting.work',
    'working.finished',
    'working.open',
  ]);
  expect(states.length).toBeGreaterThan(20);
});

test('no event breaks the machine in any state', () => {
  for (const state of states) {
    for (const type of types) expect(next(state, type).status).toBe('active');
  }
});

test('a turn starts from waiting only', () => {
  for (const state of states) {
    expect(state.can({ type: 'turn.started' })).toBe(state.matches('waiting'));
    if (!state.matches('working')) continue;
    for (const type of ['work.assigned', 'nudge.due', 'turn.started'] as const) {
      expect(nameOf(next(state, type)), type).toMatch(/^working/);
    }
  }
});

test('a turn that ends, ends: no result leaves the member working', () => {
  for (const state of states.filter((candidate) => candidate.matches('working'))) {
    for (const type of ['turn.ended', 'turn.silent', 'turn.failed', 'turn.lost'] as const) {
      expect(next(state, type).matches('working'), `${nameOf(state)} ${type}`).toBe(false);
    }
  }
});

test('counters stay within their bounds, and stalled always has a cause', () => {
  for (const { context, ...state } of states) {
    expect(context.failures).toBeLessThan(input.turnAttemptsMax);
    expect(context.reworks).toBeLessThanOrEqual(input.reworksMax);
    expect(context.stallCause !== null).toBe(state.value === 'stalled');
  }
});

test('stalled is for good', () => {
  for (const state of states.filter((candidate) => candidate.matches('stalled'))) {
    for (const type of types) expect(next(state, type).value).toBe('stalled');
  }
});

test('a member that is done takes work again until its reworks are used up', () => {
  const finished = states.filter(
    (state) => state.matches('done') || state.matches({ working: 'finished' }),
  );
  for (const state of finished) {
    const mayRework = state.context.reworks < input.reworksMax;
    expect(state.can({ type: 'work.assigned' })).toBe(mayRework);
    if (!mayRework) continue;
    const reopened = next(state, 'work.assigned');
    expect(['waiting.work', 'working.open']).toContain(nameOf(reopened));
    expect(reopened.context.reworks).toBe(state.context.reworks + 1);
  }
  expect(new Set(finished.map(({ context }) => context.reworks))).toEqual(new Set([0, 1, 2]));
});

test('every other state takes work without counting a rework', () => {
  const others = states.filter(
    (state) =>
      !state.matches('done') &&
      !state.matches({ working: 'finished' }) &&
      !state.matches('stalled'),
  );
  for (const state of others) {
    expect(state.can({ type: 'work.assigned' })).toBe(true);
    expect(next(state, 'work.assigned').context.reworks).toBe(state.context.reworks);
  }
});

test('the first silent turn earns a nudge, the second in a row stalls', () => {
  const nudged = walk('work.assigned', 'turn.started', 'turn.silent');
  expect(nameOf(nudged)).toBe('waiting.nudge');
  const again = ['turn.started', 'turn.silent'] as const;
  const stalled = again.reduce(next, nudged);
  expect(stalled.value).toBe('stalled');
  expect(stalled.context.stallCause).toBe('no_progress');
});

test('progress after a nudge earns another one', () => {
  const moved = walk('work.assigned', 'turn.started', 'turn.silent', 'turn.started', 'turn.ended');
  expect(moved.value).toBe('idle');
  expect(nameOf(next(moved, 'nudge.due'))).toBe('waiting.nudge');
});

test('an idle member that was nudged in vain is not nudged twice', () => {
  const nudged = walk('nudge.due', 'turn.started', 'turn.failed', 'turn.started', 'turn.silent');
  expect(nudged.value).toBe('stalled');
});

test('failed turns are tried again, and the last allowed one stalls', () => {
  const failing = ['turn.started', 'turn.failed'] as const;
  const twice = [...failing, ...failing].reduce(next, walk('work.assigned'));
  expect(nameOf(twice)).toBe('waiting.retry');
  expect(twice.context.failures).toBe(2);
  const thrice = failing.reduce(next, twice);
  expect(thrice.context.stallCause).toBe('turns_failed');
});

test('a lost session stalls at once, unless the member was done', () => {
  expect(walk('work.assigned', 'turn.started', 'turn.lost').context.stallCause).toBe(
    'session_lost',
  );
  expect(walk('work.assigned', 'turn.started', 'done.marked', 'turn.lost').value).toBe('done');
});
