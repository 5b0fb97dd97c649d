/** The tools of real MCP servers, over both transports. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { mcpTools, type McpToolsOptions, type ServerAddress } from '../../src/mcp/index.ts';
import { callTool, callWith, recordingLogger } from './calls.ts';
import { everything, everythingOverHttp, freePort } from './everything.ts';

async function bind(address: ServerAddress, options: McpToolsOptions = {}) {
  const bound = await mcpTools(address, 'every', options);
  onTestFinished(() => bound.close());
  return bound;
}

const addresses = {
  stdio: async (): Promise<ServerAddress> => everything,
  http: async (): Promise<ServerAddress> => everythingOverHttp(await freePort()),
};

describe.each(['stdio', 'http'] as const)('a real server over %s', (kind) => {
  test('its tools become a namespace that Codex takes', async () => {
    const { namespace, server, leftOut } = await bind(await addresses[kind]());
    expect(server).toEqual({
      name: 'mcp-servers/everything',
      version: expect.stringMatching(/^\d/),
      protocol: '2025-11-25',
    });
    expect(namespace.name).toBe('every');
    expect(namespace.description).toMatch(/^# Everything Server/);
    expect(Array.from(namespace.description).length).toBeLessThanOrEqual(1_024);
    const sum = namespace.tools.find(({ name }) => name === 'get_sum');
    expect(sum).toMatchObject({
      description: 'Returns the sum of two numbers',
      inputSchema: {
        type: 'object',
        properties: { a: { type: 'number', description: 'First number' } },
        required: ['a', 'b'],
      },
    });
    expect(sum?.inputSchema).not.toHaveProperty('$schema');
    expect(leftOut).toEqual([
      { name: 'simulate-research-query', reason: expect.stringContaining('task') },
    ]);
  });

  test('text, structured content, images, resources and links reach the model', async () => {
    const { namespace } = await bind(await addresses[kind]());
    expect(await callTool(namespace, 'echo', { message: 'hi' })).toEqual({
      success: true,
      texts: ['Echo: hi'],
      images: 0,
    });
    const structured = await callTool(namespace, 'get_structured_content', { location: 'Chicago' });
    expect(structured.texts).toHaveLength(1);
    expect(JSON.parse(structured.texts[0]!)).toMatchObject({ temperature: expect.any(Number) });
    expect(await callTool(namespace, 'get_tiny_image')).toMatchObject({ success: true, images: 1 });
    const resource = await callTool(namespace, 'get_resource_reference', { resourceType: 'Text' });
    expect(JSON.parse(resource.texts[1]!)).toMatchObject({
      type: 'resource',
      resource: { uri: 'demo://resource/dynamic/text/1', mimeType: 'text/plain' },
    });
    const links = await callTool(namespace, 'get_resource_links', { count: 1 });
    expect(JSON.parse(links.texts[1]!)).toMatchObject({ type: 'resource_link' });
  });

  test('wrong arguments are a failure in the words of the server', async () => {
    const { namespace } = await bind(await addresses[kind]());
    const answer = await callTool(namespace, 'get_sum', { a: 1, b: 'two' });
    expect(answer.success).toBe(false);
    expect(answer.texts[0]).toMatch(/expected number, received string/);
    expect((await callTool(namespace, 'get_sum', [1, 2])).texts[0]).toMatch(/expected an object/);
  });

  test('progress moves the deadline by the time that the call had', async () => {
    const { namespace } = await bind(await addresses[kind]());
    const extend = vi.fn();
    const call = callWith({ extend, deadline: Date.now() + 30_000 });
    const operation = { duration: 0.2, steps: 4 };
    const answer = await callTool(namespace, 'trigger_long_running_operation', operation, call);
    expect(answer.success).toBe(true);
    expect(extend.mock.calls.length).toBeGreaterThanOrEqual(2);
    for (const [ms] of extend.mock.calls) expect(ms).toBeGreaterThan(29_000);
  });

  test('progress does not keep a call alive for ever', async () => {
    const { namespace } = await bind(await addresses[kind](), { limits: { mcpProgressMs: 1 } });
    const extend = vi.fn();
    const operation = { duration: 0.2, steps: 2 };
    const call = callWith({ extend });
    await callTool(namespace, 'trigger_long_running_operation', operation, call);
    expect(extend).not.toHaveBeenCalled();
  });

  test('a call that is aborted ends at once, and the connection goes on', async () => {
    const { namespace } = await bind(await addresses[kind]());
    const abort = new AbortController();
    const call = callWith({ signal: abort.signal, extend: () => abort.abort(new Error('enough')) });
    const operation = { duration: 600, steps: 6_000 };
    await expect(
      callTool(namespace, 'trigger_long_running_operation', operation, call),
    ).rejects.toThrow(/enough/);
    expect((await callTool(namespace, 'echo', { message: 'on' })).texts).toEqual(['Echo: on']);
  });
});

test('a server that takes nobody in is told apart from one that cannot be reached', async () => {
  await expect(mcpTools({ command: '/nowhere/server' }, 'crm')).rejects.toMatchObject({
    code: 'mcp_unusable',
    message: expect.stringContaining('/nowhere/server'),
  });
  await expect(
    mcpTools({ command: process.execPath, cwd: '/nowhere' }, 'crm'),
  ).rejects.toMatchObject({ code: 'mcp_unusable' });
  const args = ['-e', 'console.error("no licence"); process.exit(4)'];
  await expect(mcpTools({ command: process.execPath, args }, 'crm')).rejects.toMatchObject({
    code: 'mcp_connect_failed',
    retryable: true,
    message: expect.stringContaining('it exited with code 4: no licence'),
  });
  await expect(
    mcpTools({ url: `http://127.0.0.1:${await freePort()}/mcp` }, 'crm'),
  ).rejects.toMatchObject({ code: 'mcp_connect_failed' });
});

test('a server that never answers the handshake is given up', async () => {
  const args = ['-e', 'process.stdin.resume()'];
  await expect(
    mcpTools({ command: process.execPath, args }, 'crm', { limits: { connectTimeoutMs: 50 } }),
  ).rejects.toMatchObject({ code: 'mcp_connect_failed' });
  const abort = new AbortController();
  const connecting = mcpTools({ command: process.execPath, args }, 'crm', { signal: abort.signal });
  abort.abort(new Error('changed my mind'));
  await expect(connecting).rejects.toThrow('changed my mind');
});

test('bad options are refused before anything is started', async () => {
  await expect(mcpTools(everything, 'mcp__crm')).rejects.toMatchObject({
    code: 'tool_name_reserved',
  });
  await expect(mcpTools({ url: 'ftp://example.org' }, 'crm')).rejects.toMatchObject({
    code: 'option_invalid',
  });
  await expect(mcpTools({ command: ' ' }, 'crm')).rejects.toMatchObject({ code: 'option_invalid' });
});

test('the server gets the variables it was given, and few of this process', async () => {
  vi.stubEnv('SESSIONMESH_TEST_SECRET', 'not for servers');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { namespace } = await bind({ ...everything, env: { GIVEN: 'yes' } });
  const { texts } = await callTool(namespace, 'get_env');
  const seen = JSON.parse(texts[0]!) as Record<string, string>;
  expect(seen).toMatchObject({ GIVEN: 'yes', PATH: expect.any(String) });
  expect(seen).not.toHaveProperty('SESSIONMESH_TEST_SECRET');
});

test('tools can be deferred, and run by a policy of their own', async () => {
  const policy = (name: string) => (name === 'echo' ? { timeoutMs: 5, serial: true } : {});
  const { namespace } = await bind(everything, { deferLoading: true, policy });
  const echo = namespace.tools.find(({ name }) => name === 'echo');
  expect(echo).toMatchObject({ deferLoading: true, policy: { timeoutMs: 5, maxConcurrency: 1 } });
  expect(namespace.tools.find(({ name }) => name === 'get_sum')?.policy).toEqual({});
  await expect(mcpTools(everything, 'crm', { policy: { timeoutMs: -1 } })).rejects.toMatchObject({
    code: 'tool_invalid',
  });
});

test('what a server writes to stderr and what is left out is logged under its name', async () => {
  const { logger, logged } = recordingLogger();
  await bind(everything, { logger });
  expect(await logged('Starting default (STDIO) server')).toMatchObject({
    level: 'debug',
    fields: { mcpServer: 'every' },
  });
  expect(await logged('simulate-research-query')).toMatchObject({ level: 'warn' });
});
