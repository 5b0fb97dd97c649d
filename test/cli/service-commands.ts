/** The commands against a service as a person runs them: real processes, which find the service by themselves. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { Ended } from './tools-folder.ts';

const main = resolve(import.meta.dirname, '../../src/cli/main.ts');

export interface Command extends ChildProcess {
  /** Its exit code, also for whoever asks when it has long been gone. */
  readonly closed: Promise<number | null>;
}

export interface Commands {
  /** Starts `sessionmesh …`. */
  readonly start: (args: readonly string[], env?: Readonly<Record<string, string>>) => Command;
  /** Runs it to its end. */
  readonly run: (
    args: readonly string[],
    options?: { readonly input?: string; readonly env?: Readonly<Record<string, string>> },
  ) => Promise<Ended>;
  /** Runs it with `--json` and returns what it printed. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: (args: readonly string[]) => Promise<any>;
}

/** Everything a process prints, and how it ends. */
export async function ended(command: Command): Promise<Ended> {
  const [stdout, stderr] = await Promise.all([text(command.stdout!), text(command.stderr!)]);
  return { code: await command.closed, stdout, stderr };
}

/** For polls: a process may take its time to start where others run as well. */
export const patiently = { timeout: 15_000 };

/** Commands of a user whose services keep their state in `home`. */
export function commandsIn(home: string): Commands {
  const { SESSIONMESH_URL: _url, SESSIONMESH_TOKEN: _token, ...inherited } = process.env;
  const start: Commands['start'] = (args, env = {}) => {
    const child = spawn(process.execPath, [main, ...args], {
      env: { ...inherited, SESSIONMESH_HOME: home, NO_COLOR: '1', ...env },
      cwd: home,
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    return Object.assign(child, { closed: once(child, 'close').then(([code]) => code) });
  };
  const run: Commands['run'] = async (args, { input = '', env = {} } = {}) => {
    const child = start(args, env);
    child.stdin!.end(input);
    return ended(child);
  };
  return {
    start,
    run,
    json: async (args) => JSON.parse((await run([...args, '--json'])).stdout),
  };
}

/** Where a service in `home` says where it is. */
export const stateFileIn = (home: string): string => join(home, 'service.json');
