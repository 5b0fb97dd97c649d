/** What the host refuses when a thread starts: the first fault of the list, in the host's own words. */
import { attempt, DecodeError } from './decode.ts';
import {
  decodeDynamicTools,
  type DynamicFunction,
  type DynamicNamespace,
  type DynamicTool,
} from './dynamic.ts';
import { parseToolInputSchema } from './input-schema.ts';
import type { JsonValue } from './json-value.ts';
import { countCodePoints, escapeName, isBlank, trimWhiteSpace } from './unicode.ts';
import type { Validation } from '../contract.ts';

const toolNameCharsMax = 128;
const namespaceCharsMax = 64;
const namespaceDescriptionCharsMax = 1024;

/** Namespaces that the Responses API keeps for itself. The words are fine as names of functions. */
const reservedNamespaces = new Set([
  'api_tool',
  'browser',
  'computer',
  'container',
  'file_search',
  'functions',
  'image_gen',
  'multi_tool_use',
  'python',
  'python_user_visible',
  'submodel_delegator',
  'terminal',
  'tool_search',
  'web',
]);

function refuse(problem: string): never {
  throw new DecodeError(problem);
}

function checkSpelling(name: string, label: string): void {
  if (isBlank(name)) refuse(`${label} must not be empty`);
  if (trimWhiteSpace(name) !== name) {
    refuse(`${label} has leading/trailing whitespace: ${escapeName(name)}`);
  }
}

function checkResponsesName(name: string, label: string, charsMax: number): void {
  const place = `to match Responses API: ${escapeName(name)}`;
  if (!/^[a-zA-Z0-9_-]+$/.test(name)) refuse(`${label} must match ^[a-zA-Z0-9_-]+$ ${place}`);
  if (name.length > charsMax) refuse(`${label} must be at most ${charsMax} characters ${place}`);
}

const isMcpName = (name: string) => name === 'mcp' || name.startsWith('mcp__');

function checkFunction(tool: DynamicFunction, namespace: string | null, seen: Set<string>): void {
  const { name } = tool;
  checkSpelling(name, 'dynamic tool name');
  checkResponsesName(name, 'dynamic tool name', toolNameCharsMax);
  if (isMcpName(name)) refuse(`dynamic tool name is reserved: ${name}`);
  if (seen.has(name)) {
    const scope = namespace === null ? '' : ` in namespace ${namespace}`;
    refuse(`duplicate dynamic tool name${scope}: ${name}`);
  }
  seen.add(name);
  if (tool.deferLoading && namespace === null) {
    refuse(`deferred dynamic tool must include a namespace: ${name}`);
  }
  const schema = parseToolInputSchema(tool.inputSchema);
  if (!schema.ok) {
    refuse(`dynamic tool input schema is not supported for ${name}: ${schema.problem}`);
  }
}

function checkNamespace(namespace: DynamicNamespace, seen: Set<string>): void {
  const { name } = namespace;
  const label = 'dynamic tool namespace';
  checkSpelling(name, label);
  checkResponsesName(name, label, namespaceCharsMax);
  if (countCodePoints(namespace.description) > namespaceDescriptionCharsMax) {
    refuse(`${label} description must be at most ${namespaceDescriptionCharsMax} characters`);
  }
  if (isMcpName(name)) refuse(`${label} is reserved: ${name}`);
  if (reservedNamespaces.has(name)) {
    refuse(`${label} collides with a reserved Responses API namespace: ${name}`);
  }
  if (seen.has(name)) refuse(`duplicate ${label}: ${name}`);
  seen.add(name);
  if (namespace.tools.length === 0) refuse(`${label} must contain at least one tool: ${name}`);
  const members = new Set<string>();
  for (const tool of namespace.tools) checkFunction(tool, name, members);
}

/**
 * Checks a canonical list, entry by entry. A function and a namespace may share a name.
 * @throws SessionMeshError `json_invalid` for a schema nested too deep.
 */
export function validateDynamicTools(
  tools: readonly DynamicTool[],
): Validation<readonly DynamicTool[]> {
  return attempt(() => {
    const functions = new Set<string>();
    const namespaces = new Set<string>();
    for (const tool of tools) {
      if (tool.type === 'function') checkFunction(tool, null, functions);
      else checkNamespace(tool, namespaces);
    }
    return tools;
  });
}

/** At which step a list was refused. */
export type AcceptanceStage = 'decode' | 'gate' | 'validate';

/** The host's answer to a list of tools. */
export type Acceptance =
  | { readonly ok: true; readonly tools: readonly DynamicTool[] | null }
  | {
      readonly ok: false;
      readonly stage: AcceptanceStage;
      readonly code: -32600;
      readonly message: string;
    };

const refusal = (stage: AcceptanceStage, message: string): Acceptance => ({
  ok: false,
  stage,
  code: -32600,
  message,
});

/**
 * What the host does with the `dynamicTools` of `thread/start`: decodes the whole list, asks whether
 * the client declared the experimental API, then validates.
 */
export function acceptDynamicTools(
  dynamicTools: JsonValue,
  client: { readonly experimentalApi: boolean },
): Acceptance {
  const decoded = decodeDynamicTools(dynamicTools);
  if (!decoded.ok) return refusal('decode', `Invalid request: ${decoded.problem}`);
  if (decoded.value === null) return { ok: true, tools: null };
  if (!client.experimentalApi) {
    return refusal('gate', 'thread/start.dynamicTools requires experimentalApi capability');
  }
  const valid = validateDynamicTools(decoded.value);
  return valid.ok ? { ok: true, tools: valid.value } : refusal('validate', valid.problem);
}
