/** A plain client: HTTP requests and a stream, with nothing between the test and the wire. */
import { onTestFinished } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import type { Service } from '../../src/service/service.ts';

/** Any JSON: what comes over the wire is looked at, not typed. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any;

export interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly text: string;
  readonly headers: Headers;
}

export interface CallOptions {
  readonly token?: string | null;
  readonly headers?: Record<string, string>;
}

export type Target = Pick<Service, 'url' | 'token'>;

export interface Client {
  get(path: string, options?: CallOptions): Promise<Answer>;
  post(path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  delete(path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function clientOf(service: Target): Client {
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    options: CallOptions = {},
  ): Promise<Answer> => {
    const token = options.token === undefined ? service.token : options.token;
    const response = await fetch(service.url + path, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: parse(text), text, headers: response.headers };
  };
  return {
    get: (path, options) => call('GET', path, undefined, options),
    post: (path, body, options) => call('POST', path, body, options),
    delete: (path, body, options) => call('DELETE', path, body, options),
  };
}

export interface StreamClient {
  readonly socket: WebSocket;
  /** Every frame so far, control frames included. */
  readonly frames: Json[];
  types(): string[];
  all(type: string): Json[];
  /** The first frame, also one that came before, that matches. */
  until(matches: (frame: Json) => boolean): Promise<Json>;
  of(type: string): Promise<Json>;
  say(command: unknown): void;
  /** Resolves once everything sent so far was answered. */
  settle(): Promise<void>;
  readonly closed: Promise<number>;
}

export interface StreamRequest extends CallOptions {
  /** `?threadId=…`, with the question mark. */
  readonly query?: string;
  readonly socket?: ClientOptions;
}

/** Opens a stream; resolves once `ready` is there. */
export async function openStream(
  service: Target,
  { query = '', token = service.token, headers = {}, socket: options = {} }: StreamRequest = {},
): Promise<StreamClient> {
  const socket = new WebSocket(`${service.url.replace('http', 'ws')}/api/stream${query}`, {
    ...options,
    headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
  });
  const frames: Json[] = [];
  const watchers = new Set<() => void>();
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  socket.on('message', (data: Buffer) => {
    frames.push(JSON.parse(data.toString('utf8')));
    for (const look of watchers) look();
  });
  onTestFinished(() => socket.terminate());
  const until = (matches: (frame: Json) => boolean): Promise<Json> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = frames.find(matches);
        if (found) finish(() => resolve(found));
      };
      const finish = (settle: () => void) => {
        clearTimeout(late);
        watchers.delete(look);
        settle();
      };
      const late = setTimeout(() => {
        const seen = frames.map((frame) => JSON.stringify(frame).slice(0, 200)).join('\n');
        finish(() => reject(new Error(`no such frame; so far:\n${seen}`)));
      }, 10_000);
      watchers.add(look);
      look();
    });
  const of = (type: string) => until((frame) => frame.type === type);
  const say = (command: unknown) =>
    socket.send(typeof command === 'string' ? command : JSON.stringify(command));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) =>
      reject(new Error(`refused with ${response.statusCode}`)),
    );
  });
  await of('ready');
  return {
    socket,
    frames,
    closed,
    until,
    of,
    say,
    types: () => frames.map(({ type }) => type),
    all: (type) => frames.filter((frame) => frame.type === type),
    async settle() {
      const pongs = frames.filter(({ type }) => type === 'pong').length;
      say({ type: 'ping' });
      let seen = 0;
      await until((frame) => frame.type === 'pong' && ++seen > pongs);
    },
  };
}
