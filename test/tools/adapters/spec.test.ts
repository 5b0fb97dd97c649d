/** Sections 0 and 3: names, specs on the wire, and how namespaces come together. */
import { expect, test } from 'vitest';
import type { DynamicFunction } from '../../../src/tools/adapters/dynamic.ts';
import { jsonOf } from '../../../src/tools/adapters/json-value.ts';
import { writeJson } from '../../../src/tools/adapters/json-text.ts';
import {
  coalesceSpecs,
  dynamicToolToLoadableSpec,
  dynamicToolToResponsesTool,
  parseDynamicTool,
} from '../../../src/tools/adapters/responses.ts';
import {
  createToolsJson,
  intoDeferred,
  namespaceDescription,
  renamed,
  specJson,
  specName,
  type FunctionSpec,
  type HostToolSpec,
  type NamespaceSpec,
  type ToolDefinition,
} from '../../../src/tools/adapters/spec.ts';
import { canonicalName, displayName, nameKey } from '../../../src/tools/adapters/tool-name.ts';

const fn = (name: string, more: Partial<FunctionSpec> = {}): FunctionSpec => ({
  type: 'function',
  name,
  description: 'd',
  strict: false,
  deferLoading: false,
  parameters: {},
  outputSchema: null,
  ...more,
});
const ns = (name: string, description: string, ...tools: FunctionSpec[]): NamespaceSpec => ({
  type: 'namespace',
  name,
  description,
  tools,
});
const definition: ToolDefinition = {
  name: 'a',
  description: 'd',
  inputSchema: { type: 'object' },
  outputSchema: jsonOf({ type: 'object' }),
  deferLoading: false,
};
const dynamic: DynamicFunction = {
  type: 'function',
  name: 'a',
  description: '  as it is\n',
  inputSchema: jsonOf({ minimum: 1 }),
  deferLoading: true,
};

test('0.3: no namespace, an empty one and `functions` are the same; both parts count', () => {
  const keys = [null, '', 'functions'].map((namespace) => nameKey({ namespace, name: 'a' }));
  expect(new Set(keys).size).toBe(1);
  expect(nameKey({ namespace: 'n', name: 'a' })).not.toBe(nameKey({ namespace: 'na', name: '' }));
  expect(canonicalName({ namespace: 'functions', name: 'a' })).toEqual({
    namespace: null,
    name: 'a',
  });
  expect(displayName({ namespace: 'q', name: 'nope' })).toBe('qnope');
});

test('0.4: renaming changes the name only; deferring drops the output schema', () => {
  expect(renamed(definition, 'b')).toEqual({ ...definition, name: 'b' });
  expect(intoDeferred(definition)).toEqual({
    ...definition,
    outputSchema: null,
    deferLoading: true,
  });
});

test('0.5, 0.6: a function on the wire has its members in order and never its output schema', () => {
  const tool = fn('a', { deferLoading: true, outputSchema: jsonOf({ type: 'object' }) });
  const wire =
    '{"type":"function","name":"a","description":"d","strict":false,"defer_loading":true,"parameters":{}}';
  expect(writeJson(specJson(tool))).toBe(wire);
  expect(writeJson(specJson(ns('n', 'nd', tool)))).toBe(
    `{"type":"namespace","name":"n","description":"nd","tools":[${wire}]}`,
  );
});

test('0.7: every kind of spec has its wire form and reports a name', () => {
  const specs: readonly HostToolSpec[] = [
    {
      type: 'custom',
      name: 'c',
      description: 'd',
      format: { type: 'grammar', syntax: 'lark', definition: 's' },
    },
    { type: 'tool_search', execution: 'client', description: 'd', parameters: {} },
    { type: 'web_search' },
    {
      type: 'web_search',
      externalWebAccess: true,
      indexGatedWebAccess: false,
      filters: { allowedDomains: ['a.b'] },
      userLocation: { type: 'approximate', city: 'X', timezone: 'Z' },
      searchContextSize: 'low',
      searchContentTypes: ['text'],
    },
    { type: 'image_generation', outputFormat: 'png' },
  ];
  expect(specs.map(specName)).toEqual([
    'c',
    'tool_search',
    'web_search',
    'web_search',
    'image_generation',
  ]);
  expect(createToolsJson(specs).map(writeJson)).toEqual([
    '{"type":"custom","name":"c","description":"d","format":{"type":"grammar","syntax":"lark","definition":"s"}}',
    '{"type":"tool_search","execution":"client","description":"d","parameters":{}}',
    '{"type":"web_search"}',
    '{"type":"web_search","external_web_access":true,"index_gated_web_access":false,' +
      '"filters":{"allowed_domains":["a.b"]},' +
      '"user_location":{"type":"approximate","city":"X","timezone":"Z"},' +
      '"search_context_size":"low","search_content_types":["text"]}',
    '{"type":"image_generation","output_format":"png"}',
  ]);
});

test('0.10: the list on the wire is neither sorted nor merged', () => {
  const specs = [ns('b', 'x', fn('z')), fn('a'), ns('b', 'y', fn('c'))];
  expect(createToolsJson(specs)).toEqual(specs.map(specJson));
});

test('0.11: a blank description of a namespace is replaced, any other stays untrimmed', () => {
  for (const blank of [null, '', ' \n\t', '\u0085']) {
    expect(namespaceDescription('crm', blank)).toBe('Tools in the crm namespace.');
  }
  expect(namespaceDescription('crm', ' padded ')).toBe(' padded ');
});

test('3.1, 3.3: a client’s function becomes a definition, a tool and a spec', () => {
  expect(parseDynamicTool(dynamic)).toEqual({
    ok: true,
    value: {
      name: 'a',
      description: '  as it is\n',
      inputSchema: { type: 'number' },
      outputSchema: null,
      deferLoading: true,
    },
  });
  const tool = dynamicToolToResponsesTool(dynamic);
  expect(tool.ok && tool.value).toMatchObject({ name: 'a', strict: false, deferLoading: true });
  const plain = dynamicToolToLoadableSpec(dynamic, null);
  expect(plain.ok && plain.value.type).toBe('function');
  const member = dynamicToolToLoadableSpec(dynamic, { name: 'n', description: ' ' });
  expect(member.ok && member.value).toMatchObject({
    type: 'namespace',
    description: 'Tools in the n namespace.',
    tools: [{ name: 'a' }],
  });
});

test('3.1: the error of a definition is that of its schema', () => {
  const refused = parseDynamicTool({ ...dynamic, inputSchema: jsonOf({ type: 'null' }) });
  expect(refused).toEqual({
    ok: false,
    problem: 'tool input schema must not be a singleton null type',
  });
});

test('3.4: equal namespaces join the first, which keeps its description; functions stay', () => {
  const specs = [
    fn('f'),
    ns('n', 'first', fn('b')),
    ns('m', 'm', fn('x')),
    ns('n', 'second', fn('a')),
    fn('f'),
  ];
  expect(coalesceSpecs<HostToolSpec>(specs)).toEqual([
    fn('f'),
    ns('n', 'first', fn('b'), fn('a')),
    ns('m', 'm', fn('x')),
    fn('f'),
  ]);
});
