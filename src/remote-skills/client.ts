/**
 * A client of a control service. What it makes of sessions, turns and calls is a mesh on the host for that
 * service: claims, deadlines, submissions and their memory are there, and nowhere else.
 */
import { LRUCache } from 'lru-cache';
import type { DispatchPolicy } from '../../machines/session.ts';
import { systemEnv, type Env } from '../env.ts';
import type {
  ControlServiceHost,
  ControlServiceObserver,
} from '../hosts/control-service/internal.ts';
import type { HostContext } from '../hosts/host.ts';
import { resolveLimits, type Limits } from '../limits.ts';
import { silentLogger, type Logger } from '../logger.ts';
import type { MeshEvent } from '../mesh/event.ts';
import type { LedgerOptions, MeshStats } from '../mesh/mesh-options.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { startMesh } from '../mesh/start-mesh.ts';
import { CallMemory } from './call-memory.ts';
import { catchUp } from './catch-up.ts';
import { FrameHub } from './frame-hub.ts';
import { RemoteSkills } from './remote-skills.ts';
import { ClientStream } from './stream.ts';
import { Wait } from './wait.ts';

/** What a client is made of, besides its service. */
export interface ClientOptions {
  /**
   * `strict` (default): calls are handled when the user hands them over, by signals or by polling, one of
   * them at a time. `auto`: the mesh takes them by itself as well, and nothing is a conflict.
   */
  readonly dispatch?: DispatchPolicy;
  /** Bounds that differ from the defaults in `limits.ts`. */
  readonly limits?: Partial<Limits>;
  /** Closes the client when it aborts. */
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
  /** Told of everything that happens to sessions, turns and calls. */
  readonly onEvent?: (event: MeshEvent) => void;
  /** Where claims and outcomes of calls outlive this process. Default: in memory. */
  readonly ledger?: LedgerOptions;
  readonly env?: Env;
}

/** Makes the host of a client. */
export type CreateHost = (
  context: HostContext,
  observer: ControlServiceObserver,
) => ControlServiceHost;

/** Made by `connect`. Close it, or let `await using` do so. */
export class Client implements AsyncDisposable {
  readonly #mesh: Mesh;
  readonly remoteSkills: RemoteSkills;
  readonly stream: ClientStream;
  readonly wait: Wait;

  /** @internal */
  constructor(parts: {
    readonly mesh: Mesh;
    readonly remoteSkills: RemoteSkills;
    readonly stream: ClientStream;
    readonly wait: Wait;
  }) {
    this.#mesh = parts.mesh;
    this.remoteSkills = parts.remoteSkills;
    this.stream = parts.stream;
    this.wait = parts.wait;
  }

  /** How many calls run and wait, how many came again, came too late, or are answered but not confirmed. */
  get stats(): MeshStats {
    return this.#mesh.stats;
  }

  /** Unbinds all sessions, which stay at the service, and ends the stream. Idempotent. */
  close(options: { readonly graceMs?: number } = {}): Promise<void> {
    return this.#mesh.close(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Starts a client on the host that `createHost` makes. Throws as `connect`.
 */
export async function startClient(createHost: CreateHost, options: ClientOptions): Promise<Client> {
  const { dispatch = 'strict', env = systemEnv, logger = silentLogger } = options;
  const limits = resolveLimits(options.limits);
  const memory = new CallMemory(limits.clientCallsKeptMax);
  const hub = new FrameHub();
  const created = new LRUCache<string, { readonly body: unknown }>({
    max: limits.clientCallsKeptMax,
  });
  const observer: ControlServiceObserver = {
    onFrame: (frame) => hub.publish(frame),
    onState: (state) => hub.publishState(state),
    onCreated: (sessionId, body) => void created.set(sessionId, { body }),
    onAttempt: (call, attempt, verdict) => memory.onAttempt(call, attempt, verdict),
    retryAfterMs: (call, attempt) => memory.retryAfterMs(call, attempt),
  };
  const made = Promise.withResolvers<ControlServiceHost>();
  const mesh = await startMesh({
    host: (context) => {
      const host = createHost(context, observer);
      made.resolve(host);
      return host;
    },
    dispatch,
    intake: dispatch === 'strict' ? 'user' : 'host',
    env,
    logger,
    ...(options.ledger ? { ledger: options.ledger } : {}),
    ...(options.limits ? { limits: options.limits } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.onEvent ? { onEvent: options.onEvent } : {}),
  });
  const host = await made.promise;
  const shared = { host, mesh, memory, hub, env, limits, logger };
  const wait = new Wait(shared);
  const stream = new ClientStream(shared);
  const takeCreated = (sessionId: string): unknown => {
    const body = created.get(sessionId)?.body ?? null;
    created.delete(sessionId);
    return body;
  };
  const remoteSkills = new RemoteSkills({ ...shared, wait, takeCreated });
  if (dispatch === 'strict') catchUp({ ...shared, stream });
  return new Client({ mesh, remoteSkills, stream, wait });
}
