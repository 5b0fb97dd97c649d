/** Starts the program of an MCP server. */
import type { Env } from '../env.ts';
import { SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { Child, startChild, type ChildFailure } from '../rpc/child.ts';
import type { StdioServer } from './address.ts';

/** What starting a server needs. */
export interface ServerProcessOptions {
  readonly server: StdioServer;
  /** The whole environment it gets. */
  readonly variables: Readonly<Record<string, string>>;
  readonly env: Env;
  readonly limits: Limits;
  /** What it writes to stderr, piece by piece. */
  onStderr(text: string): void;
}

function explain({ type, found, cause }: ChildFailure, command: string): SessionMeshError {
  switch (type) {
    case 'no-program':
      return new SessionMeshError('mcp_unusable', { found: `no program ${command}`, cause });
    case 'no-folder':
      return new SessionMeshError('mcp_unusable', { expected: 'a folder as `cwd`', found });
    case 'refused':
      return new SessionMeshError('mcp_connect_failed', { found, cause });
  }
}

/**
 * Starts the program and resolves once it runs.
 * @throws SessionMeshError `mcp_unusable` if there is no such program or folder, `mcp_connect_failed` for
 * any other reason.
 */
export async function startServerProcess(options: ServerProcessOptions): Promise<Child> {
  const { server, variables, env, limits } = options;
  const { command, args = [], cwd } = server;
  const program = { command, args, env: variables, cwd };
  const onStderr = (text: string) => options.onStderr(text);
  const started = await startChild({ program, env, limits, onStderr });
  if (started instanceof Child) return started;
  throw explain(started, command);
}
