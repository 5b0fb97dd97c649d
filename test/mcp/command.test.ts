/** `sessionmesh mcp` as a process: what is on its streams, and how it ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import type { McpCommandOptions } from '../../src/cli/mcp.ts';
import { inferTools, schemaDocument } from '../../src/tools/infer/index.ts';

const program = join(import.meta.dirname, 'serve.ts');
const servedModule = join(import.meta.dirname, 'served-module.ts');

function start(module: string, options: McpCommandOptions = {}, env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [program, module, JSON.stringify(options)], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

const message = (id: number, method: string, params: object) =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;

const initialize = message(1, 'initialize', {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'raw', version: '1' },
});

async function moduleOf(source: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-module-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'module.ts');
  await writeFile(path, source);
  return path;
}

test('stdout carries the protocol alone, whatever a module or a handler prints', async () => {
  const child = start(servedModule);
  const printed = text(child.stderr);
  const answers: { id: number }[] = [];
  child.stdin.write(initialize);
  child.stdin.write(message(2, 'tools/call', { name: 'add', arguments: { a: 1, b: 2 } }));
  for await (const line of createInterface({ input: child.stdout })) {
    answers.push(JSON.parse(line) as { id: number });
    if (answers.length === 2) child.stdin.end();
  }
  expect(answers).toMatchObject([
    { id: 1, result: { serverInfo: { name: 'sessionmesh' } } },
    { id: 2, result: { content: [{ text: '{"sum":3}' }] } },
  ]);
  expect(await printed).toMatch(/prints while it is loaded\n[\s\S]*a handler that prints/);
});

test('it ends with its stdin, also in the middle of a call', async () => {
  const child = start(servedModule);
  const exited = once(child, 'exit');
  child.stdin.write(initialize);
  child.stdin.write(message(2, 'tools/call', { name: 'wait', arguments: {} }));
  let printed = '';
  for await (const chunk of child.stderr) {
    printed += String(chunk);
    if (printed.includes('waiting')) child.stdin.end();
  }
  expect(printed).toContain('cancelled');
  expect(await exited).toEqual([0, null]);
});

test('a module that keeps something open does not hold the process', async () => {
  const module = await moduleOf(`
    import { tool } from '${join(import.meta.dirname, '../../src/tools/index.ts')}';
    setInterval(() => {}, 1_000);
    export const ping = tool({ name: 'ping', description: 'Answers.', execute: () => 'pong' });
  `);
  const child = start(module);
  const exited = once(child, 'exit');
  child.stdin.end();
  expect(await exited).toEqual([0, null]);
});

test('plain functions are served as `sessionmesh tools` finds them, warnings on stderr', async () => {
  const child = start(
    await moduleOf(
      '/** Adds. */\nexport const add = (a: number, b: number) => a + b;\n' +
        'export function bare(a: number) {}\n',
    ),
  );
  const printed = text(child.stderr);
  const answers: object[] = [];
  child.stdin.write(initialize);
  child.stdin.write(message(2, 'tools/list', {}));
  child.stdin.write(message(3, 'tools/call', { name: 'add', arguments: { a: 1, b: 2 } }));
  for await (const line of createInterface({ input: child.stdout })) {
    answers.push(JSON.parse(line) as object);
    if (answers.length === 3) child.stdin.end();
  }
  expect(answers).toMatchObject([
    { id: 1 },
    { id: 2, result: { tools: [{ name: 'add', description: 'Adds.' }, { name: 'bare' }] } },
    { id: 3, result: { content: [{ text: '3' }] } },
  ]);
  expect(await printed).toMatch(/^sessionmesh mcp: warning: .*module\.ts:3:1: bare: /);
});

test('a schema document stands in for inference', async () => {
  const module = await moduleOf('export const shout = (word) => word.toUpperCase();');
  const inferred = await inferTools(
    await moduleOf('/** Shouts. */\nexport const shout = (word: string): string => word;'),
  );
  const document = `${module}.schema.json`;
  await writeFile(document, schemaDocument(inferred));
  const child = start(module, { document });
  child.stdin.write(initialize);
  child.stdin.write(message(2, 'tools/call', { name: 'shout', arguments: { word: 'hey' } }));
  let last = '';
  for await (const line of createInterface({ input: child.stdout })) {
    last = line;
    if (line.includes('"id":2')) child.stdin.end();
  }
  expect(JSON.parse(last)).toMatchObject({ id: 2, result: { content: [{ text: 'HEY' }] } });
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it', async (signal) => {
  const child = start(servedModule);
  const exited = once(child, 'exit');
  child.stdin.write(initialize);
  await once(child.stdout, 'data');
  child.kill(signal);
  expect(await exited).toEqual([130, null]);
});

test.each([
  ['export const nothing = 1;', /a module that exports tools.*found none of them/],
  ['throw new Error("broken");', /a module that can be imported.*broken/],
])('a module of %s is refused', async (source, expected) => {
  const child = start(await moduleOf(source));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(stdout).toBe('');
  expect(stderr).toMatch(expected);
});

test.each([
  [{ port: 0 }, /--http with --port, found --port alone/],
  [{ auth: false }, /--http with --no-auth, found --no-auth alone/],
])('%j means nothing over stdio, and is refused', async (options, expected) => {
  const child = start(servedModule, options);
  expect(await text(child.stderr)).toMatch(expected);
});

test('one tool is counted as one', async () => {
  const child = start(await moduleOf('/** Answers. */\nexport const ping = () => 1;'), {
    http: true,
  });
  let printed = '';
  for await (const chunk of child.stderr) {
    printed += String(chunk);
    if (printed.includes('serving')) break;
  }
  expect(printed).toMatch(/^serving 1 tool at http:/m);
});

test('over HTTP it says where, and how to come in', async () => {
  const child = start(servedModule, { http: true });
  let url = '';
  let token = '';
  for await (const line of createInterface({ input: child.stderr })) {
    url ||= /^serving 9 tools at (http:\S+)$/.exec(line)?.[1] ?? '';
    token ||= /^Authorization: (Bearer \S{32})$/.exec(line)?.[1] ?? '';
    if (token) break;
  }
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  const ask = (more: object) =>
    fetch(url, { method: 'POST', headers: { ...headers, ...more }, body: initialize });
  expect((await ask({})).status).toBe(401);
  expect((await ask({ authorization: token })).status).toBe(200);
  const exited = once(child, 'exit');
  child.kill('SIGINT');
  expect(await exited).toEqual([130, null]);
});

test.each([
  [{ http: true }, { SESSIONMESH_MCP_TOKEN: 'mine' }, /token: SESSIONMESH_MCP_TOKEN/],
  [{ http: true, auth: false }, {}, /no authorization/],
])('a given token is not printed, nor is none: %j %j', async (options, env, expected) => {
  const child = start(servedModule, options, env);
  let printed = '';
  for await (const chunk of child.stderr) {
    printed += String(chunk);
    if (expected.test(printed)) break;
  }
  expect(printed).not.toMatch(/Bearer|mine/);
});
