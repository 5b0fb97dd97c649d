/**
 * One end of a JSON-RPC conversation in which both sides ask.
 *
 * - P1 Nothing that comes in can make the peer throw: what is unusable is counted by kind and dropped.
 * - P2 A request of the other side is handed over synchronously and is answered at any later time, from
 *   anywhere, by `respond`. The peer keeps nothing of it meanwhile, and a re-delivered request (same id)
 *   is handed over again: to tell is the business of whoever answers.
 * - P3 No message leaves that the other side could drop without a word for its form: text is well-formed,
 *   nesting is bounded, an id keeps its JSON type, `params` is always there.
 */
import type { Env } from '../env.ts';
import { messageOf, type SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import { toJsonText } from './json-text.ts';
import {
  parseMessage,
  rpcCodes,
  type GarbageKind,
  type RequestId,
  type RpcErrorObject,
  type RpcRequest,
} from './message.ts';
import { RequestWindow, type RequestOptions } from './request-window.ts';
import type { Transport } from './transport.ts';

/** What a peer is made of. The callbacks are called synchronously from the read path. */
export interface PeerOptions {
  /** A transport that was not started; it belongs to the peer from here on. */
  readonly transport: Transport;
  readonly env: Env;
  readonly limits: Limits;
  readonly logger: Logger;
  /** Takes a request and returns true, or returns false: then it is answered "method not found". */
  onRequest(request: RpcRequest): boolean;
  onNotification(method: string, params: unknown): void;
  /** Called once, whoever closed. Everything pending is rejected with the same cause. */
  onClose(cause: SessionMeshError): void;
}

/** What a peer has seen so far, and what waits now. */
export interface PeerStats {
  readonly requests: number;
  readonly notifications: number;
  readonly responses: number;
  /** Requests of the other side that nobody here handles. */
  readonly requestsUnhandled: number;
  /** Callbacks that threw. */
  readonly callbackFailures: number;
  /** Unusable messages by kind. */
  readonly garbage: Readonly<Record<GarbageKind, number>>;
  /** Own requests with the other side, those that wait for another attempt included. */
  readonly inFlight: number;
  /** Own requests that wait in line. */
  readonly queued: number;
  /** Own requests sent again because the other side was overloaded. */
  readonly overloadRetries: number;
  /** Own requests that got no answer in time. */
  readonly timeouts: number;
  readonly bufferedBytes: number;
}

/** A JSON-RPC peer over one transport. It lives as long as the stream does. */
export class Peer {
  readonly #options: PeerOptions;
  readonly #transport: Transport;
  readonly #window: RequestWindow;
  #requests = 0;
  #notifications = 0;
  #responses = 0;
  #requestsUnhandled = 0;
  #callbackFailures = 0;
  readonly #garbage: Record<GarbageKind, number> = {
    not_json: 0,
    not_object: 0,
    shape_unknown: 0,
    method_invalid: 0,
    id_invalid: 0,
    response_unknown: 0,
    response_late: 0,
    frame_truncated: 0,
    frame_binary: 0,
  };

  constructor(options: PeerOptions) {
    this.#options = options;
    const { transport, env, limits } = options;
    this.#transport = transport;
    this.#window = new RequestWindow({ env, limits, send: (text) => transport.send(text) });
    transport.start({
      onFrame: (text) => this.#receive(text),
      onGarbage: (kind) => this.#discard(kind),
      onClose: (cause) => this.#closed(cause),
    });
  }

  /** A snapshot of what was counted. */
  get stats(): PeerStats {
    return {
      requests: this.#requests,
      notifications: this.#notifications,
      responses: this.#responses,
      requestsUnhandled: this.#requestsUnhandled,
      callbackFailures: this.#callbackFailures,
      garbage: { ...this.#garbage },
      ...this.#window.stats,
      bufferedBytes: this.#transport.bufferedBytes,
    };
  }

  /**
   * Asks the other side and resolves with the result, whatever JSON that is.
   * @throws SessionMeshError as {@link RequestWindow.request} does; see `rpcErrorOf` for what the other
   * side said.
   */
  request(method: string, params: object = {}, options?: RequestOptions): Promise<unknown> {
    return this.#window.request(method, params, options);
  }

  /**
   * Tells the other side something.
   * @throws SessionMeshError `message_invalid`, or what `Transport.send` throws.
   */
  notify(method: string, params: object = {}): void {
    this.#transport.send(this.#encode({ method, params }));
  }

  /**
   * Answers a request of the other side; undefined is answered as null. The caller sees to it that a
   * request is answered once.
   * @throws SessionMeshError `message_invalid`, or what `Transport.send` throws; the request is still
   * unanswered then, unless the stream is closed.
   */
  respond(id: RequestId, result: unknown): void {
    // Encoded apart, because a member that is no JSON would silently be left out of the message.
    const body = toJsonText(result, this.#options.limits.messageDepthMax - 1);
    const idText = typeof id === 'number' ? id : JSON.stringify(id);
    this.#transport.send(`{"id":${idText},"result":${body}}`);
  }

  /** Answers a request of the other side with an error. Throws as {@link Peer.respond} does. */
  respondError(id: RequestId, error: RpcErrorObject): void {
    this.#transport.send(this.#encode({ id, error }));
  }

  /** Closes the stream as `Transport.close` does. */
  close(cause?: SessionMeshError): Promise<void> {
    return this.#transport.close(cause);
  }

  #encode(message: object): string {
    return toJsonText(message, this.#options.limits.messageDepthMax);
  }

  #receive(text: string): void {
    const message = parseMessage(text);
    switch (message.type) {
      case 'request':
        this.#requests += 1;
        this.#handOver(message);
        return;
      case 'notification':
        this.#notifications += 1;
        try {
          this.#options.onNotification(message.method, message.params);
        } catch (error) {
          this.#callbackFailed(message.method, error);
        }
        return;
      case 'result':
      case 'refusal': {
        const settlement = this.#window.settle(message);
        if (settlement === 'settled') this.#responses += 1;
        else this.#discard(settlement);
        return;
      }
      case 'garbage':
        this.#discard(message.kind);
    }
  }

  #handOver(request: RpcRequest): void {
    try {
      if (this.#options.onRequest(request)) return;
      this.#requestsUnhandled += 1;
      this.#refuse(request, { code: rpcCodes.methodNotFound, message: 'Method not found' });
    } catch (error) {
      this.#callbackFailed(request.method, error);
      this.#refuse(request, { code: rpcCodes.internalError, message: 'Internal error' });
    }
  }

  #refuse(request: RpcRequest, error: RpcErrorObject): void {
    try {
      this.respondError(request.id, error);
    } catch (cause) {
      // Only a stream that is gone can refuse so small a frame, and its requests are gone with it.
      const fields = { method: request.method, error: messageOf(cause) };
      this.#options.logger.debug(fields, 'rpc: a refusal could not be sent');
    }
  }

  #callbackFailed(method: string, error: unknown): void {
    this.#callbackFailures += 1;
    this.#options.logger.error({ method, error: messageOf(error) }, 'rpc: a callback threw');
  }

  /** Counts, and logs the first of each kind only: a flood of garbage is no flood of log lines. */
  #discard(kind: GarbageKind): void {
    this.#garbage[kind] += 1;
    if (this.#garbage[kind] === 1) {
      this.#options.logger.warn({ kind }, 'rpc: a message of no use was dropped');
    }
  }

  #closed(cause: SessionMeshError): void {
    this.#window.close(cause);
    try {
      this.#options.onClose(cause);
    } catch (error) {
      this.#callbackFailed('onClose', error);
    }
  }
}
