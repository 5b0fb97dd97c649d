/** Opens an address in the browser of whoever sits at this machine. */
import { systemEnv } from '../env.ts';

/** The program that opens an address, and what it is given before it. */
function opener(platform: NodeJS.Platform): readonly [string, ...string[]] {
  if (platform === 'darwin') return ['open'];
  // `start` is part of the shell there, and takes what is quoted first for a title.
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return ['xdg-open'];
}

/** Opens `url`; resolves with whether there was a program to do so. */
export function openBrowser(url: string): Promise<boolean> {
  const { spawn, platform } = systemEnv.processes;
  const [command, ...args] = opener(platform);
  return new Promise((resolve) => {
    const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
