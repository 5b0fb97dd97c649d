/**
 * Leases: the right of one client to answer the tool calls of a session, for a time.
 *
 * - L1 A session has one holder at a time; a new one gets a larger fence, also across restarts.
 * - L2 While a lease is held only its fence may answer. A fence that somebody else overtook never may.
 * - L3 Time is monotonic: a wall clock that jumps neither prolongs a lease nor ends it.
 */
import type { Clock } from '../env.ts';
import type { Limits } from '../limits.ts';

/** A lease as its holder sees it. */
export interface Lease {
  readonly holder: string;
  /** Goes with every answer. */
  readonly fence: number;
  /** When it ends, in milliseconds since the Unix epoch, by the clock as it stands now. */
  readonly expiresAt: number;
}

/** Who wants a lease. */
export interface LeaseRequest {
  readonly holder: string;
  /** Milliseconds; held between `leaseTtlMinMs` and `leaseTtlMaxMs`. */
  readonly ttlMs?: number | undefined;
  /** The fence of the lease that is to be renewed. */
  readonly fence?: number | undefined;
  /** Made up for this lease: its holder renews it by that, too, where the reply with the fence was lost. */
  readonly nonce?: string | undefined;
}

/** What stands in the way: the lease of somebody else, or null for one that was overtaken and is over. */
export interface LeaseConflict {
  readonly type: 'conflict';
  readonly lease: Lease | null;
}

interface Entry {
  readonly holder: string;
  readonly fence: number;
  readonly nonce: string | undefined;
  /** Monotonic milliseconds; in the past for a lease that was given back. */
  endsAtMs: number;
}

function isRenewal(entry: Entry, { holder, fence, nonce }: LeaseRequest): boolean {
  const isKnown = entry.fence === fence || (nonce !== undefined && entry.nonce === nonce);
  return entry.holder === holder && isKnown;
}

/** The leases of one service. */
export class Leases {
  readonly #clock: Clock;
  readonly #limits: Limits;
  /** The last lease of each session, also when it is over: its fence must not count again. */
  readonly #entries = new Map<string, Entry>();
  #lastFence = 0;

  constructor(clock: Clock, limits: Limits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Leases that are held now. */
  get held(): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (this.#isHeld(entry)) count += 1;
    return count;
  }

  /** Takes or renews the lease of a session. `full`: too many sessions have one. */
  take(
    sessionId: string,
    request: LeaseRequest,
  ): Lease | LeaseConflict | { readonly type: 'full' } {
    const entry = this.#entries.get(sessionId);
    if (entry && this.#isHeld(entry)) {
      if (!isRenewal(entry, request)) return { type: 'conflict', lease: this.#shown(entry) };
      entry.endsAtMs = this.#endOf(request.ttlMs);
      return this.#shown(entry);
    }
    if (!entry && !this.#makeRoom()) return { type: 'full' };
    const next = {
      holder: request.holder,
      fence: this.#nextFence(),
      nonce: request.nonce,
      endsAtMs: this.#endOf(request.ttlMs),
    };
    this.#entries.delete(sessionId);
    this.#entries.set(sessionId, next);
    return this.#shown(next);
  }

  /** Gives a lease back. `none` if none is held. */
  release(
    sessionId: string,
    fence: number,
  ): LeaseConflict | { readonly type: 'released' | 'none' } {
    const entry = this.#entries.get(sessionId);
    if (!entry || !this.#isHeld(entry)) return { type: 'none' };
    if (entry.fence !== fence) return { type: 'conflict', lease: this.#shown(entry) };
    entry.endsAtMs = this.#clock.monotonic();
    return { type: 'released' };
  }

  /** What keeps somebody with this fence (or none) from answering for a session, or null. */
  findConflict(sessionId: string, fence: number | null): LeaseConflict | null {
    const entry = this.#entries.get(sessionId);
    if (!entry || entry.fence === fence) return null;
    if (this.#isHeld(entry)) return { type: 'conflict', lease: this.#shown(entry) };
    return fence === null ? null : { type: 'conflict', lease: null };
  }

  /** The session is gone. */
  forget(sessionId: string): void {
    this.#entries.delete(sessionId);
  }

  #isHeld(entry: Entry): boolean {
    return entry.endsAtMs > this.#clock.monotonic();
  }

  #endOf(ttlMs: number | undefined): number {
    const { leaseTtlMs, leaseTtlMinMs, leaseTtlMaxMs } = this.#limits;
    const ttl = Math.min(Math.max(ttlMs ?? leaseTtlMs, leaseTtlMinMs), leaseTtlMaxMs);
    return this.#clock.monotonic() + ttl;
  }

  /** As large as the time of day in milliseconds, so that an earlier start never gave one as large. */
  #nextFence(): number {
    this.#lastFence = Math.max(this.#lastFence + 1, Math.trunc(this.#clock.now()));
    return this.#lastFence;
  }

  #shown({ holder, fence, endsAtMs }: Entry): Lease {
    const leftMs = endsAtMs - this.#clock.monotonic();
    return { holder, fence, expiresAt: Math.trunc(this.#clock.now() + leftMs) };
  }

  /** Forgets the oldest lease that is over, if there are too many. */
  #makeRoom(): boolean {
    if (this.#entries.size < this.#limits.leasesMax) return true;
    for (const [sessionId, entry] of this.#entries) {
      if (this.#isHeld(entry)) continue;
      this.#entries.delete(sessionId);
      return true;
    }
    return false;
  }
}
