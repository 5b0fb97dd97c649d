/** What `top` makes of what it sees. */
import { expect, test } from 'vitest';
import { resolveLimits } from '../../src/limits.ts';
import { figuresOf } from '../../src/cli/top-figures.ts';
import { emptyPicture, fold, type Picture, type Sighting } from '../../src/cli/top-picture.ts';
import { stateOf } from '../../src/cli/top-session.ts';
import {
  asked,
  listed,
  online,
  resolved,
  settled,
  signal,
  startMs,
  turnEnded,
  turnStarted,
} from './top-sightings.ts';

const limits = resolveLimits({ topCallsKeptMax: 4, topSessionCallsMax: 2, topSessionEventsMax: 3 });

const see = (...sightings: Sighting[]): Picture => fold(emptyPicture(startMs), sightings, limits);
const statesIn = (picture: Picture) =>
  Object.fromEntries([...picture.sessions].map(([id, session]) => [id, stateOf(session)]));

test('a turn works, a call in it waits, and its end is idle', () => {
  const begun = [online(), settled, listed({ a: 'idle' }, 0), turnStarted('a', 100)];
  expect(statesIn(see(...begun))).toEqual({ a: 'working' });
  const waiting = [...begun, asked('a', '1', 200)];
  expect(statesIn(see(...waiting))).toEqual({ a: 'waiting' });
  const answered = [...waiting, resolved('a', '1', 1_700)];
  expect(statesIn(see(...answered))).toEqual({ a: 'working' });
  const over = see(...answered, turnEnded('a', 1_800));
  expect(statesIn(over)).toEqual({ a: 'idle' });
  expect(over.sessions.get('a')).toMatchObject({
    ended: [{ requestId: '1', outcome: 'answered', tookMs: 1_500 }],
    callsEnded: 1,
    failures: 0,
  });
});

test('the picture before stays as it was', () => {
  const before = see(online(), settled, listed({ a: 'idle' }, 0));
  const copy = structuredClone(before);
  fold(before, [asked('a', '1', 200), turnEnded('a', 300), { type: 'lagged' }], limits);
  expect(before).toEqual(copy);
});

test('a call that comes again is one call', () => {
  const picture = see(online(), settled, asked('a', '1', 100), asked('a', '1', 900));
  expect(picture.sessions.get('a')?.calls.get('1')?.sinceMs).toBe(startMs + 100);
  expect(picture.sessions.get('a')?.events).toHaveLength(1);
  const over = fold(picture, [resolved('a', '1', 1_000), resolved('a', '1', 1_100)], limits);
  expect(over).toMatchObject({ callsEnded: 1, failures: 0 });
});

test('what waited before one looked waits since it was made', () => {
  const old = asked('a', '1', 5_000, { createdAt: startMs + 1_000 });
  expect(see(online(), old).sessions.get('a')?.calls.get('1')?.sinceMs).toBe(startMs + 1_000);
  // Later the clock of the service, which may be another one, says nothing.
  const late = asked('a', '1', 5_000, { createdAt: startMs - 60_000 });
  expect(see(online(), settled, late).sessions.get('a')?.calls.get('1')?.sinceMs).toBe(
    startMs + 5_000,
  );
});

test('T1: a read that was asked for before an event does not overrule it', () => {
  const picture = see(
    online(),
    turnStarted('a', 100),
    turnEnded('a', 200),
    listed({ a: 'working' }, 50),
  );
  expect(statesIn(picture)).toEqual({ a: 'idle' });
  expect(statesIn(fold(picture, [listed({ a: 'working' }, 300)], limits))).toEqual({
    a: 'working',
  });
});

test('T2: after a gap nothing waits until it is shown again', () => {
  const busy = [
    online(),
    settled,
    turnStarted('a', 50),
    asked('a', '1', 100),
    asked('b', '2', 100),
  ];
  for (const gap of [{ type: 'lagged' } as const, online(false)]) {
    const after = see(...busy, gap);
    expect(figuresOf(after, startMs, limits).callsInFlight).toBe(0);
    const shown = fold(
      after,
      [asked('b', '2', 900, { createdAt: startMs + 100 }), settled],
      limits,
    );
    expect(statesIn(shown)).toMatchObject({ b: 'waiting' });
    expect(shown.sessions.get('b')?.calls.get('2')?.sinceMs).toBe(startMs + 100);
  }
  const seamless = see(...busy, { type: 'lost' }, online(true));
  expect(figuresOf(seamless, startMs, limits).callsInFlight).toBe(2);
  expect(seamless).toMatchObject({ link: 'online', reconnects: 1, gaps: 0 });
});

test('a person is waited for until the answer', () => {
  const wants = signal('a', 'approval', { approvalId: 'q' }, 100);
  const decided = signal('a', 'approval_resolved', { approvalId: 'q', decision: 'accept' }, 200);
  expect(statesIn(see(online(), wants))).toEqual({ a: 'waiting' });
  expect(figuresOf(see(online(), wants), startMs, limits).questions).toBe(1);
  expect(statesIn(see(online(), wants, turnEnded('a', 150), decided))).toEqual({ a: 'idle' });
});

test('sessions come with their names and go when they are deleted', () => {
  const thread = { id: 'b', name: 'docs\u001b[2J', cwd: '/work', status: { type: 'idle' } };
  const made = signal('b', 'app_server.thread.started', { params: { thread } }, 10);
  const named = signal(
    'b',
    'app_server.thread.name.updated',
    { params: { threadName: 'new' } },
    20,
  );
  expect(see(online(), made).sessions.get('b')).toMatchObject({ title: 'docs', cwd: '/work' });
  expect(see(online(), made, named).sessions.get('b')?.title).toBe('new');
  for (const type of ['session_deleted', 'app_server.thread.archived']) {
    expect(see(online(), made, signal('b', type, {}, 30)).sessions.size).toBe(0);
  }
});

test('a list that is whole says which sessions are gone, unless something happened in them since', () => {
  const before = see(online(), listed({ a: 'idle', b: 'idle' }, 0), turnStarted('c', 500));
  const whole = { ...listed({ b: 'idle' }, 400), isWhole: true } as Sighting;
  expect([...fold(before, [whole], limits).sessions.keys()]).toEqual(['b', 'c']);
  const cut = listed({ b: 'idle' }, 400);
  expect(fold(before, [cut], limits)).toMatchObject({ isCut: true, sessions: { size: 3 } });
});

test('figures: rates over the last seconds, quantiles over the last calls', () => {
  const calls = [10, 20, 30, 1_000, 40].flatMap((tookMs, at) => [
    asked('a', String(at), 11_000),
    resolved('a', String(at), 11_000 + tookMs, { success: tookMs !== 40 }),
  ]);
  const picture = see(online(), settled, ...calls, turnEnded('a', 12_500, 'failed'));
  expect(figuresOf(picture, startMs + 13_000, limits)).toMatchObject({
    callsEnded: 5,
    failures: 1,
    turnsFailed: 1,
    callsPerSecond: 0.4,
    p50Ms: 30,
    p99Ms: 1_000,
  });
  expect(picture.ended).toHaveLength(limits.topCallsKeptMax);
  expect(picture.sessions.get('a')?.ended).toHaveLength(limits.topSessionCallsMax);
  expect(picture.sessions.get('a')?.events).toHaveLength(limits.topSessionEventsMax);
  expect(figuresOf(see(online()), startMs + 100, limits)).toMatchObject({
    callsPerSecond: null,
    p50Ms: null,
  });
});

test('calls that nobody waits for any more failed, and took no time', () => {
  const expired = resolved('a', '1', 500, { status: 'expired', success: false });
  const picture = see(online(), settled, asked('a', '1', 100), expired);
  expect(figuresOf(picture, startMs + 2_000, limits)).toMatchObject({ failures: 1, p50Ms: null });
});

test('ten thousand events of a thousand sessions are one step', () => {
  const many = Array.from({ length: 5_000 }, (_, at) => [
    asked(`s${at % 1_000}`, String(at), at),
    resolved(`s${at % 1_000}`, String(at), at + 7),
  ]).flat();
  const picture = see(online(), settled, ...many);
  expect(picture).toMatchObject({ callsEnded: 5_000, sessions: { size: 1_000 } });
});
