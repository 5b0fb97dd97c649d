/** From the tools that an MCP server lists to tools of a session. */
import type { Tool as ListedTool } from '@modelcontextprotocol/client';
import { messageOf } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { isJsonObject, jsonOf, type JsonObject } from '../tools/adapters/json-value.ts';
import { mcpCallableNames } from '../tools/adapters/mcp-names.ts';
import { parseMcpTool } from '../tools/adapters/mcp.ts';
import { readArguments } from '../tools/arguments.ts';
import type { JsonSchema, Tool, ToolPolicy, Validation } from '../tools/contract.ts';
import { isRecord } from '../tools/json.ts';
import { readPolicy } from '../tools/policy.ts';
import { sealTool } from '../tools/tool.ts';
import type { LeftOutTool, RemoteToolOptions } from './offer.ts';
import { callRemote, type Remote } from './remote-call.ts';
import { toolResult } from './result.ts';

/** Names for `toolNames` that a model can call, by the names they have on the server. */
function callableNames(
  namespaceName: string,
  toolNames: readonly string[],
): ReadonlyMap<string, string> {
  const [server] = mcpCallableNames([{ server: namespaceName, toolNames }]);
  const taken = new Set([...(server?.names.values() ?? [])].map(({ name }) => name));
  const names = new Map<string, string>();
  for (const [toolName, { name }] of server?.names ?? []) {
    let free = name;
    // Codex keeps these for itself, also within a namespace.
    while (free === 'mcp' || free.startsWith('mcp__') || (free !== name && taken.has(free))) {
      free = `_${free}`;
    }
    taken.add(free);
    names.set(toolName, free);
  }
  return names;
}

/** What Codex is given, or why it would not take it. It would refuse the whole session with it. */
function readInputSchema(listed: ListedTool): Validation<JsonSchema> {
  const inputSchema = jsonOf(listed.inputSchema);
  const schema: JsonObject = isJsonObject(inputSchema) ? inputSchema : new Map();
  const { name, title = null, description = null } = listed;
  const parsed = parseMcpTool({
    name,
    title,
    description,
    inputSchema: schema,
    outputSchema: null,
  });
  if (!parsed.ok) return parsed;
  const { properties } = listed.inputSchema;
  return { ok: true, value: { ...listed.inputSchema, properties: properties ?? {} } };
}

/** Bounds the arguments and no more: the server checks them, who knows its schema best. */
function validate(args: unknown, limits: Limits): Validation<object> {
  const raw = readArguments(args, limits);
  if (!raw.ok) return raw;
  return isRecord(raw.value)
    ? { ok: true, value: raw.value }
    : { ok: false, problem: 'arguments: expected an object' };
}

/** How a tool is offered. */
interface Offer extends Omit<RemoteToolOptions, 'policy'> {
  readonly name: string;
  readonly policy: ToolPolicy;
}

function createTool(remote: Remote, { name, policy, ...options }: Offer): Tool {
  const { listed, serverName, context } = remote;
  if (listed.execution?.taskSupport === 'required') {
    throw new Error('it runs as a task only, which this client does not do');
  }
  const schema = readInputSchema(listed);
  if (!schema.ok) throw new Error(schema.problem);
  const { description = '', title = listed.name } = listed;
  return sealTool(
    {
      name,
      description:
        description.trim() === '' ? `${title}, of the MCP server ${serverName}.` : description,
      inputSchema: schema.value,
      ...(options.deferLoading === undefined ? {} : { deferLoading: options.deferLoading }),
      policy,
      validate: (args, limits = context.limits) => validate(args, limits),
      execute: async (input, call) =>
        toolResult(await callRemote(remote, isRecord(input) ? input : {}, call)),
    },
    context.limits,
  );
}

/**
 * The tools of a server, in its order, under names and with schemas that Codex takes. A tool that cannot
 * be offered is left out, and the others stay.
 * @throws SessionMeshError `tool_invalid` for a policy that is none
 */
export function remoteTools(
  listed: readonly ListedTool[],
  origin: Omit<Remote, 'listed'>,
  { policy = {}, ...options }: RemoteToolOptions,
): { readonly tools: readonly Tool[]; readonly leftOut: readonly LeftOutTool[] } {
  const names = callableNames(
    origin.serverName,
    listed.map(({ name }) => name),
  );
  const tools = new Map<string, Tool>();
  const leftOut: LeftOutTool[] = [];
  for (const each of listed) {
    const given = typeof policy === 'function' ? policy(each.name) : policy;
    const offer = { ...options, policy: readPolicy(each.name, given) };
    try {
      if (tools.has(each.name)) throw new Error('the server lists another of this name');
      const name = names.get(each.name) ?? each.name;
      tools.set(each.name, createTool({ ...origin, listed: each }, { ...offer, name }));
    } catch (thrown) {
      leftOut.push({ name: each.name, reason: messageOf(thrown) });
    }
  }
  return { tools: [...tools.values()], leftOut };
}
