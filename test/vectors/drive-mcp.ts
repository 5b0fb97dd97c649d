/** Drives the functions about MCP servers. */
import { jsonOf } from '../../src/tools/adapters/json-value.ts';
import { mcpCallableNames } from '../../src/tools/adapters/mcp-names.ts';
import { mcpResultOutput } from '../../src/tools/adapters/mcp-result.ts';
import { mcpHostTools } from '../../src/tools/adapters/mcp.ts';
import { outputJson } from '../../src/tools/adapters/output.ts';
import { registerTools } from '../../src/tools/adapters/registry.ts';
import { searchEntries, searchTools } from '../../src/tools/adapters/search.ts';
import { type HostToolSpec, specJson, specName } from '../../src/tools/adapters/spec.ts';
import { planTools } from '../../src/tools/adapters/tool-plan.ts';
import { shownNames } from './host.ts';
import { mcpServer, target } from './shapes.ts';
import { type Drive, get, list, lookedAt, must, object, record, text } from './vector.ts';

export const mcpToResponses: Drive = (input) => {
  const supportsSearchTool = get(input, 'deferred') === true;
  const [tool] = mcpHostTools([mcpServer(input)], { supportsSearchTool });
  if (tool === undefined) return record({ dropped: true });
  const spec = tool.spec;
  if (spec?.type !== 'namespace') throw new Error('a tool of a server has a namespace');
  return record({ namespace: spec.name, tool: specJson(spec.tools[0]!) });
};

export const mcpToDeferred: Drive = (input) => {
  const tools = mcpHostTools([mcpServer(input)], { supportsSearchTool: true });
  return tools.length === 0 ? record({ dropped: true }) : tools.map((tool) => specJson(tool.spec!));
};

export const mcpNames: Drive = (input) => {
  const toolNames = list(get(input, 'toolNames')).map(text);
  const [names] = mcpCallableNames([{ server: text(get(input, 'serverName')), toolNames }]);
  const members = [...names!.names].map(([raw, { name }]) => [raw, name] as const);
  return record({ namespace: names!.namespace, names: new Map(members) });
};

export const mcpNamespace: Drive = (input, { expected }) => {
  const server = mcpServer(input, list(get(input, 'toolNames')).map(text));
  const tools = mcpHostTools([server], { supportsSearchTool: true });
  const planned = must(planTools(tools, { supportsSearchTool: true, toolMode: 'off' }));
  const spec = tools[0]!.spec!;
  const description = spec.type === 'namespace' ? spec.description : '';
  const ending = text(get(expected ?? null, 'descriptionEndsWith'));
  const all = record({
    namespace: specName(spec),
    description,
    deferredNotice: planned.deferredNotice,
    descriptionLength: jsonOf(description.length),
    descriptionEndsWith: description.endsWith(ending) ? ending : description,
  });
  return lookedAt(all, expected);
};

export const found = (tools: readonly HostToolSpec[]) => shownNames(tools);

export const mcpSearchHit: Drive = (input) => {
  const tools = mcpHostTools([mcpServer(input)], { supportsSearchTool: true });
  const entries = searchEntries(must(registerTools(tools)));
  const output = searchTools(entries, record({ query: get(input, 'query') }));
  return record({ found: output.tools.flatMap((spec) => spec.tools.map(({ name }) => name)) });
};

export const mcpCallResult: Drive = (input) => {
  const output = mcpResultOutput(object(get(input, 'result')), 0.25, target(input));
  return record({ output: outputJson(must(output)) });
};
