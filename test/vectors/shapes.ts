/** The shapes in which vectors give tools, definitions, servers and models. */
import { dynamicHostTools } from '../../src/tools/adapters/dynamic-host-tool.ts';
import { acceptDynamicTools } from '../../src/tools/adapters/dynamic-validation.ts';
import type { DynamicTool } from '../../src/tools/adapters/dynamic.ts';
import { type JsonObject, type JsonValue, jsonOf } from '../../src/tools/adapters/json-value.ts';
import type { McpServer, McpTool } from '../../src/tools/adapters/mcp.ts';
import type { OutputTarget } from '../../src/tools/adapters/output.ts';
import type { HostTool } from '../../src/tools/adapters/registry.ts';
import { readToolSchema, toolSchemaJson } from '../../src/tools/adapters/schema-type.ts';
import type {
  FunctionSpec,
  HostToolSpec,
  MemberSpec,
  ToolDefinition,
} from '../../src/tools/adapters/spec.ts';
import { Refusal, get, list, object, record, text, textOrNull } from './vector.ts';

export function accept(
  tools: JsonValue | undefined,
  experimentalApi = true,
): readonly DynamicTool[] {
  const accepted = acceptDynamicTools(tools ?? null, { experimentalApi });
  if (accepted.ok) return accepted.tools ?? [];
  const { code, message, stage } = accepted;
  throw new Refusal({ code, message, stage });
}

export const dynamicTools = (input: JsonValue): readonly HostTool[] =>
  dynamicHostTools(accept(get(input, 'dynamicTools')));

export function functionSpec(json: JsonObject): FunctionSpec {
  return {
    type: 'function',
    name: text(json.get('name')),
    description: text(json.get('description')),
    strict: json.get('strict') === true,
    deferLoading: json.get('defer_loading') === true,
    parameters: readToolSchema(json.get('parameters') ?? new Map()),
    outputSchema: json.get('output_schema') ?? json.get('outputSchema') ?? null,
  };
}

function memberSpec(json: JsonObject): MemberSpec {
  if (json.get('type') !== 'custom') return functionSpec(json);
  const format = get(json, 'format') ?? new Map();
  return {
    type: 'custom',
    name: text(json.get('name')),
    description: text(json.get('description')),
    format: {
      type: text(get(format, 'type')),
      syntax: text(get(format, 'syntax')),
      definition: text(get(format, 'definition')),
    },
  };
}

export function readSpec(value: JsonValue): HostToolSpec {
  const json = object(value);
  const type = text(json.get('type'));
  const description = text(json.get('description'));
  switch (type) {
    case 'function':
    case 'custom':
      return memberSpec(json);
    case 'namespace': {
      const tools = list(json.get('tools')).map((tool) => memberSpec(object(tool)));
      return { type, name: text(json.get('name')), description, tools };
    }
    case 'tool_search': {
      const parameters = readToolSchema(json.get('parameters') ?? new Map());
      return { type, execution: text(json.get('execution')), description, parameters };
    }
    case 'web_search':
      return { type };
    case 'image_generation':
      return { type, outputFormat: text(json.get('output_format')) };
    default:
      throw new Error(`unknown spec ${type}`);
  }
}

export function readDefinition(value: JsonValue | undefined): ToolDefinition {
  const json = object(value);
  return {
    name: text(json.get('name')),
    description: text(json.get('description')),
    inputSchema: readToolSchema(json.get('inputSchema') ?? new Map()),
    outputSchema: json.get('outputSchema') ?? null,
    deferLoading: json.get('deferLoading') === true,
  };
}

export const definitionJson = (definition: ToolDefinition): JsonValue =>
  record({
    name: definition.name,
    description: definition.description,
    inputSchema: toolSchemaJson(definition.inputSchema),
    outputSchema: definition.outputSchema,
    deferLoading: definition.deferLoading,
  });

export function mcpTool(value: JsonValue | undefined): McpTool {
  const json = object(value);
  return {
    name: text(json.get('name')),
    title: textOrNull(json.get('title')),
    description: textOrNull(json.get('description')),
    inputSchema: object(json.get('inputSchema') ?? new Map()),
    outputSchema: json.get('outputSchema') ?? null,
  };
}

export function mcpServer(input: JsonValue, toolNames?: readonly string[]): McpServer {
  const single = get(input, 'tool');
  const tools = single === undefined ? list(get(input, 'tools')) : [single];
  const named = toolNames?.map((name) => jsonOf({ name, inputSchema: { type: 'object' } }));
  return {
    name: text(get(input, 'serverName')),
    instructions: textOrNull(get(input, 'instructions')),
    tools: [...tools, ...(named ?? [])].map(mcpTool),
  };
}

export function target(input: JsonValue): OutputTarget {
  const model = get(input, 'model') ?? new Map();
  return {
    model: {
      inputModalities: list(get(model, 'inputModalities') ?? ['text', 'image']).map(text),
      supportsImageDetailOriginal: get(model, 'supportsImageDetailOriginal') === true,
    },
    unifiedImageBudget: get(input, 'unifiedImageBudget') !== false,
  };
}
