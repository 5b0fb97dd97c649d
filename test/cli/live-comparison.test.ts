/** Whatever the real Codex sends otherwise than it was predicted must show, wherever it is. */
import { expect, test } from 'vitest';
import { predictCatalog } from '../../src/cli/catalog-prediction.ts';
import { compareLive } from '../../src/cli/live-comparison.ts';
import type { LiveAnswer, LiveRequest } from '../../src/cli/live-request.ts';
import {
  createToolsJson,
  dataOf,
  decodeDynamicTools,
  jsonOf,
  type DynamicTool,
  type JsonArray,
} from '../../src/tools/adapters/index.ts';

const fn = (name: string, more: object = {}) => ({
  type: 'function',
  name,
  description: `Does ${name}.`,
  inputSchema: { type: 'object', properties: {} },
  ...more,
});

const decoded = decodeDynamicTools(
  jsonOf([
    fn('first'),
    { type: 'namespace', name: 'n', description: 'About n.', tools: [fn('b'), fn('a')] },
    {
      type: 'namespace',
      name: 'later',
      description: 'L.',
      tools: [fn('x', { deferLoading: true })],
    },
    fn('view_image'),
  ]),
);
const tools: readonly DynamicTool[] = (decoded.ok ? decoded.value : null) ?? [];

const theirs = jsonOf([
  { type: 'function', name: 'view_image', description: 'Theirs.' },
  { type: 'namespace', name: 'clock', description: 'Time.', tools: [{ name: 'now' }] },
]) as JsonArray;
const search = jsonOf([{ type: 'tool_search', execution: 'client' }]) as JsonArray;
const { specs, sections, notice } = predictCatalog(tools);
const ours = createToolsJson(specs);
const texts = [`Before.\n${notice}`];
const bare: LiveRequest = { tools: theirs, code: null, texts: [] };
const served: LiveRequest = { tools: [...theirs, ...ours, ...search], code: null, texts };

const compare = (equipped: LiveAnswer['equipped'], refusal: string | null = null) =>
  compareLive(tools, refusal, { server: 'codex', bare, equipped });

interface Entry {
  description: string;
  tools: unknown[];
}

/** What is served with our entries changed. */
function changed(change: (entries: Entry[]) => void): LiveRequest {
  const entries = dataOf(ours) as Entry[];
  change(entries);
  return { ...served, tools: [...theirs, ...(jsonOf(entries) as JsonArray), ...search] };
}

test('what Codex has of its own is left out, and nothing differs', () => {
  expect(compare(served)).toEqual([]);
});

test.each([
  [
    'a word of a description',
    'function first',
    changed(([first]) => void (first!.description += '.')),
  ],
  ['a tool that is missing', 'function first', changed((list) => void list.shift())],
  ['a member that is missing', 'namespace n', changed(([, n]) => void n!.tools.pop())],
  [
    'members in another order',
    'namespace n',
    changed(([, n]) => void n!.tools.push(n!.tools.shift())),
  ],
  [
    'tools in another order',
    'order of the tools',
    changed((list) => void list.push(list.shift()!)),
  ],
  [
    'a tool that nobody predicted',
    'function more',
    changed((list) => void list.push({ ...fn('more'), tools: [] })),
  ],
  ['no notice', 'notice of deferred namespaces', { ...served, texts: ['Before.'] }],
])('%s', (_, about, equipped) => {
  const differences = compare(equipped);
  expect(differences.map((difference) => difference.about)).toEqual([about]);
  expect(differences[0]?.predicted).not.toBe(differences[0]?.sent);
});

test('a refusal that was not predicted, one that was not made, and other words', () => {
  expect(compare({ refusal: 'no' })).toEqual([
    { about: 'thread/start', predicted: null, sent: 'no' },
  ]);
  expect(compare(served, 'no')).toEqual([{ about: 'thread/start', predicted: 'no', sent: null }]);
  expect(compare({ refusal: 'no' }, 'no!')).toHaveLength(1);
  expect(compare({ refusal: 'no' }, 'no')).toEqual([]);
});

test('members that join a namespace of Codex are compared without the others', () => {
  const joining = decodeDynamicTools(
    jsonOf([{ type: 'namespace', name: 'clock', description: 'Mine.', tools: [fn('alarm')] }]),
  );
  const list = (joining.ok ? joining.value : null) ?? [];
  const merged = (description: string) =>
    jsonOf([
      {
        type: 'namespace',
        name: 'clock',
        description: 'Time.',
        tools: [
          { name: 'now' },
          {
            type: 'function',
            name: 'alarm',
            description,
            strict: false,
            parameters: { type: 'object', properties: {} },
          },
        ],
      },
    ]) as JsonArray;
  const compareMerged = (description: string) =>
    compareLive(list, null, {
      server: 'codex',
      bare,
      equipped: { tools: [theirs[0]!, ...merged(description)], code: null, texts: [] },
    });
  expect(compareMerged('Does alarm.')).toEqual([]);
  expect(compareMerged('Rings.')).toMatchObject([{ about: 'namespace clock' }]);
});

const head = 'Runs code.\n\n### `update_plan`\nPlans.';
const [first = '', ...others] = sections;
const code = [head, first, '## clock\nTime.', '### `clock__now`\nNow.', ...others].join('\n\n');
const bareCode = [head, '## clock\nTime.', '### `clock__now`\nNow.'].join('\n\n');

const compareCode = (text: string) =>
  compareLive(tools, null, {
    server: 'codex',
    bare: { ...bare, code: bareCode },
    equipped: { tools: theirs, code: text, texts },
  });

test('a model that calls tools from code: sections among those of Codex', () => {
  expect(compareCode(code)).toEqual([]);
});

test.each([
  ['a changed section', '### `first`', code.replace('Does first.', 'Does last.')],
  ['a section that is missing', '### `n__a`', code.replace(/\n\n### `n__a`[^#]*/, '')],
  ['a heading with other words', '## n', code.replace('About n.', 'About m.')],
  ['a text that nobody predicted', 'the text about code', `${code}\n\n### \`more\`\nMore.`],
])('code: %s', (_, about, text) => {
  expect(text).not.toBe(code);
  expect(compareCode(text).map((difference) => difference.about)).toContain(about);
});
