/** An app-server that a test plays by hand, over an in-memory stream and under virtual time. */
import { AppServerHost } from '../../../src/hosts/app-server/host.ts';
import type { Dialer } from '../../../src/hosts/app-server/wire.ts';
import { SessionMeshError } from '../../../src/errors.ts';
import type { QuestionPolicy } from '../../../src/hosts/host.ts';
import { resolveLimits } from '../../../src/limits.ts';
import { createMemoryPair } from '../../../src/rpc/memory.ts';
import type { Transport } from '../../../src/rpc/transport.ts';
import { virtualEnv } from '../../../src/testing/index.ts';
import { watchHost, type WatchedHostOptions } from './watcher.ts';

type Params = Record<string, unknown>;

/** A request, a notification, or an answer to one of ours. */
interface Message {
  readonly id: number;
  readonly method?: string;
  readonly params: Params;
}

/** What the server says to a request: a result, an error, or nothing at all. */
export type Reply = { result: unknown } | { error: { code: number; message: string } } | 'silence';

export interface FakeServerOptions extends Omit<WatchedHostOptions, 'env'> {
  readonly ownsServer?: boolean;
  readonly onQuestion?: QuestionPolicy;
}

/** One turn, as the server lists it. */
export const wireTurn = (id: string, status: string, clientId?: string) => ({
  id,
  status,
  error: null,
  items: clientId === undefined ? [] : [{ type: 'userMessage', id: 'i', clientId, content: [] }],
});

export const refusal = (message: string): Reply => ({ error: { code: -32600, message } });

export function fakeServer({ ownsServer = false, onQuestion, ...options }: FakeServerOptions = {}) {
  const env = virtualEnv();
  const limits = resolveLimits(options.limits);
  const requests: { method: string; params: Params }[] = [];
  /** What was sent as an answer to a request of the server, by its id. */
  const answers = new Map<number | string, Record<string, unknown>[]>();
  const turns = new Map<string, object[]>();
  const state = { processId: 7, isReachable: true, dials: 0, threads: 0 };
  let stream: Transport | null = null;

  /** May be replaced by a test, for one method or all. */
  const replies: Record<string, (params: Params) => Reply | Promise<Reply>> = {
    initialize: () => ({ result: { userAgent: 'sessionmesh/0.169.0 (test)' } }),
    'server/diagnostics': () => ({ result: { process: { id: state.processId }, gauges: [] } }),
    'thread/start': () => ({ result: { thread: { id: `thread-${++state.threads}` } } }),
    'thread/fork': () => ({ result: { thread: { id: `thread-${++state.threads}` } } }),
    'thread/resume': ({ threadId }) => ({
      result: { initialTurnsPage: { data: turns.get(String(threadId)) ?? [] } },
    }),
    'thread/turns/list': ({ threadId }) => ({
      result: { data: turns.get(String(threadId)) ?? [] },
    }),
    'thread/items/list': () => ({ result: { data: [] } }),
    'turn/start': () => ({ result: { turn: { id: 'turn-1' } } }),
  };

  const send = (message: object) => stream?.send(JSON.stringify(message));
  const onFrame = async (from: Transport, text: string) => {
    const { id, method, params, ...rest } = JSON.parse(text) as Message;
    if (method === undefined) {
      answers.set(id, [...(answers.get(id) ?? []), rest]);
      return;
    }
    requests.push({ method, params });
    if (id === undefined) return;
    const reply = (await replies[method]?.(params)) ?? { result: {} };
    if (reply !== 'silence' && from === stream) send({ id, ...reply });
  };

  const dialer: Dialer = {
    name: 'a fake server',
    ownsServer,
    async dial() {
      state.dials += 1;
      if (!state.isReachable) throw new SessionMeshError('host_unreachable', { found: 'nobody' });
      const [near, far] = createMemoryPair(env, limits);
      stream = far;
      far.start({
        onFrame: (text) => void onFrame(far, text),
        onGarbage: () => {},
        onClose: () => {
          if (stream === far) stream = null;
        },
      });
      return {
        transport: near,
        close: () => near.close(),
        async explain(cause) {
          await near.close(cause);
          return cause;
        },
      };
    },
  };
  const watched = watchHost((context) => new AppServerHost({ dialer, onQuestion }, context), {
    ...options,
    env,
  });

  return {
    ...watched,
    env,
    state,
    requests,
    replies,
    turns,
    answers,
    /** Lets everything that is under way come to rest, without time passing. */
    settle: () => env.clock.advance(0),
    notify: (method: string, params: object) => send({ method, params }),
    ask: (id: number | string, method: string, params: object) => send({ id, method, params }),
    requestCall: (id: number, threadId: string, turnId: string, callId = `call-${id}`) =>
      send({
        id,
        method: 'item/tool/call',
        params: { threadId, turnId, callId, namespace: null, tool: 'look_up', arguments: {} },
      }),
    requested: (method: string) => requests.filter((request) => request.method === method),
    /** The stream breaks. What was not delivered is lost. */
    cut: () => void stream?.close(new SessionMeshError('stream_closed')),
    /** Opens a session, with a turn under way if `turnId` is given. */
    async openSession(turnId?: string) {
      const { sessionId } = await watched.host.open({}, []);
      if (turnId !== undefined) {
        turns.set(sessionId, [wireTurn(turnId, 'inProgress')]);
        send({
          method: 'turn/started',
          params: { threadId: sessionId, turn: turns.get(sessionId)![0] },
        });
        await env.clock.advance(0);
      }
      return sessionId;
    },
  };
}
