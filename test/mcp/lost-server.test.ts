/** Servers that die, hang, come back, or change: what the model is told, and what is left of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { systemEnv } from '../../src/env.ts';
import {
  mcpTools,
  serveTools,
  type McpToolsOptions,
  type ServerAddress,
  type ToolListChange,
} from '../../src/mcp/index.ts';
import { tool } from '../../src/tools/index.ts';
import { callTool, callWith, recordingLogger } from './calls.ts';
import { everythingOverHttp, freePort } from './everything.ts';

const program = join(import.meta.dirname, 'scripted-server.ts');
const scripted = (...ways: string[]): ServerAddress => ({
  command: process.execPath,
  args: [program, ...ways],
});

async function bind(address: ServerAddress, options: McpToolsOptions = {}) {
  const bound = await mcpTools(address, 'server', options);
  onTestFinished(() => bound.close());
  return bound;
}

/** Whether a process runs. One that has ended may wait for somebody to ask how. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('a server that dies during a call: the outcome is unknown; the next call starts it again', async () => {
  const { logger, logged } = recordingLogger();
  const { namespace } = await bind(scripted(), { logger });
  const [first] = (await callTool(namespace, 'pid')).texts;
  const lost = await callTool(namespace, 'die');
  expect(lost.success).toBe(false);
  expect(lost.texts[0]).toMatch(/server server was lost during the call.*not known; check before/);
  expect(lost.texts[0]).not.toContain('enough');
  expect((await logged('was lost')).fields).toMatchObject({
    why: 'it exited with code 3: I have had enough',
  });
  const [second] = (await callTool(namespace, 'pid')).texts;
  expect(Number(second)).not.toBe(Number(first));
  await logged('within reach again');
});

test('calls that wait for a lost server share one series of attempts', async () => {
  const { logger, lines } = recordingLogger();
  const { namespace } = await bind(scripted(), { logger });
  await callTool(namespace, 'die');
  const answers = await Promise.all([1, 2, 3].map(() => callTool(namespace, 'pid')));
  expect(new Set(answers.map(({ texts }) => texts[0])).size).toBe(1);
  expect(lines.filter(({ message }) => message.includes('again'))).toHaveLength(1);
});

test('a server that cannot be started again: the call says that nothing was run', async () => {
  // It runs once, and not a second time.
  const flag = `require('fs').mkdirSync(process.argv[1])`;
  const once = `${flag}; import(process.argv[2])`;
  const folder = await mkdtemp(join(tmpdir(), 'mcp-once-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { logger, lines } = recordingLogger();
  const { namespace } = await bind(
    { command: process.execPath, args: ['-e', once, join(folder, 'ran'), program] },
    { logger, limits: { mcpReconnectAttemptsMax: 2, reconnectBackoffCapMs: 100 } },
  );
  await callTool(namespace, 'die');
  const answer = await callTool(namespace, 'pid');
  expect(answer.success).toBe(false);
  expect(answer.texts[0]).toMatch(/cannot be reached, and the tool was not run/);
  const attempts = lines.filter(({ message }) => message.includes('cannot be reached'));
  expect(attempts).toHaveLength(2);
});

test('a call that is aborted while its server is lost waits no longer', async () => {
  const { namespace } = await bind(scripted(), {
    limits: { reconnectBackoffBaseMs: 60_000, reconnectBackoffCapMs: 60_000 },
    env: { ...systemEnv, random: () => 1 },
  });
  await callTool(namespace, 'die');
  const abort = new AbortController();
  const answer = callTool(namespace, 'pid', {}, callWith({ signal: abort.signal }));
  abort.abort(new Error('the turn is over'));
  await expect(answer).rejects.toThrow('the turn is over');
});

test('closing leaves no process: neither a stubborn server nor what is behind a shell', async () => {
  const stubborn = await bind(scripted('stubborn'));
  const shell = await bind({
    command: 'sh',
    args: ['-c', `"${process.execPath}" "${program}" stubborn; true`],
  });
  const pids = await Promise.all(
    [stubborn, shell].map(async ({ namespace }) =>
      Number((await callTool(namespace, 'pid')).texts[0]),
    ),
  );
  expect(pids.map(isAlive)).toEqual([true, true]);
  await Promise.all([stubborn.close(), shell.close(), shell.close()]);
  expect(pids.map(isAlive)).toEqual([false, false]);
});

test('calls of a closed server fail at once, and start nothing', async () => {
  const bound = await bind(scripted());
  await bound.close();
  const answer = await callTool(bound.namespace, 'pid');
  expect(answer).toMatchObject({ success: false });
  expect(answer.texts[0]).toMatch(/cannot be reached/);
});

test('a server does not outlive a process that ends without closing', async () => {
  const script = `
    const { mcpTools } = await import(process.argv[1]);
    const { namespace } = await mcpTools(
      { command: process.execPath, args: [process.argv[2], 'stubborn'] }, 'server');
    const pid = namespace.tools.find(({ name }) => name === 'pid');
    const call = { signal: new AbortController().signal, deadline: Infinity, log: console };
    const { contentItems } = await pid.execute({}, call);
    console.log(contentItems[0].text);
    process.exit(0);
  `;
  const index = join(import.meta.dirname, '../../src/mcp/index.ts');
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, index, program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  for await (const chunk of child.stdout) printed += String(chunk);
  expect(Number(printed)).toBeGreaterThan(0);
  // The kill is sent while the process ends; the system may take a moment to carry it out.
  await expect.poll(() => isAlive(Number(printed)), { timeout: 5_000 }).toBe(false);
});

test('a server that knows the newest protocol only is spoken to in that', async () => {
  const { server, namespace } = await bind(scripted('modern'));
  expect(server).toEqual({ name: 'scripted', version: '1.0.0', protocol: '2026-07-28' });
  await callTool(namespace, 'die');
  expect((await callTool(namespace, 'pid')).success).toBe(true);
});

test('a server over HTTP that breaks down at a question of the newest protocol is asked as before', async () => {
  const server = await everythingOverHttp(await freePort());
  const asked: string[] = [];
  const answer = async (message: IncomingMessage, response: ServerResponse) => {
    const body = await text(message);
    const { method = '' } = body === '' ? {} : (JSON.parse(body) as { method?: string });
    asked.push(method);
    if (method === 'server/discover') {
      response.writeHead(500).end('TypeError: undefined is not a function');
      return;
    }
    const { host: _, ...headers } = message.headers;
    const forwarded = request(server.url, { method: message.method!, headers }, (back) => {
      response.writeHead(back.statusCode!, back.headers);
      back.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    response.on('close', () => forwarded.destroy());
    forwarded.end(body);
  };
  const proxy = createServer((message, response) => void answer(message, response));
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  const { port } = proxy.address() as AddressInfo;
  const bound = await bind({ url: `http://127.0.0.1:${port}/mcp` });
  expect(bound.server.protocol).toBe('2025-11-25');
  expect(asked.slice(0, 2)).toEqual(['server/discover', 'initialize']);
});

test('a changed list of tools is told and logged; what is bound stays', async () => {
  const changes: ToolListChange[] = [];
  const { logger, logged } = recordingLogger();
  const bound = await bind(scripted(), { logger, onListChanged: (change) => changes.push(change) });
  const names = bound.namespace.tools.map(({ name }) => name);
  await callTool(bound.namespace, 'grow');
  await logged('changed its tools');
  expect(changes).toEqual([{ added: ['grown'], removed: [], changed: [] }]);
  expect(bound.namespace.tools.map(({ name }) => name)).toEqual(names);
});

test('a server that comes back with other tools is told as well', async () => {
  const changes: ToolListChange[] = [];
  const { logger, logged } = recordingLogger();
  const { namespace } = await bind(scripted(), {
    logger,
    onListChanged: (change) => {
      changes.push(change);
      throw new Error('an observer is nobody to die for');
    },
  });
  await callTool(namespace, 'grow');
  await logged('an observer of a list of tools threw');
  await callTool(namespace, 'die');
  await callTool(namespace, 'pid');
  await logged('"removed":["grown"]');
  expect(changes.at(-1)).toEqual({ added: [], removed: ['grown'], changed: [] });
});

test('what a server prints between its messages is skipped', async () => {
  const { namespace } = await bind(scripted('noisy'));
  expect((await callTool(namespace, 'pid')).success).toBe(true);
});

test('a message beyond the bound ends the connection: what follows cannot be told from it', async () => {
  const limits = { frameBytesMax: 1_000, resultBytesMax: 900, resultTextBytesMax: 900 };
  await expect(mcpTools(scripted('wordy'), 'server', { limits })).rejects.toMatchObject({
    code: 'mcp_connect_failed',
  });
});

test('a result without content is not nothing to the model', async () => {
  const { namespace } = await bind(scripted());
  const { success, texts } = await callTool(namespace, 'nothing');
  expect(success).toBe(true);
  expect(texts[0]).toMatch(/returned nothing/);
});

test('a server over HTTP that is restarted knows no session: the call is sent again', async () => {
  const port = await freePort();
  const server = await everythingOverHttp(port);
  const { namespace } = await bind({ url: server.url });
  expect((await callTool(namespace, 'echo', { message: 'one' })).success).toBe(true);
  await server.kill();
  await everythingOverHttp(port);
  expect((await callTool(namespace, 'echo', { message: 'two' })).texts).toEqual(['Echo: two']);
});

test('a server over HTTP that is down: the call says that nothing was run, the next one tries anew', async () => {
  const port = await freePort();
  const server = await everythingOverHttp(port);
  const { namespace } = await bind(
    { url: server.url },
    { limits: { mcpReconnectAttemptsMax: 2, reconnectBackoffCapMs: 100 } },
  );
  await server.kill();
  const answer = await callTool(namespace, 'echo', { message: 'one' });
  expect(answer.texts[0]).toMatch(/cannot be reached, and the tool was not run/);
  await everythingOverHttp(port);
  expect((await callTool(namespace, 'echo', { message: 'two' })).texts).toEqual(['Echo: two']);
});

test('a server over HTTP that dies during a call: the outcome is unknown, long before the deadline', async () => {
  const server = await everythingOverHttp(await freePort());
  const { namespace } = await bind({ url: server.url }, { limits: { mcpResumesMax: 1 } });
  const call = callWith({ extend: () => void server.kill() });
  const operation = { duration: 600, steps: 6_000 };
  const answer = await callTool(namespace, 'trigger_long_running_operation', operation, call);
  expect(answer.success).toBe(false);
  expect(answer.texts[0]).toMatch(/was lost during the call/);
});

test('a server over HTTP that wants credentials is given them, and refuses others for good', async () => {
  const ping = tool({ name: 'ping', description: 'Answers.', execute: () => 'pong' });
  await using serving = await serveTools([ping], {
    transport: { kind: 'http', token: 'let-me-in' },
  });
  const url = serving.url ?? '';
  const headers = { authorization: 'Bearer let-me-in' };
  const { namespace } = await bind({ url, headers });
  expect((await callTool(namespace, 'ping')).texts).toEqual(['pong']);
  await expect(mcpTools({ url }, 'server')).rejects.toMatchObject({ code: 'mcp_unusable' });
});
