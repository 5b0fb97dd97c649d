/** Groups of tools: a namespace, which the model sees, and a bundle, which only the author does. */
import { SessionMeshError } from '../errors.ts';
import { defaultLimits, type Limits } from '../limits.ts';
import type { Tool, ToolBundle, ToolNamespace } from './contract.ts';
import { checkNamespaceName } from './name.ts';
import { sealTool } from './tool.ts';

/** Codex's own bound, in code points. */
const descriptionCharsMax = 1_024;

/** A namespace as its author writes it. */
export interface NamespaceDefinition {
  /** What its tools have in common. Codex shows it beside them; a blank one says only the name. */
  readonly description?: string;
  /** At least one; each of its own name. */
  readonly tools: readonly Tool[];
}

function readDescription(name: string, description: unknown): string {
  if (description !== undefined && typeof description !== 'string') {
    throw new SessionMeshError('tool_invalid', {
      expected: `a text as description of namespace ${name}`,
      found: typeof description,
    });
  }
  const given = (description ?? '').toWellFormed();
  const chars = Array.from(given).length;
  if (chars > descriptionCharsMax) {
    throw new SessionMeshError('tool_invalid', {
      expected: `at most ${descriptionCharsMax} characters as description of namespace ${name}`,
      found: `${chars}`,
    });
  }
  return given.trim() === '' ? `Tools in the ${name} namespace.` : given;
}

function refuseDuplicates(name: string, tools: readonly Tool[]): void {
  const names = new Set<string>();
  for (const tool of tools) {
    if (names.has(tool.name)) {
      throw new SessionMeshError('tool_duplicate', { found: `${name}/${tool.name}` });
    }
    names.add(tool.name);
  }
}

/**
 * Tools under one name. The model calls them by both names; only here may tools be deferred.
 * @throws SessionMeshError `tool_name_invalid`, `tool_name_reserved`, `tool_duplicate`, or `tool_invalid`
 * if it is empty or a part is no tool.
 */
export function namespace(
  name: string,
  definition: NamespaceDefinition,
  limits: Limits = defaultLimits,
): ToolNamespace {
  const checkedName = checkNamespaceName(name);
  const description = readDescription(checkedName, definition.description);
  if (!Array.isArray(definition.tools) || definition.tools.length === 0) {
    throw new SessionMeshError('tool_invalid', {
      expected: `at least one tool in namespace ${checkedName}`,
      found: 'none',
    });
  }
  const tools = definition.tools.map((tool) => sealTool(tool, limits));
  refuseDuplicates(checkedName, tools);
  return Object.freeze({
    kind: 'namespace',
    name: checkedName,
    description,
    tools: Object.freeze(tools),
  });
}

/** Tools and namespaces that belong together: what a package offers, to be added in one step. */
export function bundle(...parts: (Tool | ToolNamespace)[]): ToolBundle {
  return Object.freeze({ kind: 'bundle', parts: Object.freeze([...parts]) });
}
