/** The search with which a model finds tools it has not been shown. */
import { indexTexts, rankTexts } from './bm25.ts';
import { isJsonArray, isJsonNumber, isJsonObject, jsonOf, type JsonValue } from './json-value.ts';
import { isDeferred, type HostTool, type ToolRegistry } from './registry.ts';
import { coalesceSpecs } from './responses.ts';
import { readToolSchema, type ToolSchema } from './schema-type.ts';
import {
  namespaceDescription,
  type HostToolSpec,
  type MemberSpec,
  type NamespaceSpec,
  type ToolSearchSpec,
} from './spec.ts';
import { defaultNamespace } from './tool-name.ts';
import { trimWhiteSpace } from './unicode.ts';

/** Tools one search returns unless the model asks for another number. */
const defaultLimit = 8;

/** A tool that can be found: what is searched, and what is returned. */
export interface SearchEntry {
  readonly text: string;
  readonly spec: NamespaceSpec;
}

/** What a search gives back. It never fails. */
export interface SearchOutput {
  readonly status: 'completed';
  readonly tools: readonly NamespaceSpec[];
}

/** The search as a model is told of it. */
export const toolSearchSpec: ToolSearchSpec = {
  type: 'tool_search',
  execution: 'client',
  description:
    'Finds tools that are available but not shown yet. Search before you conclude that no tool fits; ' +
    'what is found can be called from the next step on.',
  parameters: readToolSchema(
    jsonOf({
      type: 'object',
      properties: {
        query: { type: 'string', description: 'Words that describe the tool you need.' },
        limit: {
          type: 'number',
          description: `How many tools to return at most; ${defaultLimit} by default.`,
        },
      },
      required: ['query'],
      additionalProperties: false,
    }),
  ),
};

/** The search as a registered tool of the host. */
export const toolSearchHostTool: HostTool = {
  name: { namespace: null, name: toolSearchSpec.type },
  origin: 'host',
  payload: 'function',
  exposure: 'direct-model-only',
  spec: toolSearchSpec,
  supportsParallelToolCalls: true,
  searchText: null,
  noticeText: null,
};

function* schemaTexts(schema: ToolSchema): Generator<string> {
  yield schema.description ?? '';
  for (const [name, property] of schema.properties ?? []) {
    yield name;
    yield* schemaTexts(property);
  }
  if (schema.items) yield* schemaTexts(schema.items);
  for (const variant of schema.anyOf ?? []) yield* schemaTexts(variant);
}

function* memberTexts(spec: MemberSpec): Generator<string> {
  yield spec.name;
  if (spec.type === 'custom') {
    yield spec.description;
    yield spec.format.syntax;
    return;
  }
  yield spec.name.replaceAll('_', ' ');
  yield spec.description;
  yield* schemaTexts(spec.parameters);
}

function* specTexts(spec: HostToolSpec): Generator<string> {
  if (spec.type === 'function' || spec.type === 'custom') yield* memberTexts(spec);
  if (spec.type !== 'namespace') return;
  yield spec.name;
  yield spec.description;
  for (const member of spec.tools) yield* memberTexts(member);
}

/**
 * What a search looks at in `spec`: names, descriptions, and those of the properties, items and
 * alternatives of the schema. Nothing for the provider's own tools.
 */
export function defaultSearchText(spec: HostToolSpec): string {
  return [...specTexts(spec)]
    .map(trimWhiteSpace)
    .filter((text) => text !== '')
    .join(' ');
}

const deferMember = (member: MemberSpec): MemberSpec =>
  member.type === 'function' ? { ...member, deferLoading: true, outputSchema: null } : member;

/** `spec` as a search returns it: a namespace of deferred tools. Null for what cannot be searched. */
export function searchEntry(
  spec: HostToolSpec,
  text = defaultSearchText(spec),
): SearchEntry | null {
  switch (spec.type) {
    case 'namespace':
      return {
        text,
        spec: {
          ...spec,
          description: namespaceDescription(spec.name, spec.description),
          tools: spec.tools.map(deferMember),
        },
      };
    case 'function':
    case 'custom':
      return searchEntry(
        { type: 'namespace', name: defaultNamespace, description: '', tools: [spec] },
        text,
      );
    case 'tool_search':
    case 'web_search':
    case 'image_generation':
      return null;
  }
}

/** One entry for every deferred tool, in order of registration. */
export function searchEntries(registry: ToolRegistry): readonly SearchEntry[] {
  return [...registry.values()].filter(isDeferred).flatMap(({ spec, searchText }) => {
    const entry = spec && searchEntry(spec, searchText ?? undefined);
    return entry ? [entry] : [];
  });
}

/** How many tools `limit` asks for; 0 when it asks for something else. */
function readLimit(limit: JsonValue): number {
  if (limit === null) return defaultLimit;
  return isJsonNumber(limit) && /^\d+$/.test(limit.numberText) ? Number(limit.numberText) : 0;
}

interface SearchRequest {
  readonly query: string;
  readonly limit: number;
}

/** What `args` hold under `name`, or at `position` when they are a list. */
function argument(args: JsonValue, name: string, position: number): JsonValue | undefined {
  if (isJsonObject(args)) return args.get(name);
  return isJsonArray(args) && args.length <= 2 ? args[position] : undefined;
}

function readRequest(args: JsonValue): SearchRequest | null {
  const query = argument(args, 'query', 0);
  const limit = argument(args, 'limit', 1) ?? null;
  return typeof query === 'string' ? { query, limit: readLimit(limit) } : null;
}

/**
 * Answers a model's search: the best tools, by namespace in order of their best hit, members in order
 * of rank. Arguments that make no sense find nothing.
 */
export function searchTools(entries: readonly SearchEntry[], args: JsonValue): SearchOutput {
  const request = readRequest(args);
  if (request === null) return { status: 'completed', tools: [] };
  const index = indexTexts(entries.map(({ text }) => text));
  const hits = rankTexts(index, request.query)
    .slice(0, request.limit)
    .flatMap((position) => entries[position]?.spec ?? []);
  return { status: 'completed', tools: coalesceSpecs<NamespaceSpec>(hits) };
}
