/**
 * A child process that leads its own process group, and that nothing outlives: what `npx` starts is the
 * grandchild of a shell.
 *
 * - It ends when its stdin does, which is what remains of it if this process is killed outright.
 * - When this process exits by itself, the groups of the children that still run are killed.
 * - `close` asks, then insists, then kills, within `childExitMs`; the group is swept in any case.
 */
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { sleep, type Clock, type Env, type Processes } from '../env.ts';
import { messageOf } from '../errors.ts';
import type { Limits } from '../limits.ts';

type Process = ChildProcessByStdio<Writable, Readable, Readable>;

/** A program to start. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment it gets; undefined: ours. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly cwd?: string | undefined;
}

/** What starting a child needs. */
export interface ChildOptions {
  readonly program: Program;
  readonly env: Env;
  readonly limits: Limits;
  /** What it writes to stderr, piece by piece. */
  readonly onStderr?: (text: string) => void;
}

/** Why a program does not run: it, or the folder it is to run in, is not there; or the system said no. */
export interface ChildFailure {
  readonly type: 'no-program' | 'no-folder' | 'refused';
  /** For people: which folder, or what the system said. */
  readonly found: string;
  readonly cause: unknown;
}

/** The groups that still run. One listener for all of them, there only while there are any. */
const groups = new Map<number, Processes>();
let stopListening: (() => void) | undefined;

function killGroup(processes: Processes, pid: number, signal: NodeJS.Signals): void {
  try {
    // A negative id names the whole group; Windows has no groups.
    processes.kill(processes.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // Nobody is left in it.
  }
}

function watchOver(processes: Processes, pid: number): void {
  stopListening ??= processes.onExit(() => {
    for (const [group, owner] of groups) killGroup(owner, group, 'SIGKILL');
  });
  groups.set(pid, processes);
}

function letGo(pid: number): void {
  groups.delete(pid);
  if (groups.size > 0) return;
  stopListening?.();
  stopListening = undefined;
}

/** The last bytes of a stream of text, for people. */
class Tail {
  readonly #bytesMax: number;
  #kept: Buffer = Buffer.alloc(0);

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  push(chunk: Buffer): void {
    this.#kept = Buffer.concat([this.#kept, chunk]).subarray(-this.#bytesMax);
  }

  /** The last line that is not blank, without colours, or null. */
  get lastLine(): string | null {
    const lines = stripVTControlCharacters(this.#kept.toString()).split('\n');
    return lines.findLast((line) => line.trim() !== '')?.trim() ?? null;
  }
}

/** Starts the program. Resolves once it runs, or with why it does not. */
export async function startChild(options: ChildOptions): Promise<Child | ChildFailure> {
  const { files, processes } = options.env;
  const { command, args, env, cwd } = options.program;
  if (cwd !== undefined && !files.statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    return { type: 'no-folder', found: cwd, cause: undefined };
  }
  const child: Process = processes.spawn(command, args, {
    env,
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: processes.platform !== 'win32',
    windowsHide: true,
  });
  return new Promise((resolve) => {
    child.once('error', (cause: NodeJS.ErrnoException) => {
      const type = cause.code === 'ENOENT' ? 'no-program' : 'refused';
      resolve({ type, found: messageOf(cause), cause });
    });
    child.once('spawn', () => {
      if (child.pid !== undefined) resolve(new Child(child, child.pid, options));
    });
  });
}

/** A process that was started. */
export class Child {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when the process has exited, its group was swept and its pipes are gone. Never rejects. */
  readonly exited: Promise<void>;
  readonly #clock: Clock;
  readonly #processes: Processes;
  readonly #limits: Limits;
  readonly #stderr: Tail;
  readonly #over = new AbortController();
  #how: string | null = null;
  #closing: Promise<void> | null = null;

  /** @internal */
  constructor(child: Process, pid: number, { env, limits, onStderr }: ChildOptions) {
    this.pid = pid;
    this.stdin = child.stdin;
    this.stdout = child.stdout;
    this.#clock = env.clock;
    this.#processes = env.processes;
    this.#limits = limits;
    this.#stderr = new Tail(limits.childStderrBytesMax);
    // Read to the end in any case: a full pipe would stop the child.
    child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr.push(chunk);
      onStderr?.(chunk.toString());
    });
    watchOver(env.processes, pid);
    child.once('exit', (code, signal) => {
      this.#how = signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`;
      killGroup(env.processes, pid, 'SIGKILL');
      letGo(pid);
      this.#over.abort();
    });
    this.exited = this.#whenOver(child);
    // A failure of a pipe is followed by its end, and one to signal the process leaves nothing to do.
    for (const emitter of [child, child.stdin, child.stdout]) emitter.on('error', () => {});
  }

  /** How it ended and what it said last, `it exited with code 1: no such model`; null while it runs. */
  get ending(): string | null {
    const said = this.#stderr.lastLine;
    return this.#how === null || said === null ? this.#how : `${this.#how}: ${said}`;
  }

  /** Ends it and everything of its group. Idempotent, never rejects, done within `childExitMs`. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Its last words may come after its exit; somebody who left the group may hold the pipes for ever. */
  async #whenOver(child: Process): Promise<void> {
    const silent = new AbortController();
    child.once('close', () => silent.abort());
    await new Promise((resolve) => child.once('exit', resolve));
    await sleep(this.#clock, this.#stepMs, silent.signal).catch(() => {});
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
  }

  get #stepMs(): number {
    return this.#limits.childExitMs / 3;
  }

  async #close(): Promise<void> {
    this.stdin.end();
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await sleep(this.#clock, this.#stepMs, this.#over.signal).catch(() => {});
      if (this.#over.signal.aborted) break;
      killGroup(this.#processes, this.pid, signal);
    }
    await this.exited;
  }
}
