import { createActor, SimulatedClock } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { expect, test } from 'vitest';
import { connectionMachine, type ConnectionEvent } from '../../machines/connection.ts';

const events: ConnectionEvent[] = [
  { type: 'start' },
  { type: 'connected' },
  { type: 'handshaken' },
  { type: 'lost', code: 'stream_closed', delayMs: 100 },
  { type: 'given.up', code: 'host_failed' },
  { type: 'stop' },
  { type: 'xstate.after.backoff.connection.waiting' } as unknown as ConnectionEvent,
];

const paths = getShortestPaths(connectionMachine, {
  events,
  // The number of losses grows without bound; the graph need not.
  serializeState: (state) => JSON.stringify(state.value),
});

test('every state is reachable', () => {
  const values = paths.map(({ state }) => JSON.stringify(state.value)).toSorted();
  expect(values).toEqual(
    [
      '"idle"',
      '{"live":"connecting"}',
      '{"live":"handshaking"}',
      '{"live":"ready"}',
      '"waiting"',
      '"stopped"',
      '"failed"',
    ].toSorted(),
  );
});

test('every state that is not final can be stopped, and final states stay', () => {
  for (const { state } of paths) {
    expect(state.can({ type: 'stop' })).toBe(state.status === 'active');
    if (state.status === 'done') expect(events.some((event) => state.can(event))).toBe(false);
  }
});

test('a lost link is tried again after its delay, and counts', () => {
  const clock = new SimulatedClock();
  const actor = createActor(connectionMachine, { clock }).start();
  for (const type of ['start', 'connected', 'handshaken'] as const) actor.send({ type });
  actor.send({ type: 'lost', code: 'stream_closed', delayMs: 250 });
  expect(actor.getSnapshot().value).toBe('waiting');
  clock.increment(249);
  expect(actor.getSnapshot().value).toBe('waiting');
  clock.increment(1);
  expect(actor.getSnapshot().value).toEqual({ live: 'connecting' });
  expect(actor.getSnapshot().context).toMatchObject({ losses: 1, failure: 'stream_closed' });
});
