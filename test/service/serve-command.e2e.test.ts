/** The command as a process: what it prints, where it leaves its token, how it ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { ServeCommandOptions } from '../../src/cli/serve.ts';
import { checkJournal } from '../../src/ledger/sqlite/check.ts';
import { exportJournal } from '../../src/ledger/sqlite/export.ts';
import { codexProcesses } from '../e2e/real-codex.ts';
import { clientOf, type Json } from './client.ts';
import {
  answerOf,
  callNamedTools,
  endedTurn,
  newSession,
  pendingCalls,
  scratchFolder,
  scriptedEnv,
} from './scene.ts';

// Whole processes begin and end here, several in one test.
vi.setConfig({ testTimeout: 60_000 });

const command = resolve(import.meta.dirname, '../../src/cli/serve.ts');

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** What outlives a process: the state folder, and what Codex keeps. */
async function newHome() {
  const home = await scratchFolder();
  return { home, env: { ...(await scriptedEnv(callNamedTools)), SESSIONMESH_HOME: home } };
}

/** Runs the command in a process of its own, as the command line would. */
async function runServe(options: ServeCommandOptions, place?: Awaited<ReturnType<typeof newHome>>) {
  const { home, env } = place ?? (await newHome());
  const program = `
    const { runServeCommand } = await import(${JSON.stringify(command)});
    try { await runServeCommand(${JSON.stringify({ port: 0, ...options })}); }
    catch (thrown) { console.error(thrown.code, thrown.message); process.exitCode = 1; }`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const errors: string[] = [];
  const exited = once(child, 'exit').then(([code]) => Number(code));
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  onTestFinished(async () => {
    if (child.exitCode === null) child.kill('SIGKILL');
    await exited;
  });
  const until = (count: number) =>
    expect.poll(() => lines.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(count);
  /** Resolves once it serves. Only with `json`. */
  const started = async () => {
    await until(1);
    const { url, tokenFile } = JSON.parse(lines[0]!);
    const token = tokenFile === null ? null : (await readFile(tokenFile, 'utf8')).trim();
    return clientOf({ url, token });
  };
  return { child, lines, errors, exited, until, started, home };
}

/** A module with a tool that counts its starts in a file, and ends only if it is not told to wait. */
async function countingTools(folder: string) {
  const path = join(folder, 'tools.mjs');
  const starts = join(folder, 'starts');
  const source = resolve(import.meta.dirname, '../../src/tools/index.ts');
  await writeFile(
    path,
    `import { appendFileSync } from 'node:fs';
    import { tool } from ${JSON.stringify(source)};
    export const effect = tool({
      name: 'effect',
      description: 'Leaves a line in a file.',
      input: { type: 'object' },
      execute: (_, { signal }) => {
        appendFileSync(${JSON.stringify(starts)}, 'start\\n');
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve('aborted')));
      },
    });`,
  );
  return {
    tools: path,
    starts: async () => (await readFile(starts, 'utf8').catch(() => '')).split('\n').length - 1,
  };
}

test('for programs: one line of JSON, a token in a file, and a clean end at SIGTERM', async () => {
  const { child, lines, errors, exited, until, home } = await runServe({ json: true });
  await until(1);
  const started = JSON.parse(lines[0]!);
  expect(started).toEqual({
    type: 'service.started',
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    pid: child.pid,
    tokenFile: join(home, 'service-token'),
    stateFile: join(home, 'service.json'),
    dashboard: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#code=\S{16,}$/),
  });
  const token = (await readFile(started.tokenFile, 'utf8')).trim();
  const client = clientOf({ url: started.url, token });
  const id = await newSession(client);
  await client.post(`/api/sessions/${id}/messages`, { text: 'hello' });
  await endedTurn(client, id);
  expect((await client.get('/api', { token: null })).status).toBe(401);
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
  expect(lines).toHaveLength(1);
  expect(errors).toEqual([]);
  expect(await readdir(home)).toEqual(['ledger.sqlite', 'ledger.sqlite.lock', 'sessions.jsonl']);
  expect(codexProcesses()).toEqual([]);
});

test('for people: where it is and where its token is, never the token itself', async () => {
  const { child, lines, exited, until, home } = await runServe({});
  await until(4);
  const token = (await readFile(join(home, 'service-token'), 'utf8')).trim();
  expect(lines).toEqual([
    expect.stringMatching(/^sessionmesh service at http:\/\/127\.0\.0\.1:\d+$/),
    `its token is in ${join(home, 'service-token')}`,
    expect.stringMatching(/^dashboard: http:\/\/127\.0\.0\.1:\d+\/#code=\S{16,}$/),
    'Ctrl-C ends it',
  ]);
  expect(lines.join()).not.toContain(token);
  child.kill('SIGINT');
  expect(await exited).toBe(0);
});

test('a second Ctrl-C does not wait for a turn that goes on', async () => {
  const { child, lines, exited, until } = await runServe({ json: true });
  await until(1);
  const { url, tokenFile } = JSON.parse(lines[0]!);
  const client = clientOf({ url, token: (await readFile(tokenFile, 'utf8')).trim() });
  const id = await newSession(client);
  await client.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  child.kill('SIGINT');
  await expect.poll(async () => (await client.get('/readyz')).status).toBe(503);
  child.kill('SIGINT');
  expect(await exited).toBe(130);
});

test('the tools of a module are served, without a token if that is wanted', async () => {
  const folder = await scratchFolder();
  const tools = join(folder, 'tools.mjs');
  const source = resolve(import.meta.dirname, '../../src/tools/index.ts');
  await writeFile(
    tools,
    `import { tool } from ${JSON.stringify(source)};
    export const clock = tool({ name: 'clock', description: 'Tells the time.', input: { type: 'object' }, execute: () => 'noon' });`,
  );
  const { child, lines, exited, until } = await runServe({ json: true, auth: false, tools });
  await until(1);
  const { url, tokenFile } = JSON.parse(lines[0]!);
  expect(tokenFile).toBeNull();
  const client = clientOf({ url, token: null });
  const id = await newSession(client, []);
  await client.post(`/api/sessions/${id}/messages`, { text: 'clock' });
  expect((await endedTurn(client, id)).transcript.at(-1).content).toBe('noon');
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
});

test('killed in the middle of calls and started again: nothing is lost, and nothing runs twice', async () => {
  const place = await newHome();
  const { tools, starts } = await countingTools(await scratchFolder());
  const first = await runServe({ json: true, tools }, place);
  const before = await first.started();
  const id = await newSession(before);
  await before.post(`/api/sessions/${id}/rename`, { title: 'team-x' });
  await before.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket effect' });
  const [old] = await pendingCalls(before, id);
  await expect.poll(starts).toBe(1);
  const { pid } = (await before.get('/api/health')).body.codex;
  first.child.kill('SIGKILL');
  await first.exited;
  // Codex ends with whoever started it, and its turn with it.
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);

  const second = await runServe({ json: true, tools }, place);
  const after = await second.started();
  const { session, thread } = await endedTurn(after, id);
  expect(session.title).toBe('team-x');
  expect(thread.turns.map(({ status }: Json) => status)).toEqual(['interrupted']);
  expect((await after.get(`/api/sessions/${id}/tool-calls`)).body.data).toEqual([]);
  const stale = await after.post(`/api/tool-calls/${old.requestId}/response`, answerOf('stale'));
  expect(stale.status).toBe(404);
  const ledger = join(place.home, 'ledger.sqlite');
  await expect.poll(() => checkJournal(ledger)).toMatchObject({ problems: [], open: 0 });
  const outcomes = [];
  for await (const entry of exportJournal(ledger)) {
    if (entry.type === 'settled') outcomes.push(entry.outcome);
  }
  expect(outcomes).toEqual(['unknown', 'unknown']);

  await after.post(`/api/sessions/${id}/messages`, { text: 'lookup_ticket' });
  const [fresh] = await pendingCalls(after, id);
  await after.post(`/api/tool-calls/${fresh.requestId}/response`, answerOf('after the crash'));
  expect((await endedTurn(after, id)).transcript.at(-1).content).toBe('after the crash');
  expect(await starts()).toBe(1);
  second.child.kill('SIGTERM');
  expect(await second.exited).toBe(0);
  expect(second.errors).toEqual([]);
});

test('the ledger lies where it is told to, and one process at a time has it', async () => {
  const folder = await scratchFolder();
  const ledger = join(folder, 'calls.sqlite');
  const first = await runServe({ json: true, ledger, durability: 'async' });
  await first.started();
  expect(await readdir(first.home)).not.toContain('ledger.sqlite');
  const second = await runServe({ json: true, ledger });
  expect(await second.exited).toBe(1);
  expect(second.errors.join('\n')).toMatch(/ledger_held/);
  first.child.kill('SIGTERM');
  expect(await first.exited).toBe(0);
  expect(checkJournal(ledger)).toMatchObject({ problems: [], open: 0 });
});

test('a ledger that is damaged is kept, and no empty one takes its place unasked', async () => {
  const folder = await scratchFolder();
  const ledger = join(folder, 'calls.sqlite');
  const sound = await runServe({ json: true, ledger });
  await sound.started();
  sound.child.kill('SIGTERM');
  await sound.exited;
  await truncate(ledger, 4_096);
  const { errors, exited } = await runServe({ json: true, ledger });
  expect(await exited).toBe(1);
  expect(errors.join('\n')).toMatch(/ledger_damaged/);
  expect(await readdir(folder)).toContainEqual(expect.stringMatching(/^calls.sqlite.damaged-/));
});

test('a file that is no ledger stays where it is', async () => {
  const folder = await scratchFolder();
  const ledger = join(folder, 'notes.md');
  await writeFile(ledger, 'buy milk');
  const { errors, exited } = await runServe({ json: true, ledger });
  expect(await exited).toBe(1);
  expect(errors.join('\n')).toMatch(/ledger_damaged.*left as it is/);
  expect(await readFile(ledger, 'utf8')).toBe('buy milk');
});

test('without a ledger there is none', async () => {
  const { started, home } = await runServe({ json: true, ledger: false });
  await started();
  expect(await readdir(home)).toEqual(['service-token', 'service.json']);
});

test.each<[string, ServeCommandOptions, RegExp]>([
  ['a port that is none', { port: 70_000 }, /option_invalid/],
  ['no token for other machines', { host: '0.0.0.0', auth: false }, /option_invalid/],
  ['a Codex that is not there', { codex: '/nowhere/codex' }, /codex_not_found/],
  ['a durability nobody knows', { durability: 'never' as never }, /option_invalid/],
  ['a module without tools', { tools: 'node:path' }, /option_invalid/],
])('what cannot work ends with a reason: %s', async (_, options, reason) => {
  const { errors, exited, home } = await runServe(options);
  expect(await exited).toBe(1);
  expect(errors.join('\n')).toMatch(reason);
  expect(await readdir(home)).not.toContain('service.json');
});

test('what Codex says in a log line cannot steer the terminal', async () => {
  const folder = await scratchFolder();
  const codex = join(folder, 'codex');
  await writeFile(codex, '#!/bin/sh\nprintf "\\033]0;owned\\007\\033[2J" >&2\nexit 3\n', {
    mode: 0o755,
  });
  const { errors, exited } = await runServe({ codex });
  expect(await exited).toBe(1);
  const warnings = errors.filter((line) => line.startsWith('sessionmesh: warning'));
  expect(warnings.length).toBeGreaterThan(0);
  for (const line of warnings) expect(line).not.toMatch(/\p{Cc}/u);
});
