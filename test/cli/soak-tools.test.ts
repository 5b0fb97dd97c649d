/** `sessionmesh soak MODULE`: tools that ask are not run by the hundred because nobody was asked. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runSoakToolsCommand } from '../../src/cli/soak-tools.ts';
import { moduleText } from './tools-folder.ts';

const wishes = { calls: 10, durationMs: 5_000, timeoutMs: 1_000, seed: 1 };

let folder: string;
let printed: string;
let told: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soak-tools-'));
  printed = '';
  told = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    told += String(text);
    return true;
  });
  const ran = JSON.stringify(join(folder, 'ran'));
  const module = moduleText(`
    import { appendFileSync } from 'node:fs';
    export const erase = tool({
      name: 'erase',
      description: 'd',
      approval: 'always',
      execute: () => appendFileSync(${ran}, 'x'),
    });
    export const look = tool({ name: 'look', description: 'd', execute: () => 'seen' });
  `);
  await writeFile(join(folder, 'tools.mts'), module);
});

afterEach(async () => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  await rm(folder, { recursive: true });
});

const soak = (options: object) =>
  runSoakToolsCommand(
    join(folder, 'tools.mts'),
    { ...wishes, ...options },
    new AbortController().signal,
  );

const ranOften = async () => (await readFile(join(folder, 'ran'), 'utf8').catch(() => '')).length;

test('a tool that asks for approval is left out, with a note', async () => {
  await soak({});
  expect(await ranOften()).toBe(0);
  expect(told).toContain('left out, because they ask for approval: erase; pass --approve');
  expect(printed).toContain('look: ');
  expect(printed).toContain('1 tools, nothing found');
  expect(process.exitCode).toBe(0);
});

test('--approve agrees to all its calls', async () => {
  await soak({ approve: true });
  expect(await ranOften()).toBeGreaterThan(5);
  expect(told).not.toContain('left out');
});

test('a run in which no tool was called shows nothing', async () => {
  await soak({ only: ['erase'] });
  expect(await ranOften()).toBe(0);
  expect(printed).toBe('');
  expect(process.exitCode).not.toBe(0);
});
