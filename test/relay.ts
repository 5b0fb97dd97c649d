/** A way between two processes that a test can break: bytes go through as they are, until they do not. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Relay {
  /** `127.0.0.1:4711`, as it stands in the `Host` of a request. */
  readonly name: string;
  readonly url: string;
  /** Leads there from now on. */
  lead(targetUrl: string): void;
  /** Breaks every connection; new ones are made. */
  drop(): void;
  /** Breaks every connection, and makes none until it is mended. */
  cut(): void;
  mend(): void;
}

/** Opens a way on loopback, which ends with the test. Without a target it leads nowhere yet. */
export async function openRelay(targetUrl?: string): Promise<Relay> {
  const sockets = new Set<Socket>();
  let target = targetUrl === undefined ? null : new URL(targetUrl);
  let isCut = false;
  const server = createServer((near) => {
    if (isCut || !target) {
      near.destroy();
      return;
    }
    const far = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
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
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(async () => {
    drop();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  const name = `127.0.0.1:${port}`;
  return {
    name,
    url: `http://${name}`,
    lead: (url) => void (target = new URL(url)),
    drop,
    cut: () => {
      isCut = true;
      drop();
    },
    mend: () => void (isCut = false),
  };
}
