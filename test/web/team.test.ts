/** The dashboard of a team, while it plays and afterwards, in a real browser. */
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../service/inspection/viewer.ts';
import { createChecker } from '../../src/soak/check/checker.ts';
import { defaultLimits } from '../../src/limits.ts';
import { startDashboard } from '../../src/service/inspection/dashboard-server.ts';
import { readReplay } from '../../src/service/inspection/replay.ts';
import { openPage } from './browser.ts';
import { expectAccessible, expectNoSidewaysScroll, goTo, teamScene } from './scene.ts';

test('the board follows a team from its first task to its outcome', async () => {
  // Slow enough for a busy browser to see it under way.
  const { dashboard, play } = await teamScene({ stepMs: 200 });
  const { page } = await openPage(dashboard.pageUrl());
  await goTo(page, '#/team');
  await page.getByRole('heading', { name: 'No team runs here' }).waitFor();
  await expectAccessible(page);
  const playing = play();
  await page.getByRole('heading', { name: 'Team board' }).waitFor();
  await page
    .getByRole('region', { name: 'In work' })
    .getByText(/lease:/)
    .first()
    .waitFor();
  const { result } = await playing;
  expect(result.outcome).toBe('complete');
  await page.getByText('complete', { exact: true }).waitFor();
  const done = page.getByRole('region', { name: 'Done' }).getByRole('listitem');
  await eventually(async () => expect(await done.count()).toBe(result.board.tasks.length));
  const artifacts = page.getByRole('region', { name: 'Artifacts' }).getByRole('listitem');
  expect(await artifacts.count()).toBe(result.board.artifacts.length);
  expect(await page.getByText('reviewed', { exact: true }).count()).toBe(2);
  await expectAccessible(page);
  const figures = page.getByLabel('What the run has used');
  expect(await figures.innerText()).toMatch(new RegExp(`${result.turns} of \\d+`));
  await page.getByTitle('State chart of docs').click();
  await page.getByRole('img', { name: 'State chart of docs. Active: done.' }).waitFor();
  await expectAccessible(page);
  await page.getByRole('link', { name: /online|closed/ }).click();
  await page
    .getByRole('img', { name: /State chart of the connection. Active: live.ready/ })
    .waitFor();
  await expectAccessible(page);
  await goTo(page, '#/');
  await page.getByRole('img', { name: /Hand-offs. developer to docs: 1/ }).waitFor();
  await page.getByRole('row', { name: /developer/ }).waitFor();
  await expectAccessible(page);
});

/** A run with a broken link in it, as a history. */
async function recordedRun() {
  const { play, host, history, source } = await teamScene();
  const lost = () => source.host()?.link === 'lost';
  const playing = play();
  history.write({ type: 'world.phase.began', phase: 'chaos' });
  await eventually(() => expect(history.stats.records).toBeGreaterThan(20));
  const fault = { fault: 'link-cut', faultId: 'f1' };
  history.write({
    type: 'world.fault.began',
    ...fault,
    target: 'stream',
    detail: null,
    lasts: true,
  });
  host.dropLink();
  await eventually(() => expect(lost()).toBe(true));
  host.restoreLink();
  history.write({ type: 'world.fault.ended', ...fault });
  history.write({ type: 'world.gauges', process: 'team', values: { heapMb: 40, timers: 3 } });
  history.write({ type: 'world.phase.began', phase: 'quiet' });
  const { text, result } = await playing;
  return { text, result };
}

/** The dashboard over a history, with what a check has found. */
async function replayOf(text: string) {
  const replay = await readReplay([text], {
    limits: defaultLimits,
    name: 'run.jsonl',
    createCheck: (header) => {
      const checker = createChecker(header);
      return {
        push: (record) => checker.push(record),
        soFar: () => [],
        // One that is made up: the run itself is sound.
        finish: () => ({
          doubts: [],
          findings: [
            ...checker.verdict().violations.map(({ message, at, records }) => ({
              seq: records.at(-1) ?? 0,
              at,
              text: message,
            })),
            { seq: 12, at: 0, text: 'M1: a handler started twice' },
          ],
        }),
      };
    },
  });
  const dashboard = await startDashboard({ shown: { replay } });
  onTestFinished(() => dashboard.close());
  return { replay, dashboard };
}

test('a recorded run is travelled through: slider, steps, faults, play', async () => {
  const { text } = await recordedRun();
  const { replay, dashboard } = await replayOf(text);
  const { page } = await openPage(dashboard.pageUrl());
  const slider = page.getByRole('slider', { name: 'Moment of the run' });
  const { lastSeq, firstSeq } = replay.summary;
  await eventually(async () => expect(await slider.inputValue()).toBe(String(lastSeq)));
  await expectAccessible(page);
  await goTo(page, '#/team');
  await page.getByText('complete', { exact: true }).waitFor();
  await slider.fill(String(firstSeq));
  await page.getByRole('heading', { name: 'No team runs here' }).waitFor();
  await page.getByRole('button', { name: 'Next fault' }).click();
  await eventually(async () => expect(await slider.inputValue()).toBe('12'));
  await page.getByRole('button', { name: 'Next fault' }).click();
  const fault = replay.summary.marks.find(({ kind }) => kind === 'fault');
  await eventually(async () => expect(await slider.inputValue()).toBe(String(fault?.seq)));
  await page.getByRole('button', { name: 'One record on' }).click();
  await eventually(async () =>
    expect(await slider.inputValue()).toBe(String((fault?.seq ?? 0) + 1)),
  );
  await page.getByLabel('Speed').selectOption('500');
  await page.getByRole('button', { name: 'Play' }).click();
  await eventually(async () => expect(await slider.inputValue()).toBe(String(lastSeq)));
  await page.getByText('complete', { exact: true }).waitFor();
});

test('chart and calls of a session show the moment, and keys move through it', async () => {
  const { text } = await recordedRun();
  const { replay, dashboard } = await replayOf(text);
  const opened = replay.timeline.find(
    0,
    'after',
    ({ event }) => event.type === 'mesh' && event.event.type === 'call.started',
  );
  const { page } = await openPage(dashboard.pageUrl());
  await page
    .getByRole('link', { name: /developer/ })
    .first()
    .click();
  const chart = page.getByRole('img', { name: /State chart of the session/ });
  await eventually(async () =>
    expect(await chart.getAttribute('aria-label')).toMatch(/Active: closed/),
  );
  const slider = page.getByRole('slider', { name: 'Moment of the run' });
  await slider.fill(String(opened?.seq));
  await page.getByText('running', { exact: true }).first().waitFor();
  await eventually(async () =>
    expect(await chart.getAttribute('aria-label')).toMatch(/turn.active/),
  );
  expect(await page.getByRole('article').getByRole('listitem').count()).toBe(1);
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press(',');
  await eventually(async () =>
    expect(await slider.inputValue()).toBe(String((opened?.seq ?? 0) - 1)),
  );
  await expectAccessible(page);
});

test('a run as a whole: its plots, its faults, and violations that lead to their moment', async () => {
  const { text } = await recordedRun();
  const { dashboard } = await replayOf(text);
  const { page } = await openPage(dashboard.pageUrl());
  await page.getByRole('link', { name: 'Run', exact: true }).click();
  await page.getByText('1 violation.').waitFor();
  expect(await page.locator('.plot canvas').count()).toBe(5);
  await page.getByRole('button', { name: /link-cut on stream/ }).waitFor();
  await page.getByRole('button', { name: /a handler started twice/ }).click();
  const slider = page.getByRole('slider', { name: 'Moment of the run' });
  await eventually(async () => expect(await slider.inputValue()).toBe('12'));
  await expectAccessible(page);
});

test.each(['light', 'dark'] as const)(
  'a replay can be read at 390 pixels, %s',
  async (colorScheme) => {
    const { text } = await recordedRun();
    const { dashboard } = await replayOf(text);
    const viewport = { width: 390, height: 844 };
    const { page } = await openPage(dashboard.pageUrl(), { viewport, colorScheme });
    for (const hash of ['#/', '#/team', '#/member/reviewer', '#/host', '#/soak']) {
      await goTo(page, hash);
      await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
      await expectNoSidewaysScroll(page);
      await expectAccessible(page);
    }
  },
);
