/** A stub service on real sockets: HTTP and a WebSocket, on loopback. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import type { StubService } from './stub-service.ts';
import type { StubRequest } from './stub-wire.ts';

export interface ListeningStub {
  readonly url: string;
  /** Connections so far. */
  readonly connections: () => number;
  /** Upgrades as they came. */
  readonly upgrades: IncomingMessage[];
  /** Answers every request in place of the stub, if set. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | null;
  readonly cut: () => void;
}

const tokenOf = ({ headers }: IncomingMessage): string | null =>
  /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? null;

async function readRequest(message: IncomingMessage): Promise<StubRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(Buffer.from(chunk as Uint8Array));
  const text = Buffer.concat(chunks).toString();
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [name, String(value)]),
  );
  return {
    method: message.method!,
    path: message.url!.replace('/base/api', '').replace('/api', ''),
    body: text === '' ? null : JSON.parse(text),
    token: tokenOf(message),
    headers,
  };
}

export async function listen(stub: StubService): Promise<ListeningStub> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const listening: ListeningStub = {
    url: '',
    connections: () => connections,
    upgrades: [],
    answer: null,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
  const server = createServer((message, response) => {
    if (listening.answer) {
      listening.answer(message, response);
      return;
    }
    void readRequest(message).then((request) => {
      stub.requests.push(request);
      const { status, body, retryAfterMs, challenge } = stub.handle(request);
      response.writeHead(status, {
        'content-type': 'application/json; charset=utf-8',
        ...(challenge === undefined ? {} : { 'www-authenticate': challenge }),
        ...(retryAfterMs === undefined ? {} : { 'retry-after': String(retryAfterMs / 1_000) }),
      });
      response.end(JSON.stringify(body));
    });
  });
  const streams = new WebSocketServer({ noServer: true });
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (message, socket, head) => {
    listening.upgrades.push(message);
    if (stub.token !== null && tokenOf(message) !== stub.token) {
      socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    streams.handleUpgrade(message, socket, head, (stream) => {
      const { searchParams } = new URL(message.url!, 'http://stub');
      const opened = stub.open(searchParams, {
        send: (text) => stream.send(text),
        close: () => stream.terminate(),
      });
      stream.on('message', (data: Buffer) => stub.command(opened, data.toString()));
      stream.on('close', () => stub.sockets.delete(opened));
      stream.on('error', () => {});
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    listening.cut();
    streams.close();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return Object.assign(listening, { url: `http://127.0.0.1:${port}` });
}
