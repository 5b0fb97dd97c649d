/** The official MCP packages. Optional, and loaded when they are needed: that takes a tenth of a second. */
import type * as ClientSdk from '@modelcontextprotocol/client';
import type * as ClientStdioSdk from '@modelcontextprotocol/client/stdio';
import type * as ServerSdk from '@modelcontextprotocol/server';
import type * as ServerStdioSdk from '@modelcontextprotocol/server/stdio';
import { SessionMeshError } from '../errors.ts';

/** What a client is made of. */
export type ClientPackage = typeof ClientSdk & Pick<typeof ClientStdioSdk, 'getDefaultEnvironment'>;

/** What a server is made of. */
export type ServerPackage = typeof ServerSdk &
  Pick<typeof ServerStdioSdk, 'serveStdio' | 'StdioServerTransport'>;

function unavailable(name: string, cause: unknown): SessionMeshError {
  return new SessionMeshError('mcp_unavailable', {
    expected: `the package ${name}, version 2`,
    found: 'none that can be loaded',
    fix: `run \`npm install ${name}@2\``,
    cause,
  });
}

/** @throws SessionMeshError `mcp_unavailable` if the package is not installed. */
export async function loadClientPackage(): Promise<ClientPackage> {
  try {
    const [client, { getDefaultEnvironment }] = await Promise.all([
      import('@modelcontextprotocol/client'),
      import('@modelcontextprotocol/client/stdio'),
    ]);
    return { ...client, getDefaultEnvironment };
  } catch (thrown) {
    throw unavailable('@modelcontextprotocol/client', thrown);
  }
}

/** @throws SessionMeshError `mcp_unavailable` if the package is not installed. */
export async function loadServerPackage(): Promise<ServerPackage> {
  try {
    const [server, { serveStdio, StdioServerTransport }] = await Promise.all([
      import('@modelcontextprotocol/server'),
      import('@modelcontextprotocol/server/stdio'),
    ]);
    return { ...server, serveStdio, StdioServerTransport };
  } catch (thrown) {
    throw unavailable('@modelcontextprotocol/server', thrown);
  }
}
