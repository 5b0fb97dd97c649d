/** A TCP proxy before a server, whose connections a test can cut or hold up. */
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

export async function cutter(url: string) {
  let target = new URL(url);
  let isOpen = true;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    if (!isOpen) {
      near.destroy();
      return;
    }
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `ws://127.0.0.1:${address.port}`,
    /** Cuts every connection; new ones are taken. */
    cut,
    /** Takes no new connections until `restore`. */
    refuse() {
      isOpen = false;
      cut();
    },
    restore(url = target.href) {
      target = new URL(url);
      isOpen = true;
    },
    [Symbol.asyncDispose]: async () => {
      cut();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
