/** A network between two processes that can be cut: connections through it break, and none are made. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Relay {
  /** `127.0.0.1:4711`, as it stands in the `Host` of a request. */
  readonly name: string;
  readonly url: string;
  /** Where it leads. */
  lead(targetUrl: string): void;
  cut(): void;
  mend(): void;
}

export async function openRelay(): Promise<Relay> {
  const sockets = new Set<Socket>();
  let isCut = false;
  let targetPort = 0;
  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(targetPort, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(async () => {
    cut();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  const name = `127.0.0.1:${port}`;
  return {
    name,
    url: `http://${name}`,
    lead: (targetUrl) => void (targetPort = Number(new URL(targetUrl).port)),
    cut,
    mend: () => void (isCut = false),
  };
}
