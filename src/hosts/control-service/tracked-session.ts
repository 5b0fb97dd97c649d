/** One session that the mesh holds open, and what is known of its turns and calls. */
import type { Timer } from '../../env.ts';
import type { HostCall, TurnStatus } from '../host.ts';

/** A call that the service waits for, as far as is known. */
export interface OpenCall {
  readonly call: HostCall;
  /** The number of the stream during which the service was last seen to wait for it. */
  seenDuring: number;
  /** How often an answer was sent. */
  attempts: number;
  /** An answer of ours may have arrived without our knowing. */
  mayHaveLanded: boolean;
  /** The stream said that somebody's answer arrived. */
  isResolved: boolean;
  /** Ends the attempt that is under way, if there is one: its reply is waited for no longer. */
  conclude: (() => void) | null;
}

/** How a turn ended. */
export interface TurnEnd {
  readonly id: string;
  readonly status: TurnStatus;
  readonly error: string | null;
  readonly reply: string | null;
}

/** A call that was just heard of. */
export function openCall(call: HostCall, seenDuring: number): OpenCall {
  return {
    call,
    seenDuring,
    attempts: 0,
    mayHaveLanded: false,
    isResolved: false,
    conclude: null,
  };
}

/** What is to be said with the next message: settings of a session that was opened by somebody else. */
export type MessageControls = Readonly<Record<string, string>>;

/** Ids of the last so many turns. */
class RecentTurns {
  readonly #idsMax: number;
  readonly #ids = new Set<string>();

  constructor(idsMax: number) {
    this.#idsMax = idsMax;
  }

  get ids(): ReadonlySet<string> {
    return this.#ids;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(id: string): void {
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > this.#idsMax && oldest !== undefined) this.#ids.delete(oldest);
  }
}

/** The state of one session. */
export class TrackedSession {
  readonly id: string;
  readonly #known: RecentTurns;
  readonly #ended: RecentTurns;
  readonly calls = new Map<string, OpenCall>();
  /** The turn that is known to be under way, or null. */
  activeTurnId: string | null = null;
  /** Monotonic milliseconds of its beginning. */
  activeSinceMs = 0;
  /** A turn that is over, as soon as the answers that are under way in it are settled. */
  ending: { readonly end: TurnEnd; timer: Timer } | undefined;
  controls: MessageControls = {};
  /** Monotonic milliseconds of the last frame about it. */
  heardAtMs = 0;
  /** The service was seen to have it. */
  isProven = false;
  /** Reads in a row that a service in good order could not do. */
  failedReads = 0;
  /** The next read of a turn that is silent. */
  reading: { timer: Timer; delayMs: number } | undefined;
  /** Ends following its frames. */
  unfollow: () => void = () => {};

  constructor(id: string, turnsKeptMax: number) {
    this.id = id;
    this.#known = new RecentTurns(turnsKeptMax);
    this.#ended = new RecentTurns(turnsKeptMax);
  }

  /** The turns that were heard of so far, the newest ones. */
  knownTurns(): ReadonlySet<string> {
    return new Set(this.#known.ids);
  }

  /** Takes note that a turn exists. */
  noteTurn(turnId: string): void {
    this.#known.add(turnId);
  }

  /** Takes note of a turn that runs. False if that is no news, or if it has ended meanwhile. */
  beginTurn(turnId: string, nowMs: number): boolean {
    this.#known.add(turnId);
    if (this.activeTurnId === turnId || this.#ended.has(turnId)) return false;
    this.activeTurnId = turnId;
    this.activeSinceMs = nowMs;
    return true;
  }

  /** Takes note of the end of a turn. False if that is no news. */
  endTurn(turnId: string): boolean {
    this.#known.add(turnId);
    if (this.#ended.has(turnId)) return false;
    this.#ended.add(turnId);
    if (this.activeTurnId === turnId) this.activeTurnId = null;
    return true;
  }

  hasEnded(turnId: string): boolean {
    return this.#ended.has(turnId);
  }

  /**
   * The entry of a call that is answered, made now if the service was not seen to wait for it yet. One whose
   * request id is another call's by now gets an entry that nobody else sees.
   */
  trackCall(call: HostCall): OpenCall {
    const key = String(call.requestId);
    const open = this.findCall(call) ?? openCall(call, 0);
    if (!this.calls.has(key)) this.calls.set(key, open);
    return open;
  }

  /** The entry of exactly this call, or undefined. */
  findCall(call: HostCall): OpenCall | undefined {
    const open = this.calls.get(String(call.requestId));
    return open && isSameCall(open.call, call) ? open : undefined;
  }
}

/** Whether two deliveries are of one call. */
export const isSameCall = (one: HostCall, other: HostCall): boolean =>
  one.requestId === other.requestId &&
  one.callId === other.callId &&
  one.turnId === other.turnId &&
  one.sessionId === other.sessionId &&
  one.epoch === other.epoch;
