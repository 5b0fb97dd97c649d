/**
 * A picture as PNG, painted by a Chromium that is on the machine anyway.
 *
 * A browser paints the SVG with the same fonts and colours as a page does. A renderer of our own would be a
 * native package for every platform, for a format that few ask for.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { messageOf, SessionMeshError } from '../errors.ts';
import { findBrowser } from './find-browser.ts';

/** A picture and its size in CSS pixels. */
export interface SvgPicture {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

/** Device pixels per CSS pixel, so that small text is sharp. */
const scale = 2;
const paintTimeoutMs = 60_000;

function noBrowser(named: string | undefined): SessionMeshError {
  return new SessionMeshError('option_invalid', {
    expected: 'a Chromium or Chrome on this machine, which --format png paints with',
    found: named ? `nothing that can be run at ${named}` : 'none',
    fix: 'install one, name it in SESSIONMESH_BROWSER, or use --format svg',
  });
}

function argumentsFor({ width, height }: SvgPicture, folder: string): string[] {
  return [
    '--headless',
    '--disable-gpu',
    '--hide-scrollbars',
    '--no-first-run',
    `--user-data-dir=${join(folder, 'profile')}`,
    `--force-device-scale-factor=${scale}`,
    `--window-size=${width},${height}`,
    `--screenshot=${join(folder, 'chart.png')}`,
    // Chromium does not run as root with its sandbox, and the picture is one of ours.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    pathToFileURL(join(folder, 'chart.svg')).href,
  ];
}

/**
 * Paints a picture, at twice its size.
 * @throws SessionMeshError `option_invalid` without a browser, or with one that paints nothing; the reason
 * of `signal`
 */
export async function pngOf(
  picture: SvgPicture,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Buffer> {
  const browser = await findBrowser(env);
  if (browser === null) throw noBrowser(env['SESSIONMESH_BROWSER']);
  const folder = await mkdtemp(join(tmpdir(), 'sessionmesh-chart-'));
  try {
    await writeFile(join(folder, 'chart.svg'), picture.svg);
    const options = { signal, timeout: paintTimeoutMs, env };
    await promisify(execFile)(browser, argumentsFor(picture, folder), options);
    return await readFile(join(folder, 'chart.png'));
  } catch (cause) {
    signal.throwIfAborted();
    throw new SessionMeshError('option_invalid', {
      expected: `${browser} to paint a picture`,
      found: messageOf(cause),
      fix: 'name another browser in SESSIONMESH_BROWSER, or use --format svg',
      cause,
    });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
