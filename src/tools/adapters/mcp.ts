/** Tools of MCP servers: their definitions, and how they are registered. */
import type { Validation } from '../contract.ts';
import { parseToolInputSchema } from './input-schema.ts';
import { isJsonObject, jsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import { mcpCallableNames } from './mcp-names.ts';
import type { HostTool } from './registry.ts';
import { loadableSpec, toolDefinitionToResponsesTool } from './responses.ts';
import { intoDeferred, renamed, type ResponsesTool, type ToolDefinition } from './spec.ts';
import { displayName, type HostToolName } from './tool-name.ts';

/** A tool as an MCP server lists it. Everything else a server says of it never reaches a model. */
export interface McpTool {
  readonly name: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonValue;
}

/** A server, what it says of itself, and its tools. */
export interface McpServer {
  readonly name: string;
  readonly instructions: string | null;
  readonly tools: readonly McpTool[];
}

const typed = (type: string) => new Map([['type', type]]);

/** The schema of the result of a call whose structured content has the schema `structuredContent`. */
export function mcpCallToolResultOutputSchema(structuredContent: JsonValue): JsonObject {
  return jsonObject([
    ['type', 'object'],
    [
      'properties',
      jsonObject([
        [
          'content',
          jsonObject([
            ['type', 'array'],
            ['items', typed('object')],
          ]),
        ],
        ['structuredContent', structuredContent],
        ['isError', typed('boolean')],
        ['_meta', typed('object')],
      ]),
    ],
    ['required', ['content']],
    ['additionalProperties', false],
  ]);
}

/** Parses a server's tool. An input schema without properties gets an empty table of them. */
export function parseMcpTool(tool: McpTool): Validation<ToolDefinition> {
  const input = new Map(tool.inputSchema);
  if ((input.get('properties') ?? null) === null) input.set('properties', new Map());
  const schema = parseToolInputSchema(input);
  if (!schema.ok) return schema;
  return {
    ok: true,
    value: {
      name: tool.name,
      description: tool.description ?? '',
      inputSchema: schema.value,
      outputSchema: mcpCallToolResultOutputSchema(tool.outputSchema ?? new Map()),
      deferLoading: false,
    },
  };
}

/** `tool` under its member name as a tool of the Responses API. */
export function mcpToolToResponsesTool(
  memberName: string,
  tool: McpTool,
): Validation<ResponsesTool> {
  const definition = parseMcpTool(tool);
  if (!definition.ok) return definition;
  return {
    ok: true,
    value: toolDefinitionToResponsesTool(renamed(definition.value, memberName)),
  };
}

/** As {@link mcpToolToResponsesTool}, to be loaded on demand: without an output schema. */
export function mcpToolToDeferredResponsesTool(
  memberName: string,
  tool: McpTool,
): Validation<ResponsesTool> {
  const definition = parseMcpTool(tool);
  if (!definition.ok) return definition;
  const deferred = intoDeferred(renamed(definition.value, memberName));
  return { ok: true, value: toolDefinitionToResponsesTool(deferred) };
}

/** What a search for an MCP tool looks at. */
function searchText(server: McpServer, tool: McpTool, name: HostToolName): string {
  const properties = tool.inputSchema.get('properties');
  return [
    displayName(name),
    name.name,
    tool.name,
    server.name,
    tool.title ?? '',
    tool.description ?? '',
    server.instructions ?? '',
    ...(isJsonObject(properties) ? properties.keys() : []),
  ].join(' ');
}

/** A tool of a server as it is registered; null when its schema cannot be parsed. */
function mcpHostTool(
  server: McpServer,
  tool: McpTool,
  name: HostToolName,
  exposure: 'direct' | 'deferred',
): HostTool | null {
  const convert = exposure === 'deferred' ? mcpToolToDeferredResponsesTool : mcpToolToResponsesTool;
  const responses = convert(name.name, tool);
  if (!responses.ok) return null;
  const namespace = { name: name.namespace ?? '', description: server.instructions };
  return {
    name,
    origin: 'mcp',
    payload: 'function',
    exposure,
    spec: loadableSpec(responses.value, namespace),
    supportsParallelToolCalls: false,
    searchText: searchText(server, tool, name),
    noticeText: server.instructions ?? '',
  };
}

/**
 * The tools of `servers`, ready to be registered: deferred when the model can search, direct
 * otherwise. A tool whose schema cannot be parsed is left out.
 */
export function mcpHostTools(
  servers: readonly McpServer[],
  { supportsSearchTool }: { readonly supportsSearchTool: boolean },
): readonly HostTool[] {
  const exposure = supportsSearchTool ? 'deferred' : 'direct';
  const named = mcpCallableNames(
    servers.map(({ name, tools }) => ({ server: name, toolNames: tools.map((tool) => tool.name) })),
  );
  const byServer = new Map(servers.map((server) => [server.name, server]));
  return named.flatMap(({ server: serverName, names }) => {
    const server = byServer.get(serverName);
    return (server?.tools ?? []).flatMap((tool) => {
      const name = names.get(tool.name);
      const hostTool = server && name ? mcpHostTool(server, tool, name, exposure) : null;
      return hostTool === null ? [] : [hostTool];
    });
  });
}
