/** `sessionmesh chart`: what it writes, and whose state it lights. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { machines } from '../../machines/index.ts';
import { chartOf } from '../../src/charts/chart.ts';
import { layOut } from '../../src/charts/layout/layout.ts';
import { mermaidOf } from '../../src/charts/mermaid.ts';
import { svgOf } from '../../src/charts/svg.ts';
import { pngOf } from '../../src/cli/chart-png.ts';
import { runChartCommand, type ChartOptions } from '../../src/cli/chart.ts';
import { findBrowser } from '../../src/cli/find-browser.ts';
import { isSessionMeshError } from '../../src/errors.ts';
import type { HistoryEvent } from '../../src/history/record.ts';
import type { Occurrence } from '../../src/mesh/event.ts';
import { callNamedTools, fakeScene, lookup, newSession, scratchFolder } from '../service/scene.ts';

type MachineName = keyof typeof machines;

async function written(name: MachineName, options: ChartOptions, file = 'chart'): Promise<Buffer> {
  const out = options.out ?? join(await scratchFolder(), file);
  await runChartCommand(name, { ...options, out });
  return readFile(out);
}

const text = async (...args: Parameters<typeof written>) => String(await written(...args));

async function active(name: MachineName, options: ChartOptions): Promise<string[]> {
  return JSON.parse(await text(name, { ...options, format: 'json' })).active;
}

const refused = (name: MachineName, options: ChartOptions) =>
  written(name, options).then(
    () => 'nothing',
    (thrown: unknown) =>
      isSessionMeshError(thrown) ? `${thrown.code}: ${thrown.message}` : thrown,
  );

test('each format is written, chosen by name or by the file’s', async () => {
  const chart = chartOf(machines.connection);
  const drawing = await layOut(chart);
  expect(await text('connection', {})).toBe(mermaidOf(chart));
  expect(await text('connection', { format: 'svg' })).toBe(svgOf(drawing));
  expect(await text('connection', { theme: 'dark' }, 'chart.SVG')).toBe(
    svgOf(drawing, { theme: 'dark' }),
  );
  expect(JSON.parse(await text('connection', {}, 'chart.json'))).toEqual({
    chart,
    drawing,
    active: [],
  });
});

test('a name whose ending is no format is refused, unless a format is given', async () => {
  expect(await text('call', {}, 'chart.mmd')).toBe(mermaidOf(chartOf(machines.call)));
  await expect(written('call', {}, 'chart.gif')).rejects.toMatchObject({
    code: 'option_invalid',
    facts: { expected: '--out to end in .svg, .png, .json, .mmd, .mermaid', found: '.gif' },
  });
  expect(await text('call', { format: 'mermaid' }, 'chart.txt')).toBe(
    mermaidOf(chartOf(machines.call)),
  );
});

test('files that cannot be written or read are named with their option', async () => {
  expect(await refused('call', { format: 'svg', out: '/nope/x.svg' })).toMatch(
    /^option_invalid: .*--out to be .*ENOENT.*\/nope\/x\.svg/,
  );
  expect(await refused('session', { session: 's', history: '/nope/h.jsonl' })).toMatch(
    /^option_invalid: .*--history to be .*ENOENT.*\/nope\/h\.jsonl/,
  );
});

test('a state that is given is lit', async () => {
  expect(await active('member', { state: 'waiting.retry' })).toEqual(['waiting', 'waiting.retry']);
  const state = '{"running":{"link":"lost","dispatch":"polling","turn":"idle"}}';
  expect(await active('session', { state })).toContain('running.dispatch.polling');
  expect(await refused('session', { state: 'runing' })).toMatch(
    /^option_invalid: .*a state of the session machine: draft, .*runing/,
  );
  for (const wrong of ['{"running":1}', '{']) {
    expect(await refused('session', { state: wrong })).toMatch(/option_invalid.*--state/);
  }
});

const mesh = (event: Occurrence): HistoryEvent => ({ type: 'mesh', runtime: 'r-1', event });

const running = (turn: string) => ({ running: { link: 'online', dispatch: 'neutral', turn } });

/** A session whose turn begins at 2 s and ends at 3 s, and which closes at 4 s. */
async function historyFile(): Promise<string> {
  const sessionId = 'session-abc';
  const dispatchMode = 'neutral';
  const at: [number, HistoryEvent][] = [
    [1_000, mesh({ type: 'session.opened', sessionId, title: null, tools: [], resumed: false })],
    [1_000, mesh({ type: 'session.changed', sessionId, state: running('idle'), dispatchMode })],
    [2_000, mesh({ type: 'session.changed', sessionId, state: running('active'), dispatchMode })],
    [3_000, mesh({ type: 'session.changed', sessionId, state: running('idle'), dispatchMode })],
    [4_000, mesh({ type: 'session.changed', sessionId, state: 'closed', dispatchMode })],
  ];
  const header = {
    type: 'history.began',
    version: 1,
    source: 'mesh',
    runId: 'run-1',
    time: 'wall',
    seed: null,
    about: {},
  };
  const records = at.map(([time, event], index) => ({ seq: index + 1, at: time, event }));
  const path = join(await scratchFolder(), 'history.jsonl');
  await writeFile(path, [header, ...records].map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
}

test('a history shows the state at a moment, its end without one', async () => {
  const history = await historyFile();
  const lit = (at?: string) =>
    active('session', { history, session: 'session-a', ...(at === undefined ? {} : { at }) });
  expect(await lit()).toEqual(['closed']);
  expect(await lit('2500')).toContain('running.turn.active');
  expect(await lit('3000')).toContain('running.turn.idle');
  expect(await lit('1970-01-01T00:00:02.999Z')).toContain('running.turn.active');
  expect(await refused('session', { history, session: 'session-a', at: '999' })).toMatch(
    /^session_unknown/,
  );
  expect(await refused('member', { history, session: 'session-a' })).toMatch(/^session_unknown/);
});

test('a live session is asked for at its service', async () => {
  const { service, client } = await fakeScene(callNamedTools);
  const id = await newSession(client, [lookup()]);
  const tokenFile = join(await scratchFolder(), 'token');
  await writeFile(tokenFile, `${service.token}\n`);
  const given = { url: service.url, tokenFile };
  expect(await active('session', { ...given, session: id })).toEqual([
    'running',
    'running.link',
    'running.link.online',
    'running.dispatch',
    'running.dispatch.neutral',
    'running.turn',
    'running.turn.idle',
  ]);
  const stranger = '01a1b2c3-0000-4000-8000-000000000000';
  expect(await refused('session', { ...given, session: stranger })).toMatch(/^session_unknown/);
});

test('options that mean nothing together are refused', async () => {
  const cases: [MachineName, ChartOptions, RegExp][] = [
    ['session', { at: '5' }, /--history FILE with --at/],
    ['session', { history: 'x' }, /--session ID with --history/],
    ['session', { session: 's', state: 'draft' }, /either --state or --session/],
    ['call', { session: 's' }, /--session with the machine session/],
    ['session', { session: 's', history: 'x', at: 'noon' }, /--at to be a date/],
  ];
  for (const [name, options, message] of cases) {
    expect(await refused(name, options)).toMatch(message);
  }
});

const browser = await findBrowser(process.env);

test('without a browser a PNG is refused, with what helps', async () => {
  const env = { PATH: '', SESSIONMESH_BROWSER: '/nowhere/chromium' };
  const picture = { svg: '<svg/>', width: 1, height: 1 };
  await expect(pngOf(picture, env, new AbortController().signal)).rejects.toThrow(
    /SESSIONMESH_BROWSER.*--format svg/,
  );
});

test('a PNG is twice the size of the drawing, where there is a browser to paint it', async () => {
  const state = 'running';
  if (browser === null) {
    expect(await refused('call', { state, format: 'png' })).toMatch(/Chromium or Chrome/);
    return;
  }
  const png = await written('call', { state }, 'chart.png');
  const { width, height } = await layOut(chartOf(machines.call));
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2 * width, 2 * height]);
});
