/** How `sessionmesh soak` ends: real processes, real signals. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { runToVerdict } from '../../src/cli/soak-ending.ts';
import { soakCommand } from './soak-command.ts';
import { moduleText } from './tools-folder.ts';

const main = resolve(import.meta.dirname, '../../src/cli/main.ts');

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soak-ending-'));
});

afterEach(async () => {
  process.exitCode = undefined;
  await rm(folder, { recursive: true });
});

/** Runs it to its end, and interrupts it once `isAtWork`. */
async function soak(
  args: readonly string[],
  isAtWork: (stdout: string) => boolean | Promise<boolean> = () => false,
) {
  const child = spawn(process.execPath, [main, 'soak', ...args], { cwd: folder });
  onTestFinished(() => void child.kill('SIGKILL'));
  const closed = once(child, 'close');
  const ended = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (ended.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (ended.stderr += String(chunk)));
  while (child.exitCode === null && !(await isAtWork(ended.stdout))) await sleep(50);
  child.kill('SIGINT');
  await closed;
  return { code: child.exitCode, ...ended };
}

test.each([
  [['--preset', 'nonesuch'], /nonesuch/],
  [['--faults', 'nonesuch=1'], /nonesuch/],
  [['--nonesuch'], /--nonesuch/],
  [['check'], /missing required argument/],
  [['./missing.ts'], /a module that can be imported.*\[option_invalid\]/],
])('soak %s: options that cannot be used end with 2', async (args, stderr) => {
  const ended = await soak(args);
  expect(ended.stderr).toMatch(stderr);
  expect(ended.code).toBe(2);
});

test('a page that cannot be written ends with 2, before the run', async () => {
  const ended = await soakCommand('--seed', '1', '--html', join(folder, 'none', 'page.html'));
  expect(ended).toMatchObject({ code: 2, stdout: '' });
  expect(ended.stderr).toMatch(/--html that can be written.*ENOENT.*\[option_invalid\]/);
  expect(await soakCommand('--seed', '1', '--html', folder)).toMatchObject({ code: 2, stdout: '' });
});

test('a page that is there is written anew', async () => {
  const page = join(folder, 'page.html');
  await writeFile(page, 'an older one');
  expect(await soakCommand('--seed', '1', '--preset', 'mild', '--html', page)).toMatchObject({
    code: 0,
  });
  expect(await readFile(page, 'utf8')).toContain('<h2>');
});

test('what fails after a violation was found does not hide it', async () => {
  const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await runToVerdict(() => {
    process.exitCode = 1;
    throw new Error('the disk is full');
  });
  expect(process.exitCode).toBe(1);
  expect(err).toHaveBeenCalledWith('sessionmesh: the disk is full\n');
  await runToVerdict(() => {
    process.exitCode = 0;
    throw new Error('the disk is full');
  });
  expect(process.exitCode).toBe(2);
  err.mockRestore();
});

const interrupted = /interrupted before the end/;

/** Whether the history of the run has so many bytes. */
const hasHistory = (bytes: number) => async () => {
  const file = await stat(join(folder, 'run.jsonl')).catch(() => null);
  return file !== null && file.size >= bytes;
};

test('Ctrl-C ends a simulation with 130, and it says how far it got', async () => {
  const ended = await soak(['--seeds', '100000', '--history', 'run.jsonl'], hasHistory(0));
  expect(ended).toMatchObject({ code: 130, stderr: expect.stringMatching(interrupted) });
  expect(ended.stdout).toMatch(/only \d+ of 100,000 seeds were run/);
});

test('Ctrl-C ends a run of real processes with 130', { timeout: 30_000 }, async () => {
  const args = ['--tier', 'real', '--duration', '60s', '--preset', 'mild'];
  const ended = await soak([...args, '--history', 'run.jsonl'], hasHistory(100_000));
  expect(ended).toMatchObject({ code: 130, stderr: expect.stringMatching(interrupted) });
});

test('Ctrl-C ends the soak of tools with 130, also if a handler goes on', async () => {
  const module = moduleText(`export const stuck = tool({
    name: 'stuck',
    description: 'd',
    execute: () => {
      console.log('started');
      return new Promise(() => void setInterval(() => {}, 1_000));
    },
  });`);
  await writeFile(join(folder, 'tools.ts'), module);
  const isStarted = (stdout: string) => stdout.includes('started');
  const ended = await soak(['./tools.ts', '--timeout', '20s'], isStarted);
  expect(ended).toMatchObject({ code: 130, stderr: expect.stringMatching(interrupted) });
});
