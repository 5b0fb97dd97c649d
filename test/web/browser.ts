/** A real Chromium for tests, and pages in it that watch for what should never happen. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, expect, onTestFinished } from 'vitest';

const places = [
  process.env['SESSIONMESH_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Where Chromium is. Throws with what to do where there is none. */
export function chromiumPath(): string {
  const found = places.find((path) => path !== undefined && existsSync(path));
  if (found !== undefined) return found;
  throw new Error(
    'the browser tests need Chromium: apt-get install chromium, or name one in SESSIONMESH_CHROMIUM',
  );
}

let launched: Promise<Browser> | undefined;

/** The browser of this test file. */
export function browser(): Promise<Browser> {
  launched ??= chromium.launch({
    executablePath: chromiumPath(),
    // Tests run as root in containers, where Chromium has no sandbox and little shared memory.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  return launched;
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

const desktop = { width: 1280, height: 800 };

/** Opens an address in a profile of its own. The test fails if anything goes wrong in the page. */
export async function openPage(
  url: string,
  { allows = [], ...options }: BrowserContextOptions & { readonly allows?: readonly RegExp[] } = {},
): Promise<Watched> {
  const context = await (await browser()).newContext({ viewport: desktop, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
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
