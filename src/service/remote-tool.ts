/** Tools whose handlers live in clients: Codex is told of them here, and their calls wait for an answer. */
import type { CatalogPart } from '../tools/catalog.ts';
import type { JsonSchema, Tool, ToolCall, ToolOutput } from '../tools/contract.ts';
import { isRecord } from '../tools/json.ts';
import { namespace } from '../tools/namespace.ts';

/** One tool as a client gives it. */
export interface RemoteFunction {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly deferLoading?: boolean;
}

/** Tools under one name. */
export interface RemoteNamespace {
  readonly type: 'namespace';
  readonly name: string;
  readonly description: string;
  readonly tools: readonly RemoteFunction[];
}

/** What a client gives a session: plain JSON, kept as it is for when the session is opened again. */
export type RemoteTool = RemoteFunction | RemoteNamespace;

function readFunction(given: unknown, mayDefer: boolean): RemoteFunction {
  const { name, description, inputSchema, deferLoading } = Object(given);
  return {
    name: String(name).trim(),
    description: String(description).trim(),
    inputSchema: isRecord(inputSchema) ? inputSchema : {},
    // Outside a namespace Codex takes no deferred tools, and clients of old send the word all the same.
    ...(mayDefer && deferLoading === true ? { deferLoading } : {}),
  };
}

/** The tools in a list that has passed its schema. Members nobody knows are left out. */
export function readRemoteTools(list: readonly unknown[]): readonly RemoteTool[] {
  return list.map((given) => {
    const { type, name, description, tools } = Object(given);
    if (type !== 'namespace' || !Array.isArray(tools)) return readFunction(given, false);
    const members = tools.map((member) => readFunction(member, true));
    return {
      type,
      name: String(name).trim(),
      description: String(description).trim(),
      tools: members,
    };
  });
}

/** How many tools these are, members of namespaces included. */
export function countRemoteTools(tools: readonly RemoteTool[]): number {
  return tools.reduce((sum, tool) => sum + ('tools' in tool ? tool.tools.length : 1), 0);
}

/** How calls for clients are served. */
export interface RemoteServing {
  /** Serves a call by having somebody answer it. */
  readonly take: (call: ToolCall) => Promise<ToolOutput>;
  /** How long an answer may take, in milliseconds; null: as long as the turn lasts. */
  readonly timeoutMs: number | null;
}

/**
 * To show a call is what this process does for it, and it may do so again after a crash; whether the work
 * may be done again is for the client to know.
 */
const policy = { external: true, effects: 'repeatable' } as const;

function toolOf(spec: RemoteFunction, { take, timeoutMs }: RemoteServing): Tool {
  return {
    name: spec.name,
    description: spec.description,
    inputSchema: spec.inputSchema,
    ...(spec.deferLoading ? { deferLoading: true } : {}),
    policy: timeoutMs === null ? policy : { ...policy, timeoutMs },
    // Arguments are the client's to check.
    validate: (args) => ({ ok: true, value: args }),
    execute: (_, call) => take(call),
  };
}

/**
 * What of a client's list becomes part of a session's catalog. A tool or namespace of a name in `served`
 * is left out: this process serves that one itself.
 * @throws SessionMeshError as `namespace` does
 */
export function catalogPartsOf(
  tools: readonly RemoteTool[],
  served: ReadonlySet<string>,
  serving: RemoteServing,
): readonly CatalogPart[] {
  return tools
    .filter(({ name }) => !served.has(name))
    .map((spec) =>
      'tools' in spec
        ? namespace(spec.name, {
            description: spec.description,
            tools: spec.tools.map((member) => toolOf(member, serving)),
          })
        : toolOf(spec, serving),
    );
}
