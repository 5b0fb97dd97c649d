/** `sessionmesh soak check`: its exit codes are what a build server goes by. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { addSoakCommand } from '../../src/cli/soak.ts';
import { goodStory, story, storyCall, type Story } from '../soak/check/story.ts';

let folder: string;
let printed: string;
let complained: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soak-check-'));
  printed = '';
  complained = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    complained += String(text);
    return true;
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  await rm(folder, { recursive: true });
});

async function written(run: Story, tail = ''): Promise<string> {
  const path = join(folder, 'history.jsonl');
  const { header, records } = run.history;
  const lines = [header, ...records].map((line) => JSON.stringify(line));
  await writeFile(path, `${lines.join('\n')}\n${tail}`);
  return path;
}

async function run(...args: string[]): Promise<typeof process.exitCode> {
  const program = new Command();
  addSoakCommand(program);
  await program.parseAsync(['soak', 'check', ...args], { from: 'user' });
  return process.exitCode;
}

function brokenStory(): Story {
  const broken = story();
  const call = storyCall();
  broken.issue(call);
  broken.start(call);
  broken.start(call);
  return broken;
}

test('a history in which everything held ends with 0', async () => {
  expect(await run(await written(goodStory()))).toBe(0);
  expect(printed).toMatch(/I1 +held/);
});

test('a violation ends with 1, and is printed with its call', async () => {
  expect(await run(await written(brokenStory()))).toBe(1);
  expect(printed).toContain('was started 2 times');
  expect(printed).toContain('epoch codex-1, session s-1');
});

test('a history that proves nothing ends with 2, and so does a file that is none', async () => {
  expect(await run(await written(story()))).toBe(2);
  expect(printed).toContain('there was no call');
  const path = join(folder, 'other.txt');
  await writeFile(path, 'not a history\n');
  expect(await run(path)).toBe(2);
  expect(complained).toContain('line 1');
  complained = '';
  expect(await run(join(folder, 'missing.jsonl'))).toBe(2);
  expect(complained).toContain('missing.jsonl');
});

test('a broken line is named by its number', async () => {
  const path = await written(goodStory(), '{"seq":1,"at":0,"event":{"type":"world.what"}}\n');
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n').length;
  expect(await run(path)).toBe(2);
  expect(complained).toContain(`line ${lines}`);
  expect(complained).toContain('world.what');
});

test('a last line that was cut off is left out and told of', async () => {
  expect(await run(await written(goodStory(), '{"seq":99,"at":1'))).toBe(0);
  expect(printed).toContain('cut off');
});

test('--json prints the verdict, --html writes the page', async () => {
  const page = join(folder, 'report.html');
  expect(await run(await written(brokenStory()), '--json', '--html', page)).toBe(1);
  expect(JSON.parse(printed)).toMatchObject({
    result: 'violated',
    violations: [{ invariant: 'I1', call: { sessionId: 's-1' } }],
  });
  expect(await readFile(page, 'utf8')).toContain('<h2>Violations</h2>');
});
