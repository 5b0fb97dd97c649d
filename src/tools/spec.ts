/** What Codex is told of tools: their names and schemas, nothing of their handlers. */
import type { FunctionToolSpec, NamespaceToolSpec, Tool, ToolNamespace } from './contract.ts';

/** What Codex is told of one tool. Frozen. */
export function functionSpec(tool: Tool): FunctionToolSpec {
  return Object.freeze({
    type: 'function',
    name: tool.name,
    description: tool.description,
    inputSchema: tool.inputSchema,
    ...(tool.deferLoading ? { deferLoading: true } : {}),
  });
}

/** What Codex is told of one namespace. Frozen. */
export function namespaceSpec(namespace: ToolNamespace): NamespaceToolSpec {
  return Object.freeze({
    type: 'namespace',
    name: namespace.name,
    description: namespace.description,
    tools: Object.freeze(namespace.tools.map(functionSpec)),
  });
}
