/** Section 5, where the vectors do not reach. */
import { expect, test } from 'vitest';
import { acceptDynamicTools } from '../../../src/tools/adapters/dynamic-validation.ts';
import { dynamicHostTools } from '../../../src/tools/adapters/dynamic-host-tool.ts';
import {
  distinctSources,
  installEntryJson,
  offeredCandidates,
  type InstallCandidate,
} from '../../../src/tools/adapters/discovery.ts';
import { indexTexts, rankTexts } from '../../../src/tools/adapters/bm25.ts';
import { jsonOf } from '../../../src/tools/adapters/json-value.ts';
import { writeJson } from '../../../src/tools/adapters/json-text.ts';
import { mcpHostTools } from '../../../src/tools/adapters/mcp.ts';
import { registerTools, type HostTool } from '../../../src/tools/adapters/registry.ts';
import { searchWords } from '../../../src/tools/adapters/search-words.ts';
import {
  searchEntries,
  searchEntry,
  searchTools,
  toolSearchSpec,
} from '../../../src/tools/adapters/search.ts';
import { specJson } from '../../../src/tools/adapters/spec.ts';

const member = (name: string, description: string, inputSchema: object = {}) => ({
  type: 'function',
  name,
  description,
  inputSchema,
  deferLoading: true,
});
const ns = (name: string, ...tools: readonly object[]) => ({
  type: 'namespace',
  name,
  description: 'x',
  tools,
});

function client(...tools: readonly object[]): readonly HostTool[] {
  const accepted = acceptDynamicTools(jsonOf(tools), { experimentalApi: true });
  if (!accepted.ok) throw new Error(accepted.message);
  return dynamicHostTools(accepted.tools ?? []);
}

function found(tools: readonly HostTool[], args: unknown): readonly string[] {
  const registry = registerTools(tools);
  if (!registry.ok) throw new Error(registry.problem);
  return searchTools(searchEntries(registry.value), jsonOf(args)).tools.flatMap((spec) =>
    spec.tools.map(({ name }) => `${spec.name}/${name}`),
  );
}

test('5.1: the search tells of a query that is required and a limit that is not', () => {
  const wire = writeJson(specJson(toolSearchSpec));
  expect(wire).toMatch(/^\{"type":"tool_search","execution":"client","description":"/);
  expect(wire).toContain('"required":["query"],"additionalProperties":false');
});

test('5.2: what is found is deferred, has no output schema and a description', () => {
  const entry = searchEntry({
    type: 'namespace',
    name: 'n',
    description: ' ',
    tools: [
      {
        type: 'function',
        name: 'a',
        description: 'd',
        strict: false,
        deferLoading: false,
        parameters: {},
        outputSchema: jsonOf({}),
      },
    ],
  });
  expect(entry?.spec.description).toBe('Tools in the n namespace.');
  expect(entry?.spec.tools[0]).toMatchObject({ deferLoading: true, outputSchema: null });
});

test('5.3: only the named places of a schema are searched', () => {
  const schema = {
    properties: {
      inside: {
        items: { type: 'string', description: 'walrus' },
        anyOf: [{ properties: { heron: {} } }],
      },
      beside: {
        oneOf: [{ type: 'string', description: 'tiger' }],
        additionalProperties: { type: 'string', description: 'otter' },
      },
    },
  };
  const tools = client(ns('n', member('a', 'd', schema)));
  const hits = ['walrus', 'heron', 'inside', 'tiger', 'otter'].map(
    (query) => found(tools, { query }).length,
  );
  expect(hits).toEqual([1, 1, 1, 0, 0]);
});

test('5.4: an MCP tool is found by its names, title, server and its server’s words, not by descriptions of properties', () => {
  const properties = { order_id: { type: 'string', description: 'hidden' } };
  const tools = mcpHostTools(
    [
      {
        name: 'shop-fx',
        instructions: 'Zebra instructions',
        tools: [
          {
            name: 'look-up.order',
            title: 'Finder',
            description: null,
            inputSchema: new Map([['properties', jsonOf(properties)]]),
            outputSchema: null,
          },
        ],
      },
    ],
    { supportsSearchTool: true },
  );
  const queries = [
    'up.order',
    'look_up_order',
    'mcp__shop_fxlook_up_order',
    'finder',
    'fx',
    'zebra',
    'order_id',
  ];
  expect(queries.filter((query) => found(tools, { query }).length === 0)).toEqual([]);
  const missing = ['hidden', 'mcp__shop_fx', 'order', 'mcp__shop_fx__look_up_order'];
  expect(missing.filter((query) => found(tools, { query }).length > 0)).toEqual([]);
});

test('5.5: words are folded, split at Unicode word boundaries, freed of stop words and stemmed', () => {
  expect(
    searchWords("The café's Straße-Œuvre: a_b a.b v1.2.3 1,234 12:30 foo..bar don’t ½"),
  ).toEqual([
    'cafe',
    'strass',
    'oeuvr',
    'a_b',
    'a.b',
    'v1.2.3',
    '1,234',
    '12',
    '30',
    'foo',
    'bar',
    '1',
    '2',
  ]);
  expect(searchWords('__ ! d i ll happily Universities 北京')).toEqual([
    'happili',
    'univers',
    '北',
    '京',
  ]);
});

test('5.5: a rare word counts more, a word of the query as often as it comes, length against a text', () => {
  const index = indexTexts([
    'apple apple',
    'pear apple',
    'apple and many more words of no use',
    'plum',
  ]);
  expect(rankTexts(index, 'pear apple')).toEqual([1, 0, 2]);
  expect(rankTexts(index, 'plum plum plum apple')[0]).toBe(3);
  expect(rankTexts(index, 'cherry')).toEqual([]);
  // With a saturation of 1 or of 1.5 the first two would change places in one of these.
  const close = ['plum pear', 'pear plum plum plum apple apple', 'apple', 'pear plum'];
  expect(rankTexts(indexTexts(close), 'apple pear')).toEqual([1, 2, 0, 3]);
  const closer = ['pear plum pear', 'plum', 'apple plum plum apple apple'];
  expect(rankTexts(indexTexts(closer), 'apple pear')).toEqual([2, 0]);
  expect(rankTexts(indexTexts([]), 'apple')).toEqual([]);
});

test('5.6: namespaces come in order of their best hit, members by rank', () => {
  const tools = client(
    ns('n', member('a', 'filler filler filler apple'), member('b', 'apple pear')),
    ns('m', member('c', 'apple pear plum')),
  );
  expect(found(tools, { query: 'apple pear' })).toEqual(['n/b', 'n/a', 'm/c']);
  expect(found(tools, { query: 'apple pear', limit: 2 })).toEqual(['n/b', 'm/c']);
});

test('5.7: equal scores keep the order of registration', () => {
  const tools = client(...['zz', 'aa', 'mm'].map((name) => ns(name, member('t', 'walnut'))));
  expect(found(tools, { query: 'walnut' })).toEqual(['zz/t', 'aa/t', 'mm/t']);
});

test.each([
  null,
  5,
  'walnut',
  [],
  {},
  { query: null },
  { query: ['walnut'] },
  ['walnut', 1, 2],
  { query: '\u0085' },
])('5.8: the arguments %j find nothing', (args) => {
  expect(found(client(ns('n', member('t', 'walnut'))), args)).toEqual([]);
});

test('5.8: a limit is a whole number above zero, null is none', () => {
  const tools = client(ns('n', member('t', 'walnut')));
  const counts = [null, 1, 0, -1, 1.5, '1', true].map(
    (limit) => found(tools, { query: 'walnut', limit }).length,
  );
  expect(counts).toEqual([1, 1, 0, 0, 0, 0, 0]);
});

test('5.10: sources are told once, plugins are not offered to the terminal client', () => {
  expect(
    distinctSources([
      { name: 'a', description: null },
      { name: 'b', description: 'B' },
      { name: 'a', description: 'A' },
    ]),
  ).toEqual([
    { name: 'a', description: 'A' },
    { name: 'b', description: 'B' },
  ]);
  const candidate: InstallCandidate = {
    kind: 'plugin',
    id: 'p1',
    name: 'P',
    description: null,
    hasSkills: true,
    mcpServerNames: ['fx'],
    appConnectorIds: [],
  };
  const connector: InstallCandidate = { ...candidate, kind: 'connector' };
  expect(offeredCandidates([candidate, connector], 'codex-tui')).toEqual([connector]);
  expect(offeredCandidates([candidate, connector], 'sessionmesh')).toHaveLength(2);
  expect(writeJson(installEntryJson(candidate))).toBe(
    '{"id":"p1","name":"P","description":null,"tool_type":"plugin","has_skills":true,' +
      '"mcp_server_names":["fx"],"app_connector_ids":[]}',
  );
});
