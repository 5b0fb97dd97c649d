/** The Chromium of this machine. */
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

const commands = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
  'chrome-headless-shell',
];

const applications = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

async function canRun(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/**
 * The browser that `SESSIONMESH_BROWSER` names, else one on the `PATH`, else one in its usual place; null if
 * there is none. One that is named is the only one: another in its place would be a surprise.
 */
export async function findBrowser(env: NodeJS.ProcessEnv): Promise<string | null> {
  const named = env['SESSIONMESH_BROWSER'];
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const known = folders.flatMap((folder) => commands.map((command) => join(folder, command)));
  const candidates = named ? [named] : [...known, ...applications];
  for (const path of candidates) if (await canRun(path)) return path;
  return null;
}
