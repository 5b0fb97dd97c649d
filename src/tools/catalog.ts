/**
 * The tools of a session: a draft while they are being put together, a catalog once it is frozen.
 *
 * - A catalog never changes, and one catalog may serve any number of sessions.
 * - Whatever is added to a draft is checked as a whole before any part of it is registered.
 * - A name belongs to one tool within its scope; replacing it takes a word of its own, `replace`.
 */
import { SessionMeshError } from '../errors.ts';
import { defaultLimits, type Limits } from '../limits.ts';
import type { Tool, ToolBundle, ToolNamespace, ToolSpec } from './contract.ts';
import { compareCodePoints } from './json.ts';
import { checkTopLevelName, displayName, isSometimesBuiltIn } from './name.ts';
import { namespace } from './namespace.ts';
import { functionSpec, namespaceSpec } from './spec.ts';
import { sealTool } from './tool.ts';

/** What a catalog is made of. */
export type CatalogPart = Tool | ToolNamespace;

/** The tools of a session, fixed. */
export interface Catalog {
  /** Tools in all, members of namespaces included. */
  readonly size: number;
  /** What may surprise somebody: names that some models shadow. For a log. */
  readonly notices: readonly string[];
  /**
   * The tool a model means, by Codex's rule: no namespace, an empty one and `functions` are all the
   * same. One look into a Map.
   */
  find(namespace: string | null, name: string): Tool | undefined;
  /** What Codex is told, in the order of registration. Plain, frozen data. */
  hostTools(): readonly ToolSpec[];
  /** Everything registered, in that order. */
  list(): readonly CatalogPart[];
  /** The tools' names, `namespace/name` for members, sorted by code point. */
  names(): readonly string[];
}

/** The tools of a session that is not open yet. After `freeze` every change throws `catalog_frozen`. */
export interface CatalogDraft {
  /**
   * Adds one part, or all parts of a bundle.
   * @throws SessionMeshError `tool_duplicate`, `tool_name_reserved`, `tool_invalid`, `tools_full` or
   * `catalog_frozen`; nothing is added then.
   */
  add(part: CatalogPart | ToolBundle): void;
  /**
   * As `add`, but a part takes the place of the one of the same name if there is one.
   * @throws SessionMeshError as `add` does, but for `tool_duplicate`
   */
  replace(part: CatalogPart | ToolBundle): void;
  /** Removes the tool and the namespace of this name; whether there was one. */
  remove(name: string): boolean;
  /** Removes everything; how many tools that were. */
  clear(): number;
  /** Everything registered, in that order. */
  list(): readonly CatalogPart[];
  /** Ends the draft. Freezing again gives the same catalog. */
  freeze(): Catalog;
}

function isNamespace(part: CatalogPart): part is ToolNamespace {
  return 'kind' in part;
}

/** The parts of a bundle, or the one part. */
function partsOf(given: CatalogPart | ToolBundle): readonly CatalogPart[] {
  if (typeof given !== 'object' || given === null) {
    throw new SessionMeshError('tool_invalid', {
      expected: 'a tool, a namespace or a bundle',
      found: given === null ? 'null' : typeof given,
    });
  }
  return 'kind' in given && given.kind === 'bundle' ? given.parts : [given];
}

/** What tells two parts apart: a tool and a namespace may share a name. */
function slotOf(part: CatalogPart): string {
  return isNamespace(part) ? `${part.name}/` : part.name;
}

function sizeOf(parts: Iterable<CatalogPart>): number {
  let size = 0;
  for (const part of parts) size += isNamespace(part) ? part.tools.length : 1;
  return size;
}

/** Checks a part for its place outside any namespace, and makes it immutable. */
function readPart(part: CatalogPart, limits: Limits): CatalogPart {
  if (isNamespace(part)) return namespace(part.name, part, limits);
  const tool = sealTool(part, limits);
  checkTopLevelName(tool.name);
  if (tool.deferLoading) {
    throw new SessionMeshError('tool_invalid', {
      tool: tool.name,
      expected: 'a namespace around a tool with deferLoading',
      found: 'none',
      fix: 'put it in a namespace, or leave deferLoading out',
    });
  }
  return tool;
}

/** One slash exactly, so that no name with a slash in it can pass for a member. */
function keyOf(namespace: string | null, name: string): string {
  const scope = namespace === null || namespace === 'functions' ? '' : namespace;
  return `${scope}/${name}`;
}

function noticesOf(parts: readonly CatalogPart[]): readonly string[] {
  return parts
    .filter((part) => !isNamespace(part) && isSometimesBuiltIn(part.name))
    .map(({ name }) => `some models have a built-in tool ${name}, which runs in place of this one`);
}

function freezeCatalog(parts: readonly CatalogPart[]): Catalog {
  const tools = new Map<string, Tool>();
  const names: string[] = [];
  const register = (namespace: string | null, tool: Tool) => {
    tools.set(keyOf(namespace, tool.name), tool);
    names.push(displayName(namespace, tool.name));
  };
  for (const part of parts) {
    if (isNamespace(part)) part.tools.forEach((tool) => register(part.name, tool));
    else register(null, part);
  }
  const specs = Object.freeze(
    parts.map((part) => (isNamespace(part) ? namespaceSpec(part) : functionSpec(part))),
  );
  const list = Object.freeze([...parts]);
  const sortedNames = Object.freeze(names.toSorted(compareCodePoints));
  return Object.freeze({
    size: tools.size,
    notices: Object.freeze(noticesOf(parts)),
    find: (namespace: string | null, name: string) => tools.get(keyOf(namespace, name)),
    hostTools: () => specs,
    list: () => list,
    names: () => sortedNames,
  });
}

/** Starts a draft without tools. `limits.toolsMax` bounds what it takes. */
export function createDraft(limits: Limits = defaultLimits): CatalogDraft {
  let parts = new Map<string, CatalogPart>();
  let catalog: Catalog | undefined;

  const change = (next: Map<string, CatalogPart>) => {
    const size = sizeOf(next.values());
    if (size > limits.toolsMax) {
      throw new SessionMeshError('tools_full', {
        expected: `at most ${limits.toolsMax}`,
        found: `${size}`,
      });
    }
    parts = next;
  };
  const refuseFrozen = () => {
    if (catalog) throw new SessionMeshError('catalog_frozen');
  };

  const put = (given: CatalogPart | ToolBundle, mayReplace: boolean) => {
    refuseFrozen();
    const next = new Map(parts);
    for (const each of partsOf(given)) {
      const part = readPart(each, limits);
      if (!mayReplace && next.has(slotOf(part))) {
        throw new SessionMeshError('tool_duplicate', { found: part.name });
      }
      next.set(slotOf(part), part);
    }
    change(next);
  };

  return Object.freeze({
    add: (part: CatalogPart | ToolBundle) => put(part, false),
    replace: (part: CatalogPart | ToolBundle) => put(part, true),
    remove(name: string) {
      refuseFrozen();
      const hadTool = parts.delete(name);
      return parts.delete(`${name}/`) || hadTool;
    },
    clear() {
      refuseFrozen();
      const size = sizeOf(parts.values());
      parts.clear();
      return size;
    },
    list: () => Object.freeze([...parts.values()]),
    freeze() {
      catalog ??= freezeCatalog([...parts.values()]);
      return catalog;
    },
  });
}
