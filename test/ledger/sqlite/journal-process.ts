/** Starts `journal-writer.ts` in a process of its own, and listens to what it says. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

const writer = join(import.meta.dirname, 'journal-writer.ts');

/** A line of the writer, as it was written. */
export type Said = { readonly type: string; readonly [field: string]: unknown };

export interface WriterProcess {
  readonly child: ChildProcess;
  /** The next line, or undefined once there are no more. */
  next(): Promise<Said | undefined>;
  /** Sends a line to its standard input. */
  tell(command: string): void;
  /** Kills it as nothing can be helped, and resolves to everything it had still said. */
  kill(): Promise<readonly Said[]>;
}

/** Of util-linux: starts a process under limits, or changes those of one that runs. */
const prlimit = 'prlimit';

/** Lets a process write files of any size again. */
export function liftFileLimit({ child }: WriterProcess): void {
  execFileSync(prlimit, ['--pid', String(child.pid), '--fsize=unlimited']);
}

export interface WriterOptions {
  readonly path: string;
  readonly mode: 'sync' | 'async';
  readonly task: 'write' | 'race' | 'steps';
  /** Largest file it may write, in bytes, until it is told otherwise from outside. */
  readonly fileBytesMax?: number;
}

export function startWriter({ path, mode, task, fileBytesMax }: WriterOptions): WriterProcess {
  const command = [process.execPath, writer, path, mode, task];
  const [file = '', ...args] =
    fileBytesMax === undefined
      ? command
      : [prlimit, `--fsize=${fileBytesMax}:unlimited`, ...command];
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Said | undefined> => {
    const { value, done } = await lines.next();
    return done ? undefined : (JSON.parse(value) as Said);
  };
  onTestFinished(() => void child.kill('SIGKILL'));
  return {
    child,
    next,
    tell: (line) => void child.stdin.write(`${line}\n`),
    async kill() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      const said: Said[] = [];
      for (let line = await next(); line; line = await next()) said.push(line);
      return said;
    },
  };
}
