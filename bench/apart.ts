/** A program of the bench in a process of its own, lest what one leaves in the heap bears on the next. */
import { execFileSync } from 'node:child_process';

/** Runs the program at `path` with the options that this one runs with; returns the JSON that it prints. */
export function runApart(path: string, ...args: readonly string[]): unknown {
  const stdio: ('ignore' | 'pipe' | 'inherit')[] = ['ignore', 'pipe', 'inherit'];
  const output = execFileSync(process.execPath, [...process.execArgv, path, ...args], {
    encoding: 'utf8',
    stdio,
  });
  return JSON.parse(output);
}
