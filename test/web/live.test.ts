/** The dashboard of a service that runs, in a real browser. */
import { expect, test } from 'vitest';
import { eventually } from '../service/inspection/viewer.ts';
import { attack, expectAccessible, expectNoSidewaysScroll, goTo, liveScene } from './scene.ts';

test('the address is good once, and the token is nowhere in the browser', async () => {
  const { service } = await liveScene();
  const { openPage } = await import('./browser.ts');
  const url = service.pageUrl();
  const { page } = await openPage(url);
  await page.getByText('No sessions yet').waitFor();
  expect(page.url()).toBe(`${service.url}/#/`);
  const cookies = await page.context().cookies();
  expect(cookies).toMatchObject([{ httpOnly: true, sameSite: 'Strict', path: '/api' }]);
  const kept = await page.evaluate(
    'JSON.stringify([localStorage, sessionStorage, document.cookie])',
  );
  expect(kept + JSON.stringify(cookies)).not.toContain(service.token);
  const second = await openPage(url, { allows: [/401/, /WebSocket connection/] });
  await second.page.getByRole('heading', { name: 'This page is not let in' }).waitFor();
  await expectAccessible(second.page);
});

test('the overview lists sessions with state and lock, searches and sorts, and follows the work', async () => {
  const { session, say, look } = await liveScene();
  const { page } = await look();
  await page.getByText('No sessions yet').waitFor();
  await expectAccessible(page);
  const first = await session('Fix the login redirect');
  await session('Write release notes');
  await page.getByRole('link', { name: /release notes/ }).waitFor();
  await say(first, '3 lookup_ticket search_index');
  const row = page.getByRole('row', { name: /login redirect/ });
  await eventually(async () => expect(await row.innerText()).toMatch(/signal\s+0\s+6\s+3/));
  await page.getByRole('searchbox').fill('release');
  await eventually(async () => expect(await row.count()).toBe(0));
  await page.getByText('1 of 2 sessions').waitFor();
  await page.getByRole('searchbox').fill('');
  await page.getByRole('button', { name: 'calls' }).click();
  const header = page.getByRole('columnheader', { name: 'calls' });
  expect(await header.getAttribute('aria-sort')).toBe('descending');
  expect(await page.getByRole('link', { name: /redirect|notes/ }).allInnerTexts()).toMatchObject([
    expect.stringContaining('Fix the login redirect'),
    expect.stringContaining('Write release notes'),
  ]);
  await expectAccessible(page);
});

test('the list is used with the keyboard alone', async () => {
  const { session, look } = await liveScene();
  for (const name of ['a', 'b', 'c']) await session(`Session ${name}`);
  const { page } = await look();
  await page.getByRole('button', { name: 'session', exact: true }).click();
  await page.getByRole('searchbox').focus();
  const names: string[] = [];
  for (let step = 0; step < 12; step += 1) {
    await page.keyboard.press('Tab');
    names.push(String(await page.evaluate('document.activeElement?.textContent')));
    if (names.at(-1)?.startsWith('Session')) break;
  }
  await page.keyboard.press('ArrowDown');
  await eventually(async () =>
    expect(await page.evaluate('document.activeElement?.textContent')).toContain('Session b'),
  );
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Session b' }).waitFor();
  await eventually(async () =>
    expect(await page.evaluate('document.activeElement?.id')).toBe('main'),
  );
});

test('a session shows its chart, its lock, its calls, what was said and what it may call', async () => {
  const { session, say, look } = await liveScene();
  const id = await session('Fix the login redirect');
  await say(id, '1 lookup_ticket');
  const { page } = await look();
  await goTo(page, `#/session/${id}`);
  await page.getByRole('img', { name: /State chart of the session/ }).waitFor();
  await say(id, '2 build_report search_index');
  await page.getByRole('article', { name: 'Turn 2' }).getByText('completed').waitFor();
  const lock = page.getByRole('region', { name: 'Dispatch lock' });
  expect(await lock.innerText()).toContain('held by signal');
  const chart = page.getByRole('img', { name: /State chart of the session/ });
  expect(await chart.getAttribute('aria-label')).toBe(
    'State chart of the session. Active: running.link.online, running.dispatch.signal, running.turn.idle.',
  );
  expect(await page.locator('.chart .active').count()).toBe(7);
  expect(await page.locator('.chart .taken').count()).toBeGreaterThan(0);
  const calls = page.getByRole('article', { name: 'Turn 2' }).getByRole('listitem');
  expect(await calls.count()).toBe(4);
  const time = page.getByRole('region', { name: 'Time travel' });
  await time.getByText('turn.ended').waitFor();
  await time.getByRole('slider').fill('0');
  await eventually(async () => expect(await calls.count()).toBe(0));
  await time.getByRole('button', { name: 'back to now' }).click();
  await eventually(async () => expect(await calls.count()).toBe(4));
  await expectAccessible(page);
  await page.getByRole('tab', { name: 'Conversation' }).click();
  await page.getByText('Done after 4 results.').first().waitFor();
  await expectAccessible(page);
  await page.getByRole('tab', { name: 'Catalog' }).click();
  await page.getByRole('heading', { name: 'delete_branch' }).waitFor();
  await expectAccessible(page);
});

test('a call shows every step with its reason, its arguments and its answer; what it says stays text', async () => {
  const { session, say, look } = await liveScene();
  const id = await session(`Session ${attack}`);
  const { page } = await look();
  await goTo(page, `#/session/${id}`);
  await page.getByText('No turn yet').waitFor();
  await say(id, '1 lookup_ticket');
  await page.getByRole('link', { name: /lookup_ticket/ }).click();
  const steps = page.getByRole('list', { name: 'What happened to the call' });
  await steps.getByText('the host has confirmed the answer').waitFor();
  const names = await steps.locator('.step-name').allInnerTexts();
  expect(names).toEqual(['Claimed', 'Handler started', 'Answer recorded', 'answered']);
  await page.getByText('"ENG-1"').waitFor();
  await page.getByText(`ENG-1 is open ${attack}`).waitFor();
  await page.getByRole('img', { name: 'State chart of the call. Active: answered.' }).waitFor();
  await expectAccessible(page);
  await goTo(page, `#/session/${id}`);
  await page.getByRole('tab', { name: 'Catalog' }).click();
  await page.getByText(`Looks a ticket up. ${attack}`).first().waitFor();
  expect(await page.title()).toBe('SessionMesh');
  expect(await page.locator('img:not([role])').count()).toBe(0);
});

test('a duplicate is told as one', async () => {
  const { session, say, look, host, release } = await liveScene();
  const id = await session('Twice');
  const { page } = await look();
  await goTo(page, `#/session/${id}`);
  await page.getByText('No turn yet').waitFor();
  await say(id, '1 hold_on');
  await page.getByRole('link', { name: /hold_on.*running/ }).waitFor();
  host.controls.redeliver(id);
  await page.getByRole('link', { name: /×2/ }).click();
  await page.getByText(/a duplicate. The ledger has its key/).waitFor();
  release();
  await page.getByText('the host has confirmed the answer').waitFor();
  expect(await page.locator('.step-name').allInnerTexts()).toEqual([
    'Claimed',
    'Handler started',
    'Came again',
    'Answer recorded',
    'answered',
  ]);
});

test('an approval is given, and another one denied with a reason that the model is told', async () => {
  const { session, say, look } = await liveScene();
  const id = await session('Clean up');
  const { page } = await look();
  await goTo(page, '#/waiting');
  await page.getByText('Nothing waits').waitFor();
  await expectAccessible(page);
  await say(id, '1 delete_branch');
  await page.getByRole('heading', { name: /delete_branch/ }).waitFor();
  expect(await page.title()).toBe('(1) SessionMesh');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByText('Nothing waits').waitFor();
  await say(id, '1 delete_branch');
  await page.getByLabel('Reason for denying').fill('main is protected');
  await page.getByRole('button', { name: 'Deny' }).click();
  await page.getByText('Nothing waits').waitFor();
  await goTo(page, `#/session/${id}`);
  await page.getByRole('article', { name: 'Turn 2' }).getByRole('link').click();
  await page.getByText('main is protected').first().waitFor();
});

test('a connection that breaks is told, and goes on without a gap and without a repetition', async () => {
  const { session, say, lookThrough, relay, client } = await liveScene();
  const id = await session('Under way');
  const { page } = await lookThrough({ allows: [/WebSocket|ERR_/] });
  await goTo(page, `#/session/${id}`);
  await page.getByText('No turn yet').waitFor();
  await say(id, '1 lookup_ticket');
  await page.getByRole('article', { name: 'Turn 1' }).getByText('completed').waitFor();
  relay.cut();
  await page.getByText('Connection lost').waitFor();
  await expectAccessible(page);
  await say(id, '4 lookup_ticket search_index');
  await eventually(async () => {
    const { body } = await client.get(`/api/sessions/${id}`);
    expect(body.thread.turns).toMatchObject([{}, { status: 'completed' }]);
  });
  relay.mend();
  await page.getByRole('article', { name: 'Turn 2' }).getByText('completed').waitFor();
  await say(id, '1 build_report');
  await page.getByRole('article', { name: 'Turn 3' }).getByText('completed').waitFor();
  const counts = await Promise.all(
    [1, 2, 3].map((turn) =>
      page
        .getByRole('article', { name: `Turn ${turn}` })
        .getByRole('listitem')
        .count(),
    ),
  );
  expect(counts).toEqual([1, 8, 1]);
  expect(await page.getByText('events were skipped').count()).toBe(0);
});

test.each(['light', 'dark'] as const)(
  'every view can be read at 390 pixels, %s',
  async (colorScheme) => {
    const { session, say, look } = await liveScene();
    const id = await session('Fix the login redirect');
    await session('Write release notes');
    const size = { viewport: { width: 390, height: 844 }, colorScheme };
    const { page } = await look({ ...size, reducedMotion: 'reduce' });
    await goTo(page, `#/session/${id}`);
    await page.getByText('No turn yet').waitFor();
    await say(id, '1 lookup_ticket search_index');
    await page.getByText('completed').waitFor();
    await say(id, '1 delete_branch');
    await page.getByRole('link', { name: /delete_branch/ }).waitFor();
    const call =
      (await page.getByRole('link', { name: /search_index/ }).getAttribute('href')) ?? '';
    for (const hash of ['#/', `#/session/${id}`, call, '#/waiting', '#/team', '#/host']) {
      await goTo(page, hash);
      await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
      await expectNoSidewaysScroll(page);
      await expectAccessible(page);
    }
    expect(await page.evaluate('document.getAnimations().length')).toBe(0);
  },
);
