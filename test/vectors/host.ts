/** A host for the vectors: its own tools, the plan for a model, and what is left without the host's. */
import type { JsonValue } from '../../src/tools/adapters/json-value.ts';
import type { HostTool, PayloadKind, ToolRegistry } from '../../src/tools/adapters/registry.ts';
import type { FunctionSpec, HostToolSpec, MemberSpec } from '../../src/tools/adapters/spec.ts';
import { type ToolMode, planTools } from '../../src/tools/adapters/tool-plan.ts';
import { get, text } from './vector.ts';

export function hostTool(
  namespace: string | null,
  name: string,
  payload: PayloadKind = 'function',
): HostTool {
  const member: FunctionSpec = {
    type: 'function',
    name,
    description: 'of the host',
    strict: false,
    deferLoading: false,
    parameters: {},
    outputSchema: null,
  };
  const custom: MemberSpec = {
    type: 'custom',
    name,
    description: 'of the host',
    format: { type: 'grammar', syntax: 'lark', definition: '' },
  };
  const spec = payload === 'custom' ? custom : member;
  return {
    name: { namespace, name },
    origin: 'host',
    payload,
    exposure:
      name === 'request_user_input' || payload === 'custom' ? 'direct-model-only' : 'direct',
    spec:
      namespace === null
        ? spec
        : { type: 'namespace', name: namespace, description: 'host words', tools: [spec] },
    supportsParallelToolCalls: false,
    searchText: null,
    noticeText: null,
  };
}

const toolModes: Readonly<Record<string, ToolMode>> = {
  code_mode: 'code_mode',
  code_mode_only: 'code_mode_only',
};

const codeModeHost = [hostTool(null, 'exec', 'custom'), hostTool(null, 'wait')];

export function plan(tools: readonly HostTool[], model: JsonValue, options = {}) {
  const toolMode = toolModes[text(get(model, 'toolMode'))] ?? 'off';
  const host = toolMode === 'off' ? [] : codeModeHost;
  const supportsSearchTool = get(model, 'supportsSearchTool') === true;
  return planTools([...host, ...tools], { supportsSearchTool, toolMode }, options);
}

export const fullName = (namespace: string | null, name: string) =>
  namespace === null ? name : `${namespace}/${name}`;

export const isHost = (registry: ToolRegistry, namespace: string | null, name: string) =>
  registry.get(JSON.stringify([namespace, name]))?.origin === 'host';

/** `specs` without what the registry's host tools contribute. */
export function externalSpecs(
  specs: readonly HostToolSpec[],
  registry: ToolRegistry,
): HostToolSpec[] {
  return specs.flatMap((spec): HostToolSpec[] => {
    if (spec.type === 'function' || spec.type === 'custom') {
      return isHost(registry, null, spec.name) ? [] : [spec];
    }
    if (spec.type !== 'namespace') return [spec];
    const namespace = spec.name === 'functions' ? null : spec.name;
    const tools = spec.tools.filter(({ name }) => !isHost(registry, namespace, name));
    return tools.length === 0 ? [] : [{ ...spec, tools }];
  });
}

/** `namespace/name` of every shown tool. */
export const shownNames = (specs: readonly HostToolSpec[]): string[] =>
  specs.flatMap((spec) => {
    if (spec.type === 'namespace') return spec.tools.map(({ name }) => fullName(spec.name, name));
    return spec.type === 'function' || spec.type === 'custom' ? [spec.name] : [];
  });

export const defaultHost = ['request_user_input', 'apply_patch'];
