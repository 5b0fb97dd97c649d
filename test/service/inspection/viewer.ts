/** A browser without a browser: it exchanges its code for a cookie, and looks at the feed. */
import { onTestFinished, vi } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import type { Json } from '../client.ts';

/** Probes until it no longer throws; on a busy machine that may take a while. */
export function eventually<Value>(probe: () => Value | Promise<Value>): Promise<Value> {
  return vi.waitFor(probe, { interval: 25, timeout: 15_000 });
}

/** Exchanges the code of an address. Resolves with the answer. */
export async function redeem(address: string, headers: Record<string, string> = {}) {
  const url = new URL(address);
  const code = url.hash.replace('#code=', '');
  const response = await fetch(new URL('/api/page/session', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ code }),
  });
  const [cookie = ''] = (response.headers.get('set-cookie') ?? '').split(';');
  return { status: response.status, header: response.headers.get('set-cookie'), cookie };
}

export interface Viewer {
  readonly socket: WebSocket;
  /** Every frame so far. */
  readonly frames: Json[];
  /** The first frame, also one that came before, that matches. */
  until(matches: (frame: Json) => boolean): Promise<Json>;
  of(type: string): Promise<Json>;
  say(command: unknown): void;
  /** Resolves once everything said so far was heard. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a feed as a page does. */
export async function openViewer(
  base: string,
  cookie: string,
  { query = '', ...options }: ClientOptions & { readonly query?: string } = {},
): Promise<Viewer> {
  const origin = base;
  const socket = new WebSocket(`${base.replace('http', 'ws')}/api/inspect${query}`, {
    ...options,
    headers: { cookie, origin, ...options.headers },
  });
  const frames: Json[] = [];
  const watchers = new Set<() => void>();
  socket.on('message', (data: Buffer) => {
    frames.push(JSON.parse(data.toString('utf8')));
    for (const look of watchers) look();
  });
  onTestFinished(() => socket.terminate());
  const until = (matches: (frame: Json) => boolean): Promise<Json> =>
    new Promise((resolve) => {
      const look = () => {
        const found = frames.find(matches);
        if (found === undefined) return;
        watchers.delete(look);
        resolve(found);
      };
      watchers.add(look);
      look();
    });
  const of = (type: string) => until((frame) => frame.type === type);
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  await of('hello');
  let said = 0;
  return {
    socket,
    frames,
    until,
    of,
    say: (command) => socket.send(JSON.stringify(command)),
    settle: async () => {
      said += 1;
      socket.send('{"type":"ping"}');
      await until(() => frames.filter(({ type }) => type === 'pong').length >= said);
    },
    close: async () => {
      socket.close();
      await new Promise((resolve) => socket.once('close', resolve));
    },
  };
}
