/** Drives the functions about search and code mode. */
import { nestedCallArguments } from '../../src/tools/adapters/code-mode-call.ts';
import { allTools, codeModeSections } from '../../src/tools/adapters/code-mode-catalog.ts';
import { augmentSpec, codeModeTool } from '../../src/tools/adapters/code-mode.ts';
import { dynamicReplyOutput } from '../../src/tools/adapters/dynamic-call.ts';
import { type JsonArray, type JsonObject, jsonOf } from '../../src/tools/adapters/json-value.ts';
import { mcpHostTools } from '../../src/tools/adapters/mcp.ts';
import { dynamicCodeValue } from '../../src/tools/adapters/output.ts';
import { registerTools } from '../../src/tools/adapters/registry.ts';
import { searchEntries, searchTools } from '../../src/tools/adapters/search.ts';
import { type HostToolSpec, createToolsJson, specJson } from '../../src/tools/adapters/spec.ts';
import { found } from './drive-mcp.ts';
import { externalSpecs, plan } from './host.ts';
import { dynamicTools, mcpServer, readSpec, target } from './shapes.ts';
import { type Drive, get, lookedAt, must, record, text } from './vector.ts';

export const search: Drive = (input, { expected }) => {
  const registry = must(registerTools(dynamicTools(input)));
  const output = searchTools(searchEntries(registry), get(input, 'arguments') ?? null);
  const names = found(output.tools);
  const all = record({
    status: output.status,
    found: names,
    tools: createToolsJson(output.tools),
    count: jsonOf(names.length),
    orderOfEqualScoresUnspecified: true,
  });
  return lookedAt(all, expected);
};

export const augment: Drive = (input, { expected }) =>
  lookedAt(specJson(augmentSpec(readSpec(get(input, 'spec') ?? input))), expected);

/** The direct list of a section vector: names and descriptions only. */
const directTools = (specs: readonly HostToolSpec[]): JsonArray =>
  specs.flatMap((spec) => {
    if (spec.type === 'namespace') {
      const tools = spec.tools.map(({ name, description }) => record({ name, description }));
      return [record({ namespace: spec.name, tools })];
    }
    if (spec.type !== 'function' && spec.type !== 'custom') return [];
    return [record({ name: spec.name, description: spec.description })];
  });

export const sections: Drive = (input, { expected }) => {
  const tools = dynamicTools(input);
  const only = must(plan(tools, record({ toolMode: 'code_mode_only' })));
  const beside = must(plan(tools, record({ toolMode: 'code_mode' })));
  const all = record({
    nestedSections: codeModeSections(only.catalog!),
    directTools: directTools(externalSpecs(beside.specs, beside.registry)),
    allTools: allTools(only.catalog!).map(({ name, description }) => record({ name, description })),
  });
  return lookedAt(all, expected);
};

export const mcpDeclaration: Drive = (input) => {
  const tools = mcpHostTools([mcpServer(input)], { supportsSearchTool: false });
  const { catalog } = must(plan(tools, record({ toolMode: 'code_mode_only' })));
  const section = codeModeSections(catalog!).find((part) => part.startsWith('### '));
  return section === undefined ? record({ dropped: true }) : record({ section });
};

export const toCodeModeDefinition: Drive = (input) => {
  const tool = codeModeTool(readSpec(get(input, 'spec') ?? input));
  return (
    tool &&
    record({
      name: tool.name,
      kind: tool.kind,
      description: tool.description,
      inputSchema: tool.inputSchema,
      outputSchema: tool.outputSchema,
    })
  );
};

/** Runs the vector's script, its `tools` being ours. */
export const nestedCall: Drive = async (input) => {
  const { catalog } = must(plan(dynamicTools(input), record({ toolMode: 'code_mode' })));
  const calls: JsonObject[] = [];
  const out: string[] = [];
  const reply = get(input, 'clientReply') ?? null;
  const output = dynamicReplyOutput({ kind: 'result', result: reply }, target(input));
  const functions = [...catalog!].map(([identifier, { name }]) => {
    const call = async (argument: unknown) => {
      const sent: unknown = JSON.parse(JSON.stringify(argument) ?? 'null');
      const args = nestedCallArguments(name, argument === undefined ? undefined : jsonOf(sent));
      if (!args.ok) throw args.problem as unknown as Error;
      calls.push(record({ namespace: name.namespace, tool: name.name, arguments: args.value }));
      return dynamicCodeValue(output);
    };
    return [identifier, call] as const;
  });
  const write = (value: unknown) => {
    const shown = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
    if (shown !== '') out.push(shown);
  };
  // The script is part of the vector, and what a model would write.
  // oxlint-disable-next-line no-new-func, no-implied-eval
  const run = new Function(
    'tools',
    'text',
    'ALL_TOOLS',
    `return (async () => {${text(get(input, 'script'))}})();`,
  );
  await run(Object.fromEntries(functions), write, allTools(catalog!));
  return record({ calls, out });
};
