/** Our server under clients that we did not write: the official package in both generations, and the inspector. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { serveTools, type ServeToolsOptions } from '../../src/mcp/index.ts';
import { namespace, tool } from '../../src/tools/index.ts';

// It prints while it is loaded, and later.
vi.spyOn(console, 'log').mockImplementation(() => {});
const { default: served } = await import('./served-module.ts');

const program = join(import.meta.dirname, 'serve.ts');
const module = join(import.meta.dirname, 'served-module.ts');

async function serveHttp(options: Partial<ServeToolsOptions> = {}) {
  const serving = await serveTools([served], {
    transport: { kind: 'http', token: 'secret' },
    ...options,
  });
  onTestFinished(() => serving.close());
  return { ...serving, url: serving.url! };
}

async function connect(kind: 'stdio' | 'http', mode: 'legacy' | 'auto') {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
  let stderr = '';
  const heard = new Map<string, () => void>();
  if (kind === 'stdio') {
    const args = [program, module];
    const transport = new StdioClientTransport({ command: process.execPath, args, stderr: 'pipe' });
    transport.stderr?.on('data', (chunk) => {
      stderr += String(chunk);
      for (const [text, resolve] of heard) if (stderr.includes(text)) resolve();
    });
    await client.connect(transport);
  } else {
    const { url } = await serveHttp();
    const requestInit = { headers: { authorization: 'Bearer secret' } };
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  }
  onTestFinished(() => client.close());
  const hear = (text: string) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (stderr.includes(text)) resolve();
    heard.set(text, resolve);
    return promise;
  };
  return { client, hear };
}

const textOf = (result: unknown) =>
  (result as { content: { text: string }[] }).content.map(({ text }) => text).join('\n');

describe.each([
  ['stdio', 'legacy', '2025-11-25'],
  ['stdio', 'auto', '2026-07-28'],
  ['http', 'legacy', '2025-11-25'],
  ['http', 'auto', '2026-07-28'],
] as const)('over %s, negotiating %s', (kind, mode, protocol) => {
  test('tools are listed under joined names, and called', async () => {
    const { client } = await connect(kind, mode);
    expect(client.getNegotiatedProtocolVersion()).toBe(protocol);
    expect(client.getServerVersion()).toMatchObject({ name: 'sessionmesh' });
    expect(client.getInstructions()).toBe('crm__…: Customer records.');
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'add',
      'draw',
      'refuse',
      'crash',
      'wait',
      'work',
      'hurry',
      'launch',
      'crm__lookup',
    ]);
    const call = (name: string, args = {}) => client.callTool({ name, arguments: args });
    expect(await call('add', { a: 1, b: 2 })).toMatchObject({
      content: [{ type: 'text', text: '{"sum":3}' }],
    });
    expect(textOf(await call('crm__lookup', { id: '7' }))).toBe('{"id":"7","name":"Ada"}');
    expect(await call('draw')).toMatchObject({
      content: [
        { type: 'text', text: 'a pixel' },
        { type: 'image', mimeType: 'image/png', data: expect.stringMatching(/^iVBOR/) },
      ],
    });
  });

  test('whatever goes wrong with a call is an answer that a model can act on', async () => {
    const { client } = await connect(kind, mode);
    const failure = async (name: string, args = {}) => {
      const result = await client.callTool({ name, arguments: args });
      expect(result.isError).toBe(true);
      return textOf(result);
    };
    expect(await failure('add', { a: 1, b: 'two' })).toMatch(/b: expected number, found "two"/);
    expect(await failure('refuse')).toBe('No, and here is why.');
    expect(await failure('crash')).toMatch(/^The tool failed\. (?!.*secret)/);
    expect(await failure('hurry')).toMatch(/was stopped after [\d.]+ s without a result/);
    expect(await failure('launch')).toMatch(/not approved: it needs an approval/);
    await expect(client.callTool({ name: 'lookup' })).rejects.toThrow(
      /There is no tool "lookup"\. There are: add, .*crm__lookup/,
    );
  });

  test('a handler that shows that it is alive is reported as progress', async () => {
    const { client } = await connect(kind, mode);
    const progress: number[] = [];
    const options = { onprogress: (step: { progress: number }) => progress.push(step.progress) };
    expect(textOf(await client.callTool({ name: 'work' }, options))).toBe('worked');
    expect(progress.slice(0, 2)).toEqual([1, 2]);
  });

  test('a call that the client cancels is aborted', async () => {
    const { client, hear } = await connect(kind, mode);
    const cancel = new AbortController();
    const seen =
      kind === 'http' ? watchWaits() : { begun: hear('waiting'), over: hear('cancelled') };
    const call = client.callTool({ name: 'wait' }, { signal: cancel.signal });
    await seen.begun;
    cancel.abort('enough');
    await expect(call).rejects.toThrow('enough');
    await seen.over;
  });
});

/** What `wait` writes to this process's stderr, where it runs in this process. */
function watchWaits() {
  const begun = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    if (text === 'waiting\n') begun.resolve();
    if (text === 'cancelled\n') over.resolve();
    return true;
  });
  onTestFinished(() => spy.mockRestore());
  return { begun: begun.promise, over: over.promise };
}

const inspector = fileURLToPath(
  import.meta.resolve('@modelcontextprotocol/inspector/clients/launcher/build/index.js'),
);

async function inspect(args: readonly string[]) {
  // It keeps what it learns in the home of its user.
  const home = await mkdtemp(join(tmpdir(), 'mcp-inspector-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const env = { ...process.env, HOME: home };
  return promisify(execFile)(process.execPath, [inspector, '--cli', ...args], { env }).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
}

test('the inspector lists and calls over stdio', async () => {
  const target = [process.execPath, program, module];
  const { stdout } = await inspect([...target, '--method', 'tools/list', '--strict']);
  const { tools } = JSON.parse(stdout) as { tools: { name: string }[] };
  expect(tools.map(({ name }) => name)).toContain('crm__lookup');
  const call = ['--method', 'tools/call', '--tool-name', 'add', '--tool-arg', 'a=1', 'b=2'];
  expect(textOf(JSON.parse((await inspect([...target, ...call])).stdout))).toBe('{"sum":3}');
});

test('the inspector lists and calls over HTTP, with the token only', async () => {
  const { url } = await serveHttp();
  const call = ['--method', 'tools/call', '--tool-name', 'crm__lookup', '--tool-arg', 'id=A7'];
  const { stdout } = await inspect([url, ...call, '--header', 'Authorization: Bearer secret']);
  expect(textOf(JSON.parse(stdout))).toBe('{"id":"A7","name":"Ada"}');
  const { stdout: nothing, stderr } = await inspect([url, ...call]);
  expect(nothing).toBe('');
  expect(stderr).toMatch(/auth_required/);
});

test('approvals can be given', async () => {
  const asked: string[] = [];
  const serving = await serveHttp({
    approve: ({ tool: name, arguments: args }) => {
      asked.push(`${name} ${JSON.stringify(args)}`);
      return true;
    },
  });
  const client = new Client({ name: 'test', version: '1' });
  const requestInit = { headers: { authorization: 'Bearer secret' } };
  await client.connect(new StreamableHTTPClientTransport(new URL(serving.url), { requestInit }));
  onTestFinished(() => client.close());
  expect(textOf(await client.callTool({ name: 'launch' }))).toBe('launched');
  expect(asked).toEqual(['launch {}']);
});

test('closing aborts calls, ends connections and frees the port', async () => {
  const serving = await serveHttp();
  const seen = watchWaits();
  const client = new Client({ name: 'test', version: '1' });
  const requestInit = { headers: { authorization: 'Bearer secret' } };
  await client.connect(new StreamableHTTPClientTransport(new URL(serving.url), { requestInit }));
  onTestFinished(() => client.close());
  // The connection ends without an answer; what becomes of that is the client's affair.
  client.callTool({ name: 'wait' }).catch(() => {});
  await seen.begun;
  await Promise.all([serving.close(), serving.close()]);
  await seen.over;
  await serving.closed;
  const port = Number(new URL(serving.url).port);
  await using again = await serveTools([served], {
    transport: { kind: 'http', port, token: null },
  });
  expect(again.url).toBe(serving.url);
});

test('a port that is taken, a token nobody can send, names that cannot be joined', async () => {
  const { url } = await serveHttp();
  const port = Number(new URL(url).port);
  const taken = serveTools([served], { transport: { kind: 'http', port, token: null } });
  await expect(taken).rejects.toMatchObject({ code: 'mcp_serve_failed' });
  const blank = serveTools([served], { transport: { kind: 'http', token: 'two words' } });
  await expect(blank).rejects.toMatchObject({ code: 'option_invalid' });
  const odd = serveTools([served], { transport: { kind: 'http', port: 0.5, token: null } });
  await expect(odd).rejects.toMatchObject({ code: 'option_invalid' });
  const one = (name: string) => tool({ name, description: 'One.', execute: () => 1 });
  const twice = [one('crm__x'), namespace('crm', { tools: [one('x')] })];
  const equal = serveTools(twice, { transport: { kind: 'http', token: null } });
  await expect(equal).rejects.toMatchObject({ code: 'tool_duplicate' });
  const long = namespace('n'.repeat(64), { tools: [one('t'.repeat(64))] });
  const joined = serveTools([long], { transport: { kind: 'http', token: null } });
  await expect(joined).rejects.toMatchObject({ code: 'tool_name_invalid' });
});
