/** The turns of one session: which is active, how they ended, and who waits for them. */
import type { Clock } from '../env.ts';
import type { Limits } from '../limits.ts';
import type { TurnStatus } from '../hosts/host.ts';
import type { DispatchRecord } from './dispatch-record.ts';

/** How a turn ended. */
export interface TurnResult {
  readonly sessionId: string;
  readonly turnId: string;
  readonly status: TurnStatus;
  /** The assistant's final text, or null. */
  readonly reply: string | null;
  /** Why the turn failed, or null. */
  readonly error: string | null;
  /** One record for each tool call of the turn, in the order they were taken. */
  readonly dispatches: readonly DispatchRecord[];
  readonly durationMs: number;
}

/** How the host says a turn ended. */
export interface TurnEnd {
  readonly status: TurnStatus;
  readonly reply: string | null;
  readonly error: string | null;
}

interface TurnEntry {
  readonly turnId: string;
  readonly startedAtMs: number;
  readonly dispatches: DispatchRecord[];
  result: TurnResult | undefined;
  waiters: ((result: TurnResult) => void)[];
}

/** Keeps the last `turnsKeptMax` turns; an active one is never forgotten. */
export class Turns {
  readonly #sessionId: string;
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #entries = new Map<string, TurnEntry>();
  /** The turn of the last call: the next one is most likely of the same. */
  #last: TurnEntry | undefined;

  constructor(sessionId: string, clock: Clock, limits: Limits) {
    this.#sessionId = sessionId;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Notes that the turn exists. Returns false if it was known. */
  begin(turnId: string): boolean {
    if (this.#entries.has(turnId)) return false;
    this.#add(turnId);
    return true;
  }

  /** Files a call under its turn; beyond `turnDispatchesMax` only the call itself goes on. */
  addDispatch(turnId: string, record: DispatchRecord): void {
    if (this.#last?.turnId !== turnId) this.#last = this.#entry(turnId);
    const { dispatches } = this.#last;
    if (dispatches.length < this.#limits.turnDispatchesMax) dispatches.push(record);
  }

  /** Ends the turn and tells who waits. Returns undefined if it had ended before. */
  end(turnId: string, { status, reply, error }: TurnEnd): TurnResult | undefined {
    const entry = this.#entry(turnId);
    if (entry.result) return undefined;
    entry.result = {
      sessionId: this.#sessionId,
      turnId,
      status,
      reply,
      error,
      dispatches: entry.dispatches,
      durationMs: this.#clock.monotonic() - entry.startedAtMs,
    };
    const { waiters } = entry;
    entry.waiters = [];
    for (const notify of waiters) notify(entry.result);
    return entry.result;
  }

  hasEnded(turnId: string): boolean {
    return this.#entries.get(turnId)?.result !== undefined;
  }

  /** Calls `notify` once the turn has ended, at once if it has. Returns how to stop waiting. */
  whenEnded(turnId: string, notify: (result: TurnResult) => void): () => void {
    const entry = this.#entry(turnId);
    if (entry.result) notify(entry.result);
    else entry.waiters.push(notify);
    return () => {
      entry.waiters = entry.waiters.filter((waiter) => waiter !== notify);
    };
  }

  #entry(turnId: string): TurnEntry {
    return this.#entries.get(turnId) ?? this.#add(turnId);
  }

  #add(turnId: string): TurnEntry {
    const entry: TurnEntry = {
      turnId,
      startedAtMs: this.#clock.monotonic(),
      dispatches: [],
      result: undefined,
      waiters: [],
    };
    this.#entries.set(turnId, entry);
    this.#forgetOldest();
    return entry;
  }

  #forgetOldest(): void {
    if (this.#entries.size <= this.#limits.turnsKeptMax) return;
    for (const [turnId, entry] of this.#entries) {
      if (!entry.result) continue;
      this.#entries.delete(turnId);
      if (this.#last === entry) this.#last = undefined;
      return;
    }
  }
}
