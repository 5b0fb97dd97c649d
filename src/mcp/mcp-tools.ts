/** `mcpTools()`: the tools of an MCP server as a namespace for sessions. */
import { systemEnv, type Env } from '../env.ts';
import { isSessionMeshError, messageOf, SessionMeshError } from '../errors.ts';
import { resolveLimits, type Limits } from '../limits.ts';
import { silentLogger, type Logger } from '../logger.ts';
import type { ToolNamespace } from '../tools/contract.ts';
import { checkNamespaceName } from '../tools/name.ts';
import { namespace } from '../tools/namespace.ts';
import { checkAddress, type ServerAddress } from './address.ts';
import { dialFor } from './dial.ts';
import { Link } from './link.ts';
import type { LeftOutTool, RemoteToolOptions, ToolListChange } from './offer.ts';
import type { McpContext, Peer } from './peer.ts';
import { remoteTools } from './remote-tool.ts';
import { loadClientPackage } from './sdk.ts';
import { listTools, ListWatch } from './tool-list.ts';

/** How a server's tools are bound. */
export interface McpToolsOptions extends RemoteToolOptions {
  /**
   * Told when the server's tools have changed: it said so, or came back with others. The namespace stays
   * as it is, and sessions that use it go on calling the tools it has.
   */
  readonly onListChanged?: (change: ToolListChange) => void;
  /** Gives up connecting. */
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
  readonly limits?: Partial<Limits>;
  readonly env?: Env;
}

/** The tools of a connected server. */
export interface McpTools extends AsyncDisposable {
  /** For `createSession({ tools: [...] })`. It never changes, and any number of sessions may use it. */
  readonly namespace: ToolNamespace;
  /** Tools of the server that are not in the namespace. */
  readonly leftOut: readonly LeftOutTool[];
  /** What the server calls itself, and the revision of the protocol that is spoken. */
  readonly server: { readonly name: string; readonly version: string; readonly protocol: string };
  /**
   * Disconnects, and ends the server if it was started here. Calls under way fail, so close the sessions
   * that use the tools first. Idempotent, never rejects.
   */
  close(): Promise<void>;
}

/** Codex's own bound on a namespace's description, in code points. */
const descriptionCharsMax = 1_024;

/** The server's instructions, as far as they fit. */
function describeServer({ client }: Peer): { readonly description?: string } {
  const characters = Array.from(client.getInstructions() ?? '');
  if (characters.length === 0) return {};
  const isLong = characters.length > descriptionCharsMax;
  const shown = isLong ? [...characters.slice(0, descriptionCharsMax - 1), '…'] : characters;
  return { description: shown.join('') };
}

function introductionOf({ client }: Peer): McpTools['server'] {
  const { name = 'unknown', version = 'unknown' } = client.getServerVersion() ?? {};
  return { name, version, protocol: client.getNegotiatedProtocolVersion() ?? 'unknown' };
}

/** `logger`, with the server filled in. */
function loggerOf(logger: Logger, mcpServer: string): Logger {
  return {
    debug: (fields, message) => logger.debug({ mcpServer, ...fields }, message),
    info: (fields, message) => logger.info({ mcpServer, ...fields }, message),
    warn: (fields, message) => logger.warn({ mcpServer, ...fields }, message),
    error: (fields, message) => logger.error({ mcpServer, ...fields }, message),
  };
}

/** The tools of a server that was just connected to. */
async function bindTools(
  link: Link,
  watch: ListWatch,
  context: McpContext,
  options: McpToolsOptions & { readonly serverName: string },
): Promise<McpTools> {
  const { serverName, signal = new AbortController().signal } = options;
  const peer = await link.open(signal);
  const listed = await listTools(peer, context, signal);
  const { tools, leftOut } = remoteTools(listed, { serverName, link, context }, options);
  for (const tool of leftOut) context.logger.warn(tool, 'a tool of an MCP server was left out');
  const [first] = leftOut;
  if (tools.length === 0) {
    const found = first ? `${first.name}, left out: ${first.reason}` : 'none';
    throw new SessionMeshError('mcp_unusable', { expected: 'a server with tools', found });
  }
  const close = () => link.close();
  const bound: McpTools = {
    namespace: namespace(serverName, { ...describeServer(peer), tools }, context.limits),
    leftOut,
    server: introductionOf(peer),
    close,
    [Symbol.asyncDispose]: close,
  };
  watch.begin(listed);
  return bound;
}

/**
 * Connects to an MCP server and offers its tools under the name `name`. Close the result when no session
 * uses them any more.
 *
 * Names and schemas become what Codex takes; the server checks the arguments. A call's deadline and
 * cancellation reach the server, and its progress keeps a call alive. A server that is lost is reached
 * again when the next call needs it.
 * @throws SessionMeshError `mcp_unavailable` if `@modelcontextprotocol/client` is not installed,
 * `mcp_connect_failed` or `mcp_unusable` for a server that cannot be used, `option_invalid`,
 * `tool_name_invalid`, `tool_name_reserved`, `tool_invalid`; and the reason of `signal`.
 */
export async function mcpTools(
  address: ServerAddress,
  name: string,
  options: McpToolsOptions = {},
): Promise<McpTools> {
  const serverName = checkNamespaceName(name);
  const checked = checkAddress(address);
  const context: McpContext = {
    sdk: await loadClientPackage(),
    env: options.env ?? systemEnv,
    limits: resolveLimits(options.limits),
    logger: loggerOf(options.logger ?? silentLogger, serverName),
  };
  const watch = new ListWatch({
    context,
    reach: () => link.reach(),
    onChange: (change) => options.onListChanged?.(change),
  });
  const look = () => watch.look();
  const handlers = { onRestored: look, onListChanged: look };
  const link = new Link(dialFor(checked, context), context, handlers);
  try {
    return await bindTools(link, watch, context, { ...options, serverName });
  } catch (thrown) {
    await link.close();
    options.signal?.throwIfAborted();
    if (isSessionMeshError(thrown)) throw thrown;
    throw new SessionMeshError('mcp_connect_failed', { found: messageOf(thrown), cause: thrown });
  }
}
