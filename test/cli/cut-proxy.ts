/** A way to a service that can be cut, and opened again. */
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

export interface CutProxy {
  readonly port: number;
  /** Where it leads to from now on. */
  lead(url: string): void;
  /** Cuts every connection; with `isClosed` new ones are cut as well until it is opened. */
  cut(isClosed: boolean): void;
  open(): void;
}

/** Starts one that leads nowhere yet. Gone with the test. */
export async function cutProxy(): Promise<CutProxy> {
  const sockets = new Set<Socket>();
  let target: URL | null = null;
  let isClosed = false;
  const server = createServer((client) => {
    if (isClosed || !target) {
      client.destroy();
      return;
    }
    const service = connect(Number(target.port), target.hostname);
    for (const [socket, other] of [
      [client, service],
      [service, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(service).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    lead: (url) => (target = new URL(url)),
    cut: (closed) => {
      isClosed = closed;
      cut();
    },
    open: () => (isClosed = false),
  };
}
