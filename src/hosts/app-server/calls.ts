/**
 * The calls that the server waits for, by request id.
 *
 * A request id is the reply address: one integer counter per server process, so it means nothing in
 * another one. A call is in here from its request to its answer or its end, and the mesh answers every
 * call within a bound; so this holds no more than the mesh has in hand.
 */
import { TransientMap } from '../../transient-map.ts';
import type { HostCall } from '../host.ts';
import type { Link } from './link.ts';
import type { ToolCallParams } from './protocol.ts';

/** A call that the server waits for. */
export class OpenCall implements HostCall {
  readonly epoch: string;
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly requestId: string | number;
  readonly namespace: string | null;
  readonly tool: string;
  readonly arguments: unknown;
  /** The link that brought it. Not for those who are shown the call. */
  readonly #link: Link;

  constructor(epoch: string, requestId: string | number, params: ToolCallParams, link: Link) {
    this.epoch = epoch;
    this.sessionId = params.threadId;
    this.turnId = params.turnId;
    this.callId = params.callId;
    this.requestId = requestId;
    this.namespace = params.namespace;
    this.tool = params.tool;
    this.arguments = params.arguments;
    this.#link = link;
  }

  get link(): Link {
    return this.#link;
  }
}

/** The open calls of one host. */
export class OpenCalls {
  /** In the order they came. */
  readonly #byRequest = new TransientMap<string | number, OpenCall>();

  /**
   * Takes a call in, or anew if it came before. Returns another call that had the same request id: its
   * process is gone, since one process gives an id once.
   */
  add(call: OpenCall): HostCall | undefined {
    const before = this.#byRequest.get(call.requestId);
    this.#byRequest.set(call.requestId, call);
    return before && !isSameCall(before, call) ? before : undefined;
  }

  /** Exactly this call as it came last, or undefined if the server does not wait for it. */
  find(call: HostCall): OpenCall | undefined {
    const open = this.#byRequest.get(call.requestId);
    return open && isSameCall(open, call) ? open : undefined;
  }

  /** Takes a call out, whatever became of it. */
  delete(call: HostCall): void {
    if (this.find(call)) this.#byRequest.delete(call.requestId);
  }

  clear(): void {
    this.#byRequest.clear();
  }

  /** Those of all open calls that `isMeant`, in the order they came. */
  filter(isMeant: (call: HostCall) => boolean): readonly HostCall[] {
    return [...this.#byRequest.values()].filter(isMeant);
  }
}

const isSameCall = (one: HostCall, other: HostCall): boolean =>
  one === other ||
  (one.epoch === other.epoch &&
    one.turnId === other.turnId &&
    one.callId === other.callId &&
    one.requestId === other.requestId &&
    one.sessionId === other.sessionId);
