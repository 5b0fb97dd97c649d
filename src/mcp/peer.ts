/** One connection to an MCP server, from its handshake to its end. */
import type { Client, Transport, VersionNegotiationMode } from '@modelcontextprotocol/client';
import { sleep, type Env } from '../env.ts';
import { messageOf, SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import { packageVersion } from '../package-version.ts';
import type { ClientPackage } from './sdk.ts';

/** What everything that speaks to one server shares. */
export interface McpContext {
  readonly sdk: ClientPackage;
  readonly env: Env;
  readonly limits: Limits;
  /** With the server's name filled in. */
  readonly logger: Logger;
}

/** A connection that was made. */
export interface Peer {
  readonly client: Client;
  /** Ends the connection, and the server if it is a child. Idempotent, never rejects. */
  close(): Promise<void>;
}

/** What is told of a connection. Neither throws. */
export interface PeerHandlers {
  /** It is over, whoever ended it. May come for a connection that was never ready. */
  onClosed(peer: Peer, why: string): void;
  /** The server says that its list of tools is another now. */
  onListChanged(): void;
}

/** A transport of either kind, and what is peculiar to it. */
export interface Wire {
  readonly transport: Transport;
  /** Which generation of the protocol to begin with. */
  readonly mode: VersionNegotiationMode;
  /** Why it ended, where that is known. */
  ending(): string | null;
  /** Says goodbye, where a server would not notice the end. */
  leave(): Promise<void>;
}

/** What went wrong, with what is underneath a failed `fetch`. */
function describe(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof Error ? `${messageOf(thrown)}: ${cause.message}` : messageOf(thrown);
}

/** What a failed attempt to connect comes to. */
function connectError(sdk: ClientPackage, thrown: unknown, ending: string | null) {
  if (thrown instanceof SessionMeshError) return thrown;
  const isRefusal =
    thrown instanceof sdk.ProtocolError ||
    thrown instanceof sdk.UnauthorizedError ||
    (thrown instanceof sdk.SdkHttpError && (thrown.status === 401 || thrown.status === 403));
  const found = (ending ?? describe(thrown)).slice(0, 300);
  const code = isRefusal ? 'mcp_unusable' : 'mcp_connect_failed';
  return new SessionMeshError(code, { found, cause: thrown });
}

function createPeer(wire: Wire, context: McpContext, handlers: PeerHandlers): Peer {
  const { sdk, env, limits, logger } = context;
  const onChanged = () => handlers.onListChanged();
  const client = new sdk.Client(
    { name: 'sessionmesh', version: packageVersion() },
    {
      versionNegotiation: { mode: wire.mode },
      listMaxPages: limits.mcpPagesMax,
      listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged } },
    },
  );
  const close = async () => {
    const late = new AbortController();
    const patience = sleep(env.clock, limits.streamCloseMs, late.signal);
    await Promise.race([wire.leave(), patience]).catch(() => {});
    late.abort();
    await patience.catch(() => {});
    // The client closes its transport only while it is connected.
    await client.close().catch(() => {});
    await wire.transport.close().catch(() => {});
  };
  let closing: Promise<void> | null = null;
  const peer: Peer = { client, close: () => (closing ??= close()) };
  Object.assign(client, {
    onerror: (error) => logger.debug({ error: describe(error) }, 'an MCP connection reports'),
    onclose: () => handlers.onClosed(peer, wire.ending() ?? 'the connection was closed'),
  } satisfies Pick<Client, 'onclose' | 'onerror'>);
  return peer;
}

/**
 * Makes the connection; `wire` is closed if that fails.
 * @throws SessionMeshError `mcp_unusable` if the server refuses, `mcp_connect_failed` for any other reason;
 * and the reason of `signal`.
 */
export async function connectPeer(
  wire: Wire,
  context: McpContext,
  handlers: PeerHandlers,
  signal: AbortSignal,
): Promise<Peer> {
  const peer = createPeer(wire, context, handlers);
  const { connectTimeoutMs: timeout } = context.limits;
  try {
    await peer.client.connect(wire.transport, { signal, timeout });
    signal.throwIfAborted();
    return peer;
  } catch (thrown) {
    const ending = wire.ending();
    await peer.close();
    signal.throwIfAborted();
    throw connectError(context.sdk, thrown, ending);
  }
}
