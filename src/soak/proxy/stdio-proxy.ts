/** A proxy round a child process: what its parent writes and reads passes through the verbs, line by line. */
import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { messageOf, SessionMeshError } from '../../errors.ts';
import type { Endpoint } from './endpoint.ts';
import { FaultLine, type ProxyCommonOptions } from './proxy.ts';

/** Which program to stand in front of. */
export interface StdioProxyOptions extends ProxyCommonOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** What is read for the child, and written for it. */
  readonly input: Readable;
  readonly output: Writable;
}

/** A child that runs behind a proxy. */
export interface StdioProxy {
  readonly line: FaultLine;
  readonly pid: number;
  /** How the child ended, once it did. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** Ends the child: gently first (its input ends), then by SIGKILL. Idempotent. */
  kill(signal?: NodeJS.Signals): void;
}

/**
 * Starts the child; resolves once it runs. What it says on stderr goes where ours goes.
 * @throws SessionMeshError `host_start_failed`
 */
export async function startStdioProxy(options: StdioProxyOptions): Promise<StdioProxy> {
  const { command, args, input, output } = options;
  const line = new FaultLine({ framing: 'lines', ...options });
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid ?? 0));
    child.once('error', (cause) => {
      const expected = `${command} to start`;
      reject(
        new SessionMeshError('host_start_failed', { expected, found: messageOf(cause), cause }),
      );
    });
  });
  child.on('error', () => {});
  const parent: Endpoint = {
    readable: input,
    writable: output,
    reset: () => {
      input.destroy();
      output.destroy();
    },
  };
  const server: Endpoint = {
    readable: child.stdout,
    writable: child.stdin,
    reset: () => {
      child.stdin.destroy();
      child.stdout.destroy();
      child.kill('SIGKILL');
    },
  };
  line.join(parent, server);
  return { line, pid, exited, kill: (signal = 'SIGTERM') => void child.kill(signal) };
}
