/** Without the optional packages. */
import { expect, onTestFinished, test, vi } from 'vitest';

function withoutPackage(name: string): void {
  vi.resetModules();
  vi.doMock(name, () => {
    throw new Error(`Cannot find package '${name}'`);
  });
  onTestFinished(() => {
    vi.doUnmock(name);
    vi.resetModules();
  });
}

test('what to install is said: for using a server', async () => {
  withoutPackage('@modelcontextprotocol/client');
  const { mcpTools } = await import('../../src/mcp/index.ts');
  await expect(mcpTools({ command: 'server' }, 'crm')).rejects.toMatchObject({
    code: 'mcp_unavailable',
    message: expect.stringContaining('run `npm install @modelcontextprotocol/client@2`'),
  });
});

test('what to install is said: for being a server', async () => {
  withoutPackage('@modelcontextprotocol/server');
  const { serveTools } = await import('../../src/mcp/index.ts');
  const { tool } = await import('../../src/tools/index.ts');
  const ping = tool({ name: 'ping', description: 'Answers.', execute: () => 'pong' });
  await expect(
    serveTools([ping], { transport: { kind: 'http', token: null } }),
  ).rejects.toMatchObject({
    code: 'mcp_unavailable',
    message: expect.stringContaining('run `npm install @modelcontextprotocol/server@2`'),
  });
});
