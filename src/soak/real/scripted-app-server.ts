/**
 * A program that speaks the app-server protocol as Codex does, without a model behind it: far more turns
 * and calls in a second than the real one, for runs of a million calls. Over a WebSocket (TCP or Unix
 * socket) or stdio.
 */
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import { systemEnv } from '../../env.ts';
import { resolveLimits } from '../../limits.ts';
import { StdioTransport } from '../../rpc/stdio.ts';
import { isRecord, parseRecord } from '../../tools/json.ts';
import { parseSocketAddress } from '../proxy/address.ts';
import { seededRandom } from '../random.ts';
import { calmableMind, watchCalm } from './calm.ts';
import type { MindOptions } from './model-mind.ts';
import { ScriptedThreads, type Listener } from './scripted-threads.ts';
import { openWitness, type Testify } from './witness.ts';

/** How a scripted app-server is set up. Plain JSON. */
export interface ScriptedServerOptions {
  /** A port of this machine, a path, or null for stdio. */
  readonly listen: string | null;
  /** What the lives of this server are called; each adds a name of its own. */
  readonly name: string;
  /** Once this file exists, the model asks for nothing odd and nothing is refused. */
  readonly calmPath: string;
  /** Where threads are remembered. */
  readonly storePath: string;
  /** The pipe of the run. */
  readonly witnessPath: string;
  readonly seed: number;
  readonly mind: MindOptions;
  /** The part of requests that is refused as too many. */
  readonly overload: number;
}

type Params = Readonly<Record<string, unknown>>;
type Reply = { readonly result: unknown } | { readonly error: object };

/** Beyond it the client reads too slowly and is cut, as by Codex. */
const unsentBytesMax = 16 * 1024 * 1024;

const refused = (message: string, code = -32600): Reply => ({ error: { code, message } });

/** One client. */
class ClientSession implements Listener {
  readonly #threads: ScriptedThreads;
  readonly #write: (text: string) => void;
  readonly #isOverloaded: () => boolean;
  #isInitialized = false;

  constructor(
    threads: ScriptedThreads,
    write: (text: string) => void,
    isOverloaded: () => boolean,
  ) {
    this.#threads = threads;
    this.#write = write;
    this.#isOverloaded = isOverloaded;
  }

  send(message: object): void {
    this.#write(JSON.stringify(message));
  }

  /** Takes one message. What cannot be read is dropped without a word, as Codex does. */
  receive(text: string): void {
    const { id, method, params, result, error } = parseRecord(text) ?? {};
    if (typeof method !== 'string') {
      if (id === undefined || (result === undefined && !isRecord(error))) return;
      this.#threads.answer(id, result, result === undefined);
      return;
    }
    if (typeof id !== 'number' && typeof id !== 'string') return;
    const given: Params = isRecord(params) ? params : {};
    const isRefused = this.#isInitialized && this.#isOverloaded();
    const reply = isRefused
      ? refused('Server overloaded; retry later.', -32001)
      : this.#reply(method, given);
    this.send({ id, ...reply });
    if (isRefused || 'error' in reply || method !== 'thread/resume') return;
    this.#threads.repeat(String(given.threadId), this);
  }

  #reply(method: string, params: Params): Reply {
    if (method === 'initialize') {
      if (this.#isInitialized) return refused('Already initialized');
      this.#isInitialized = true;
      return { result: { userAgent: 'sessionmesh/0.169.0 (scripted)' } };
    }
    if (!this.#isInitialized) return refused('Not initialized');
    if (method === 'server/diagnostics') {
      return { result: { process: { id: process.pid }, gauges: [] } };
    }
    if (method === 'thread/start') {
      return { result: { thread: { id: this.#threads.create(this) } } };
    }
    return this.#replyAbout(method, String(params.threadId), params);
  }

  #replyAbout(method: string, id: string, params: Params): Reply {
    const threads = this.#threads;
    switch (method) {
      case 'thread/name/set':
        threads.keep(id);
        return { result: {} };
      case 'thread/resume': {
        const data = threads.resume(id, this);
        if (!data) return refused(`no rollout found for thread id ${id}`);
        return { result: { thread: { id }, initialTurnsPage: { data } } };
      }
      case 'thread/turns/list':
        return { result: { data: threads.turns(id) } };
      case 'thread/items/list':
        return { result: { data: threads.messages(id, String(params.turnId)) } };
      case 'thread/read':
        return { result: { thread: { id, status: { type: 'idle' }, turns: [] } } };
      case 'thread/unsubscribe':
        return { result: { status: threads.unsubscribe(id, this) ? 'unsubscribed' : 'notLoaded' } };
      case 'thread/archive':
      case 'thread/delete':
        threads.unload(id);
        return { result: {} };
      case 'turn/start':
        return this.#startTurn(id, params);
      case 'turn/steer':
        return threads.activeTurn(id) === params.expectedTurnId
          ? { result: { turnId: params.expectedTurnId } }
          : refused('no active turn to steer');
      case 'turn/interrupt':
        if (threads.activeTurn(id) !== params.turnId) return refused('no active turn to interrupt');
        threads.interrupt(id);
        return { result: {} };
      default:
        return refused(`Invalid request: unknown variant \`${method}\``);
    }
  }

  #startTurn(id: string, { clientUserMessageId }: Params): Reply {
    const clientId = typeof clientUserMessageId === 'string' ? clientUserMessageId : null;
    const turnId = this.#threads.startTurn(id, clientId);
    if (turnId === null) return refused(`thread not found: ${id}`);
    return { result: { turn: { id: turnId, status: 'inProgress', error: null, items: [] } } };
  }
}

function serveSocket(socket: WebSocket, threads: ScriptedThreads, isOverloaded: () => boolean) {
  const write = (text: string) => {
    if (socket.bufferedAmount > unsentBytesMax) socket.terminate();
    else socket.send(text);
  };
  const client = new ClientSession(threads, write, isOverloaded);
  socket.on('error', () => {});
  socket.on('close', () => threads.forget(client));
  socket.on('message', (data, isBinary) => {
    if (!isBinary && Buffer.isBuffer(data)) client.receive(data.toString());
  });
}

function listen(server: Server, address: string): Promise<void> {
  const place = parseSocketAddress(address);
  // What a killed process left there would be in the way.
  if ('path' in place) rmSync(place.path, { force: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...place }, resolve);
  });
}

async function serveSockets(
  address: string,
  threads: ScriptedThreads,
  isOverloaded: () => boolean,
): Promise<void> {
  const server = createServer();
  const sockets = new WebSocketServer({
    server,
    perMessageDeflate: false,
    maxPayload: 16 * 1024 * 1024,
  });
  sockets.on('connection', (socket) => serveSocket(socket, threads, isOverloaded));
  await listen(server, address);
}

function serveStdio(threads: ScriptedThreads, isOverloaded: () => boolean): void {
  const transport = new StdioTransport({
    input: process.stdin,
    output: process.stdout,
    env: systemEnv,
    limits: resolveLimits(),
  });
  const client = new ClientSession(threads, (text) => transport.send(text), isOverloaded);
  transport.start({
    onFrame: (text) => client.receive(text),
    onGarbage: () => {},
    onClose: () => threads.forget(client),
  });
}

function overloadOf(
  part: number,
  random: () => number,
  isCalm: () => boolean,
  testify: Testify,
): () => boolean {
  let count = 0;
  return () => {
    if (part === 0 || isCalm() || random() >= part) return false;
    count += 1;
    const faultId = `overload ${process.pid} ${count}`;
    const fault = { fault: 'overload', faultId, target: '*', lasts: false, detail: null };
    testify({ type: 'world.fault.began', ...fault });
    return true;
  };
}

/** Serves until the process is ended. Resolves once it listens. */
export async function runScriptedServer(options: ScriptedServerOptions): Promise<void> {
  const { listen: address, storePath, seed, name } = options;
  // Unique, and without a hyphen, which stands between the parts of a canary.
  const epoch = `${name}.${process.pid}.${systemEnv.clock.now().toString(36)}`;
  const witness = openWitness(options.witnessPath, systemEnv);
  const testify: Testify = (event) => witness.write(event);
  const isCalm = watchCalm(options.calmPath, systemEnv);
  const mind = calmableMind(options.mind, { isCalm, seed, name: `mind ${epoch}` });
  const threads = new ScriptedThreads({
    epoch,
    storePath,
    mind,
    env: systemEnv,
    testify,
  });
  const isOverloaded = overloadOf(
    options.overload,
    seededRandom(seed).fork(`overload ${epoch}`).next,
    isCalm,
    testify,
  );
  const life = { process: epoch, kind: 'codex', ledger: null, journal: null } as const;
  testify({ type: 'world.process.began', ...life });
  if (address === null) serveStdio(threads, isOverloaded);
  else await serveSockets(address, threads, isOverloaded);
  // Whoever started it is gone.
  process.once('disconnect', () => process.kill(process.pid));
  process.send?.({ type: 'ready' });
}
