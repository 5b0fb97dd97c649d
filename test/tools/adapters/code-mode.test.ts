/** Section 6, where the vectors do not reach. */
import { expect, test } from 'vitest';
import { acceptDynamicTools } from '../../../src/tools/adapters/dynamic-validation.ts';
import { dynamicHostTools } from '../../../src/tools/adapters/dynamic-host-tool.ts';
import { augmentSpec, codeModeTool, codeName } from '../../../src/tools/adapters/code-mode.ts';
import { nestedCallArguments } from '../../../src/tools/adapters/code-mode-call.ts';
import {
  allTools,
  augmentedSpec,
  codeModeCatalog,
  codeModeSections,
} from '../../../src/tools/adapters/code-mode-catalog.ts';
import { jsonOf } from '../../../src/tools/adapters/json-value.ts';
import { registerTools, type ToolRegistry } from '../../../src/tools/adapters/registry.ts';
import type { FunctionSpec } from '../../../src/tools/adapters/spec.ts';

const fn = (name: string, more: object = {}) => ({
  type: 'function',
  name,
  description: `d ${name}`,
  inputSchema: {},
  ...more,
});

function registry(...tools: readonly object[]): ToolRegistry {
  const accepted = acceptDynamicTools(jsonOf(tools), { experimentalApi: true });
  if (!accepted.ok) throw new Error(accepted.message);
  const registered = registerTools(dynamicHostTools(accepted.tools ?? []));
  if (!registered.ok) throw new Error(registered.problem);
  return registered.value;
}

const spec: FunctionSpec = {
  type: 'function',
  name: 'get-it',
  description: 'd',
  strict: false,
  deferLoading: false,
  parameters: { type: 'object', properties: new Map() },
  outputSchema: null,
};

test('6.1: an empty namespace is none', () => {
  expect(codeName({ namespace: '', name: 'a' })).toBe('a');
});

test('6.4: an output schema becomes the promised type', () => {
  const augmented = augmentSpec({ ...spec, outputSchema: jsonOf({ type: 'integer' }) });
  expect('description' in augmented && augmented.description).toContain('): Promise<number>; };');
});

test('6.4: every member of a namespace is augmented, the host’s `exec` and hosted tools are not', () => {
  const augmented = augmentSpec({
    type: 'namespace',
    name: 'n',
    description: 'x',
    tools: [spec, spec],
  });
  const tools = augmented.type === 'namespace' ? augmented.tools : [];
  expect(tools.map(({ description }) => description.includes('n__get_it(args'))).toEqual([
    true,
    true,
  ]);
  expect(augmentSpec({ ...spec, name: 'exec' })).toEqual({ ...spec, name: 'exec' });
  expect(augmentSpec({ type: 'web_search' })).toEqual({ type: 'web_search' });
});

test('6.5: the definition keeps the name that is no identifier', () => {
  expect(codeModeTool(spec)).toMatchObject({
    name: 'get-it',
    kind: 'function',
    outputSchema: null,
  });
  const space = codeModeTool({ type: 'namespace', name: 'n', description: 'x', tools: [spec] });
  expect(space?.name).toBe('n__get-it');
  expect(codeModeTool({ type: 'namespace', name: 'n', description: 'x', tools: [] })).toBeNull();
});

test('6.6: the first tool of an identifier is reached, deferred ones count, the others stay as they are', () => {
  const tools = registry(
    {
      type: 'namespace',
      name: 'n',
      description: 'x',
      tools: [fn('b-x'), fn('hid', { deferLoading: true })],
    },
    fn('n__b_x'),
    fn('n__hid'),
  );
  const catalog = codeModeCatalog(tools);
  expect([...catalog.keys()]).toEqual(['n__b_x', 'n__hid']);
  const augmented = [...tools.values()].map((tool) => augmentedSpec(catalog, tool));
  expect(augmented.map((one, index) => one === [...tools.values()][index]?.spec)).toEqual([
    false,
    false,
    true,
    true,
  ]);
});

test('6.7: plain tools come first, then each namespace by name with its members by name', () => {
  const tools = registry(
    { type: 'namespace', name: 'n', description: ' words \n', tools: [fn('b'), fn('_a')] },
    { type: 'namespace', name: 'N', description: '', tools: [fn('c', { deferLoading: true })] },
    fn('z'),
  );
  const headings = codeModeSections(codeModeCatalog(tools)).map(
    (section) => section.split('\n', 1)[0],
  );
  expect(headings).toEqual(['### `z`', '## n', '### `n_a`', '### `n__b`']);
  expect(codeModeSections(codeModeCatalog(tools))[1]).toBe('## n\nwords');
});

test('6.8: all tools are listed by code name, with the words of their namespace', () => {
  const tools = registry(
    {
      type: 'namespace',
      name: 'n',
      description: ' nd \n',
      tools: [fn('b-x', { deferLoading: true })],
    },
    fn('a', { description: '' }),
  );
  const block = (declaration: string) =>
    `exec tool declaration:\n\`\`\`ts\ndeclare const tools: { ${declaration} };\n\`\`\``;
  expect(allTools(codeModeCatalog(tools))).toEqual([
    { name: 'a', description: `\n\n${block('a(args: unknown): Promise<unknown>;')}` },
    {
      name: 'n__b_x',
      description: `d b-x\n\nnd\n\n${block('n__b_x(args: unknown): Promise<unknown>;')}`,
    },
  ]);
});

test('6.14: nothing is an empty object; what is no object is refused under the full name', () => {
  const name = { namespace: 'n', name: 'b-x' };
  expect(nestedCallArguments(name, undefined)).toEqual({ ok: true, value: new Map() });
  for (const argument of [null, 'x', 5, [1]]) {
    expect(nestedCallArguments(name, jsonOf(argument))).toEqual({
      ok: false,
      problem: 'tool `nb-x` expects a JSON object for arguments',
    });
  }
});
