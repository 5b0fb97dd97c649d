/** How `top` looks, line by line. */
import { expect, test } from 'vitest';
import { resolveLimits } from '../../src/limits.ts';
import { columnsOf } from '../../src/cli/plain-text.ts';
import { emptyPicture, fold, type Sighting } from '../../src/cli/top-picture.ts';
import { topLines, type Scene } from '../../src/cli/top-text.ts';
import { firstView, type View } from '../../src/cli/top-view.ts';
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

const limits = resolveLimits();

const a = '01a1fd25-5e88-7101-9e4c-c60b5d546f23';
const b = '01a1fd25-6000-77d0-bac4-ab0a4d1e35a2';
const c = '01a1fd25-6162-7312-8602-d86080ee9dd6';
const d = '01a1fd25-63e6-7d62-a7f7-37e06cbdcbb5';

const titles = {
  [a]: 'docs',
  [b]: 'a title that goes on and on until it fits nowhere',
  [c]: '日本語のタイトルはとても長いのでここには入りません',
  [d]: '\u001b[2Jnotes',
};

const busy: readonly Sighting[] = [
  online(),
  settled,
  { type: 'health', codex: { version: '0.169.0', isRunning: true } },
  listed({ [a]: 'idle', [b]: 'working', [c]: 'idle', [d]: 'stored' }, 0, titles),
  turnStarted(a, 1_000),
  asked(a, 'e.1', 2_000, { tool: 'lookup_ticket' }),
  asked(a, 'e.2', 3_000, { tool: 'close_ticket' }),
  asked(a, 'e.3', 4_000),
  resolved(a, 'e.3', 5_400),
  asked(c, 'e.4', 5_000),
  resolved(c, 'e.4', 5_010, { success: false }),
  turnEnded(c, 6_000),
];

function scene(more: readonly Sighting[] = [], view: Partial<View> = {}, size = {}): Scene {
  return {
    picture: fold(emptyPicture(startMs), [...busy, ...more], limits),
    view: { ...firstView, ...view },
    url: 'http://127.0.0.1:3001',
    nowMs: startMs + 20_000,
    columns: 80,
    rows: 24,
    limits,
    ...size,
  };
}

const screen = (given: Scene): string =>
  topLines(given)
    .map(({ text }) => text.trimEnd())
    .join('\n');

test('the overview on a terminal of 80 by 24', () => {
  expect(screen(scene())).toMatchInlineSnapshot(`
    "sessionmesh  http://127.0.0.1:3001  codex 0.169.0                         online
    sessions  4: 1 waiting, 1 working, 1 idle, 1 stored
    calls     2 in flight   0.0/s   p50 10 ms   p99 1.4 s   2 over
    failed    1 call, 0 turns

      state     since  waits   over  fail  session        title
    > waiting    18 s      2      1     0  01a1fd25-5e88  docs (lookup_ticket +1)
      working              0      0     0  01a1fd25-6000  a title that goes on and …
      idle                 0      1     1  01a1fd25-6162  日本語のタイトルはとても…














    up/down choose   Enter look at it   / filter   a stored ones   q end"
  `);
});

test('one session on a terminal of 80 by 24', () => {
  const history = ['you        close ENG-1', 'session    I look it up first'];
  const read: Sighting = { type: 'read', sessionId: a, history };
  // Times of day depend on where one is.
  const text = screen(scene([read], { sessionId: a })).replaceAll(/\d\d:\d\d:\d\d/g, 'HH:MM:SS');
  expect(text).toMatchInlineSnapshot(`
    "sessionmesh  http://127.0.0.1:3001  codex 0.169.0                         online
    docs                                                            waiting for 18 s
    session 01a1fd25-5e88-7101-9e4c-c60b5d546f23  /work
    1 call over, 0 failed
    calls
      answered   1.4 s  lookup  15 s ago
      waits       18 s  lookup_ticket {"id":"ENG-1"}  e.1
      waits       17 s  close_ticket {"id":"ENG-1"}  e.2
    what happened
      you        close ENG-1
      session    I look it up first
      HH:MM:SS  turn began        turn-01a1fd25-5e88-7101-9e4c-c60b5d546f23
      HH:MM:SS  call              lookup_ticket {"id":"ENG-1"}
      HH:MM:SS  call              close_ticket {"id":"ENG-1"}
      HH:MM:SS  call              lookup {"id":"ENG-1"}
      HH:MM:SS  answered          lookup







    up/down earlier and later   q back   Ctrl-C end"
  `);
});

test('where nobody sees a screen, all sessions and nothing about keys', () => {
  const all = scene([], { showsStored: true }, { columns: Infinity, rows: Infinity });
  expect(screen(all)).toMatchInlineSnapshot(`
    "sessionmesh  http://127.0.0.1:3001  codex 0.169.0  online
    sessions  4: 1 waiting, 1 working, 1 idle, 1 stored
    calls     2 in flight   0.0/s   p50 10 ms   p99 1.4 s   2 over
    failed    1 call, 0 turns
    state     since  waits   over  fail  session        title
    waiting    18 s      2      1     0  01a1fd25-5e88  docs (lookup_ticket +1)
    working              0      0     0  01a1fd25-6000  a title that goes on and on until it fits nowhere
    idle                 0      1     1  01a1fd25-6162  日本語のタイトルはとても長いのでここには入りません
    stored               0      0     0  01a1fd25-63e6  notes"
  `);
});

test('trouble stands in the first line', () => {
  const head = (...more: Sighting[]) => topLines(scene(more))[0]!;
  expect(head({ type: 'lost' })).toMatchObject({ style: 'bad' });
  expect(head({ type: 'lost' }).text).toMatch(/ reconnecting$/);
  expect(head({ type: 'lost' }, online(true)).text).toMatch(/ 1 reconnect, online$/);
  expect(head({ type: 'lagged' }).text).toMatch(/ 1 gap, online$/);
  const down: Sighting = { type: 'health', codex: { version: null, isRunning: false } };
  expect(head(down)).toMatchObject({ style: 'bad', text: expect.stringMatching(/Codex is down/) });
});

test('there is something to read where there is nothing to see', () => {
  const empty = (...sightings: Sighting[]) =>
    screen({ ...scene(), picture: fold(emptyPicture(startMs), sightings, limits) });
  expect(empty()).toContain('\nconnecting\n');
  expect(empty(online())).toContain('no sessions yet; `sessionmesh sessions create` makes one');
  expect(empty(online(), listed({ [d]: 'stored' }, 0))).toContain('a shows the stored ones');
  expect(screen(scene([], { filter: 'zzz' }))).toContain('no session is like that; Esc shows all');
  const gone = signal(a, 'session_deleted', {}, 9_000);
  expect(screen(scene([gone], { sessionId: a }))).toContain('this session is gone; q goes back');
});

test('the chosen session stays in sight, however many there are', () => {
  const ids = Array.from({ length: 200 }, (_, at) => `s${String(at).padStart(3, '0')}`);
  const many = listed(Object.fromEntries(ids.map((id) => [id, 'idle' as const])), 0);
  for (const chosenId of ['s000', 's100', 's199']) {
    const lines = topLines(scene([many], { chosenId }));
    expect(lines).toHaveLength(24);
    expect(lines.filter(({ style }) => style === 'chosen')).toMatchObject([
      { text: expect.stringContaining(chosenId) },
    ]);
  }
});

test('what happened earlier can be scrolled to, and no further', () => {
  const events = Array.from({ length: 60 }, (_, at) =>
    signal(a, 'app_server.warning', { params: { message: `event ${at}` } }, 7_000 + at),
  );
  const shown = (scroll: number) => screen(scene(events, { sessionId: a, scroll }));
  expect(shown(0)).toContain('event 59');
  expect(shown(10)).not.toContain('event 59');
  expect(shown(10)).toContain('event 49');
  expect(shown(Infinity)).toBe(shown(10_000));
});

test.each([
  [80, 24],
  [40, 10],
  [20, 5],
  [200, 60],
  [1, 1],
])('nothing is wider or higher than the terminal: %i by %i', (columns, rows) => {
  for (const view of [{}, { sessionId: a }, { sessionId: c }, { isTyping: true, filter: '語' }]) {
    const lines = topLines(scene([], view, { columns, rows }));
    expect(lines).toHaveLength(rows);
    for (const { text } of lines) {
      expect(columnsOf(text)).toBeLessThanOrEqual(columns);
      expect(text).not.toMatch(/\p{Cc}/u);
    }
  }
});
