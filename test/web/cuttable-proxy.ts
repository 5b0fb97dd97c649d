/** A way to the service that a test can cut: bytes go through as they are, until they do not. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** The way, which is open at first. */
export interface CuttableProxy {
  readonly port: number;
  /** Leads to this port from now on. */
  leadTo(port: number): void;
  /** Ends all connections, and takes no new one. */
  cut(): void;
  restore(): void;
}

/** Opens a way on loopback; it ends with the test. */
export async function openProxy(): Promise<CuttableProxy> {
  const sockets = new Set<Socket>();
  let target = 0;
  let isCut = false;
  const server = createServer((inner) => {
    if (isCut) {
      inner.destroy();
      return;
    }
    const outer = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => {});
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    leadTo: (port) => (target = port),
    cut,
    restore: () => (isCut = false),
  };
}
