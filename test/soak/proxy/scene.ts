/** A server behind a proxy, both gone with the test. */
import { once } from 'node:events';
import { createServer, connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import {
  startProxy,
  type FaultProxy,
  type ProxyFault,
  type ProxyOptions,
} from '../../../src/soak/proxy/index.ts';

export interface ProxyScene {
  readonly proxy: FaultProxy;
  readonly faults: ProxyFault[];
}

export type SceneOptions = Partial<Omit<ProxyOptions, 'upstream'>>;

async function proxyTo(upstream: string, options: SceneOptions): Promise<ProxyScene> {
  const faults: ProxyFault[] = [];
  const onFault = (fault: ProxyFault) => void faults.push(fault);
  const proxy = await startProxy({ listen: '127.0.0.1:0', upstream, onFault, ...options });
  onTestFinished(() => proxy.close());
  return { proxy, faults };
}

/** A TCP server that does as `serve` says, behind a proxy without frames. */
export async function byteScene(serve: (socket: Socket) => void, options: SceneOptions = {}) {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { ...(await proxyTo(`127.0.0.1:${port}`, { framing: 'none', ...options })), sockets };
}

export const echo = (socket: Socket): void => void socket.pipe(socket);

/** A client of the proxy. */
export async function client(proxy: FaultProxy): Promise<Socket> {
  const [host, port] = proxy.listen.split(':');
  const socket = connect({ host: host!, port: Number(port) });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Resolves when a socket is gone, by an end or a reset. */
export const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => socket.once('close', () => resolve()));

/** Collects what a socket brings; `until` resolves once so many bytes are there. */
export function collect(socket: Socket) {
  const chunks: Buffer[] = [];
  const sizes: number[] = [];
  let wake = () => {};
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    sizes.push(chunk.length);
    wake();
  });
  const bytes = () => Buffer.concat(chunks);
  return {
    sizes,
    bytes,
    async until(length: number): Promise<Buffer> {
      while (bytes().length < length) await new Promise<void>((resolve) => (wake = resolve));
      return bytes();
    },
  };
}

/** A WebSocket server that keeps what it is told and can speak, behind a proxy. */
export async function frameScene(options: SceneOptions = {}) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  const { port } = server.address() as { port: number };
  const scene = await proxyTo(`127.0.0.1:${port}`, options);
  const socket = new WebSocket(`ws://${scene.proxy.listen}`);
  socket.on('error', () => {});
  onTestFinished(() => socket.terminate());
  const connected = once(server, 'connection');
  await once(socket, 'open');
  const [peer] = (await connected) as [WebSocket];
  peer.on('error', () => {});
  return { ...scene, socket, peer };
}

/** The texts that a WebSocket brings; `until` resolves once one fits. */
export function texts(socket: WebSocket) {
  const seen: string[] = [];
  let wake = () => {};
  socket.on('message', (data) => {
    seen.push((data as Buffer).toString());
    wake();
  });
  return {
    seen,
    async until(last: string): Promise<string[]> {
      while (!seen.includes(last)) await new Promise<void>((resolve) => (wake = resolve));
      return seen;
    },
  };
}
