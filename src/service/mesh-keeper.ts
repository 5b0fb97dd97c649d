/**
 * Keeps a mesh at hand. A host restarts Codex by itself; when it has failed for good because that did not
 * help, it takes its mesh with it, and a new one is made a little later, until the service ends.
 */
import { sleep, type Env } from '../env.ts';
import { messageOf, SessionMeshError } from '../errors.ts';
import type { ClientMethod, ClientRequests } from '../hosts/app-server/index.ts';
import type { Host, HostContext } from '../hosts/host.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { Fault, MeshEvent } from '../mesh/event.ts';
import type { LedgerOptions } from '../mesh/mesh-options.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { startMesh } from '../mesh/start-mesh.ts';
import type { Tool } from '../tools/contract.ts';
import { isRecord } from '../tools/json.ts';
import type { AskCodex } from './thread.ts';

/** A host that can also be asked what is no business of a mesh. */
export interface ServiceHost extends Host {
  request<Method extends ClientMethod>(
    method: Method,
    params: ClientRequests[Method],
    signal?: AbortSignal,
  ): Promise<unknown>;
}

/** How Codex is. */
export interface CodexHealth {
  readonly running: boolean;
  readonly pid: number | null;
  readonly initialized: boolean;
  /** The version, or null while it is not known. */
  readonly version: string | null;
  /** When and why the link to it was lost last. */
  readonly lastExit: { readonly at: number; readonly reason: string } | null;
}

/** What a keeper needs. */
export interface MeshKeeperOptions {
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly ledger?: LedgerOptions | undefined;
  /** Takes the calls of tools that a session's catalog does not have. */
  readonly otherwise: Tool;
  readonly createHost: (context: HostContext) => ServiceHost;
  readonly onEvent: (event: MeshEvent) => void;
  /** There is a mesh: the first one, or one after another that has failed. */
  readonly onStarted: () => void;
}

/** The mesh of one service, and the host behind it. */
export class MeshKeeper {
  readonly #options: MeshKeeperOptions;
  readonly #life = new AbortController();
  #mesh: Mesh | null = null;
  #host: ServiceHost | null = null;
  #failure: Fault | null = null;
  #isOnline = false;
  #epoch: string | null = null;
  #pid: number | null = null;
  #version: string | null = null;
  #lastExit: CodexHealth['lastExit'] = null;
  #revival: Promise<void> = Promise.resolve();

  constructor(options: MeshKeeperOptions) {
    this.#options = options;
  }

  /** Starts the first mesh. Throws as `startMesh`. */
  async start(signal?: AbortSignal): Promise<void> {
    const { createHost, env, limits, logger, ledger, otherwise } = this.#options;
    // A mesh ends with the signal it was started by, but this one is ended by `close`.
    const starting = new AbortController();
    const onAbort = () => starting.abort(signal?.reason);
    signal?.throwIfAborted();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      this.#mesh = await startMesh({
        env,
        limits,
        logger,
        otherwise,
        ...(ledger ? { ledger } : {}),
        signal: starting.signal,
        host: (context) => (this.#host = createHost(context)),
        onEvent: this.#onEvent,
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
    this.#options.onStarted();
  }

  /** The mesh. Throws `host_failed` while there is none, `mesh_closed` after the end. */
  get mesh(): Mesh {
    if (!this.#mesh) throw this.#absence();
    return this.#mesh;
  }

  /** Names the life of Codex, or null before the first one. */
  get epoch(): string | null {
    return this.#epoch;
  }

  get health(): CodexHealth {
    const running = this.#mesh !== null && this.#isOnline;
    const pid = running ? this.#pid : null;
    return { running, pid, initialized: running, version: this.#version, lastExit: this.#lastExit };
  }

  /**
   * Asks Codex past the mesh. Throws `host_failed`, `request_timeout` after `serviceAskMs`, and as
   * `AppServerHost.request`.
   */
  readonly ask: AskCodex = async (method, params) => {
    if (!this.#mesh || !this.#host) throw this.#absence();
    const { env, limits } = this.#options;
    const late = new AbortController();
    const timer = env.clock.setTimeout(() => {
      const expected = `an answer to ${method} within ${limits.serviceAskMs} ms`;
      late.abort(new SessionMeshError('request_timeout', { expected }));
    }, limits.serviceAskMs);
    try {
      return await this.#host.request(method, params, late.signal);
    } finally {
      env.clock.clearTimeout(timer);
    }
  };

  /** Ends the mesh for good. Idempotent. */
  async close(graceMs: number): Promise<void> {
    const mesh = this.#mesh;
    this.#life.abort(new SessionMeshError('mesh_closed'));
    await mesh?.close({ graceMs });
    this.#mesh = null;
    await this.#revival;
  }

  #absence(): SessionMeshError {
    if (this.#life.signal.aborted) return new SessionMeshError('mesh_closed');
    const found = this.#failure?.message ?? 'none that runs';
    return new SessionMeshError('host_failed', { found, fix: 'a new host is being started' });
  }

  readonly #onEvent = (event: MeshEvent): void => {
    switch (event.type) {
      case 'mesh.started':
        this.#version = event.codex;
        this.#online(this.#options.env.id());
        break;
      case 'host.online':
        this.#online(event.epoch);
        break;
      case 'host.lost':
        this.#isOnline = false;
        this.#lastExit = { at: event.at, reason: event.fault.message };
        break;
      case 'host.failed':
        this.#fail(event.fault);
        break;
      default:
    }
    this.#options.onEvent(event);
  };

  #online(epoch: string): void {
    this.#isOnline = true;
    this.#epoch = epoch;
    this.#pid = null;
    void this.#inquire(epoch);
  }

  /** What Codex says of itself; nobody waits for it. */
  async #inquire(epoch: string): Promise<void> {
    try {
      const result = await this.#host?.request('server/diagnostics', {});
      const process = isRecord(result) ? result.process : undefined;
      const pid = isRecord(process) && typeof process.id === 'number' ? process.id : null;
      if (this.#epoch === epoch) this.#pid = pid;
    } catch (thrown) {
      this.#options.logger.debug({ error: messageOf(thrown) }, 'Codex did not say how it is');
    }
  }

  #fail(fault: Fault): void {
    const mesh = this.#mesh;
    this.#isOnline = false;
    this.#failure = fault;
    // During its start whoever starts it is told.
    if (!mesh || this.#life.signal.aborted) return;
    this.#mesh = null;
    this.#revival = this.#revive(mesh);
  }

  async #revive(failed: Mesh): Promise<void> {
    const { env, logger, limits } = this.#options;
    const { signal } = this.#life;
    await failed.close({ graceMs: 1 }).catch((thrown: unknown) => {
      logger.warn({ error: messageOf(thrown) }, 'a mesh that has failed did not end well');
    });
    while (!signal.aborted && !this.#mesh) {
      try {
        await sleep(env.clock, limits.serviceRevivalMs, signal);
        await this.start(signal);
      } catch (thrown) {
        if (!signal.aborted) logger.error({ error: messageOf(thrown) }, 'Codex does not start');
      }
    }
  }
}
