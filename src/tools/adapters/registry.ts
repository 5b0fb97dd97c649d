/**
 * Who answers to which name.
 *
 * R1 Every tool owns exactly one name and reports it itself; the key is derived from it.
 * R2 The first tool under a name stays, and a tool of the host comes before any external one.
 * R3 What a model is shown has no part in dispatch: hidden and deferred tools can be called.
 */
import type { Validation } from '../contract.ts';
import type { ConfiguredSpec, HostToolSpec } from './spec.ts';
import {
  canonicalName,
  defaultNamespace,
  displayName,
  nameKey,
  type HostToolName,
} from './tool-name.ts';

/** Who brings a tool. Names of the host are its own business; the others are external. */
export type ToolOrigin = 'host' | 'mcp' | 'dynamic';

/** How a model calls a tool: with JSON arguments or with free text. */
export type PayloadKind = 'function' | 'custom';

/**
 * Where a tool can be met: shown (`direct`), found by a search (`deferred`), reached from code, or
 * only called (`hidden`). The `model-only` ones are never reached from code, the last one only there.
 */
export type Exposure =
  'direct' | 'deferred' | 'direct-model-only' | 'deferred-model-only' | 'code-mode-only' | 'hidden';

/** What a handler says of itself. A member of a namespace brings the namespace with itself only. */
export interface HostTool {
  readonly name: HostToolName;
  readonly origin: ToolOrigin;
  readonly payload: PayloadKind;
  readonly exposure: Exposure;
  /** Null for a tool that has nothing to show. */
  readonly spec: HostToolSpec | null;
  readonly supportsParallelToolCalls: boolean;
  /** What a search looks at; null for what {@link spec} says. */
  readonly searchText: string | null;
  /** What the notice of deferred namespaces says of the tool's; null for its description. */
  readonly noticeText: string | null;
}

/** The tools that are registered, in order, by the key of their names. */
export type ToolRegistry = ReadonlyMap<string, HostTool>;

/** Whether a model is shown the tool at once. */
export const isDirect = ({ exposure }: HostTool) =>
  exposure === 'direct' || exposure === 'direct-model-only';

/** Whether a model has to search for the tool. */
export const isDeferred = ({ exposure }: HostTool) =>
  exposure === 'deferred' || exposure === 'deferred-model-only';

/** Whether code can reach the tool. */
export const isNested = ({ exposure }: HostTool) =>
  exposure === 'direct' || exposure === 'deferred' || exposure === 'code-mode-only';

/** Plain names that no external tool gets, whether or not the host has such tools. */
const refusedNames = new Set(['exec_command', 'shell_command']);

function isRefused({ name, origin }: HostTool): boolean {
  const { namespace, name: plain } = canonicalName(name);
  return origin !== 'host' && namespace === null && refusedNames.has(plain);
}

const collision = ({ name }: HostTool) =>
  `duplicate tool: ${canonicalName(name).namespace ?? defaultNamespace}.${name.name}`;

/**
 * Registers `tools` in order. An external tool whose name is taken is left out without a word, unless
 * `errorOnToolCollisions`: then it is the problem.
 */
export function registerTools(
  tools: readonly HostTool[],
  { errorOnToolCollisions = false } = {},
): Validation<ToolRegistry> {
  const hosted = new Map<string, HostTool>();
  for (const tool of tools) {
    const key = nameKey(tool.name);
    if (tool.origin === 'host' && !hosted.has(key)) hosted.set(key, tool);
  }
  const registry = new Map<string, HostTool>();
  for (const tool of tools) {
    const key = nameKey(tool.name);
    const owner = hosted.get(key) ?? registry.get(key) ?? tool;
    if (owner === tool && !isRefused(tool)) registry.set(key, tool);
    else if (owner !== tool && errorOnToolCollisions && tool.origin !== 'host') {
      return { ok: false, problem: collision(tool) };
    }
  }
  return { ok: true, value: registry };
}

/** What the registered tools contribute to a request before it is shaped for a model. */
export function configuredSpecs(registry: ToolRegistry): readonly ConfiguredSpec[] {
  return [...registry.values()].flatMap(({ spec, supportsParallelToolCalls }) =>
    spec === null ? [] : [{ spec, supportsParallelToolCalls }],
  );
}

/** A model's call, as far as routing goes. */
export interface RoutedCall extends HostToolName {
  readonly payload: PayloadKind;
}

/** Where a call goes: to a tool, back to the model as a text, or to the end of the turn. */
export type Route =
  | { readonly kind: 'tool'; readonly tool: HostTool }
  | { readonly kind: 'respond'; readonly text: string }
  | { readonly kind: 'fatal'; readonly text: string };

/** What a model is told of a call that no tool answers to. */
export function unsupportedCallText(call: RoutedCall): string {
  const label = call.payload === 'custom' ? 'unsupported custom tool call' : 'unsupported call';
  return `${label}: ${displayName(call)}`;
}

/** Finds the tool that `call` names exactly; an empty namespace and `functions` mean none. */
export function routeCall(registry: ToolRegistry, call: RoutedCall): Route {
  const tool = registry.get(nameKey(call));
  if (tool === undefined) return { kind: 'respond', text: unsupportedCallText(call) };
  if (tool.payload === call.payload) return { kind: 'tool', tool };
  const name = displayName(tool.name);
  return { kind: 'fatal', text: `tool ${name} invoked with incompatible payload` };
}
