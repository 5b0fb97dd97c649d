/** HTTP written by hand, for requests that no proper client makes. */
import { connect } from 'node:net';
import { once } from 'node:events';
import type { Target } from './client.ts';

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends bytes and resolves with what came back until the connection ended. */
export async function sendRaw(service: Target, bytes: string | Buffer): Promise<RawAnswer> {
  const { port, hostname } = new URL(service.url);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => {});
  socket.write(bytes);
  await once(socket, 'close');
  const text = Buffer.concat(chunks).toString('utf8');
  const [head = '', ...body] = text.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1] ?? 0), head, body: body.join('\r\n\r\n') };
}

/** A request with these headers and no others; the connection ends after it. */
export function rawRequest(
  line: string,
  headers: Record<string, string | undefined>,
  body = '',
): string {
  const given = Object.entries({ connection: 'close', ...headers });
  const lines = given.flatMap(([name, value]) => (value === undefined ? [] : `${name}: ${value}`));
  return [`${line} HTTP/1.1`, ...lines, '', body].join('\r\n');
}

/** The headers of a proper upgrade. */
export const upgradeHeaders = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
} as const;
