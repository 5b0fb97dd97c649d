/** A real Chromium for tests, and pages in it that watch for what should never happen. */
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, expect, onTestFinished } from 'vitest';
import { findBrowser } from '../../src/cli/find-browser.ts';

/** Where Chromium is. Throws with what to do where there is none. */
export async function chromiumPath(env = process.env): Promise<string> {
  const found = await findBrowser(env);
  if (found !== null) return found;
  const looked = env['SESSIONMESH_BROWSER'] ?? 'chromium, google-chrome and the like, on the PATH';
  throw new Error(
    [
      'the browser tests need Chromium, and there is none.',
      `  looked for: ${looked}`,
      '  Debian, Ubuntu: sudo apt-get install --yes --no-install-recommends chromium',
      '  macOS: brew install --cask google-chrome',
      '  elsewhere: set SESSIONMESH_BROWSER to the path of a Chromium',
    ].join('\n'),
  );
}

let launched: Promise<Browser> | undefined;

/** The browser of this test file. */
export function browser(): Promise<Browser> {
  launched ??= launch();
  return launched;
}

async function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: await chromiumPath(),
    // Tests run as root in containers, where Chromium has no sandbox and little shared memory.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}

afterAll(async () => {
  await (await launched)?.close();
  launched = undefined;
});

/** A page, and what went wrong in it. */
export interface Watched {
  readonly page: Page;
  /** Errors, refused resources and violations of the content security policy. */
  readonly problems: string[];
}

/** How a page is opened. */
export interface OpenPageOptions extends BrowserContextOptions {
  /** What may be complained about. */
  readonly allows?: readonly RegExp[];
  /** A script that runs in the page before its own. */
  readonly before?: string;
}

const desktop = { width: 1280, height: 800 };

/** Opens an address in a profile of its own. The test fails if anything goes wrong in the page. */
export async function openPage(
  url: string,
  { allows = [], before, ...options }: OpenPageOptions = {},
): Promise<Watched> {
  const context = await (await browser()).newContext({ viewport: desktop, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  if (before !== undefined) await page.addInitScript(before);
  const problems: string[] = [];
  const note = (text: string) => {
    if (!allows.some((pattern) => pattern.test(text))) problems.push(text);
  };
  page.on('pageerror', (error) => note(`error: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') note(message.text());
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) note(`asked: ${request.url()}`);
  });
  onTestFinished(async () => {
    await context.close();
    expect(problems).toEqual([]);
  });
  await page.goto(url);
  return { page, problems };
}
