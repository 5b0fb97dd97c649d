/** The leases of a service in memory. */
import { ok, type StubReply, type StubRequest } from './stub-wire.ts';

interface Lease {
  readonly holder: string;
  readonly fence: number;
  readonly expiresAt: number;
  readonly nonce?: string;
}

export class StubLeases extends Map<string, Lease> {
  #fences = 0;

  handle(id: string, { method, body }: StubRequest, nowMs: number): StubReply {
    const held = this.get(id);
    const isHeld = held !== undefined && held.expiresAt > nowMs;
    const { holder, ttlMs, fence, nonce } = body as {
      holder: string;
      ttlMs?: number;
      fence?: number;
      nonce?: string;
    };
    if (method === 'DELETE') {
      if (!isHeld) return ok({ status: 'not_found', sessionId: id }, 404);
      if (held.fence === fence) this.delete(id);
      return ok({ status: 'ok' });
    }
    const isKnown = held?.fence === fence || (nonce !== undefined && held?.nonce === nonce);
    if (isHeld && (held.holder !== holder || !isKnown)) {
      const { expiresAt } = held;
      return ok({ status: 'conflict', code: 'leased', holder: held.holder, expiresAt }, 409);
    }
    const lease = {
      holder,
      fence: isHeld ? held.fence : (this.#fences += 1),
      expiresAt: nowMs + (ttlMs ?? 30_000),
    };
    const made = isHeld ? held.nonce : nonce;
    this.set(id, { ...lease, ...(made === undefined ? {} : { nonce: made }) });
    return ok({ status: 'ok', lease });
  }
}
