/** What one request shows a model: the specs of the registered tools, and the notice of the others. */
import type { Validation } from '../contract.ts';
import { firstNested } from './code-mode.ts';
import { augmentedSpec, codeModeCatalog, type CodeModeCatalog } from './code-mode-catalog.ts';
import { deferredNotice, type DeferredNamespace } from './deferred-notice.ts';
import { jsonObject, type JsonArray, type JsonObject } from './json-value.ts';
import {
  isDeferred,
  isDirect,
  registerTools,
  type HostTool,
  type ToolRegistry,
} from './registry.ts';
import { coalesceSpecs } from './responses.ts';
import { toolSearchHostTool } from './search.ts';
import { createToolsJson, type HostToolSpec, type MemberSpec, type NamespaceSpec } from './spec.ts';
import { byName, defaultNamespace } from './tool-name.ts';

/** Whether a model calls tools from code: never, too, or only so. */
export type ToolMode = 'off' | 'code_mode' | 'code_mode_only';

/** What decides how tools are shown to a model. */
export interface ModelTraits {
  readonly supportsSearchTool: boolean;
  readonly toolMode: ToolMode;
}

/** The tools of one turn. */
export interface ToolPlan {
  readonly registry: ToolRegistry;
  /** What code can reach; null when the model does not call tools from code. */
  readonly catalog: CodeModeCatalog | null;
  /** What the model is shown, in order. */
  readonly specs: readonly HostToolSpec[];
  /** A text for the model about deferred tools, null when there are none. */
  readonly deferredNotice: string | null;
}

/** `specs` with the members of each namespace gathered at its first place and sorted by name. */
function gather(specs: readonly HostToolSpec[]): readonly HostToolSpec[] {
  return coalesceSpecs<HostToolSpec>(specs).map((spec) =>
    spec.type === 'namespace' ? { ...spec, tools: spec.tools.toSorted(byName) } : spec,
  );
}

/** Whether a model that calls tools only from code is shown `tool` all the same. */
function isShownBesideCode({ exposure, spec }: HostTool): boolean {
  if (spec === null || spec.type === 'tool_search') return false;
  return exposure === 'direct-model-only' || firstNested(spec) === null;
}

function shownSpecs(
  registry: ToolRegistry,
  catalog: CodeModeCatalog | null,
  toolMode: ToolMode,
): readonly HostToolSpec[] {
  const shown = [...registry.values()].filter(
    (tool) => isDirect(tool) && (toolMode !== 'code_mode_only' || isShownBesideCode(tool)),
  );
  const specs = shown.map((tool) => (catalog ? augmentedSpec(catalog, tool) : tool.spec));
  return gather(specs.filter((spec) => spec !== null));
}

function deferredNamespaces(registry: ToolRegistry): readonly DeferredNamespace[] {
  const namespaces = new Map<string, string>();
  for (const { spec, noticeText } of [...registry.values()].filter(isDeferred)) {
    if (spec?.type !== 'namespace' || namespaces.has(spec.name)) continue;
    namespaces.set(spec.name, noticeText ?? spec.description);
  }
  return [...namespaces].map(([name, description]) => ({ name, description }));
}

/**
 * Registers `tools` and plans what `model` is shown of them. The search is added at the end when there
 * is something to find and the model can search; an external tool of its name gives way.
 * The problem is a collision of names, when those are errors.
 */
export function planTools(
  tools: readonly HostTool[],
  model: ModelTraits,
  options: { readonly errorOnToolCollisions?: boolean } = {},
): Validation<ToolPlan> {
  const first = registerTools(tools, options);
  if (!first.ok) return first;
  const searches = model.supportsSearchTool && [...first.value.values()].some(isDeferred);
  const all = searches ? registerTools([...tools, toolSearchHostTool], options) : first;
  if (!all.ok) return all;
  const registry = all.value;
  const catalog = model.toolMode === 'off' ? null : codeModeCatalog(registry);
  return {
    ok: true,
    value: {
      registry,
      catalog,
      specs: shownSpecs(registry, catalog, model.toolMode),
      deferredNotice: deferredNotice(deferredNamespaces(registry)),
    },
  };
}

const isMember = (spec: HostToolSpec): spec is MemberSpec =>
  spec.type === 'function' || spec.type === 'custom';

/**
 * `specs` for models that know tools only in namespaces: functions and custom tools are wrapped into
 * one, where the first of them stood; everything else stays beside it.
 */
export function liteSpecs(specs: readonly HostToolSpec[]): readonly HostToolSpec[] {
  const wrapped: NamespaceSpec = {
    type: 'namespace',
    name: defaultNamespace,
    description: '',
    tools: specs.filter(isMember),
  };
  const firstMember = specs.findIndex(isMember);
  return specs.flatMap((spec, index) => {
    if (index === firstMember) return [wrapped];
    return isMember(spec) ? [] : [spec];
  });
}

/** Where the tools of a request go: its `tools` field, or its first input item. */
export type RequestTools =
  | { readonly kind: 'field'; readonly tools: JsonArray }
  | { readonly kind: 'item'; readonly item: JsonObject };

/** `specs` in the form the model's requests have. */
export function requestTools(
  specs: readonly HostToolSpec[],
  { responsesLite }: { readonly responsesLite: boolean },
): RequestTools {
  if (!responsesLite) return { kind: 'field', tools: createToolsJson(specs) };
  const item = jsonObject([
    ['type', 'additional_tools'],
    ['role', 'developer'],
    ['tools', createToolsJson(liteSpecs(specs))],
  ]);
  return { kind: 'item', item };
}
