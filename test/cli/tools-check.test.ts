/** `sessionmesh tools check`: real processes on modules and lists. What the real Codex says is in test/e2e. */
import { expect, test } from 'vitest';
import { moduleText, toolsFolder } from './tools-folder.ts';

const lookup = `export const lookup = tool({
  name: 'lookup_ticket',
  description: 'Looks up a ticket.',
  input: {
    type: 'object',
    properties: { id: { type: 'string', pattern: '^ENG-' }, tags: { type: 'array' } },
    required: ['id'],
  },
  execute: ({ id }) => id,
});
`;

const list = (...tools: object[]) => JSON.stringify(tools);
const fn = (name: string) => ({ type: 'function', name, description: 'd', inputSchema: {} });

test('a table, each tool letter by letter, and each loss with its place and reason', async () => {
  const folder = toolsFolder({ 'tools.ts': moduleText(lookup) });
  const { code, stdout, stderr } = await folder.run(['check', 'tools.ts']);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const lines = stdout.split('\n');
  expect(lines[0]).toMatch(/^tools\.ts: 1 tool; Codex [\d.]+ accepts the list$/);
  expect(lines[2]).toBe('tool           seen     schema bytes  tokens  changes');
  expect(lines[3]).toMatch(/^lookup_ticket {2}at once {2}1\d\d +\d\d +2$/);
  expect(lines[6]).toBe(
    '  {"type":"function","name":"lookup_ticket","description":"Looks up a ticket.","strict":false,' +
      '"parameters":{"type":"object","properties":{"id":{"type":"string"},' +
      '"tags":{"type":"array","items":{"type":"string"}}},"required":["id"]}}',
  );
  expect(lines.slice(7, 11)).toEqual([
    '  Codex does not pass on `pattern`',
    '    - /properties/id/pattern "^ENG-"',
    '  Codex takes an array without `items` for a list of texts',
    '    + /properties/tags/items {"type":"string"}',
  ]);
  expect(stdout).toContain('Arguments are checked against the schemas as they were written');
  expect(stdout).toMatch(/some \d+ tokens of tools.*\nTokens are estimated from words/);
  expect(lines.at(-2)).toBe('✓ nothing is in the way');
  expect(stdout).not.toContain('\x1b');
});

test('--json holds the same for a program', async () => {
  const folder = toolsFolder({ 'tools.ts': moduleText(lookup) });
  const { code, stdout } = await folder.run(['check', 'tools.ts', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: true,
    live: null,
    report: {
      refusal: null,
      findings: [],
      tools: [
        {
          tool: 'lookup_ticket',
          seen: 'at once',
          changes: [
            { kind: 'lost', path: '/properties/id/pattern', before: '"^ENG-"', matters: true },
            { kind: 'added', path: '/properties/tags/items' },
          ],
        },
      ],
    },
  });
});

test('tools, namespaces, bundles, lists and functions of one module, each once', async () => {
  const say = (name: string) =>
    `tool({ name: '${name}', description: 'Says ${name}.', execute: () => '${name}' })`;
  const folder = toolsFolder({
    'tools.ts': moduleText(`
      export const a = ${say('alone')};
      export const b = namespace('space', { tools: [${say('member')}] });
      export const c = bundle(${say('packed')}, a);
      export default [a, ${say('listed')}];
      export class NoTool {}
      export const alsoNone = 5;
      /** Adds two numbers. */
      export function add(left: number, right: number): number { return left + right; }
    `),
  });
  const { code, stdout } = await folder.run(['check', 'tools.ts', '--json']);
  const { report } = JSON.parse(stdout) as { report: { tools: { tool: string }[] } };
  expect(report.tools.map(({ tool }) => tool)).toEqual([
    'add',
    'alone',
    'space/member',
    'packed',
    'listed',
  ]);
  expect(code).toBe(0);
});

test('a tool that a built-in tool replaces is an error; one that some models replace a warning', async () => {
  const folder = toolsFolder({
    'tools.ts': moduleText(`
      export const dead = tool({ name: 'view_image', description: 'd', execute: () => 1 });
      export const rare = tool({ name: 'update_plan', description: 'd', execute: () => 1 });
    `),
  });
  const { code, stdout } = await folder.run(['check', 'tools.ts']);
  expect(stdout).toContain('✗ view_image: Codex runs a built-in tool in its place');
  expect(stdout).toContain('! update_plan: some models have a built-in tool of this name');
  expect(stdout).not.toContain('nothing is in the way');
  expect(code).toBe(1);
});

test('what a session would refuse is an error although Codex might take it', async () => {
  const folder = toolsFolder({
    'tools.ts': moduleText(`
      const make = (description: string) => tool({ name: 'same', description, execute: () => 1 });
      export const first = make('one');
      export const second = make('two');
    `),
  });
  const { code, stdout } = await folder.run(['check', 'tools.ts']);
  expect(stdout).toContain('✗ same: tool name is used twice');
  expect(code).toBe(1);
});

test('inference warns with file and line', async () => {
  const folder = toolsFolder({ 'tools.ts': 'export function bare(a: number) {}\n' });
  const { code, stdout } = await folder.run(['check', 'tools.ts']);
  expect(stdout).toMatch(/! tools\.ts:1:1: bare: it has no doc comment/);
  expect(code).toBe(0);
});

test('a list: every fault that Codex would refuse it for, in its words', async () => {
  const folder = toolsFolder({ 'list.json': list(fn('mcp'), fn('a b'), fn('fine')) });
  const { code, stdout } = await folder.run(['check', 'list.json']);
  expect(stdout).toMatch(/^list\.json: 3 tools; Codex [\d.]+ refuses the list\n/);
  expect(stdout).toContain('✗ mcp: dynamic tool name is reserved: mcp\n');
  expect(stdout).toContain('✗ a b: dynamic tool name must match ^[a-zA-Z0-9_-]+$');
  expect(code).toBe(1);
});

test('numbers of a list keep their spelling', async () => {
  const folder = toolsFolder({
    'list.json':
      '[{"type":"function","name":"n","description":"d","inputSchema":' +
      '{"type":"object","properties":{"x":{"type":"number","enum":[1.0,12345678901234567890]}}}}]',
  });
  const { stdout } = await folder.run(['check', 'list.json']);
  expect(stdout).toContain('"enum":[1.0,12345678901234567890]');
});

test('a module that keeps the process busy does not keep the command', async () => {
  const folder = toolsFolder({ 'tools.ts': moduleText(`${lookup}setInterval(() => {}, 1000);\n`) });
  expect((await folder.run(['check', 'tools.ts'])).code).toBe(0);
});

test.each([
  ['nowhere.ts', /nowhere\.ts.*\[option_invalid\]/],
  ['broken.ts', /broken\.ts: out of order.*\[option_invalid\]/],
  ['empty.ts', /none of them in empty\.ts.*\[option_invalid\]/],
  ['function.ts', /function\.ts:2:19: f: parameter "map".*\[infer_failed\]/],
  ['nowhere.json', /nowhere\.json.*\[option_invalid\]/],
  ['half.json', /EOF while parsing.*\[option_invalid\]/],
  ['package.json', /no list in package\.json.*\[option_invalid\]/],
])('%s is refused with what to do', async (file, stderr) => {
  const folder = toolsFolder({
    'broken.ts': `throw new Error('out of order'); setInterval(() => {}, 1000);`,
    'empty.ts': 'export const nothing = 1;',
    'function.ts': '/** F. */\nexport function f(map: Map<string, number>) {}',
    'half.json': '[1,',
  });
  const result = await folder.run(['check', file]);
  expect(result.stderr).toMatch(stderr);
  expect(result.code).toBe(1);
});
