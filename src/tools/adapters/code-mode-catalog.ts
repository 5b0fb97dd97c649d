/** All registered tools as code sees them: who owns which identifier, and what is told of them. */
import {
  augmentSpec,
  codeName,
  declarationBlock,
  firstNested,
  type NestedTool,
} from './code-mode.ts';
import { isDeferred, isNested, type HostTool, type ToolRegistry } from './registry.ts';
import type { HostToolSpec } from './spec.ts';
import { byName, nameKey } from './tool-name.ts';
import { codeIdentifier } from './typescript-type.ts';
import { compareUtf8, trimWhiteSpace } from './unicode.ts';

/** A tool that owns an identifier. */
export interface CatalogEntry extends NestedTool {
  readonly tool: HostTool;
  readonly codeName: string;
  readonly identifier: string;
  /** The description of its namespace, trimmed; null without a namespace. */
  readonly namespaceText: string | null;
}

/** What code can reach, by identifier, in order of registration. */
export type CodeModeCatalog = ReadonlyMap<string, CatalogEntry>;

/** Of tools with equal identifiers the one registered first is reached; the others stay normal tools. */
export function codeModeCatalog(registry: ToolRegistry): CodeModeCatalog {
  const catalog = new Map<string, CatalogEntry>();
  for (const tool of registry.values()) {
    const nested = tool.spec && isNested(tool) ? firstNested(tool.spec) : null;
    if (tool.spec === null || nested === null) continue;
    const name = codeName(nested.name);
    const identifier = codeIdentifier(name);
    if (catalog.has(identifier)) continue;
    const namespaceText =
      tool.spec.type === 'namespace' ? trimWhiteSpace(tool.spec.description) : null;
    catalog.set(identifier, { ...nested, tool, codeName: name, identifier, namespaceText });
  }
  return catalog;
}

/** `tool`'s spec for code mode: augmented when code can reach the tool under its identifier. */
export function augmentedSpec(catalog: CodeModeCatalog, tool: HostTool): HostToolSpec | null {
  const nested = tool.spec && firstNested(tool.spec);
  if (tool.spec === null || !nested) return tool.spec;
  const owner = catalog.get(codeIdentifier(codeName(nested.name)));
  return owner && nameKey(owner.tool.name) === nameKey(tool.name)
    ? augmentSpec(tool.spec)
    : tool.spec;
}

const byCodeName = (left: CatalogEntry, right: CatalogEntry) =>
  compareUtf8(left.codeName, right.codeName);

function toolSection({ member, name, codeName, identifier }: CatalogEntry): string {
  const heading =
    identifier === codeName ? `### \`${identifier}\`` : `### \`${identifier}\` (\`${codeName}\`)`;
  const text = `${member.description}\n\n${declarationBlock(member, name)}`;
  return `${heading}\n${trimWhiteSpace(text)}`;
}

/**
 * The sections that describe the tools to a model that has nothing but code: plain tools first, then
 * one section for each namespace, followed by its members, all by name. Deferred tools are left out.
 */
export function codeModeSections(catalog: CodeModeCatalog): readonly string[] {
  const shown = [...catalog.values()]
    .filter(({ tool }) => !isDeferred(tool))
    .toSorted((left, right) => byName(left.name, right.name));
  const spaces = new Map<string, CatalogEntry[]>();
  for (const entry of shown) {
    const namespace = entry.name.namespace ?? '';
    spaces.set(namespace, [...(spaces.get(namespace) ?? []), entry]);
  }
  return [...spaces]
    .toSorted(([left], [right]) => compareUtf8(left, right))
    .flatMap(([namespace, entries]) => [
      ...(namespace === '' ? [] : [`## ${namespace}\n${entries[0]?.namespaceText ?? ''}`]),
      ...entries.map(toolSection),
    ]);
}

/** What code finds in `ALL_TOOLS`, deferred tools included, in order of their code names. */
export function allTools(
  catalog: CodeModeCatalog,
): readonly { readonly name: string; readonly description: string }[] {
  return [...catalog.values()].toSorted(byCodeName).map((entry) => {
    const parts = [
      entry.member.description,
      ...(entry.namespaceText === null ? [] : [entry.namespaceText]),
      declarationBlock(entry.member, entry.name),
    ];
    return { name: entry.identifier, description: parts.join('\n\n') };
  });
}
