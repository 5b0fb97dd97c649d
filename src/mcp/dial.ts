/** How a connection to a server of either kind is made. */
import type { VersionNegotiationMode } from '@modelcontextprotocol/client';
import { isSessionMeshError } from '../errors.ts';
import type { CheckedAddress, StdioServer } from './address.ts';
import { createHttpTransport } from './http-transport.ts';
import { connectPeer, type McpContext, type Peer, type PeerHandlers } from './peer.ts';
import { ProcessTransport } from './process-transport.ts';
import { startServerProcess } from './server-process.ts';

/**
 * Makes one connection.
 * @throws SessionMeshError `mcp_unusable` or `mcp_connect_failed`; and the reason of `signal`.
 */
export type Dial = (handlers: PeerHandlers, signal: AbortSignal) => Promise<Peer>;

/** How a connection is made with a given handshake, and with which. */
interface Negotiation {
  readonly dial: (mode: VersionNegotiationMode) => Dial;
  readonly first: VersionNegotiationMode;
  readonly second: VersionNegotiationMode;
  /** Whether what the package threw shows that the server may know the second handshake only. */
  readonly isRefused: (cause: unknown) => boolean;
}

/** Begins with the first handshake until a server is found to know the second only. */
function negotiate({ dial, first, second, isRefused }: Negotiation): Dial {
  let mode = first;
  return async (handlers, signal) => {
    try {
      return await dial(mode)(handlers, signal);
    } catch (thrown) {
      const cause = isSessionMeshError(thrown) ? thrown.facts.cause : undefined;
      if (mode === second || !isRefused(cause)) throw thrown;
      const peer = await dial(second)(handlers, signal);
      mode = second;
      return peer;
    }
  };
}

/** Starts the server anew for every connection. */
function processDial(server: StdioServer, context: McpContext): Dial {
  const { sdk, env, limits, logger } = context;
  const dial = (mode: VersionNegotiationMode): Dial => {
    return async (handlers, signal) => {
      const process = await startServerProcess({
        server,
        variables: { ...sdk.getDefaultEnvironment(), ...server.env },
        env,
        limits,
        onStderr: (text) => logger.debug({ text }, 'an MCP server writes'),
      });
      const transport = new ProcessTransport(process, sdk, limits);
      const wire = { transport, mode, ending: () => process.ending, leave: async () => {} };
      return connectPeer(wire, context, handlers, signal);
    };
  };
  return negotiate({
    dial,
    // To ask for the newest protocol first would cost most servers a start: many end at what they do not know.
    first: 'legacy',
    second: 'auto',
    isRefused: (cause) => cause instanceof sdk.ProtocolError,
  });
}

function httpDial(address: CheckedAddress & { kind: 'http' }, context: McpContext): Dial {
  const { sdk, env, limits } = context;
  const dial = (mode: VersionNegotiationMode): Dial => {
    return (handlers, signal) => {
      const transport = createHttpTransport(sdk, { ...address, env, limits });
      const leave = () => transport.terminateSession();
      return connectPeer({ transport, mode, ending: () => null, leave }, context, handlers, signal);
    };
  };
  return negotiate({
    dial,
    first: 'auto',
    // Some servers break down at a question they do not know.
    second: 'legacy',
    isRefused: (cause) =>
      cause instanceof sdk.SdkError && cause.code === sdk.SdkErrorCode.EraNegotiationFailed,
  });
}

/** How the server at `address` is reached. */
export function dialFor(address: CheckedAddress, context: McpContext): Dial {
  return address.kind === 'stdio'
    ? processDial(address.server, context)
    : httpDial(address, context);
}
