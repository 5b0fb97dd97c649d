/** Explores the whole graph of the session machine and holds its invariants on every node. */
import { createActor, SimulatedClock } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { expect, test } from 'vitest';
import {
  acceptsCalls,
  dispatchModeOf,
  sessionMachine,
  type DispatchPolicy,
  type SessionEvent,
  type SessionSnapshot,
} from '../../machines/session.ts';

const events: SessionEvent[] = [
  { type: 'tool.added', name: 'a' },
  { type: 'tool.removed', name: 'a' },
  { type: 'catalog.cleared' },
  { type: 'open' },
  { type: 'opened' },
  { type: 'rejected', code: 'session_open_failed' },
  { type: 'link.lost' },
  { type: 'link.restored' },
  { type: 'link.gone', code: 'host_failed' },
  { type: 'signal.taken' },
  { type: 'signal.silent' },
  { type: 'polling.taken' },
  { type: 'reconciled' },
  { type: 'dispatch.reset' },
  { type: 'turn.requested' },
  { type: 'turn.refused' },
  { type: 'turn.started', turnId: 't1' },
  { type: 'turn.interrupting' },
  { type: 'turn.ended', turnId: 't1' },
  { type: 'close' },
  { type: 'calls.settled' },
  { type: 'released' },
];

const input = (dispatch: DispatchPolicy, listsWhileLost = false) => ({
  dispatch,
  listsWhileLost,
  openTimeoutMs: 30_000,
  closeGraceMs: 5_000,
  releaseTimeoutMs: 5_000,
});

/** Timers are fed by hand: the graph explorer knows no clock. */
const deadlines = [
  'xstate.after.openTimeout.session.opening',
  'xstate.after.closeGrace.session.closing.draining',
  'xstate.after.releaseTimeout.session.closing.releasing',
].map((type) => ({ type }) as unknown as SessionEvent);

function explore(dispatch: DispatchPolicy, listsWhileLost = false) {
  return getShortestPaths(sessionMachine, {
    input: input(dispatch, listsWhileLost),
    events: [...events, ...deadlines],
  });
}

const variants = [
  ['auto', false],
  ['auto', true],
  ['strict', false],
] as const;

test.each(variants)('%s, listsWhileLost %s: every state is reachable', (dispatch, lists) => {
  const seen = new Set<string>();
  const collect = (value: unknown, path: string) => {
    if (typeof value === 'string') seen.add(`${path}${value}`);
    else {
      for (const [key, inner] of Object.entries(value as object)) {
        seen.add(`${path}${key}`);
        collect(inner, `${path}${key}.`);
      }
    }
  };
  for (const { state } of explore(dispatch, lists)) collect(state.value, '');
  const all: string[] = [];
  const walk = (states: object, path: string) => {
    for (const [key, state] of Object.entries(states) as [string, { states?: object }][]) {
      all.push(`${path}${key}`);
      walk(state.states ?? {}, `${path}${key}.`);
    }
  };
  walk(sessionMachine.config.states ?? {}, '');
  expect([...seen].toSorted()).toEqual(all.toSorted());
});

test.each(variants)('%s, listsWhileLost %s: lock and catalog invariants', (dispatch, lists) => {
  const paths = explore(dispatch, lists);
  expect(paths.length).toBeGreaterThan(20);
  for (const { state } of paths) {
    const snapshot: SessionSnapshot = state;
    // M3: one holder at most, and only while running.
    if (!snapshot.matches('running')) {
      expect(dispatchModeOf(snapshot)).toBe('neutral');
      expect(acceptsCalls(snapshot, 'signal')).toBe(false);
      expect(acceptsCalls(snapshot, 'polling')).toBe(false);
    } else if (dispatch === 'strict') {
      const holder = dispatchModeOf(snapshot);
      expect(acceptsCalls(snapshot, 'signal')).toBe(holder !== 'polling');
      expect(acceptsCalls(snapshot, 'polling')).toBe(holder !== 'signal');
    } else {
      expect(acceptsCalls(snapshot, 'signal') && acceptsCalls(snapshot, 'polling')).toBe(true);
    }
    // M4: the catalog changes in the draft only.
    if (!snapshot.matches('draft')) {
      for (const event of events.slice(0, 3)) expect(snapshot.can(event)).toBe(false);
    }
    // Final states go nowhere.
    if (snapshot.status === 'done') {
      expect(events.filter((event) => snapshot.can(event))).toEqual([]);
    }
  }
});

test('while the link is lost, auto never leaves the lock with signals', () => {
  for (const { state } of explore('auto')) {
    const snapshot: SessionSnapshot = state;
    if (snapshot.matches({ running: { link: 'lost' } })) {
      // A signal that is taken nevertheless proves a stream that works: it may take the free lock.
      expect(snapshot.can({ type: 'link.restored' })).toBe(true);
    }
  }
  const actor = createActor(sessionMachine, { input: input('auto') }).start();
  for (const type of ['open', 'opened', 'signal.taken', 'link.lost'] as const) actor.send({ type });
  expect(dispatchModeOf(actor.getSnapshot())).toBe('neutral');
});

test('a lost link moves the lock to polling where the host can still list calls, and back through one pass', () => {
  const actor = createActor(sessionMachine, { input: input('auto', true) }).start();
  const mode = () => dispatchModeOf(actor.getSnapshot());
  for (const type of ['open', 'opened', 'signal.taken'] as const) actor.send({ type });
  actor.send({ type: 'link.lost' });
  expect(mode()).toBe('polling');
  actor.send({ type: 'link.restored' });
  expect(mode()).toBe('polling');
  actor.send({ type: 'reconciled' });
  expect(mode()).toBe('signal');
});

test('under strict nothing but a reset frees the lock', () => {
  const actor = createActor(sessionMachine, { input: input('strict') }).start();
  const mode = () => dispatchModeOf(actor.getSnapshot());
  for (const type of ['open', 'opened', 'signal.taken'] as const) actor.send({ type });
  for (const type of ['link.lost', 'link.restored', 'signal.silent', 'polling.taken'] as const) {
    actor.send({ type });
    expect(mode()).toBe('signal');
  }
  actor.send({ type: 'dispatch.reset' });
  expect(mode()).toBe('neutral');
});

test('every wait on the host ends at its deadline', () => {
  const clock = new SimulatedClock();
  const opening = createActor(sessionMachine, { input: input('auto'), clock }).start();
  opening.send({ type: 'open' });
  clock.increment(30_000);
  expect(opening.getSnapshot().value).toBe('failed');
  expect(opening.getSnapshot().context.failure).toBe('session_open_failed');

  const closing = createActor(sessionMachine, { input: input('auto'), clock }).start();
  for (const type of ['open', 'opened'] as const) closing.send({ type });
  closing.send({ type: 'close', graceMs: 100 });
  expect(closing.getSnapshot().value).toEqual({ closing: 'draining' });
  clock.increment(100);
  expect(closing.getSnapshot().value).toEqual({ closing: 'releasing' });
  clock.increment(5_000);
  expect(closing.getSnapshot().value).toBe('closed');
});
