/** Programs that are run, and this process as they see it. */
import type { spawn } from 'node:child_process';

/** What the library does with processes. */
export interface Processes {
  readonly spawn: typeof spawn;
  /** Signals the process `pid`, or its whole group if `pid` is negative. Throws if there is none. */
  kill(pid: number, signal: NodeJS.Signals): void;
  /** Calls `listener`, synchronously, when this process exits by itself. Returns how to take it back. */
  onExit(listener: () => void): () => void;
  /** Of this process. */
  readonly pid: number;
  readonly platform: NodeJS.Platform;
  /** Of the machine: `x64`, `arm64`. */
  readonly arch: string;
  /** The folder that relative paths begin at. */
  cwd(): string;
}

/** The processes of this machine. */
export const systemProcesses: Processes = {
  get spawn() {
    return process.getBuiltinModule('node:child_process').spawn;
  },
  kill: (pid, signal) => void process.kill(pid, signal),
  onExit: (listener) => {
    process.on('exit', listener);
    return () => void process.off('exit', listener);
  },
  pid: process.pid,
  platform: process.platform,
  arch: process.arch,
  cwd: () => process.cwd(),
};
