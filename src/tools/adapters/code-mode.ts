/** Tools for models that call them from code: names, declarations and the list of what there is. */
import { isJsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import { toolSchemaJson } from './schema-type.ts';
import type { HostToolSpec, MemberSpec } from './spec.ts';
import type { HostToolName } from './tool-name.ts';
import { codeIdentifier, typescriptType } from './typescript-type.ts';

/** The host's own tools of code mode: never reached from code. */
const codeModeNames = new Set(['exec', 'wait']);

/** A tool as code sees it. */
export interface CodeModeTool {
  readonly name: string;
  readonly kind: 'function' | 'freeform';
  readonly description: string;
  readonly inputSchema: JsonObject | null;
  readonly outputSchema: JsonValue;
}

/** The name of a tool in code, before it is made an identifier. */
export function codeName({ namespace, name }: HostToolName): string {
  if (namespace === null || namespace === '') return name;
  return namespace.endsWith('_') || name.startsWith('_')
    ? namespace + name
    : `${namespace}__${name}`;
}

/**
 * What an MCP tool's result holds beside its content, when `outputSchema` is the envelope of such a
 * result; otherwise undefined.
 */
function structuredContent(outputSchema: JsonValue): JsonValue | undefined {
  const properties = isJsonObject(outputSchema) ? outputSchema.get('properties') : undefined;
  if (!isJsonObject(properties)) return undefined;
  const content = properties.get('content');
  const isEnvelope =
    isJsonObject(content) &&
    content.get('type') === 'array' &&
    ['isError', '_meta'].every((name) => properties.has(name));
  return isEnvelope ? properties.get('structuredContent') : undefined;
}

function resultType(outputSchema: JsonValue): string {
  if (outputSchema === null) return 'unknown';
  const structured = structuredContent(outputSchema);
  if (structured === undefined) return typescriptType(outputSchema);
  const type = typescriptType(structured);
  return type === 'unknown' ? 'CallToolResult' : `CallToolResult<${type}>`;
}

/** The type that {@link resultType} names for MCP tools; printed once, before their declarations. */
export const callToolResultDeclaration = [
  'type CallToolResult<T = { [key: string]: unknown; }> = {',
  '  content: Array<{ type: string; [key: string]: unknown; }>;',
  '  structuredContent?: T;',
  '  isError?: boolean;',
  '};',
].join('\n');

/** How `spec` is declared to code, as a block of TypeScript under its heading. */
export function declarationBlock(spec: MemberSpec, name: HostToolName): string {
  const [argument, input, output] =
    spec.type === 'function'
      ? ['args', typescriptType(toolSchemaJson(spec.parameters)), resultType(spec.outputSchema)]
      : ['input', 'string', 'unknown'];
  const identifier = codeIdentifier(codeName(name));
  const code = `declare const tools: { ${identifier}(${argument}: ${input}): Promise<${output}>; };`;
  return `exec tool declaration:\n\`\`\`ts\n${code}\n\`\`\``;
}

function augmentMember<Spec extends MemberSpec>(spec: Spec, namespace: string | null): Spec {
  const block = declarationBlock(spec, { namespace, name: spec.name });
  return { ...spec, description: `${spec.description}\n\n${block}` };
}

/**
 * `spec` with declarations in the descriptions of its tools: of all members of a namespace. The host's
 * `exec` and the provider's tools stay as they are.
 */
export function augmentSpec(spec: HostToolSpec): HostToolSpec {
  if (spec.type === 'namespace') {
    return { ...spec, tools: spec.tools.map((tool) => augmentMember(tool, spec.name)) };
  }
  if (spec.type !== 'function' && spec.type !== 'custom') return spec;
  return spec.name === 'exec' ? spec : augmentMember(spec, null);
}

/** A tool that code can reach, and its full name. */
export interface NestedTool {
  readonly member: MemberSpec;
  readonly name: HostToolName;
}

/** The first tool of `spec` that code can reach; the provider's tools never can. */
export function firstNested(spec: HostToolSpec): NestedTool | null {
  if (spec.type === 'namespace') {
    const [member] = spec.tools;
    return member ? { member, name: { namespace: spec.name, name: member.name } } : null;
  }
  if (spec.type !== 'function' && spec.type !== 'custom') return null;
  if (codeModeNames.has(spec.name)) return null;
  return { member: spec, name: { namespace: null, name: spec.name } };
}

/** The first tool of `spec` as code sees it, its description augmented; null when there is none. */
export function codeModeTool(spec: HostToolSpec): CodeModeTool | null {
  const nested = firstNested(spec);
  if (nested === null) return null;
  const { member, name } = nested;
  const isFunction = member.type === 'function';
  return {
    name: codeName(name),
    kind: isFunction ? 'function' : 'freeform',
    description: augmentMember(member, name.namespace).description,
    inputSchema: isFunction ? toolSchemaJson(member.parameters) : null,
    outputSchema: isFunction ? member.outputSchema : null,
  };
}
