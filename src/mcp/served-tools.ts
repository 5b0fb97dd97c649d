/** Tools as an MCP server offers them. MCP knows no namespaces: only here are the two names joined. */
import type { Tool as ListedTool } from '@modelcontextprotocol/server';
import { SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { createDraft, type CatalogPart } from '../tools/catalog.ts';
import type { Tool, ToolBundle } from '../tools/contract.ts';

/** A tool under the name that MCP clients call it by. */
export interface ServedTool {
  /** `namespace__name`, or the name alone. */
  readonly name: string;
  readonly namespace: string | null;
  readonly tool: Tool;
}

/** All tools of a server. */
export interface ServedTools {
  /** By their served names, in the order of registration. */
  readonly byName: ReadonlyMap<string, ServedTool>;
  /** What clients are told of them. */
  readonly listed: readonly ListedTool[];
  /** What the namespaces say of themselves, a line each; empty where there is nothing to say. */
  readonly instructions: string;
}

const nameCharsMax = 128;

function joinNames(namespace: string | null, name: string): string {
  const joined = namespace === null ? name : `${namespace}__${name}`;
  if (joined.length <= nameCharsMax) return joined;
  throw new SessionMeshError('tool_name_invalid', {
    expected: `at most ${nameCharsMax} characters of namespace__name`,
    found: joined,
    fix: 'shorten the name of the tool or of its namespace',
  });
}

/** What MCP has no place for elsewhere. */
function describeNamespaces(parts: readonly CatalogPart[]): string {
  return parts
    .flatMap((part) => {
      if (!('kind' in part)) return [];
      const isDefault = part.description === `Tools in the ${part.name} namespace.`;
      return isDefault ? [] : [`${part.name}__…: ${part.description}`];
    })
    .join('\n');
}

function listedTool({ name, tool }: ServedTool): ListedTool {
  // MCP wants the type said. The schema of a tool's arguments is an object's in any case.
  const inputSchema = { ...tool.inputSchema, type: 'object' as const };
  return {
    name,
    description: tool.description,
    inputSchema,
    ...(tool.policy.effects === 'repeatable' ? { annotations: { idempotentHint: true } } : {}),
  };
}

/**
 * What a session would take of `parts`, under joined names.
 * @throws SessionMeshError as a session's catalog does, and `tool_duplicate` or `tool_name_invalid` for
 * joined names that are equal or too long
 */
export function servedTools(
  parts: readonly (CatalogPart | ToolBundle)[],
  limits: Limits,
): ServedTools {
  const draft = createDraft(limits);
  for (const part of parts) draft.add(part);
  const byName = new Map<string, ServedTool>();
  const register = (namespace: string | null, tool: Tool) => {
    const name = joinNames(namespace, tool.name);
    if (byName.has(name)) throw new SessionMeshError('tool_duplicate', { found: name });
    byName.set(name, { name, namespace, tool });
  };
  const catalog = draft.freeze().list();
  for (const part of catalog) {
    if ('kind' in part) part.tools.forEach((tool) => register(part.name, tool));
    else register(null, part);
  }
  const listed = [...byName.values()].map(listedTool);
  return { byName, listed, instructions: describeNamespaces(catalog) };
}
