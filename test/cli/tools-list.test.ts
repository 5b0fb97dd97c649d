/** `sessionmesh tools list`: a real process. */
import { expect, test } from 'vitest';
import { moduleText, toolsFolder } from './tools-folder.ts';

const module = moduleText(`
  export const a = tool({ name: 'plain', description: 'Plain.\\nMore of it.', execute: () => 1 });
  export const b = tool({
    name: 'careful',
    description: 'Careful ${'very '.repeat(20)}careful.',
    timeoutMs: 2_500,
    serial: true,
    serialKey: () => 'x',
    effects: 'repeatable',
    approval: () => true,
    execute: () => 1,
  });
  export const c = namespace('space', {
    tools: [tool({ name: 'later', description: 'Later.', deferLoading: true, execute: () => 1 })],
  });
`);

test('one line a tool: its name, what it is for, and how it is run', async () => {
  const { code, stdout, stderr } = await toolsFolder({ 'tools.ts': module }).run([
    'list',
    'tools.ts',
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.split('\n')).toEqual([
    expect.stringMatching(/^tool +description +runs$/),
    expect.stringMatching(/^plain +Plain\.$/),
    expect.stringMatching(
      /^careful +Careful very .{46}… +2\.5 s, 1 at once, in line, repeatable, asks first$/,
    ),
    expect.stringMatching(/^space\/later +Later\. +found by search$/),
    '',
  ]);
});

test('--json', async () => {
  const { stdout } = await toolsFolder({ 'tools.ts': module }).run(['list', 'tools.ts', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    tools: [
      { tool: 'plain', description: 'Plain.\nMore of it.', policy: { approval: 'never' } },
      {
        tool: 'careful',
        policy: { timeoutMs: 2_500, serialKey: 'function', approval: 'function' },
      },
      { tool: 'space/later', deferLoading: true },
    ],
    warnings: [],
  });
});

test('functions can be bound to a document, without the sources they were inferred from', async () => {
  const folder = toolsFolder({
    'tools.ts': '/** Adds. */\nexport function add(a: number): number { return a; }',
    'tools.js': 'export function add(a) { return a; }',
  });
  await folder.run(['infer', 'tools.ts', '--out', 'tools.schema.json']);
  const args = ['list', 'tools.js', '--document', 'tools.schema.json'];
  expect((await folder.run(args)).stdout).toMatch(/\nadd +Adds\.\n/);
});
