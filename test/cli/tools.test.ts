/** `sessionmesh tools`: what there is, and where it leads who misspells it. */
import { expect, test } from 'vitest';
import { toolsFolder } from './tools-folder.ts';

test('--help names every command, with examples', async () => {
  const { code, stdout } = await toolsFolder().run(['--help']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/infer[\s\S]*check[\s\S]*list[\s\S]*show[\s\S]*call[\s\S]*Examples:/);
});

test.each([
  ['infer', /--out[\s\S]*--check[\s\S]*--tsconfig[\s\S]*--json/],
  ['check', /\.json[\s\S]*--live[\s\S]*--model[\s\S]*--codex[\s\S]*--document[\s\S]*--json/],
  ['call', /\[arguments\][\s\S]*standard\s+input[\s\S]*--approve/],
])('%s --help says what it takes', async (command, stdout) => {
  expect((await toolsFolder().run([command, '--help'])).stdout).toMatch(stdout);
});

test.each([
  [['chekc'], /did you mean check/i],
  [['check'], /missing required argument 'file'/],
  [['show', 'tools.ts'], /missing required argument 'tool'/],
])('%s is refused with what to do', async (args, stderr) => {
  const result = await toolsFolder().run(args);
  expect(result.stderr).toMatch(stderr);
  expect(result.code).toBe(1);
});
