/** The leases of the simulated control service. */
import type { SimProcess } from './process.ts';
import type { Witness } from './witness.ts';

/** A lease that somebody holds. */
export interface HeldLease {
  readonly holder: string;
  readonly fence: number;
  /** By the clock of the service. */
  readonly expiresAt: number;
  readonly nonce: string | null;
}

/** What a lease is asked for with. */
export interface LeaseWish {
  readonly holder: string;
  readonly ttlMs: number;
  readonly fence: number | null;
  readonly nonce: string | null;
}

/** The leases of one life of the service. Fences grow through all of them. */
export class ServiceLeases {
  readonly #process: SimProcess;
  readonly #witness: Witness;
  readonly #held = new Map<string, HeldLease>();
  #lastFence: number;

  /** @param firstFence larger than any that was ever given */
  constructor(process: SimProcess, witness: Witness, firstFence: number) {
    this.#process = process;
    this.#witness = witness;
    this.#lastFence = firstFence;
    process.whenDead(() => {
      for (const sessionId of this.#held.keys()) this.#end(sessionId);
    });
  }

  /** Who holds the session now, or undefined. */
  holderOf(sessionId: string): HeldLease | undefined {
    const held = this.#held.get(sessionId);
    if (!held || held.expiresAt > this.#nowMs()) return held;
    this.#end(sessionId);
    return undefined;
  }

  /** Takes or renews the lease. Returns it, or the one of somebody else. */
  take(
    sessionId: string,
    { holder, ttlMs, fence, nonce }: LeaseWish,
  ): { readonly isOurs: boolean; readonly lease: HeldLease } {
    const held = this.holderOf(sessionId);
    const isKnown = held?.fence === fence || (nonce !== null && held?.nonce === nonce);
    if (held && (held.holder !== holder || !isKnown)) return { isOurs: false, lease: held };
    if (!held) this.#grant(sessionId, holder);
    const expiresAt = this.#nowMs() + ttlMs;
    const { fence: given, nonce: first } = held ?? { fence: this.#lastFence, nonce };
    const lease = { holder, fence: given, expiresAt, nonce: first };
    this.#held.set(sessionId, lease);
    return { isOurs: true, lease };
  }

  /** Gives it back. False if nobody holds the session. */
  release(sessionId: string, fence: number | null): boolean {
    const held = this.holderOf(sessionId);
    if (held?.fence === fence) this.#end(sessionId);
    return held !== undefined;
  }

  #nowMs(): number {
    return this.#process.seam.clock.now();
  }

  #grant(sessionId: string, runtime: string): void {
    this.#lastFence += 1;
    const token = this.#lastFence;
    this.#witness.note({ type: 'world.lease.granted', sessionId, runtime, token });
  }

  #end(sessionId: string): void {
    const held = this.#held.get(sessionId);
    this.#held.delete(sessionId);
    if (!held) return;
    const { holder: runtime, fence: token } = held;
    this.#witness.note({ type: 'world.lease.ended', sessionId, runtime, token });
  }
}
