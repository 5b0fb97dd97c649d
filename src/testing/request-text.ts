/** Bodies of requests to the small servers that play the outside world. */
import type { IncomingMessage } from 'node:http';

/** The body as text, or null if it is longer than `bytesMax`; the connection is there still for an answer. */
export async function readText(request: IncomingMessage, bytesMax: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > bytesMax) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
