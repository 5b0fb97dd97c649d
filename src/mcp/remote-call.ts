/** One call of an MCP server's tool: sent at most once, and answered with words that the model can act on. */
import type { CallToolResult, Tool as ListedTool } from '@modelcontextprotocol/client';
import { isSessionMeshError, messageOf } from '../errors.ts';
import { ToolError, type ToolCall } from '../tools/contract.ts';
import { streamEnded } from './http-transport.ts';
import type { Link } from './link.ts';
import type { McpContext, Peer } from './peer.ts';

/** A server's tool, and the way to it. */
export interface Remote {
  /** What the server is called in texts: the name of its namespace. */
  readonly serverName: string;
  readonly listed: ListedTool;
  readonly link: Link;
  readonly context: McpContext;
}

/** The package's longest timeout. Calls end by their own deadline. */
const timeout = 2 ** 31 - 1;

/** Reasons of a failed `fetch` that show that nothing was sent. */
const connectCodes: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Statuses with which a server says that it does not know the session any more. */
const lostSessionStatuses: ReadonlySet<number> = new Set([400, 404]);

function codeOf(thrown: unknown): unknown {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown
    ? thrown.code
    : undefined;
}

/** Whether the server cannot have run anything: the request did not reach it, or it turned it away. */
function isUndelivered({ sdk }: McpContext, thrown: unknown): boolean {
  if (isSessionMeshError(thrown)) return true;
  if (thrown instanceof sdk.SdkHttpError) return lostSessionStatuses.has(thrown.status);
  if (thrown instanceof sdk.SdkError) return thrown.code === sdk.SdkErrorCode.NotConnected;
  if (!(thrown instanceof Error)) return false;
  return thrown.message === 'Not connected' || connectCodes.has(codeOf(thrown.cause));
}

/** What the model is told of a call that failed on its way. */
function callError({ serverName, context }: Remote, thrown: unknown): ToolError {
  const { sdk, limits } = context;
  const isEnded = thrown instanceof sdk.ProtocolError && thrown.data === streamEnded;
  if (thrown instanceof sdk.ProtocolError && !isEnded) {
    const reason = thrown.message.slice(0, limits.mcpErrorCharsMax);
    return new ToolError(`The MCP server ${serverName} refused the call: ${reason}`, {
      cause: thrown,
    });
  }
  if (thrown instanceof sdk.SdkHttpError && thrown.status >= 400 && thrown.status < 500) {
    return new ToolError(
      `The MCP server ${serverName} turned the call away with HTTP status ${thrown.status}. ` +
        'Go on without its tools.',
      { cause: thrown },
    );
  }
  return new ToolError(
    `The connection to the MCP server ${serverName} was lost during the call. ` +
      'Whether it took effect is not known; check before you call it again.',
    { cause: thrown },
  );
}

/** Progress keeps the call alive: it gets the time it had at its start once more. */
function keepAlive(call: ToolCall, { env, limits }: McpContext): () => void {
  const startedAt = env.clock.now();
  const allowanceMs = call.deadline - startedAt;
  return () => {
    if (env.clock.now() - startedAt < limits.mcpProgressMs) call.extend(allowanceMs);
  };
}

async function send(peer: Peer, remote: Remote, input: object, call: ToolCall) {
  // Without the schema of the result: what the server sends is shown as it is.
  const { outputSchema: _, ...toolDefinition } = remote.listed;
  return peer.client.callTool(
    { name: remote.listed.name, arguments: { ...input } },
    {
      signal: call.signal,
      timeout,
      onprogress: keepAlive(call, remote.context),
      toolDefinition,
    },
  );
}

async function reach({ link, serverName }: Remote, call: ToolCall): Promise<Peer> {
  try {
    return await link.reach(call.signal);
  } catch (thrown) {
    if (call.signal.aborted) throw thrown;
    call.log.warn({ error: messageOf(thrown) }, 'a call found its MCP server out of reach');
    throw new ToolError(
      `The MCP server ${serverName} cannot be reached, and the tool was not run. ` +
        'Try again later, or go on without it.',
      { cause: thrown },
    );
  }
}

/**
 * Calls the tool; a call that did not reach the server is sent once more over a new connection.
 * @throws ToolError with what the model is told
 */
export async function callRemote(
  remote: Remote,
  input: object,
  call: ToolCall,
): Promise<CallToolResult> {
  for (let isRetry = false; ; isRetry = true) {
    const peer = await reach(remote, call);
    try {
      return await send(peer, remote, input, call);
    } catch (thrown) {
      if (call.signal.aborted) throw thrown;
      call.log.warn({ error: messageOf(thrown) }, 'a call of an MCP server failed');
      if (!isUndelivered(remote.context, thrown)) throw callError(remote, thrown);
      remote.link.drop(peer, messageOf(thrown));
      if (isRetry) throw callError(remote, thrown);
    }
  }
}
