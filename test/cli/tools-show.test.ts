/** `sessionmesh tools show`: a real process. */
import { expect, test } from 'vitest';
import { moduleText, toolsFolder } from './tools-folder.ts';

const module = moduleText(`
  const find = (name: string, more: object = {}) => tool({
    name,
    description: 'Finds things.',
    input: {
      type: 'object',
      properties: { query: { type: 'string', maxLength: 9, description: 'What.' } },
      required: ['query'],
    },
    output: { type: 'array', items: { type: 'string' } },
    execute: () => [],
    ...more,
  });
  export const a = find('find', { timeoutMs: 3_000 });
  export const b = namespace('space', { tools: [find('find'), find('later', { deferLoading: true })] });
  export const c = tool({ name: 'get_goal', description: 'd', execute: () => 1 });
`);

const show = (...args: string[]) =>
  toolsFolder({ 'tools.ts': module }).run(['show', 'tools.ts', ...args]);

test('as it was written, as models see it, and what was lost between', async () => {
  const { code, stdout } = await show('find');
  expect(code).toBe(0);
  const [head, ...blocks] = stdout.split('\n\n');
  expect(head).toBe('find\n  Finds things.\n  3 s');
  expect(blocks.map((block) => block.split('\n', 1)[0])).toEqual([
    'input, as it was written',
    'output, which no model is shown',
    expect.stringMatching(/^what a model sees \(\d+ bytes of schema, some \d+ tokens\)$/),
    'what became of the schema',
    'what a model sees that calls tools from code',
    '  exec tool declaration:',
  ]);
  expect(blocks[0]).toContain('"maxLength": 9');
  expect(blocks[2]).not.toContain('maxLength');
  expect(blocks[3]).toContain('- /properties/query/maxLength 9');
  expect(blocks[5]).toContain('find(args: {\n    // What.\n    query: string;\n  })');
});

test('a name is enough where only one tool has it; a full name always is', async () => {
  expect((await show('later')).stdout).toMatch(/^space\/later\n[\s\S]*once it was searched for/);
  expect((await show('space/find')).stdout).toMatch(/^space\/find\n/);
});

test('--json', async () => {
  const { stdout } = await show('later', '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    tool: 'space/later',
    seen: 'by search',
    description: 'Finds things.',
    inputSchema: { properties: { query: { maxLength: 9 } } },
    outputSchema: { type: 'array' },
    changes: [{ path: '/properties/query/maxLength' }],
    refusal: null,
    findings: [],
  });
});

test('a tool that no model ever calls says so', async () => {
  expect((await show('get_goal')).stdout).toContain('Codex runs a built-in tool in its place');
});

test('a tool that is not there: the names of those that are', async () => {
  const { code, stderr } = await show('nothing');
  expect(stderr).toMatch(/found nothing; use one of find, space\/find, space\/later, get_goal/);
  expect(code).toBe(1);
});
