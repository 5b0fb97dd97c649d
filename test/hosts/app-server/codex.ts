/** The real Codex with a scripted model, in a folder of its own. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appServer } from '../../../src/hosts/app-server/index.ts';
import type { SpawnedAppServer } from '../../../src/hosts/app-server/options.ts';
import { locateCodex } from '../../../src/hosts/app-server/locate.ts';
import type { HostTool, SessionSettings } from '../../../src/hosts/host.ts';
import type { Script } from '../../../src/hosts/simulated/script.ts';
import {
  scriptedCodexHome,
  startScriptedModel,
  type TomlTable,
} from '../../../src/testing/index.ts';
import { watchHost, type WatchedHostOptions } from './watcher.ts';

export const codexPath = locateCodex({}).command;

export const hostTool = (name: string): HostTool => ({
  type: 'function',
  name,
  description: `The tool ${name}.`,
  inputSchema: { type: 'object', properties: { n: { type: 'number' } } },
});

/** A scripted model, and a home for a Codex that uses it. */
export async function codexWorld(script: Script, config: TomlTable = {}) {
  const model = await startScriptedModel(script);
  const home = await scriptedCodexHome(model, { config });
  const env = { ...process.env, ...home.env };
  const settings: SessionSettings = {
    cwd: home.path,
    approvalPolicy: 'never',
    sandbox: 'read-only',
  };
  return {
    model,
    home,
    env,
    settings,
    /** A host that starts this Codex, started. */
    async startHost(options: SpawnedAppServer & WatchedHostOptions = {}) {
      const { limits, answer, ...spawned } = options;
      const before = childProcesses();
      const watched = watchHost(appServer({ env, ...spawned }), {
        ...(limits && { limits }),
        ...(answer && { answer }),
      });
      await watched.host.start();
      /** The process id of the Codex that runs now, or 0. */
      const pidNow = () => childProcesses().find((pid) => !before.includes(pid)) ?? 0;
      return { ...watched, pidNow };
    },
    /** A Codex that listens on a socket, as somebody else would run it. */
    listen: (url = 'ws://127.0.0.1:0', more: readonly string[] = []) => listen(env, url, more),
    async [Symbol.asyncDispose]() {
      await model.close();
      await home.remove();
    },
  };
}

async function listen(env: NodeJS.ProcessEnv, url: string, more: readonly string[]) {
  const child = spawn(codexPath, ['app-server', '--listen', url, ...more], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const exited = once(child, 'exit');
  let stderr = '';
  const address = await new Promise<string>((resolve, reject) => {
    // On a Unix socket it says nothing; who connects too soon tries again.
    if (url.startsWith('unix://')) resolve(`ws+${url}:/`);
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      const found = /listening on: (ws:\/\/[\d.:]+)/.exec(stderr)?.[1];
      if (found) resolve(found);
    });
    child.once('exit', () => reject(new Error(stderr)));
  });
  const killNow = () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, 'SIGKILL');
    }
  };
  // A test that is cut short must not leave a server behind.
  process.once('exit', killNow);
  const kill = async () => {
    process.off('exit', killNow);
    killNow();
    await exited;
  };
  return { url: address, pid: child.pid ?? 0, kill, [Symbol.asyncDispose]: kill };
}

/** Whether a process runs. One that has ended and waits to be buried does not. */
export function isRunning(pid: number): boolean {
  try {
    const state = execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
    return !state.startsWith('Z');
  } catch {
    return false;
  }
}

/** The processes whose parent is this one. */
export function childProcesses(): number[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,ppid=,comm='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, name]) => Number(parent) === process.pid && !name?.endsWith('ps'))
    .map(([pid]) => Number(pid));
}
