/** The flattening: each function of a client's list becomes one registered tool. */
import type { DynamicFunction, DynamicTool } from './dynamic.ts';
import type { HostTool } from './registry.ts';
import { dynamicToolToLoadableSpec, type OwningNamespace } from './responses.ts';

function hostTool(tool: DynamicFunction, namespace: OwningNamespace | null): HostTool | null {
  const spec = dynamicToolToLoadableSpec(tool, namespace);
  if (!spec.ok) return null;
  return {
    name: { namespace: namespace?.name ?? null, name: tool.name },
    origin: 'dynamic',
    payload: 'function',
    exposure: tool.deferLoading ? 'deferred' : 'direct',
    spec: spec.value,
    supportsParallelToolCalls: true,
    searchText: null,
    noticeText: null,
  };
}

/**
 * The tools of a canonical list, one for each function, in order. A function whose schema cannot be
 * parsed is left out; a validated list has none, one from old metadata may.
 */
export function dynamicHostTools(tools: readonly DynamicTool[]): readonly HostTool[] {
  return tools
    .flatMap((entry) =>
      entry.type === 'namespace'
        ? entry.tools.map((tool) => hostTool(tool, entry))
        : [hostTool(entry, null)],
    )
    .filter((tool) => tool !== null);
}
