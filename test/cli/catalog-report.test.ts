/** What is told of a list before Codex sees it. */
import { expect, test } from 'vitest';
import { reportCatalog } from '../../src/cli/catalog-report.ts';
import { jsonOf } from '../../src/tools/adapters/index.ts';

const fn = (name: string, more: object = {}) => ({
  type: 'function',
  name,
  description: `Does ${name}.`,
  inputSchema: { type: 'object', properties: {} },
  ...more,
});
const space = (name: string, ...tools: object[]) => ({
  type: 'namespace',
  name,
  description: `About ${name}.`,
  tools,
});

const report = (...tools: object[]) => reportCatalog(jsonOf(tools));

test('tools are told in the order of the list, a request holds them as Codex orders them', () => {
  const { tools, sent, refusal, findings } = report(fn('b'), space('n', fn('z'), fn('a')));
  expect(tools.map(({ tool, seen }) => [tool, seen])).toEqual([
    ['b', 'at once'],
    ['n/z', 'at once'],
    ['n/a', 'at once'],
  ]);
  expect(tools[0]?.sent).toBe(
    '{"type":"function","name":"b","description":"Does b.","strict":false,' +
      '"parameters":{"type":"object","properties":{}}}',
  );
  expect(sent.indexOf('"name":"a"')).toBeLessThan(sent.indexOf('"name":"z"'));
  expect({ refusal, findings }).toEqual({ refusal: null, findings: [] });
});

test('a deferred tool is no part of a request; its namespace is told of', () => {
  const { tools, sent, notice, tokens } = report(space('n', fn('later', { deferLoading: true })));
  expect(tools).toMatchObject([{ tool: 'n/later', seen: 'by search' }]);
  expect(tools[0]?.sent).toContain('"defer_loading":true');
  expect(sent).toBe('[]');
  expect(notice).toBe('<tools>\nDeferred tool namespaces:\n- n: About n.\n</tools>');
  expect(tokens.functions).toBeGreaterThan(0);
});

test('the text that code is told of a tool', () => {
  const { tools } = report(
    space('n', fn('say', { inputSchema: { properties: { to: { type: 'string' } } } })),
  );
  expect(tools[0]?.declared).toBe(
    '### `n__say`\nDoes say.\n\nexec tool declaration:\n```ts\n' +
      'declare const tools: { n__say(args: { to?: string; }): Promise<unknown>; };\n```',
  );
});

test.each(['exec_command', 'shell_command', 'view_image', 'get_goal'])(
  '%s is dead: a built-in tool runs in its place',
  (name) => {
    const { tools, findings, refusal } = report(fn(name), space('mine', fn(name)));
    expect(refusal).toBeNull();
    expect(tools).toMatchObject([
      { tool: name, seen: 'never' },
      { tool: `mine/${name}`, seen: 'at once' },
    ]);
    expect(findings).toMatchObject([{ level: 'error', about: name }]);
  },
);

test('names that only some models have are a warning', () => {
  expect(report(fn('apply_patch')).findings).toMatchObject([
    { level: 'warning', about: 'apply_patch', message: expect.stringContaining('some models') },
  ]);
});

test('two tools of one name in code: the later one is told what code reaches instead', () => {
  const { tools, findings } = report(space('a', fn('b')), fn('a__b'));
  expect(findings).toEqual([
    {
      level: 'warning',
      about: 'a__b',
      message: 'code that calls it reaches a/b: both have one name in code',
    },
  ]);
  expect(tools.map(({ declared }) => declared === null)).toEqual([false, true]);
});

test('a namespace of Codex itself, and a tool without a description', () => {
  const { findings } = report(space('multi_agent_v1', fn('x', { description: ' ' })));
  expect(findings).toMatchObject([
    { level: 'warning', about: 'multi_agent_v1' },
    {
      level: 'warning',
      about: 'multi_agent_v1/x',
      message: expect.stringContaining('description'),
    },
  ]);
});

test('a refused list: what Codex says, and the faults it does not come to', () => {
  const { refusal, tools, findings, sent } = report(
    fn('fine'),
    fn('mcp'),
    fn('nothing', { inputSchema: { type: 'null' } }),
    space('web', fn('a b')),
    fn('late', { deferLoading: true }),
  );
  expect(refusal).toBe('dynamic tool name is reserved: mcp');
  expect(findings).toEqual([
    { level: 'error', about: 'mcp', message: refusal },
    {
      level: 'error',
      about: 'nothing',
      message:
        'dynamic tool input schema is not supported for nothing: tool input schema must not be a singleton null type',
    },
    {
      level: 'error',
      about: 'web/a b',
      message: 'dynamic tool namespace collides with a reserved Responses API namespace: web',
    },
    {
      level: 'error',
      about: 'late',
      message: 'deferred dynamic tool must include a namespace: late',
    },
  ]);
  expect(tools.map(({ seen }) => seen)).toEqual(Array.from({ length: 5 }, () => 'never'));
  expect(sent).toBe('[]');
});

test('a fault that only the whole list has', () => {
  expect(report(fn('twice'), fn('twice')).findings).toEqual([
    { level: 'error', about: null, message: 'duplicate dynamic tool name: twice' },
  ]);
});

test('a list that cannot be read at all', () => {
  expect(report({ type: 'function', name: 'x' })).toMatchObject({
    refusal: 'Invalid request: missing field `description`',
    tools: [],
    findings: [{ level: 'error', about: null }],
  });
});

test('the older flat form is read as Codex reads it', () => {
  const { tools } = report({
    name: 'old',
    namespace: 'n',
    description: 'Old.',
    inputSchema: {},
  });
  expect(tools).toMatchObject([{ tool: 'n/old', seen: 'at once' }]);
});

test('nothing costs nothing', () => {
  expect(report().tokens).toEqual({ functions: 0, code: 0 });
});
