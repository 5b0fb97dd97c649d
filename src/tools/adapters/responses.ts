/** From a client's functions to the tools of the Responses API, and to what a search can return. */
import type { Validation } from '../contract.ts';
import type { DynamicFunction } from './dynamic.ts';
import { parseToolInputSchema } from './input-schema.ts';
import {
  namespaceDescription,
  type FunctionSpec,
  type LoadableSpec,
  type MemberSpec,
  type NamespaceSpec,
  type ResponsesTool,
  type ToolDefinition,
} from './spec.ts';

/** The namespace a function belongs to, as its owner describes it. */
export interface OwningNamespace {
  readonly name: string;
  readonly description: string | null;
}

/** Parses a client's function. Its namespace is no part of the definition. */
export function parseDynamicTool(tool: DynamicFunction): Validation<ToolDefinition> {
  const schema = parseToolInputSchema(tool.inputSchema);
  if (!schema.ok) return schema;
  return {
    ok: true,
    value: {
      name: tool.name,
      description: tool.description,
      inputSchema: schema.value,
      outputSchema: null,
      deferLoading: tool.deferLoading,
    },
  };
}

/** `definition` as a tool of the Responses API; never strict. */
export function toolDefinitionToResponsesTool(definition: ToolDefinition): ResponsesTool {
  return {
    name: definition.name,
    description: definition.description,
    strict: false,
    deferLoading: definition.deferLoading,
    parameters: definition.inputSchema,
    outputSchema: definition.outputSchema,
  };
}

/** {@link parseDynamicTool}, then {@link toolDefinitionToResponsesTool}. */
export function dynamicToolToResponsesTool(tool: DynamicFunction): Validation<ResponsesTool> {
  const definition = parseDynamicTool(tool);
  return definition.ok
    ? { ok: true, value: toolDefinitionToResponsesTool(definition.value) }
    : definition;
}

/** `tool` as a spec: a function, or its namespace with this one member. */
export function loadableSpec(tool: ResponsesTool, namespace: OwningNamespace | null): LoadableSpec {
  const member: FunctionSpec = { type: 'function', ...tool };
  if (namespace === null) return member;
  return {
    type: 'namespace',
    name: namespace.name,
    description: namespaceDescription(namespace.name, namespace.description),
    tools: [member],
  };
}

/** A client's function as a search returns it. */
export function dynamicToolToLoadableSpec(
  tool: DynamicFunction,
  namespace: OwningNamespace | null,
): Validation<LoadableSpec> {
  const responses = dynamicToolToResponsesTool(tool);
  return responses.ok ? { ok: true, value: loadableSpec(responses.value, namespace) } : responses;
}

function isNamespace(spec: { readonly type: string }): spec is NamespaceSpec {
  return spec.type === 'namespace';
}

/**
 * Merges namespaces of one name into the first of them: members in order, the first description.
 * Everything else stays where it is; functions are never merged.
 */
export function coalesceSpecs<Spec extends { readonly type: string }>(
  specs: readonly (Spec | NamespaceSpec)[],
): readonly (Spec | NamespaceSpec)[] {
  const members = new Map<string, MemberSpec[]>();
  return specs
    .flatMap((spec): readonly (Spec | NamespaceSpec)[] => {
      if (!isNamespace(spec)) return [spec];
      const gathered = members.get(spec.name);
      if (gathered !== undefined) {
        gathered.push(...spec.tools);
        return [];
      }
      members.set(spec.name, [...spec.tools]);
      return [spec];
    })
    .map((spec) =>
      isNamespace(spec) ? { ...spec, tools: members.get(spec.name) ?? spec.tools } : spec,
    );
}
