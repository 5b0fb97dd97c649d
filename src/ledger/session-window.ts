/** The finished calls of one session that are remembered, in the order they finished. */
import { TransientMap } from '../transient-map.ts';
import type { LedgerCall } from './ledger-call.ts';

export class SessionWindow {
  size = 0;
  #oldest: LedgerCall | null = null;
  #newest: LedgerCall | null = null;
  /** Made when a call is looked for for the first time: few sessions are ever asked for a call again. */
  #byKey: TransientMap<string, LedgerCall> | undefined;

  /** Adds a call that has just finished. */
  append(call: LedgerCall): void {
    if (this.#newest) this.#newest.newerOfSession = call;
    else this.#oldest = call;
    this.#newest = call;
    this.size += 1;
    this.#byKey?.set(call.key, call);
  }

  /** Takes the oldest call out. */
  shift(): LedgerCall | null {
    const call = this.#oldest;
    if (!call) return null;
    this.#oldest = call.newerOfSession;
    if (!this.#oldest) this.#newest = null;
    this.size -= 1;
    // Whoever still holds the call shall not hold all that came after it.
    call.newerOfSession = null;
    this.#byKey?.delete(call.key);
    return call;
  }

  find(key: string): LedgerCall | undefined {
    this.#byKey ??= this.#index();
    return this.#byKey.get(key);
  }

  #index(): TransientMap<string, LedgerCall> {
    const byKey = new TransientMap<string, LedgerCall>();
    for (let call = this.#oldest; call; call = call.newerOfSession) byKey.set(call.key, call);
    return byKey;
  }
}
