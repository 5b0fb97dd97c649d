/** The dashboard of a service with the real Codex behind it. */
import { expect, test } from 'vitest';
import { callNamedTools, codexScene, newSession } from '../service/scene.ts';
import { eventually } from '../service/inspection/viewer.ts';
import { tool } from '../../src/tools/tool.ts';
import { buildPage } from './built-page.ts';
import { openPage } from './browser.ts';
import { expectAccessible } from './scene.ts';

const ping = tool({
  name: 'ping',
  description: 'Answers.',
  input: { type: 'object', additionalProperties: true } as const,
  execute: () => Promise.resolve('pong'),
});

test('a session of the real Codex is listed, drawn, and shows its call and what was said', async () => {
  await buildPage();
  const { client, service } = await codexScene(callNamedTools, { tools: [ping] });
  const id = await newSession(client, []);
  const { page } = await openPage(service.pageUrl());
  await page.getByRole('link', { name: /^codex \d.* online$/ }).waitFor();
  await page.getByRole('link', { name: new RegExp(id.slice(-12)) }).click();
  await page
    .getByRole('img', { name: /State chart of the session. Active: .*turn.idle/ })
    .waitFor();
  await client.post(`/api/sessions/${id}/messages`, { text: 'ping' });
  await page.getByRole('link', { name: /ping.*answered/ }).waitFor();
  await page.getByRole('article', { name: 'Turn 1' }).getByText('completed').waitFor();
  const lock = page.getByRole('region', { name: 'Dispatch lock' });
  expect(await lock.innerText()).toContain('held by signal');
  await expectAccessible(page);
  await page.getByRole('tab', { name: 'Conversation' }).click();
  await eventually(async () =>
    expect(await page.locator('.message-body').allInnerTexts()).toEqual(
      expect.arrayContaining(['ping', 'pong']),
    ),
  );
  await page.getByRole('tab', { name: 'Catalog' }).click();
  await page.getByRole('heading', { name: 'ping' }).waitFor();
}, 60_000);
