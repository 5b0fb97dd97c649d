/** MCP messages over streamable HTTP. */
import type { JSONRPCMessage, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Env, Timer } from '../env.ts';
import type { Limits } from '../limits.ts';
import type { ClientPackage } from './sdk.ts';

/** What a transport over HTTP needs. */
export interface HttpTransportOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly env: Env;
  readonly limits: Limits;
}

type SendOptions = NonNullable<Parameters<StreamableHTTPClientTransport['send']>[1]>;

/** The `data` of the error that stands for an answer that can no longer come. Compared by identity. */
export const streamEnded: unique symbol = Symbol('the stream ended before the answer');

const connectionClosedCode = -32_000;

/** The id of a request; undefined for what is none, or is not answered by number. */
function requestIdOf(message: JSONRPCMessage | JSONRPCMessage[]): number | undefined {
  if (Array.isArray(message) || !('method' in message) || !('id' in message)) return undefined;
  return typeof message.id === 'number' ? message.id : undefined;
}

/**
 * The package's own transport, with two changes: a request whose answer was lost with its stream fails
 * at once, where the package would wait for it until its timeout; and attempts to take up a stream again
 * wait by our clock, and end with the transport.
 */
export function createHttpTransport(
  sdk: ClientPackage,
  { url, headers, env: { clock, network }, limits }: HttpTransportOptions,
): StreamableHTTPClientTransport {
  const timers = new Set<Timer>();
  const later = (callback: () => void, delayMs: number) => {
    const timer = clock.setTimeout(() => {
      timers.delete(timer);
      callback();
    }, delayMs);
    timers.add(timer);
    return () => {
      timers.delete(timer);
      clock.clearTimeout(timer);
    };
  };

  class HttpTransport extends sdk.StreamableHTTPClientTransport {
    override send(
      message: JSONRPCMessage | JSONRPCMessage[],
      options: SendOptions = {},
    ): Promise<void> {
      const id = requestIdOf(message);
      if (id === undefined) return super.send(message, options);
      const onRequestStreamEnd = () => {
        options.onRequestStreamEnd?.();
        // It is ignored where the answer has come.
        const error = {
          code: connectionClosedCode,
          message: streamEnded.description ?? '',
          data: streamEnded,
        };
        this.onmessage?.({ jsonrpc: '2.0', id, error });
      };
      return super.send(message, { ...options, onRequestStreamEnd });
    }

    override async close(): Promise<void> {
      for (const timer of timers) clock.clearTimeout(timer);
      timers.clear();
      await super.close();
    }
  }

  return new HttpTransport(url, {
    fetch: network.fetch,
    requestInit: { headers: { ...headers } },
    reconnectionScheduler: later,
    reconnectionOptions: {
      initialReconnectionDelay: limits.reconnectBackoffBaseMs,
      maxReconnectionDelay: limits.reconnectBackoffCapMs,
      reconnectionDelayGrowFactor: 2,
      maxRetries: limits.mcpResumesMax,
    },
  });
}
