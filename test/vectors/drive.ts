/** Maps the function that a vector names to ours: JSON in, JSON out. */
import { codeName } from '../../src/tools/adapters/code-mode.ts';
import { executableErrorText } from '../../src/tools/adapters/executable.ts';
import {
  type ImageDetail,
  type OutputItem,
  normalizeImageDetail,
  sanitizeImageDetail,
} from '../../src/tools/adapters/image-detail.ts';
import { dataOf, jsonOf } from '../../src/tools/adapters/json-value.ts';
import { mcpCallToolResultOutputSchema, parseMcpTool } from '../../src/tools/adapters/mcp.ts';
import { unsupportedCallText } from '../../src/tools/adapters/registry.ts';
import { defaultSearchText, searchEntry } from '../../src/tools/adapters/search.ts';
import { renamed, specJson, specName } from '../../src/tools/adapters/spec.ts';
import { codeIdentifier } from '../../src/tools/adapters/typescript-type.ts';
import {
  bundle,
  dispatchCall,
  dispatchMany,
  dynamicResponse,
  payloadMismatch,
  routed,
} from './drive-calls.ts';
import {
  augment,
  mcpDeclaration,
  nestedCall,
  search,
  sections,
  toCodeModeDefinition,
} from './drive-code.ts';
import {
  coalesce,
  definitionToTool,
  modelVisibleTools,
  normalize,
  parseSchema,
  registerExternal,
  toLoadable,
  validate,
} from './drive-lists.ts';
import {
  mcpCallResult,
  mcpNames,
  mcpNamespace,
  mcpSearchHit,
  mcpToDeferred,
  mcpToResponses,
} from './drive-mcp.ts';
import { definitionJson, mcpTool, readDefinition, readSpec } from './shapes.ts';
import { type Drive, type Driven, Refusal, type Vector, get, text, textOrNull } from './vector.ts';

const drives: Readonly<Record<string, Drive>> = {
  parse_tool_input_schema: parseSchema,
  validate_dynamic_tools: validate,
  normalize_dynamic_tool_specs: normalize,
  model_visible_tools: modelVisibleTools,
  dynamic_tool_to_loadable_tool_spec: toLoadable,
  coalesce_loadable_tool_specs: coalesce,
  tool_definition_to_responses_api_tool: definitionToTool,
  tool_spec_name: (input) => specName(readSpec(input)),
  mcp_tool_to_responses_api_tool: mcpToResponses,
  mcp_tool_to_deferred_responses_api_tool: mcpToDeferred,
  mcp_callable_names: mcpNames,
  mcp_namespace_spec: mcpNamespace,
  mcp_search_text_hit: mcpSearchHit,
  mcp_call_result_to_function_output: mcpCallResult,
  mcp_call_tool_result_output_schema: mcpCallToolResultOutputSchema,
  parse_mcp_tool: (input) => {
    const parsed = parseMcpTool(mcpTool(input));
    if (!parsed.ok) throw new Refusal({ reason: parsed.problem });
    return definitionJson(parsed.value);
  },
  tool_search: search,
  default_tool_search_text: (input) => defaultSearchText(readSpec(input)),
  tool_search_entry: (input) => {
    const entry = searchEntry(readSpec(input));
    return entry && specJson(entry.spec);
  },
  augment_tool_spec_for_code_mode: augment,
  code_mode_tool_sections: sections,
  code_mode_declaration_for_mcp_tool: mcpDeclaration,
  tool_spec_to_code_mode_tool_definition: toCodeModeDefinition,
  code_mode_name_for_tool_name: (input) => codeName(routed(input)),
  normalize_code_mode_identifier: (input) => codeIdentifier(text(input)),
  code_mode_nested_call: nestedCall,
  normalize_output_image_detail: (input) =>
    normalizeImageDetail(
      get(input, 'supportsImageDetailOriginal') === true,
      textOrNull(get(input, 'detail')) as ImageDetail | null,
    ),
  sanitize_original_image_detail: (input) => {
    const items = dataOf(get(input, 'items') ?? []) as readonly OutputItem[];
    return jsonOf(sanitizeImageDetail(get(input, 'canRequestOriginal') === true, items));
  },
  dynamic_response_to_function_output: dynamicResponse,
  register_external_tools: registerExternal,
  dispatch_function_call: dispatchCall,
  dispatch_many_calls: dispatchMany,
  unsupported_call_message: (input) => unsupportedCallText(routed(input)),
  dispatch_payload_mismatch: payloadMismatch,
  tool_error_display: (input) =>
    executableErrorText({
      kind: get(input, 'kind') === 'fatal' ? 'fatal' : 'respond_to_model',
      message: text(get(input, 'message')),
    }),
  tool_bundle_name: bundle,
  tool_definition_renamed: (input) =>
    definitionJson(renamed(readDefinition(get(input, 'definition')), text(get(input, 'to')))),
};

/** Runs our function for `vector`. @throws Error when no function of ours has that name. */
export async function drive(vector: Vector): Promise<Driven> {
  const run = Object.hasOwn(drives, vector.fn) ? drives[vector.fn] : undefined;
  if (run === undefined) throw new Error(`unknown function ${vector.fn}`);
  try {
    return { kind: 'value', value: await run(vector.input, vector) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { kind: 'error', error: error.error };
  }
}
