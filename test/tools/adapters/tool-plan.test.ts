/** Section 3: what is shown of the registered tools, and to which model. */
import { expect, test } from 'vitest';
import { acceptDynamicTools } from '../../../src/tools/adapters/dynamic-validation.ts';
import { dynamicHostTools } from '../../../src/tools/adapters/dynamic-host-tool.ts';
import { jsonOf } from '../../../src/tools/adapters/json-value.ts';
import { writeJson } from '../../../src/tools/adapters/json-text.ts';
import { mcpHostTools } from '../../../src/tools/adapters/mcp.ts';
import type { Exposure, HostTool } from '../../../src/tools/adapters/registry.ts';
import type { FunctionSpec, HostToolSpec } from '../../../src/tools/adapters/spec.ts';
import {
  liteSpecs,
  planTools,
  requestTools,
  type ModelTraits,
  type ToolPlan,
} from '../../../src/tools/adapters/tool-plan.ts';

const searching: ModelTraits = { supportsSearchTool: true, toolMode: 'off' };
const plain: ModelTraits = { supportsSearchTool: false, toolMode: 'off' };

const fn = (name: string, deferLoading = false) => ({
  type: 'function',
  name,
  description: 'd',
  inputSchema: {},
  deferLoading,
});
const ns = (name: string, tools: readonly unknown[], description = 'of the client') => ({
  type: 'namespace',
  name,
  description,
  tools,
});

function client(...tools: readonly unknown[]): readonly HostTool[] {
  const accepted = acceptDynamicTools(jsonOf(tools), { experimentalApi: true });
  if (!accepted.ok) throw new Error(accepted.message);
  return dynamicHostTools(accepted.tools ?? []);
}

function host(
  name: string,
  namespace: string | null = null,
  exposure: Exposure = 'direct',
): HostTool {
  const spec: FunctionSpec = {
    type: 'function',
    name,
    description: 'h',
    strict: false,
    deferLoading: false,
    parameters: {},
    outputSchema: null,
  };
  return {
    name: { namespace, name },
    origin: 'host',
    payload: 'function',
    exposure,
    spec:
      namespace === null
        ? spec
        : { type: 'namespace', name: namespace, description: 'of the host', tools: [spec] },
    supportsParallelToolCalls: false,
    searchText: null,
    noticeText: null,
  };
}

function plan(tools: readonly HostTool[], model: ModelTraits = plain): ToolPlan {
  const planned = planTools(tools, model);
  if (!planned.ok) throw new Error(planned.problem);
  return planned.value;
}

const outline = (specs: readonly HostToolSpec[]) =>
  specs.map((spec) => {
    if (spec.type === 'namespace')
      return `${spec.name}[${spec.tools.map(({ name }) => name).join()}]`;
    return 'name' in spec ? spec.name : spec.type;
  });

test('3.6: members are gathered at the first place of their namespace and sorted by bytes', () => {
  const tools = [
    host('z'),
    host('b', 'x'),
    host('a'),
    ...client(ns('x', [fn('Z'), fn('a'), fn('_')]), fn('c')),
  ];
  const { specs } = plan(tools);
  expect(outline(specs)).toEqual(['z', 'x[Z,_,a,b]', 'a', 'c']);
});

test('3.6: a namespace shared with the host keeps the words of the host', () => {
  const { specs } = plan([host('b', 'x'), ...client(ns('x', [fn('a')]))]);
  expect(specs[0]).toMatchObject({ name: 'x', description: 'of the host' });
});

test('3.7: a deferred tool is never shown, its namespace only for a direct member', () => {
  const tools = client(ns('n', [fn('a', true), fn('b')]), ns('m', [fn('c', true)]));
  expect(outline(plan(tools).specs)).toEqual(['n[b]']);
  expect(plan(tools).registry.size).toBe(3);
});

test('3.8: the search needs a model that can search and something to find, and takes its name', () => {
  const tools = client(fn('tool_search'), ns('n', [fn('a', true)]));
  const withSearch = plan(tools, searching);
  expect(outline(withSearch.specs)).toEqual(['tool_search']);
  expect(withSearch.specs[0]?.type).toBe('tool_search');
  expect(plan(tools).specs[0]?.type).toBe('function');
  expect(plan(client(fn('tool_search')), searching).specs[0]?.type).toBe('function');
});

test('3.8: a model that has nothing but code is not shown the search', () => {
  const tools = client(ns('n', [fn('a', true)]));
  expect(plan(tools, { supportsSearchTool: true, toolMode: 'code_mode_only' }).specs).toEqual([]);
});

test('3.9: only the two direct exposures are shown; all of them can be called', () => {
  const exposures: readonly Exposure[] = [
    ...(['direct', 'deferred', 'direct-model-only', 'deferred-model-only'] as const),
    ...(['code-mode-only', 'hidden'] as const),
  ];
  const { specs, registry } = plan(exposures.map((exposure) => host(exposure, null, exposure)));
  expect(outline(specs)).toEqual(['direct', 'direct-model-only']);
  expect(registry.size).toBe(exposures.length);
});

test('3.9: code reaches what is direct, deferred or for code only', () => {
  const exposures: readonly Exposure[] = [
    ...(['direct', 'deferred', 'direct-model-only', 'deferred-model-only'] as const),
    ...(['code-mode-only', 'hidden'] as const),
  ];
  const tools = exposures.map((exposure) => host(exposure, null, exposure));
  const { catalog, specs } = plan(tools, { supportsSearchTool: false, toolMode: 'code_mode_only' });
  expect([...(catalog?.keys() ?? [])]).toEqual(['direct', 'deferred', 'code_mode_only']);
  expect(outline(specs)).toEqual(['direct-model-only']);
});

test('3.10: a server without instructions is listed by name only, a client’s namespace by the default', () => {
  const server = {
    name: 'fx',
    instructions: null,
    tools: [
      { name: 't', title: null, description: null, inputSchema: new Map(), outputSchema: null },
    ],
  };
  const tools = [
    ...mcpHostTools([server], { supportsSearchTool: true }),
    ...client(ns('a', [fn('x', true)], '')),
  ];
  expect(plan(tools).deferredNotice).toBe(
    '<tools>\nDeferred tool namespaces:\n- a: Tools in the a namespace.\n- mcp__fx\n</tools>',
  );
});

test('3.11: the lite form wraps plain tools where the first of them stood', () => {
  const { specs } = plan([...client(ns('n', [fn('b')]), fn('f1'), ns('m', [fn('c')]), fn('f2'))]);
  expect(outline(liteSpecs(specs))).toEqual(['n[b]', 'functions[f1,f2]', 'm[c]']);
  const request = requestTools(specs, { responsesLite: true });
  const item = request.kind === 'item' ? writeJson(request.item) : '';
  expect(item).toMatch(
    /^\{"type":"additional_tools","role":"developer","tools":\[\{"type":"namespace"/,
  );
  expect(item).toContain('"name":"functions","description":""');
  expect(requestTools(specs, { responsesLite: false }).kind).toBe('field');
});

test('6.4: in code mode shown tools carry their declaration, the host’s `exec` does not', () => {
  const exec = host('exec', null, 'direct-model-only');
  const { specs } = plan([exec, ...client(fn('a'), ns('n', [fn('b')]))], {
    ...plain,
    toolMode: 'code_mode',
  });
  const shown = specs.flatMap((spec): readonly HostToolSpec[] =>
    spec.type === 'namespace' ? spec.tools : [spec],
  );
  const declared = shown.map(
    (spec) => 'description' in spec && spec.description.includes('declare const tools'),
  );
  expect(declared).toEqual([false, true, true]);
});
