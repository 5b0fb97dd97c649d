/** The browser of the tests themselves. */
import { expect, test } from 'vitest';
import { chromiumPath } from './browser.ts';

test('where there is no Chromium, one message says where it was looked for and what installs it', async () => {
  await expect(chromiumPath({ SESSIONMESH_BROWSER: '/nowhere/chromium' })).rejects.toThrow(
    /looked for: \/nowhere\/chromium\n.*apt-get install .*chromium\n[^]*SESSIONMESH_BROWSER/,
  );
});
