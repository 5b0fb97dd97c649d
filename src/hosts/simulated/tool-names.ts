import type { HostTool } from '../host.ts';

/** What a thread's tools mean to its model: which it is shown, and which it may call. */
export interface ToolNames {
  /** In the order of the catalog, members of a namespace as `namespace/name`. */
  readonly offered: readonly string[];
  /** Those and the deferred ones. */
  readonly callable: ReadonlySet<string>;
}

/** The one name of a tool; unambiguous, because no tool name contains a slash. */
export function toolKey(namespace: string | null, name: string): string {
  return namespace === null ? name : `${namespace}/${name}`;
}

/** Reads the names off a catalog. */
export function toolNames(tools: readonly HostTool[]): ToolNames {
  const flat = tools.flatMap((entry) =>
    entry.type === 'function'
      ? [{ key: toolKey(null, entry.name), tool: entry }]
      : entry.tools.map((tool) => ({ key: toolKey(entry.name, tool.name), tool })),
  );
  return {
    offered: flat.filter(({ tool }) => tool.deferLoading !== true).map(({ key }) => key),
    callable: new Set(flat.map(({ key }) => key)),
  };
}
