/** A soak that still runs: its history is shown as it is written. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createReplayCheck } from '../../src/cli/replay-check.ts';
import { systemEnv } from '../../src/env.ts';
import { startHistory } from '../../src/history/recording.ts';
import { defaultLimits } from '../../src/limits.ts';
import { startDashboard } from '../../src/service/inspection/dashboard-server.ts';
import { readGrowing } from '../../src/service/inspection/growing-file.ts';
import { followReplay } from '../../src/service/inspection/replay.ts';
import { scratchFolder } from '../service/scene.ts';
import { eventually } from '../service/inspection/viewer.ts';
import { buildPage } from './built-page.ts';
import { openPage } from './browser.ts';
import { expectAccessible } from './scene.ts';

const opened = (sessionId: string) => ({
  type: 'session.opened' as const,
  at: Date.now(),
  sequence: 1,
  sessionId,
  title: `Session ${sessionId}`,
  tools: [],
  resumed: false,
});

/** A run that is written to a file, and followed. */
async function followedRun() {
  await buildPage();
  const path = join(await scratchFolder(), 'soak.jsonl');
  const history = await startHistory({ to: path, source: 'soak real' });
  await history.flush();
  const life = new AbortController();
  const chunks = readGrowing(path, { env: systemEnv, pollMs: 10, signal: life.signal });
  const { replay } = await followReplay(chunks, {
    limits: defaultLimits,
    name: 'soak.jsonl',
    createCheck: createReplayCheck,
  });
  const dashboard = await startDashboard({ shown: { replay } });
  onTestFinished(async () => {
    life.abort();
    await dashboard.close();
    await history.close();
  });
  return { history, replay, dashboard };
}

test('a run that goes on is followed, its violations lead to their moment, and its end is told', async () => {
  const { history, dashboard } = await followedRun();
  const { page } = await openPage(dashboard.pageUrl());
  await page.getByText('No sessions yet').waitFor();
  history.onMeshEvent(opened('s-1'));
  await page.getByRole('link', { name: /Session s-1/ }).waitFor();
  await page.getByRole('link', { name: 'Run', exact: true }).click();
  await page.getByText('Nothing was violated so far.').waitFor();
  await expectAccessible(page);
  history.write({ type: 'world.leak', canary: 'canary-1', place: 'log' });
  history.onMeshEvent(opened('s-2'));
  const slider = page.getByRole('slider', { name: 'Moment of the run' });
  await eventually(async () => expect(await slider.inputValue()).toBe('3'));
  await page.getByText('1 violation so far.').waitFor();
  await page
    .getByRole('region', { name: 'Violations' })
    .getByRole('button', { name: /I9/ })
    .click();
  await eventually(async () => expect(await slider.inputValue()).toBe('2'));
  // Whoever looks at a moment stays there while the run goes on.
  history.onMeshEvent(opened('s-3'));
  await page.getByText('2 of 4').waitFor();
  expect(await slider.inputValue()).toBe('2');
  await page.getByRole('button', { name: 'Follow' }).click();
  await eventually(async () => expect(await slider.inputValue()).toBe('4'));
  history.onMeshEvent(opened('s-4'));
  await eventually(async () => expect(await slider.inputValue()).toBe('5'));
  await history.close();
  await page.getByText('1 violation.', { exact: true }).waitFor();
  await eventually(async () =>
    expect(await page.getByRole('button', { name: /Follow/ }).count()).toBe(0),
  );
  await expectAccessible(page);
});
