/**
 * A child process that leads its own process group, and that nothing outlives.
 *
 * - It ends when its stdin does, which is what remains of it if this process is killed outright.
 * - When this process exits by itself, the groups of the children that still run are killed.
 * - `close` asks, then insists, then kills, within `childExitMs`; the group is swept in any case.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { statSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { sleep, type Clock } from '../../env.ts';
import { messageOf, SessionMeshError } from '../../errors.ts';
import type { Limits } from '../../limits.ts';
import { codexNotFound, type Location } from './locate.ts';
import type { SpawnedAppServer } from './options.ts';

type Process = ChildProcessByStdio<Writable, Readable, Readable>;

const groupsOfOurs = new Set<number>();

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    // A negative id names the whole group; Windows has no groups.
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // Nobody is left in it.
  }
}

const killAllGroups = (): void => {
  for (const pid of groupsOfOurs) killGroup(pid, 'SIGKILL');
};

/** One listener for all children, there only while there are any. */
function watchOver(pid: number): void {
  if (groupsOfOurs.size === 0) process.on('exit', killAllGroups);
  groupsOfOurs.add(pid);
}

function letGo(pid: number): void {
  groupsOfOurs.delete(pid);
  if (groupsOfOurs.size === 0) process.off('exit', killAllGroups);
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

/** A process that was started. */
export interface Child {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when the process has exited, its group was swept and its pipes are gone. Never rejects. */
  readonly exited: Promise<void>;
  /** How it ended and what it said last: `it exited with code 1: no such model`. */
  readonly ending: string;
  /** Ends it and everything of its group. Idempotent, never rejects, done within `childExitMs`. */
  close(): Promise<void>;
}

/** What starting a child needs. */
export interface ChildOptions {
  readonly location: Location;
  readonly options: SpawnedAppServer;
  readonly clock: Clock;
  readonly limits: Limits;
}

/**
 * Starts the program and resolves once it runs.
 * @throws SessionMeshError `codex_not_found` if there is no such program, `option_invalid` if there is no
 * such folder, `host_start_failed` for any other reason.
 */
export async function startChild({
  location,
  options,
  clock,
  limits,
}: ChildOptions): Promise<Child> {
  const { args = ['app-server'], env, cwd } = options;
  if (cwd !== undefined && !statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    throw new SessionMeshError('option_invalid', { expected: 'a folder as `cwd`', found: cwd });
  }
  const child: Process = spawn(location.command, args, {
    env,
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') reject(codexNotFound(location.looked, error));
      else
        reject(
          new SessionMeshError('host_start_failed', { found: messageOf(error), cause: error }),
        );
    });
    child.once('spawn', () => {
      const { pid } = child;
      if (pid !== undefined) resolve(new RunningChild(child, pid, { clock, limits }));
    });
  });
}

class RunningChild implements Child {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly exited: Promise<void>;
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #stderr: Tail;
  readonly #over = new AbortController();
  #how = 'it still runs';
  #closing: Promise<void> | null = null;

  constructor(child: Process, pid: number, { clock, limits }: { clock: Clock; limits: Limits }) {
    this.pid = pid;
    this.stdin = child.stdin;
    this.stdout = child.stdout;
    this.#clock = clock;
    this.#limits = limits;
    this.#stderr = new Tail(limits.childStderrBytesMax);
    // Read to the end in any case: a full pipe would stop the child.
    child.stderr.on('data', (chunk: Buffer) => this.#stderr.push(chunk));
    watchOver(pid);
    child.once('exit', (code, signal) => {
      this.#how = signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`;
      killGroup(pid, 'SIGKILL');
      letGo(pid);
      this.#over.abort();
    });
    this.exited = this.#whenOver(child);
    // Later failures to signal it are reported here; there is nothing to do about them.
    child.on('error', () => {});
  }

  get ending(): string {
    const said = this.#stderr.lastLine;
    return said === null ? this.#how : `${this.#how}: ${said}`;
  }

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
      killGroup(this.pid, signal);
    }
    await this.exited;
  }
}
