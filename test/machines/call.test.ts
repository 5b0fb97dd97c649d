/** The reducer that the ledger uses and the machine it is read from never disagree. */
import { createActor } from 'xstate';
import { callOutcomes } from '../../machines/call-outcome.ts';
import { getShortestPaths, getSimplePaths } from 'xstate/graph';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { callMachine, nextCallState, type CallEvent, type CallState } from '../../machines/call.ts';

const types: CallEvent['type'][] = [
  'started',
  'finished',
  'timed.out',
  'cancelled',
  'lost',
  'confirmed',
  'refused',
  'gone',
];
const events = types.map((type): CallEvent => ({ type }));

test('every state is reachable, and the final ones are the outcomes', () => {
  const nodes = getShortestPaths(callMachine, { events });
  const values = nodes.map(({ state }) => state.value as string);
  expect(values.toSorted()).toEqual(Object.keys(callMachine.config.states ?? {}).toSorted());
  const final = nodes.filter(({ state }) => state.status === 'done');
  expect(final.map(({ state }) => state.value as string).toSorted()).toEqual(
    callOutcomes.toSorted(),
  );
});

test('reducer and machine take the same way along every simple path', () => {
  const paths = getSimplePaths(callMachine, { events });
  expect(paths.length).toBeGreaterThan(10);
  for (const { state, steps } of paths) {
    let reduced: CallState = 'waiting';
    for (const { event } of steps) reduced = nextCallState(reduced, event.type) ?? reduced;
    expect(reduced).toBe(state.value);
  }
});

test('reducer and machine agree on any sequence of events', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...types), { maxLength: 12 }), (sequence) => {
      const actor = createActor(callMachine).start();
      let reduced: CallState = 'waiting';
      for (const type of sequence) {
        if (actor.getSnapshot().status === 'active') actor.send({ type });
        reduced = nextCallState(reduced, type) ?? reduced;
        expect(reduced).toBe(actor.getSnapshot().value);
      }
    }),
  );
});
