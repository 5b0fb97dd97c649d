/** What a module that is written for `sessionmesh mcp` exports. */
import { SessionMeshError } from '../errors.ts';
import type { CatalogPart } from '../tools/catalog.ts';
import type { Tool, ToolBundle, ToolNamespace } from '../tools/contract.ts';
import { isRecord } from '../tools/json.ts';

type Part = CatalogPart | ToolBundle;

function isTool(value: unknown): value is Tool {
  return (
    isRecord(value) &&
    typeof value.name === 'string' &&
    isRecord(value.inputSchema) &&
    typeof value.validate === 'function' &&
    typeof value.execute === 'function'
  );
}

function isGroup(value: unknown): value is ToolNamespace | ToolBundle {
  return isRecord(value) && (value.kind === 'namespace' || value.kind === 'bundle');
}

/** The tools in one exported value, which may be a list of them. */
function partsOf(value: unknown): readonly Part[] {
  if (Array.isArray(value)) return value.flatMap(partsOf);
  return isTool(value) || isGroup(value) ? [value] : [];
}

/** What is within a group: exported by itself as well, it is meant once. */
function membersOf(part: Part): readonly (Tool | ToolNamespace)[] {
  if (!('kind' in part)) return [];
  return part.kind === 'namespace'
    ? part.tools
    : part.parts.flatMap((each) => [each, ...membersOf(each)]);
}

/**
 * The tools, namespaces and bundles that a module exports: those of its default export if that has any,
 * else all of them. What is exported twice, or within a group as well, is served once.
 * @throws SessionMeshError `option_invalid` if there are none
 */
export function exportedTools(exports: object): readonly Part[] {
  const { default: main, ...named } = { default: undefined, ...exports };
  const preferred = partsOf(main);
  const parts = new Set(preferred.length > 0 ? preferred : Object.values(named).flatMap(partsOf));
  const members = new Set<Part>([...parts].flatMap(membersOf));
  const found = [...parts].filter((part) => !members.has(part));
  if (found.length > 0) return found;
  throw new SessionMeshError('option_invalid', {
    expected: 'a module that exports tools made with `tool()`, namespaces or bundles',
    found: `exports ${Object.keys(exports).join(', ') || 'of nothing'}`,
  });
}
