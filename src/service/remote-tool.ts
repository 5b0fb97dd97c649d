/** Tools whose handlers live in clients: Codex is told of them here, and their calls wait for an answer. */
import { isSessionMeshError, type SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { createDraft, type CatalogPart } from '../tools/catalog.ts';
import type { JsonSchema, Tool, ToolCall, ToolOutput } from '../tools/contract.ts';
import { isRecord } from '../tools/json.ts';
import { isBuiltIn } from '../tools/name.ts';
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
 * Serves the calls of tools that nobody has told us of: Codex keeps the tools of a thread, and who made it, and
 * with what, may not be on record here. Whoever follows the session can answer.
 */
export function unlistedTool(serving: RemoteServing): Tool {
  return toolOf({ name: 'unlisted', description: 'Any other.', inputSchema: {} }, serving);
}

function partOf(spec: RemoteTool, serving: RemoteServing): CatalogPart {
  if (!('tools' in spec)) return toolOf(spec, serving);
  const tools = spec.tools.map((member) => toolOf(member, serving));
  return namespace(spec.name, { description: spec.description, tools });
}

/** What becomes of a client's list. */
export interface RemoteParts {
  /** For the catalog of a session. */
  readonly parts: readonly CatalogPart[];
  /** Names of tools that would be dead: Codex runs its own tool in their place, and nothing is lost without them. */
  readonly shadowed: readonly string[];
  /** Why others cannot be served, by their place in the list. */
  readonly problems: ReadonlyMap<number, SessionMeshError>;
}

/**
 * What of a client's list can become part of a session's catalog. A tool or namespace of a name in `served`
 * is left out: this process serves that one itself.
 */
export function remotePartsOf(
  tools: readonly RemoteTool[],
  served: ReadonlySet<string>,
  { serving, limits }: { readonly serving: RemoteServing; readonly limits: Limits },
): RemoteParts {
  const draft = createDraft(limits);
  const shadowed: string[] = [];
  const problems = new Map<number, SessionMeshError>();
  tools.forEach((spec, index) => {
    if (served.has(spec.name)) return;
    if (!('tools' in spec) && isBuiltIn(spec.name)) {
      shadowed.push(spec.name);
      return;
    }
    try {
      draft.add(partOf(spec, serving));
    } catch (thrown) {
      if (!isSessionMeshError(thrown)) throw thrown;
      problems.set(index, thrown);
    }
  });
  return { parts: draft.list(), shadowed, problems };
}
