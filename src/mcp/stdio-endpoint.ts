/** Tools served to the one client that started this process. */
import type { Readable, Writable } from 'node:stream';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { RunningEndpoint } from './http-endpoint.ts';
import { createProtocolServer, type Endpoint } from './protocol-server.ts';

/** What the protocol runs over. */
export interface Streams {
  readonly input: Readable;
  /** Carries the protocol and nothing else: whoever writes to it besides breaks it. */
  readonly output: Writable;
}

/** How an endpoint is served over a pair of streams. */
export interface StdioEndpointOptions extends Streams {
  readonly limits: Limits;
  readonly logger: Logger;
}

/** Serves `endpoint` until `input` ends, or `output` fails. */
export function serveStdio(endpoint: Endpoint, options: StdioEndpointOptions): RunningEndpoint {
  const { sdk } = endpoint;
  const { input, output, limits, logger } = options;
  const over = Promise.withResolvers<void>();
  class ClosableTransport extends sdk.StdioServerTransport {
    override async close(): Promise<void> {
      await super.close();
      over.resolve();
    }
  }
  const transport = new ClosableTransport(input, output, { maxBufferSize: limits.frameBytesMax });
  const handle = sdk.serveStdio(() => createProtocolServer(endpoint), {
    transport,
    onerror: (error) =>
      logger.warn({ error: error.message }, 'a message of the client was refused'),
  });
  const close = async () => {
    await handle.close().catch(() => {});
    await transport.close();
  };
  let closing: Promise<void> | null = null;
  return { url: null, closed: over.promise, close: () => (closing ??= close()) };
}
