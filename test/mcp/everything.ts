/** A server that we did not write: `@modelcontextprotocol/server-everything`, over stdio and over HTTP. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { StdioServer } from '../../src/mcp/index.ts';

const program = fileURLToPath(
  import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js'),
);

export const everything: StdioServer = { command: process.execPath, args: [program, 'stdio'] };

/** A port that was free just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** Starts the server over HTTP. `kill` ends it without a goodbye; so does the test. */
export async function everythingOverHttp(port: number) {
  const child = spawn(process.execPath, [program, 'streamableHttp'], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.resume();
  const exited = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  onTestFinished(kill);
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.includes('listening')) break;
  }
  child.stderr.resume();
  return { url: `http://127.0.0.1:${port}/mcp`, kill };
}
