/** The tools of a host as a model is told of them: one tagged union, and its form on the wire. */
import { jsonObject, type JsonArray, type JsonObject, type JsonValue } from './json-value.ts';
import { toolSchemaJson, type ToolSchema } from './schema-type.ts';
import { isBlank } from './unicode.ts';

/** A parsed tool, before it takes the form of one protocol. */
export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: ToolSchema;
  readonly outputSchema: JsonValue;
  readonly deferLoading: boolean;
}

/** A function of the Responses API. `outputSchema` (null for none) stays in memory. */
export interface ResponsesTool {
  readonly name: string;
  readonly description: string;
  readonly strict: boolean;
  readonly deferLoading: boolean;
  readonly parameters: ToolSchema;
  readonly outputSchema: JsonValue;
}

/** A function the model calls with JSON. */
export interface FunctionSpec extends ResponsesTool {
  readonly type: 'function';
}

/** A tool the model calls with free text in a given grammar. */
export interface CustomSpec {
  readonly type: 'custom';
  readonly name: string;
  readonly description: string;
  readonly format: { readonly type: string; readonly syntax: string; readonly definition: string };
}

/** What a namespace may hold. */
export type MemberSpec = FunctionSpec | CustomSpec;

/** Tools under one name. */
export interface NamespaceSpec {
  readonly type: 'namespace';
  readonly name: string;
  readonly description: string;
  readonly tools: readonly MemberSpec[];
}

/** The tool with which a model finds deferred tools. */
export interface ToolSearchSpec {
  readonly type: 'tool_search';
  readonly execution: string;
  readonly description: string;
  readonly parameters: ToolSchema;
}

/** The provider's own web search. Every field may be missing. */
export interface WebSearchSpec {
  readonly type: 'web_search';
  readonly externalWebAccess?: boolean;
  readonly indexGatedWebAccess?: boolean;
  readonly filters?: { readonly allowedDomains?: readonly string[] };
  readonly userLocation?: {
    readonly type: string;
    readonly country?: string;
    readonly region?: string;
    readonly city?: string;
    readonly timezone?: string;
  };
  readonly searchContextSize?: string;
  readonly searchContentTypes?: readonly string[];
}

/** The provider's own image generation. */
export interface ImageGenerationSpec {
  readonly type: 'image_generation';
  readonly outputFormat: string;
}

/** Any tool a model can be told of. */
export type HostToolSpec =
  FunctionSpec | NamespaceSpec | CustomSpec | ToolSearchSpec | WebSearchSpec | ImageGenerationSpec;

/** What a search can return. Each is a {@link HostToolSpec} as it stands. */
export type LoadableSpec = FunctionSpec | NamespaceSpec;

/** A spec, and whether calls of it may run beside others. */
export interface ConfiguredSpec {
  readonly spec: HostToolSpec;
  readonly supportsParallelToolCalls: boolean;
}

/** The name a spec reports: its own, or its type where it has none. */
export function specName(spec: HostToolSpec): string {
  return 'name' in spec ? spec.name : spec.type;
}

/** `definition` under another name, everything else kept. */
export function renamed(definition: ToolDefinition, name: string): ToolDefinition {
  return { ...definition, name };
}

/** `definition` to be loaded on demand; its output schema is dropped. */
export function intoDeferred(definition: ToolDefinition): ToolDefinition {
  return { ...definition, outputSchema: null, deferLoading: true };
}

/** What a namespace says of itself: its description as it is, or a default where that is blank. */
export function namespaceDescription(name: string, description: string | null): string {
  return description === null || isBlank(description)
    ? `Tools in the ${name} namespace.`
    : description;
}

/** `tool` on the wire, without a type tag. The output schema never leaves. */
export function responsesToolJson(tool: ResponsesTool): JsonObject {
  return jsonObject([
    ['name', tool.name],
    ['description', tool.description],
    ['strict', tool.strict],
    ['defer_loading', tool.deferLoading ? true : undefined],
    ['parameters', toolSchemaJson(tool.parameters)],
  ]);
}

function memberJson(spec: MemberSpec): JsonObject {
  if (spec.type === 'function') return new Map([['type', 'function'], ...responsesToolJson(spec)]);
  return jsonObject([
    ['type', 'custom'],
    ['name', spec.name],
    ['description', spec.description],
    ['format', new Map(Object.entries(spec.format))],
  ]);
}

function webSearchJson(spec: WebSearchSpec): JsonObject {
  const { filters, userLocation } = spec;
  return jsonObject([
    ['type', 'web_search'],
    ['external_web_access', spec.externalWebAccess],
    ['index_gated_web_access', spec.indexGatedWebAccess],
    ['filters', filters && jsonObject([['allowed_domains', filters.allowedDomains]])],
    [
      'user_location',
      userLocation &&
        jsonObject([
          ['type', userLocation.type],
          ['country', userLocation.country],
          ['region', userLocation.region],
          ['city', userLocation.city],
          ['timezone', userLocation.timezone],
        ]),
    ],
    ['search_context_size', spec.searchContextSize],
    ['search_content_types', spec.searchContentTypes],
  ]);
}

/** `spec` on the wire. */
export function specJson(spec: HostToolSpec): JsonObject {
  switch (spec.type) {
    case 'function':
    case 'custom':
      return memberJson(spec);
    case 'namespace':
      return jsonObject([
        ['type', 'namespace'],
        ['name', spec.name],
        ['description', spec.description],
        ['tools', spec.tools.map(memberJson)],
      ]);
    case 'tool_search':
      return jsonObject([
        ['type', 'tool_search'],
        ['execution', spec.execution],
        ['description', spec.description],
        ['parameters', toolSchemaJson(spec.parameters)],
      ]);
    case 'web_search':
      return webSearchJson(spec);
    case 'image_generation':
      return jsonObject([
        ['type', 'image_generation'],
        ['output_format', spec.outputFormat],
      ]);
  }
}

/** The `tools` of a request: each spec on the wire, in order, nothing sorted or merged. */
export function createToolsJson(specs: readonly HostToolSpec[]): JsonArray {
  return specs.map(specJson);
}
