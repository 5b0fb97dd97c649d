/** What the tool commands are given: a module that exports tools, or a file with a list of them. */
import { readFile } from 'node:fs/promises';
import { extname, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf, SessionMeshError } from '../errors.ts';
import { silentLogger } from '../logger.ts';
import { jsonOf, readJson, type JsonValue } from '../tools/adapters/index.ts';
import type { CatalogPart } from '../tools/catalog.ts';
import type { Tool, ToolBundle, ToolNamespace } from '../tools/contract.ts';
import type { SourcePlace } from '../tools/infer/index.ts';
import { isRecord } from '../tools/json.ts';
import { displayName } from '../tools/name.ts';
import { functionSpec, namespaceSpec } from '../tools/spec.ts';

/** How plain functions of a module become tools. */
export interface ModuleSelection {
  /** The schema document to take instead of inferring. */
  readonly document?: string;
  /** The `tsconfig.json` to read the module with. */
  readonly tsconfig?: string;
}

/** The tools of a module. */
export interface ToolModule {
  readonly parts: readonly CatalogPart[];
  /** What inference says about its functions, each with file and line. */
  readonly warnings: readonly string[];
}

/** `file:line:column`, the file as seen from the current folder. */
export function placeText({ file, line, column }: SourcePlace): string {
  return `${relative(process.cwd(), file)}:${line}:${column}`;
}

function isTool(value: unknown): value is Tool {
  return (
    isRecord(value) &&
    typeof value['name'] === 'string' &&
    typeof value['description'] === 'string' &&
    typeof value['validate'] === 'function' &&
    typeof value['execute'] === 'function'
  );
}

function isNamespace(value: unknown): value is ToolNamespace {
  return isRecord(value) && value['kind'] === 'namespace' && Array.isArray(value['tools']);
}

function isBundle(value: unknown): value is ToolBundle {
  return isRecord(value) && value['kind'] === 'bundle' && Array.isArray(value['parts']);
}

/** Tools, namespaces, and what bundles and lists hold of them. Anything else is no tool. */
function partsIn(value: unknown): CatalogPart[] {
  if (isTool(value) || isNamespace(value)) return [value];
  if (isBundle(value)) return [...value.parts];
  return Array.isArray(value) ? value.flatMap(partsIn) : [];
}

/** A class is called with `new` only, so it cannot be a tool. */
function isPlainFunction(value: unknown): boolean {
  return typeof value === 'function' && !/^class\b/.test(Function.prototype.toString.call(value));
}

async function importModule(path: string): Promise<readonly unknown[]> {
  try {
    const module: unknown = await import(pathToFileURL(path).href);
    return Object.values(Object(module));
  } catch (thrown) {
    throw new SessionMeshError('option_invalid', {
      expected: 'a module that can be imported',
      found: `${relative(process.cwd(), path)}: ${messageOf(thrown)}`,
      fix: 'correct the path or the module; a TypeScript module may use erasable syntax only',
      cause: thrown,
    });
  }
}

/** The tools of its functions, and the tools it exports ready-made. */
async function functionTools(path: string, { document, tsconfig }: ModuleSelection) {
  const { toolsFromModule } = await import('../tools/infer/index.ts');
  const warnings: string[] = [];
  const onWarning = (fields: object, message: string) => {
    const found: Record<string, unknown> = { ...fields };
    const [file, line, column] = [found['file'], found['line'], found['column']];
    const isPlaced = typeof file === 'string' && typeof line === 'number';
    const place = isPlaced ? `${placeText({ file, line, column: Number(column) })}: ` : '';
    const tool = typeof found['tool'] === 'string' ? `${found['tool']}: ` : '';
    warnings.push(`${place}${tool}${message}`);
  };
  const tools = await toolsFromModule(path, {
    ...(document === undefined ? {} : { document }),
    ...(tsconfig === undefined ? {} : { tsconfig }),
    logger: { ...silentLogger, warn: onWarning },
  });
  return { tools, warnings };
}

/**
 * Imports the module at `file` and returns its tools: what it exports as tools, namespaces, bundles or
 * lists of those, and its plain functions, from their signatures.
 * @throws SessionMeshError `option_invalid` if it cannot be imported or exports no tool; as
 * `toolsFromModule` for its functions.
 */
export async function loadToolModule(
  file: string,
  selection: ModuleSelection = {},
): Promise<ToolModule> {
  const path = resolve(file);
  const exported = await importModule(path);
  const inferred = exported.some(isPlainFunction)
    ? await functionTools(path, selection)
    : { tools: [], warnings: [] };
  // A tool whose comment describes its arguments is among the inferred ones already, described.
  const known = new Set(inferred.tools.map(({ name }) => name));
  const others = exported
    .flatMap(partsIn)
    .filter((part) => 'kind' in part || !known.has(part.name));
  const all = new Set([...inferred.tools, ...others]);
  // Exported by itself as well, a member of a namespace is meant once.
  for (const part of all) if ('kind' in part) for (const tool of part.tools) all.delete(tool);
  const parts = [...all];
  if (parts.length > 0) return { parts, warnings: inferred.warnings };
  throw new SessionMeshError('option_invalid', {
    expected: 'a module that exports tools, namespaces, bundles or functions',
    found: `none of them in ${file}`,
    fix: 'export what `tool()` returns, or functions from a TypeScript module',
  });
}

/** What Codex is told of `parts` when a thread starts. */
export function dynamicToolsOf(parts: readonly CatalogPart[]): JsonValue {
  return jsonOf(parts.map((part) => ('kind' in part ? namespaceSpec(part) : functionSpec(part))));
}

/** Whether `file` is a list of tools, and not a module. */
export function isToolList(file: string): boolean {
  return extname(file) === '.json';
}

/**
 * Reads a list of tools as `thread/start` takes it, letter by letter.
 * @throws SessionMeshError `option_invalid` if it cannot be read or is no list.
 */
export async function loadToolList(file: string): Promise<JsonValue> {
  const expected = 'a JSON file with the list `dynamicTools` of thread/start';
  const content = await readFile(file, 'utf8').catch((thrown: unknown) => {
    throw new SessionMeshError('option_invalid', { expected, found: messageOf(thrown) });
  });
  const read = readJson(content);
  if (!read.ok) throw new SessionMeshError('option_invalid', { expected, found: read.problem });
  if (Array.isArray(read.value)) return read.value;
  throw new SessionMeshError('option_invalid', {
    expected,
    found: `no list in ${file}`,
    fix: 'pass the list itself; for a schema document pass the module it was made from',
  });
}

/** A tool of a module, and the part of the module that it comes with. */
export interface FoundTool {
  readonly namespace: string | null;
  readonly tool: Tool;
  /** The tool itself, or its namespace. */
  readonly part: CatalogPart;
}

/** Every tool of `parts`, members of namespaces included. */
export function toolsIn(parts: readonly CatalogPart[]): readonly FoundTool[] {
  return parts.flatMap((part): FoundTool[] =>
    'kind' in part
      ? part.tools.map((tool) => ({ namespace: part.name, tool, part }))
      : [{ namespace: null, tool: part, part }],
  );
}

/**
 * The tool of that name: `namespace/name`, or the name alone where only one tool has it.
 * @throws SessionMeshError `tool_unknown` if there is none, or more than one.
 */
export function findTool(parts: readonly CatalogPart[], name: string): FoundTool {
  const tools = toolsIn(parts);
  const nameOf = ({ namespace, tool }: FoundTool) => displayName(namespace, tool.name);
  const exact = tools.filter((found) => nameOf(found) === name);
  const candidates = exact.length > 0 ? exact : tools.filter(({ tool }) => tool.name === name);
  const [found] = candidates;
  if (found && candidates.length === 1) return found;
  const known = (found ? candidates : tools).map(nameOf);
  throw new SessionMeshError('tool_unknown', {
    expected: found ? 'a name that only one tool has' : 'the name of a tool of the module',
    found: name,
    fix: `use one of ${known.join(', ')}`,
  });
}
