/** One link: a wire with a peer on it, introduced to the server. It lives until its stream closes. */
import type { SessionMeshError } from '../../errors.ts';
import { packageVersion } from '../../package-version.ts';
import type { RpcRequest } from '../../rpc/message.ts';
import { Peer } from '../../rpc/peer.ts';
import type { RequestOptions } from '../../rpc/request-window.ts';
import type { HostContext } from '../host.ts';
import { unheardNotifications } from './methods.ts';
import {
  parseCodexVersion,
  parseProcessId,
  type ClientMethod,
  type ClientRequests,
} from './protocol.ts';
import type { Dialer, Wire } from './wire.ts';

/** Who is told what a link reads. Called synchronously, in the order of reading. */
export interface LinkHandlers {
  /** Takes a request and returns true, or returns false for one that nobody knows. */
  onRequest(link: Link, request: RpcRequest): boolean;
  onNotification(link: Link, method: string, params: unknown): void;
  /** Once, whoever closed. */
  onClose(link: Link, cause: SessionMeshError): void;
}

/** What the server said of itself. */
export interface Introduction {
  readonly codex: string | null;
  /** Names the server process. */
  readonly epoch: string;
}

/** A wire in use. */
export class Link {
  readonly #wire: Wire;
  readonly #peer: Peer;
  readonly #life = new AbortController();
  #closedBy: SessionMeshError | null = null;

  constructor(wire: Wire, handlers: LinkHandlers, { env, limits, logger }: HostContext) {
    this.#wire = wire;
    this.#peer = new Peer({
      transport: wire.transport,
      env,
      limits,
      logger,
      onRequest: (request) => handlers.onRequest(this, request),
      onNotification: (method, params) => handlers.onNotification(this, method, params),
      onClose: (cause) => {
        this.#closedBy = cause;
        this.#life.abort(cause);
        handlers.onClose(this, cause);
      },
    });
  }

  /** Whether the stream is still there. False before anybody is told of its end. */
  get isOpen(): boolean {
    return this.#closedBy === null;
  }

  /** Why the stream closed, or null while it is open. */
  get closedBy(): SessionMeshError | null {
    return this.#closedBy;
  }

  /** Aborts with the cause when the stream closes, before anybody is told. */
  get signal(): AbortSignal {
    return this.#life.signal;
  }

  /**
   * Asks the server and resolves with its answer, unparsed.
   * @throws SessionMeshError as `Peer.request`.
   */
  request<Method extends ClientMethod>(
    method: Method,
    params: ClientRequests[Method],
    options?: RequestOptions,
  ): Promise<unknown> {
    return this.#peer.request(method, params, options);
  }

  /** Answers a request of the server. Throws as `Peer.respond`. */
  respond(id: RpcRequest['id'], result: unknown): void {
    this.#peer.respond(id, result);
  }

  /** Refuses a request of the server. Throws as `Peer.respondError`. */
  refuse(id: RpcRequest['id'], code: number, message: string): void {
    this.#peer.respondError(id, { code, message });
  }

  /** Tells the server that nobody here listens to the thread any more. Its answer is of no interest. */
  unsubscribe(threadId: string): void {
    if (this.isOpen) this.request('thread/unsubscribe', { threadId }).catch(() => {});
  }

  /**
   * The handshake. The epoch of a child process is a new id. That of a server behind a socket is made
   * of its process id, so that it is the same after a reconnect, also to another mesh that takes over.
   * @throws SessionMeshError `protocol_invalid`, or as `Peer.request`.
   */
  async introduce(
    dialer: Dialer,
    signal: AbortSignal,
    newEpoch: () => string,
  ): Promise<Introduction> {
    const result = await this.request(
      'initialize',
      {
        clientInfo: { name: 'sessionmesh', title: 'SessionMesh', version: packageVersion() },
        capabilities: {
          experimentalApi: true,
          requestAttestation: false,
          optOutNotificationMethods: dialer.unheard ?? unheardNotifications,
        },
      },
      { signal },
    );
    const codex = parseCodexVersion(result);
    this.#peer.notify('initialized');
    if (dialer.ownsServer) return { codex, epoch: newEpoch() };
    const diagnostics = await this.request('server/diagnostics', {}, { signal });
    return { codex, epoch: `process ${parseProcessId(diagnostics)}` };
  }

  /** Closes gently. Idempotent, never rejects. */
  close(): Promise<void> {
    return this.#wire.close();
  }

  /** Called after `onClose`: lets go of what is left and resolves with the whole reason. */
  explain(cause: SessionMeshError): Promise<SessionMeshError> {
    return this.#wire.explain(cause);
  }
}
