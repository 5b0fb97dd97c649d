/** A host for services without Codex: the simulated one, which also knows its threads by name. */
import { RpcError } from '../../src/rpc/message.ts';
import { SessionMeshError } from '../../src/errors.ts';
import type { HostContext, HostSignal } from '../../src/hosts/host.ts';
import {
  simulatedHost,
  type Script,
  type SimulatedHostFactory,
  type SimulatedHostOptions,
} from '../../src/testing/index.ts';
import type { ServiceHost } from '../../src/service/mesh-keeper.ts';
import type { ServiceHostFactory, ServiceHostHooks } from '../../src/service/service-core.ts';

interface FakeThread {
  readonly id: string;
  name: string | null;
  preview: string;
  readonly turns: Record<string, unknown>[];
  isArchived?: boolean;
}

/** As Codex refuses a request. */
export const refuses = (message: string, code = -32_600): SessionMeshError =>
  new SessionMeshError('request_refused', {
    found: message,
    cause: new RpcError({ code, message }),
  });

/** A host that a test plays. */
export interface FakeHost {
  readonly factory: ServiceHostFactory;
  readonly controls: SimulatedHostFactory;
  readonly threads: Map<string, FakeThread>;
  /** What was asked past the mesh. */
  readonly asked: { readonly method: string; readonly params: Record<string, unknown> }[];
  /** May be replaced by a test, for one method. */
  readonly replies: Record<string, (params: Record<string, unknown>) => unknown>;
  /** Called before the host does it; what it throws is what the host says. */
  readonly faults: { steer?: () => void };
  readonly hooks: () => ServiceHostHooks;
  /** Codex says something unasked. */
  notify(method: string, params: unknown): void;
}

function threadJson({ id, name, preview }: FakeThread, turns: unknown[] = []) {
  return {
    id,
    sessionId: id,
    name,
    preview,
    turns,
    modelProvider: 'fake',
    cwd: '/work',
    source: 'vscode',
    path: `/threads/${id}.jsonl`,
    createdAt: 1_795_225_404,
    updatedAt: 1_795_225_405,
    ephemeral: false,
  };
}

/** Makes one whose model is `script`. */
export function fakeHost(script: Script, options: SimulatedHostOptions = {}): FakeHost {
  const controls = simulatedHost(script, options);
  const threads = new Map<string, FakeThread>();
  const asked: FakeHost['asked'] = [];
  const told: { hooks?: ServiceHostHooks } = {};
  const faults: FakeHost['faults'] = {};

  const hooks = (): ServiceHostHooks => {
    if (!told.hooks) throw new Error('the host is not in use');
    return told.hooks;
  };
  const notify = (method: string, params: unknown) => hooks().onMessage({ method, params });
  const thread = (params: Record<string, unknown>): FakeThread => {
    const found = threads.get(String(params['threadId']));
    if (!found) throw refuses(`thread not loaded: ${String(params['threadId'])}`);
    return found;
  };

  const replies: FakeHost['replies'] = {
    'server/diagnostics': () => ({ process: { id: 4711 } }),
    'account/read': () => ({ account: null }),
    'thread/read': (params) => ({ thread: threadJson(thread(params)) }),
    'thread/turns/list': (params) => ({ data: thread(params).turns.toReversed() }),
    'thread/list': ({ archived = false }) => ({
      data: [...threads.values()]
        .filter(({ isArchived = false }) => isArchived === archived)
        .map((one) => threadJson(one)),
      nextCursor: null,
    }),
    'thread/archive': (params) => {
      const { id, isArchived } = thread(params);
      if (isArchived) throw refuses(`no rollout found for thread id ${id}`);
      thread(params).isArchived = true;
      notify('thread/archived', { threadId: id });
      return {};
    },
    'thread/unarchive': (params) => {
      const found = threads.get(String(params['threadId']));
      if (!found?.isArchived) throw refuses('no archived rollout found for thread id');
      found.isArchived = false;
      notify('thread/unarchived', { threadId: found.id });
      return {};
    },
    'thread/name/set': (params) => {
      const { id, isArchived } = thread(params);
      if (isArchived) throw refuses(`no rollout found for thread id ${id}`);
      thread(params).name = String(params['name']);
      notify('thread/name/updated', { threadId: params['threadId'], threadName: params['name'] });
      return {};
    },
    'thread/settings/update': () => ({}),
  };

  const onSignal = (signal: HostSignal) => {
    if (signal.type === 'turn.started') {
      const { sessionId: threadId, turnId: id } = signal;
      const turn = { id, status: 'inProgress', items: [], error: null };
      threads.get(threadId)?.turns.push(turn);
      notify('turn/started', { threadId, turn });
    }
    if (signal.type !== 'turn.ended') return;
    const { sessionId: threadId, turnId: id, status, reply } = signal;
    const turn = threads.get(threadId)?.turns.find((one) => one['id'] === id);
    const item = { type: 'agentMessage', id: `message-${id}`, text: reply };
    Object.assign(turn ?? {}, { status, items: reply === null ? [] : [item] });
    notify('turn/completed', { threadId, turn });
  };

  const factory: ServiceHostFactory = (given) => (context: HostContext) => {
    told.hooks = given;
    const emit = (signal: HostSignal) => {
      context.emit(signal);
      onSignal(signal);
    };
    const host = controls({ ...context, emit });
    const made: ServiceHost = {
      ...host,
      open: async (settings, tools, signal) => {
        const opened = await host.open(settings, tools, signal);
        const name = settings.title ?? null;
        const made: FakeThread = { id: opened.sessionId, name, preview: '', turns: [] };
        threads.set(made.id, made);
        // As in Codex: before anybody here knows the thread.
        notify('thread/started', { thread: threadJson(made) });
        return opened;
      },
      steer: async (...args) => {
        faults.steer?.();
        await host.steer(...args);
      },
      resume: async (id, settings, signal) => {
        if (!threads.has(id)) throw refuses(`no rollout found for thread id ${id}`);
        if (threads.get(id)?.isArchived) throw refuses(`session ${id} is archived.`);
        await host.resume(id, settings, signal);
      },
      request: async (method, params, signal) => {
        const given = params as Record<string, unknown>;
        asked.push({ method, params: given });
        if (method === 'thread/delete') {
          const { id } = thread(given);
          threads.delete(id);
          await host.release(id, 'delete');
          return {};
        }
        const reply = replies[method];
        if (!reply) throw refuses(`unknown method ${method}`, -32_601);
        const aborted = new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        });
        return Promise.race([reply(given), aborted]);
      },
    };
    return made;
  };
  return { factory, controls, threads, asked, replies, faults, hooks, notify };
}
