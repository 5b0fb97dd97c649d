/** What people do on the page: decide, be notified, go about by keyboard, ask for less motion. */
import { expect, onTestFinished, test } from 'vitest';
import type { Page } from 'playwright-core';
import { eventually } from '../service/inspection/viewer.ts';
import { expectAccessible, goTo, liveScene } from './scene.ts';

/** A scene whose Codex asks; the questions end with the test. */
async function askingScene() {
  const scene = await liveScene();
  const id = await scene.session('Clean up');
  const life = new AbortController();
  onTestFinished(() => life.abort());
  const ask = (method: string, params: object) => {
    const given = { threadId: id, turnId: 't', itemId: 'i', ...params };
    const question = { method, sessionId: id, turnId: 't', params: given };
    return Promise.resolve(scene.host.hooks().onQuestion(question, life.signal));
  };
  return { ...scene, id, ask };
}

const commandQuestion = 'item/commandExecution/requestApproval';

test('what Codex asks is answered: once, for the session, not at all, and in words', async () => {
  const { look, ask } = await askingScene();
  const { page } = await look();
  await goTo(page, '#/waiting');
  const askCommand = () =>
    ask(commandQuestion, { command: 'rm -rf build', reason: 'to begin anew' });
  for (const [button, answer] of [
    ['Approve', { decision: 'accept' }],
    ['Approve for the session', { decision: 'acceptForSession' }],
    ['Deny', { decision: 'decline' }],
  ] as const) {
    const answered = askCommand();
    await page.getByText('to begin anew').waitFor();
    await page.getByRole('button', { name: button, exact: true }).click();
    expect(await answered).toEqual(answer);
    await page.getByText('Nothing waits').waitFor();
  }
  const questions = [
    {
      id: 'q-1',
      header: 'Branch',
      question: 'Which branch?',
      options: [
        { label: 'main', description: 'the default' },
        { label: 'next', description: '' },
      ],
    },
    { id: 'q-2', header: 'Name', question: 'Which name?', options: null },
  ];
  const answered = ask('item/tool/requestUserInput', { questions });
  await page.getByRole('group', { name: 'Which branch?' }).getByLabel('next').check();
  await page.getByRole('group', { name: 'Which name?' }).getByRole('textbox').fill('release');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Answer', exact: true }).click();
  expect(await answered).toEqual({
    answers: { 'q-1': { answers: ['next'] }, 'q-2': { answers: ['release'] } },
  });
});

/** Notifications as they are made, while the page is one that nobody looks at. */
const inTheBackground = `
  globalThis.shown = [];
  const Real = Notification;
  globalThis.Notification = class extends Real {
    constructor(title, options) {
      super(title, options);
      shown.push({ title, ...options, made: this });
    }
  };
  Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
`;

test('whoever looks elsewhere is notified once of each thing that waits, and led to it', async () => {
  const { look, ask } = await askingScene();
  const { page } = await look({ permissions: ['notifications'], before: inTheBackground });
  await page.getByRole('link', { name: /Clean up/ }).waitFor();
  void ask(commandQuestion, { command: 'rm -rf build' });
  await page.getByRole('link', { name: /1 to decide/ }).waitFor();
  const bodies = 'JSON.stringify(shown.map(({ title, body }) => [title, body]))';
  const expected = ['SessionMesh waits for you', 'Command approval requested: rm -rf build'];
  await eventually(async () =>
    expect(await page.evaluate(bodies)).toBe(JSON.stringify([expected])),
  );
  void ask(commandQuestion, { command: 'make' });
  await page.getByRole('link', { name: /2 to decide/ }).waitFor();
  await eventually(async () => expect(await page.evaluate('shown.length')).toBe(2));
  await page.evaluate("void shown[0].made.dispatchEvent(new Event('click'))");
  await page.getByRole('heading', { name: 'Waiting for a person' }).waitFor();
});

test('nobody is notified who has not agreed to it', async () => {
  const { look, ask } = await askingScene();
  const { page } = await look({ before: inTheBackground });
  await page.getByRole('link', { name: /Clean up/ }).waitFor();
  void ask(commandQuestion, { command: 'rm -rf build' });
  // What puts it into the title is what would notify.
  await eventually(async () => expect(await page.title()).toBe('(1) SessionMesh'));
  expect(await page.evaluate('shown.length')).toBe(0);
});

/** Goes on with the tab key until what has the focus reads so. */
async function tabTo(page: Page, text: RegExp, stepsMax = 40): Promise<void> {
  const seen: string[] = [];
  for (let step = 0; step < stepsMax; step += 1) {
    await page.keyboard.press('Tab');
    seen.push(String(await page.evaluate('document.activeElement?.textContent')));
    if (text.test(seen.at(-1) ?? '')) return;
  }
  throw new Error(`no way by keyboard to ${text}, only to ${seen.join(' | ')}`);
}

test('by keyboard alone: from the list to a session, to a call, and back', async () => {
  const { session, say, look } = await liveScene();
  const id = await session('Fix the login redirect');
  await say(id, '1 lookup_ticket');
  const { page } = await look();
  await page.getByRole('link', { name: /login redirect/ }).waitFor();
  await tabTo(page, /^Fix the login redirect/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Fix the login redirect' }).waitFor();
  await page.getByRole('link', { name: /lookup_ticket.*answered/ }).waitFor();
  await tabTo(page, /^Hide chart$/);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Show chart' }).waitFor();
  expect(await page.locator('.chart').count()).toBe(0);
  await tabTo(page, /^lookup_ticket/);
  await page.keyboard.press('Enter');
  await page.getByRole('list', { name: 'What happened to the call' }).waitFor();
  await tabTo(page, /^Fix the login redirect$/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Fix the login redirect' }).waitFor();
  await tabTo(page, /^Sessions$/);
  await page.keyboard.press('Enter');
  await page.getByRole('searchbox').waitFor();
});

/** Animations that began, counted from before the page's own script. */
const countAnimations =
  "globalThis.animated = 0; addEventListener('animationstart', () => (animated += 1), true)";

test.each([
  ['no-preference', true],
  ['reduce', false],
] as const)('with motion as %s, the chart moves: %s', async (reducedMotion, isMoving) => {
  const { session, say, look } = await liveScene();
  const id = await session('Fix the login redirect');
  const { page } = await look({ reducedMotion, before: countAnimations });
  await goTo(page, `#/session/${id}`);
  await page.getByText('No turn yet').waitFor();
  await page.getByRole('img', { name: /State chart of the session/ }).waitFor();
  await say(id, '1 build_report');
  await page.getByRole('article', { name: 'Turn 1' }).getByText('completed').waitFor();
  expect(await page.locator('.chart .taken').count()).toBeGreaterThan(0);
  if (isMoving) {
    await eventually(async () => expect(await page.evaluate('animated')).toBeGreaterThan(0));
  } else expect(await page.evaluate('animated')).toBe(0);
});
