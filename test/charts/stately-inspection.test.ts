/** The events for Stately's inspector have the shapes that its own package sends. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { initialTransition, transition } from 'xstate';
import { callMachine } from '../../machines/call.ts';
import type { MeshEvent, Occurrence } from '../../src/mesh/event.ts';
import {
  inspectionEvents,
  type StatelyActorEvent,
  type StatelyInspectionEvent,
} from '../../src/charts/stately-inspection.ts';

type Recorded = Record<string, unknown> & {
  readonly type: string;
  readonly event?: object;
  readonly snapshot?: { readonly value: unknown; readonly status: string };
  readonly definition?: string;
};

const recorded: readonly Recorded[] = JSON.parse(
  readFileSync(new URL('recorded-inspection.json', import.meta.url), 'utf8'),
).events;

const call = {
  sessionId: 's-1',
  turnId: 't-1',
  callId: 'c-1',
  requestId: 7,
  tool: 'read_file',
  namespace: null,
};
const settled = { success: true, code: null, durationMs: 5, submissions: 1 } as const;

const callLife: readonly Occurrence[] = [
  { type: 'call.claimed', source: 'signal', ...call },
  { type: 'call.started', ...call },
  { type: 'call.answered', success: true, code: null, durationMs: 5, ...call },
  { type: 'call.settled', outcome: 'answered', ...settled, ...call },
];

function told(occurrences: readonly Occurrence[]): StatelyInspectionEvent[] {
  // That every event of a mesh is accepted is part of the test: it compiles.
  const events = occurrences.map((occurrence): MeshEvent => ({ ...occurrence, at: 1_000 }));
  return events.flatMap((event) => inspectionEvents(event));
}

/** The names and kinds of all properties, at any depth, but of the values that differ between runs. */
function shapeOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [`${path}: ${typeof value}`];
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, inner]) => [`${path}.${name}`, ...shapeOf(inner, `${path}.${name}`)]);
}

test('a call is told of as the package tells of an actor of its machine', () => {
  const own = told(callLife);
  // The package says of the first event by itself; here the actor appears with it.
  const theirs = recorded.filter(
    ({ type, event }) => type !== '@xstate.event' || !JSON.stringify(event).includes('xstate.init'),
  );
  const parts = (events: readonly (Recorded | StatelyInspectionEvent)[]) =>
    events.map((event) => [
      event.type,
      'event' in event ? event.event : null,
      event.type === '@xstate.snapshot' && 'snapshot' in event ? event.snapshot : null,
    ]);
  expect(parts(own)).toEqual(parts(theirs));
  const added = new Set(['.parentId', '.parentId: string', '.sourceId', '.sourceId: string']);
  for (const [index, event] of own.entries()) {
    const shape = shapeOf(JSON.parse(JSON.stringify(event))).filter((line) => !added.has(line));
    expect(shape).toEqual(shapeOf(theirs[index]));
  }
});

test('the definition is the machine, as the package writes it', () => {
  const [actor] = told(callLife) as [StatelyActorEvent];
  const theirs = recorded.find(({ type }) => type === '@xstate.actor')!;
  expect(JSON.parse(actor.definition)).toEqual(JSON.parse(theirs.definition!));
});

test('every way a call can go is one its machine allows', () => {
  const ends = ['answered', 'refused', 'abandoned', 'expired', 'cancelled', 'unknown'] as const;
  for (const outcome of ends) {
    const isAnswered = ['answered', 'refused', 'abandoned', 'expired'].includes(outcome);
    const code = outcome === 'expired' ? 'handler_timeout' : null;
    const answered: Occurrence = {
      type: 'call.answered',
      success: true,
      code,
      durationMs: 5,
      ...call,
    };
    const life = [
      ...callLife.slice(0, 2),
      ...(isAnswered ? [answered] : []),
      { type: 'call.settled', outcome, ...settled, ...call } as const,
    ];
    let [state] = initialTransition(callMachine);
    for (const event of told(life)) {
      if (event.type === '@xstate.event')
        [state] = transition(callMachine, state, event.event as never);
      if (event.type !== '@xstate.snapshot') continue;
      expect([state.value, state.status]).toEqual([event.snapshot.value, event.snapshot.status]);
    }
    expect(state.value).toBe(outcome);
  }
});

test('calls are children of their session, which is the root of its tree', () => {
  const [opened, , claimed] = told([
    { type: 'session.opened', sessionId: 's-1', title: 'docs', tools: [], resumed: false },
    callLife[0]!,
  ]) as StatelyActorEvent[];
  expect(opened).toMatchObject({
    type: '@xstate.actor',
    name: 'docs',
    sessionId: 's-1',
    rootId: 's-1',
  });
  expect(opened).not.toHaveProperty('parentId');
  expect(claimed).toMatchObject({ name: 'read_file', parentId: 's-1', rootId: 's-1' });
});

test('a session is told of in the states that the mesh names', () => {
  const state = { running: { link: 'lost', dispatch: 'polling', turn: 'idle' } };
  const events = told([
    { type: 'session.changed', sessionId: 's-1', state, dispatchMode: 'polling' },
    { type: 'session.changed', sessionId: 's-1', state: 'closed', dispatchMode: 'neutral' },
  ]);
  const snapshots = events.flatMap((event) =>
    event.type === '@xstate.snapshot' ? [event.snapshot] : [],
  );
  expect(snapshots.map(({ value, status }) => [value, status])).toEqual([
    [state, 'active'],
    ['closed', 'done'],
  ]);
});

test('neither replies nor reasons leave with the events', () => {
  const canary = 'canary-5f1c';
  const fault = { code: 'host_unreachable', message: canary } as const;
  const events = told([
    {
      type: 'turn.ended',
      sessionId: 's-1',
      turnId: 't-1',
      status: 'failed',
      error: canary,
      reply: canary,
      durationMs: 1,
      calls: 0,
    },
    { type: 'approval.decided', approvalId: 'a-1', approved: false, reason: canary, ...call },
    { type: 'host.lost', epoch: 'e-1', fault },
    { type: 'session.failed', sessionId: 's-1', fault },
    { type: 'host.notice', sessionId: null, level: 'warn', message: canary },
  ]);
  expect(events.length).toBeGreaterThan(3);
  expect(JSON.stringify(events)).not.toContain(canary);
});
