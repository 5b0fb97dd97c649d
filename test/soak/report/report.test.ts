/** The report: in bounded memory, readable as text, and a page that nothing in a history can break out of. */
import { expect, test } from 'vitest';
import { renderPage } from '../../../src/soak/report/page.ts';
import type { Report } from '../../../src/soak/report/report.ts';
import { createReporter } from '../../../src/soak/report/reporter.ts';
import { renderTable } from '../../../src/soak/report/table.ts';
import { countText, escapeText, levelText, timeText } from '../../../src/soak/report/words.ts';
import { goodStory, story, storyCall, type Story } from '../check/story.ts';

function reportOf(run: Story, isTorn = false): Report {
  const { header, records } = run.history;
  const reporter = createReporter(header);
  for (const record of records) reporter.push(record);
  return reporter.finish(isTorn);
}

/** A run with a fault, gauges and a broken invariant. */
function eventfulStory(name = 'restart', place = 'log'): Story {
  const run = story();
  run.began('runtime-1');
  run.add({
    type: 'world.bound',
    gauge: 'queued calls',
    max: 4,
    idleMax: null,
    perCallMax: null,
  });
  const calls = Array.from({ length: 40 }, () => storyCall());
  for (const call of calls) {
    run.serve(call);
    run.wait(100);
    const values = { 'queued calls': 3, 'heap bytes': 80 * 1024 * 1024 };
    run.add({ type: 'world.gauges', process: 'runtime-1', values });
  }
  const about = { fault: name, faultId: 'f-1' };
  const waiting = storyCall();
  run.add({ type: 'world.fault.began', ...about, target: '*', lasts: true, detail: null });
  run.issue(waiting);
  run.wait(500);
  run.add({ type: 'world.fault.ended', ...about });
  run.wait(250);
  run.claim(waiting);
  run.take(waiting);
  run.settle(waiting, 'expired');
  run.add({ type: 'world.leak', canary: waiting.canary, place });
  return run;
}

test('stretches, gauges, faults and recovery add up to what happened', () => {
  const report = reportOf(eventfulStory());
  const sum = (pick: (one: Report['stretches'][number]) => number) =>
    report.stretches.reduce((total, one) => total + pick(one), 0);
  expect(sum((one) => one.latency.count)).toBe(41);
  expect(sum((one) => one.outcomes['answered'] ?? 0)).toBe(40);
  expect(sum((one) => one.outcomes['expired'] ?? 0)).toBe(1);
  expect(sum((one) => one.recovery.count)).toBe(1);
  expect(report.verdict.recovery.max).toBe(250);
  expect(report.faults).toEqual([
    expect.objectContaining({ fault: 'restart', target: '*', toMs: expect.any(Number) }),
  ]);
  const [fault] = report.faults;
  expect(fault!.toMs! - fault!.fromMs).toBe(500);
  expect(report.gauges.map(({ gauge, max, bound }) => [gauge, max, bound])).toEqual([
    ['queued calls', 3, 4],
    ['heap bytes', 80 * 1024 * 1024, null],
  ]);
});

test('a run of any length fits into the same number of stretches', () => {
  const run = story();
  for (let index = 0; index < 3_000; index += 1) {
    run.serve(storyCall());
    run.wait(index < 10 ? 1 : 4_321);
  }
  const report = reportOf(run);
  expect(report.stretches.length).toBeLessThanOrEqual(240);
  expect(report.stretches.length).toBeGreaterThan(120);
  expect(report.stretchMs * report.stretches.length).toBeGreaterThanOrEqual(report.durationMs);
  const counts = report.stretches.map(({ latency }) => latency.count);
  expect(counts.reduce((total, count) => total + count, 0)).toBe(3_000);
  expect(Math.max(...counts.slice(1, -1)) - Math.min(...counts.slice(1, -1))).toBeLessThan(8);
});

test('the page holds every plot, the violation and its call, and needs nothing from elsewhere', () => {
  const page = renderPage(reportOf(eventfulStory()));
  for (const title of ['Latency', 'Outcomes', 'Faults', 'Recovery', 'Memory', 'Invariants']) {
    expect(page.includes(`<h2>${title}</h2>`), title).toBe(true);
  }
  expect(page.includes('Invariants were broken: I9')).toBe(true);
  expect(page.includes('turn t-1')).toBe(true);
  expect(page.includes(`default-src 'none'`)).toBe(true);
  expect(/<script|\son\w+=|https?:|url\(|<link|<img|@import/i.test(page)).toBe(false);
});

const hostile = '"><script>alert(1)</script><img src=x onerror=alert(1)>';

test('nothing in a history becomes a part of the page', () => {
  const run = eventfulStory(hostile, hostile);
  const call = storyCall({ sessionId: hostile, turnId: hostile, callId: hostile, tool: hostile });
  run.issue(call);
  run.start(call);
  run.start(call);
  run.add({ type: 'world.gauges', process: hostile, values: { [hostile]: 3 } });
  run.add({ type: 'world.fault.planned', fault: `${hostile} planned` });
  const { records } = run;
  const about = { text: hostile };
  const reporter = createReporter({
    ...run.history.header,
    runId: hostile,
    source: hostile,
    about,
  });
  for (const record of records) reporter.push(record);
  const page = renderPage(reporter.finish());
  expect(page.includes('&lt;script&gt;')).toBe(true);
  expect(/<script|<img/i.test(page)).toBe(false);
});

test('every tag of the page is closed', () => {
  const page = renderPage(reportOf(eventfulStory())).replace(/<style>[^]*<\/style>/, '');
  const open: string[] = [];
  for (const [, slash, name, rest] of page.matchAll(/<(\/?)([a-z0-9]+)((?:[^>"]|"[^"]*")*)>/g)) {
    if (slash === '/') expect(open.pop()).toBe(name);
    else if (!rest!.endsWith('/') && !['meta', 'br'].includes(name!)) open.push(name!);
  }
  expect(open).toEqual([]);
});

test('a place in a plot is always a number', () => {
  for (const run of [goodStory(1), goodStory(30), eventfulStory()]) {
    expect(/NaN|Infinity|undefined|null/.exec(renderPage(reportOf(run)))).toBe(null);
  }
});

test('the table says what held, what was broken by which call, and what was not seen', () => {
  const text = renderTable(reportOf(eventfulStory('restart', '\u001B[31mlog'), true));
  expect(text).toMatch(/I1 +held +\d+ checked/);
  expect(text).toMatch(/I9 +violated +1 broken/);
  expect(text).toMatch(/I8 +unseen/);
  expect(text).toContain('epoch codex-1, session s-1, turn t-1');
  expect(text).toContain('recovery  p50');
  expect(text).toContain('the last line was cut off');
  expect(text).not.toContain('\u001B');
  expect(text.trimEnd().split('\n').at(-1)).toBe('violated');
});

test('more violations than fit are counted', () => {
  const run = goodStory();
  for (let index = 0; index < 130; index += 1) {
    run.add({ type: 'world.leak', canary: 'nobody’s', place: 'log' });
  }
  const report = reportOf(run);
  expect(renderTable(report)).toContain('and 110 more');
  expect(renderPage(report).includes('and 30 more')).toBe(true);
});

test('how far it is can be shown while it goes on', () => {
  const run = eventfulStory();
  const reporter = createReporter(run.history.header);
  for (const record of run.records) reporter.push(record);
  expect(reporter.progress).toEqual({ records: run.records.length, faults: 1, violations: 1 });
});

test('numbers and times are as people read them', () => {
  expect(
    [0, 0.42, 9.87, 37.2, 1_250, 65_000, 250_000, 299_700, 11_100_000, 187_200_000].map(timeText),
  ).toEqual([
    '0 ms',
    '0.42 ms',
    '9.9 ms',
    '37 ms',
    '1.25 s',
    '65 s',
    '4 min 10 s',
    '5 min',
    '3 h 5 min',
    '2 d 4 h',
  ]);
  expect(countText(1_234_567)).toBe('1,234,567');
  expect(levelText('heap bytes', 80 * 1024 * 1024)).toBe('80 MiB');
  expect(levelText('queued', 1_200)).toBe('1,200');
  expect(escapeText(`a<b>&"'\u0000\u202E`)).toBe('a&lt;b&gt;&amp;&quot;&#39;  ');
});
