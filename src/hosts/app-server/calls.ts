/**
 * The calls that the server waits for, by session and request id.
 *
 * A request id is the reply address: one integer counter per server process, so it means nothing in
 * another one. A call is in here from its request to its answer or its end, and the mesh answers every
 * call within a bound; so this holds no more than the mesh has in hand.
 */
import type { HostCall } from '../host.ts';
import type { Link } from './link.ts';

/** A call that the server waits for, and the link that brought it last. */
export interface OpenCall {
  readonly call: HostCall;
  readonly link: Link;
}

/** The open calls of one host. */
export class OpenCalls {
  /** Few per session, so a list each; a session without any has no list. */
  readonly #bySession = new Map<string, OpenCall[]>();

  /**
   * Takes a call in, or anew if it came before. Returns another call that had the same request id: its
   * process is gone, since one process gives an id once.
   */
  add(call: HostCall, link: Link): HostCall | undefined {
    const open = { call, link };
    const calls = this.#bySession.get(call.sessionId);
    if (!calls) {
      this.#bySession.set(call.sessionId, [open]);
      return undefined;
    }
    const index = calls.findIndex((other) => other.call.requestId === call.requestId);
    const before = calls[index]?.call;
    if (index < 0) calls.push(open);
    else calls[index] = open;
    return before && !isSameCall(before, call) ? before : undefined;
  }

  /** The entry of exactly this call, or undefined if the server does not wait for it. */
  find(call: HostCall): OpenCall | undefined {
    return this.#bySession.get(call.sessionId)?.find((open) => isSameCall(open.call, call));
  }

  /** Takes a call out, whatever became of it. */
  delete(call: HostCall): void {
    const calls = this.#bySession.get(call.sessionId);
    const index = calls?.findIndex((other) => other.call.requestId === call.requestId) ?? -1;
    if (!calls || index < 0) return;
    if (calls.length === 1) this.#bySession.delete(call.sessionId);
    else calls.splice(index, 1);
  }

  /** The open calls of a session, in the order they came. */
  ofSession(sessionId: string): readonly HostCall[] {
    return (this.#bySession.get(sessionId) ?? []).map(({ call }) => call);
  }

  /** The sessions that have open calls. */
  sessionIds(): readonly string[] {
    return [...this.#bySession.keys()];
  }
}

const isSameCall = (one: HostCall, other: HostCall): boolean =>
  one.epoch === other.epoch &&
  one.turnId === other.turnId &&
  one.callId === other.callId &&
  one.requestId === other.requestId &&
  one.sessionId === other.sessionId;
