/**
 * The child process of an MCP server. It leads its own process group, and nothing of the group outlives
 * it: a server that was started by `npx` is the grandchild of a shell.
 *
 * - Its stdin ends when this process does, which is what a server has to watch.
 * - When this process exits by itself, the groups that still run are killed.
 * - `close` asks, then insists, then kills, within `childExitMs`.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { statSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { sleep, type Clock } from '../env.ts';
import { messageOf, SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { StdioServer } from './address.ts';

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const runningGroups = new Set<number>();

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    // A negative id names the whole group; Windows has no groups.
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // Nobody is left in it.
  }
}

const killAllGroups = (): void => {
  for (const pid of runningGroups) killGroup(pid, 'SIGKILL');
};

/** One listener for all groups, there only while there are any. */
function watchOver(pid: number): void {
  if (runningGroups.size === 0) process.on('exit', killAllGroups);
  runningGroups.add(pid);
}

function letGo(pid: number): void {
  runningGroups.delete(pid);
  if (runningGroups.size === 0) process.off('exit', killAllGroups);
}

/** What starting a server needs. */
export interface ProcessOptions {
  readonly server: StdioServer;
  /** The whole environment it gets. */
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly limits: Limits;
  /** What it writes to stderr, piece by piece. */
  onStderr(text: string): void;
}

/**
 * Starts the program and resolves once it runs.
 * @throws SessionMeshError `mcp_unusable` if there is no such program or folder, `mcp_connect_failed` for
 * any other reason.
 */
export function startServerProcess(options: ProcessOptions): Promise<ServerProcess> {
  const { command, args = [], cwd } = options.server;
  if (cwd !== undefined && !statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    throw new SessionMeshError('mcp_unusable', { expected: 'a folder as `cwd`', found: cwd });
  }
  const child: Child = spawn(command, args, {
    env: options.env,
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code === 'ENOENT' ? 'mcp_unusable' : 'mcp_connect_failed';
      const found = error.code === 'ENOENT' ? `no program ${command}` : messageOf(error);
      reject(new SessionMeshError(code, { found, cause: error }));
    });
    child.once('spawn', () => {
      if (child.pid !== undefined) resolve(new ServerProcess(child, child.pid, options));
    });
  });
}

/** A server's process that was started. */
export class ServerProcess {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when the process has exited, its group was swept and its pipes are gone. Never rejects. */
  readonly exited: Promise<void>;
  readonly #options: ProcessOptions;
  readonly #over = new AbortController();
  #stderr = '';
  #ending: string | null = null;
  #closing: Promise<void> | null = null;

  constructor(child: Child, pid: number, options: ProcessOptions) {
    this.pid = pid;
    this.stdin = child.stdin;
    this.stdout = child.stdout;
    this.#options = options;
    // Read to the end in any case: a full pipe would stop the server.
    child.stderr.on('data', (chunk: Buffer) => this.#hear(chunk.toString()));
    watchOver(pid);
    child.once('exit', (code, signal) => {
      this.#ending = signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`;
      killGroup(pid, 'SIGKILL');
      letGo(pid);
      this.#over.abort();
    });
    this.exited = this.#whenOver(child);
    // Failures of the pipes are followed by their end.
    for (const emitter of [child, child.stdin, child.stdout]) emitter.on('error', () => {});
  }

  /** How it ended and what it said last, or null while it runs. */
  get ending(): string | null {
    if (this.#ending === null) return null;
    const lines = stripVTControlCharacters(this.#stderr).split('\n');
    const last = lines.findLast((line) => line.trim() !== '')?.trim();
    return last === undefined ? this.#ending : `${this.#ending}: ${last}`;
  }

  /** Ends it and everything of its group. Idempotent, never rejects, done within `childExitMs`. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #hear(text: string): void {
    this.#stderr = (this.#stderr + text).slice(-this.#options.limits.childStderrBytesMax);
    this.#options.onStderr(text);
  }

  /** Its last words may come after its exit; somebody who left the group may hold the pipes for ever. */
  async #whenOver(child: Child): Promise<void> {
    const silent = new AbortController();
    child.once('close', () => silent.abort());
    await new Promise((resolve) => child.once('exit', resolve));
    await sleep(this.#options.clock, this.#stepMs, silent.signal).catch(() => {});
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
  }

  get #stepMs(): number {
    return this.#options.limits.childExitMs / 3;
  }

  async #close(): Promise<void> {
    this.stdin.end();
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await sleep(this.#options.clock, this.#stepMs, this.#over.signal).catch(() => {});
      if (this.#over.signal.aborted) break;
      killGroup(this.pid, signal);
    }
    await this.exited;
  }
}
