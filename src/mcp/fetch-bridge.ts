/** Between Node's HTTP messages and the `Request` and `Response` that the MCP package speaks. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A message as a `Request`. `signal` aborts it. */
export function requestOf(message: IncomingMessage, url: URL, signal: AbortSignal): Request {
  const { method = 'GET' } = message;
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(message.headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  const hasBody = method !== 'GET' && method !== 'HEAD';
  return new Request(url, {
    method,
    headers,
    signal,
    ...(hasBody ? { body: Readable.toWeb(message), duplex: 'half' } : {}),
  });
}

/** Writes a `Response`, piece by piece as it comes. Rejects when the client is gone before its end. */
export async function writeResponse(target: ServerResponse, response: Response): Promise<void> {
  target.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) {
    target.end();
    return;
  }
  target.flushHeaders();
  await pipeline(Readable.fromWeb(response.body), target);
}
