/**
 * Who may run now, of the calls of one server. Each call needs a slot of the server, and one in every
 * lane that its tool asks for; others wait in the order they came, and too many are refused.
 */
import type { Tool, ToolCall } from '../tools/contract.ts';

/** Calls that share a bound: those of one tool, or of one serial key. */
export interface Lane {
  readonly key: string;
  readonly concurrencyMax: number;
}

/** The lanes of a call of `tool`: its own where it is bounded, and that of its serial key. */
export function lanesOf(tool: Tool, input: unknown, call: ToolCall): readonly Lane[] {
  const { maxConcurrency, serialKey } = tool.policy;
  const key = typeof serialKey === 'function' ? serialKey(input, call) : serialKey;
  const own = {
    key: `tool ${call.namespace ?? ''}/${call.tool}`,
    concurrencyMax: maxConcurrency ?? 0,
  };
  return [
    ...(maxConcurrency === undefined ? [] : [own]),
    ...(key === undefined ? [] : [{ key: `key ${key}`, concurrencyMax: 1 }]),
  ];
}

interface Waiter {
  readonly lanes: readonly Lane[];
  admit(): void;
}

/** How much there is room for. */
export interface LaneBounds {
  /** Calls that run at once. */
  readonly runningMax: number;
  /** Calls that wait. */
  readonly waitingMax: number;
}

/** The lanes of one server. */
export class Lanes {
  readonly #bounds: LaneBounds;
  readonly #loads = new Map<string, number>();
  readonly #waiting: Waiter[] = [];
  #running = 0;

  constructor(bounds: LaneBounds) {
    this.#bounds = bounds;
  }

  /**
   * A slot, to be disposed of when the call is over; null if too many calls wait already. Rejects with the
   * reason of `signal`, and then holds nothing.
   */
  async enter(lanes: readonly Lane[], signal: AbortSignal): Promise<Disposable | null> {
    signal.throwIfAborted();
    if (!this.#hasRoom(lanes) || this.#isOvertaking(lanes, this.#waiting.length)) {
      if (this.#waiting.length >= this.#bounds.waitingMax) return null;
      await this.#wait(lanes, signal);
    } else this.#occupy(lanes);
    return { [Symbol.dispose]: () => this.#leave(lanes) };
  }

  #wait(lanes: readonly Lane[], signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal.reason);
        // Somebody may have waited behind it.
        this.#admitAll();
      };
      const waiter: Waiter = {
        lanes,
        admit: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      this.#waiting.push(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #hasRoom(lanes: readonly Lane[]): boolean {
    return (
      this.#running < this.#bounds.runningMax &&
      lanes.every(({ key, concurrencyMax }) => (this.#loads.get(key) ?? 0) < concurrencyMax)
    );
  }

  /** Whether one of the first `count` waiting calls waits for the same lane. */
  #isOvertaking(lanes: readonly Lane[], count: number): boolean {
    const keys = new Set(lanes.map(({ key }) => key));
    return this.#waiting
      .slice(0, count)
      .some((waiter) => waiter.lanes.some(({ key }) => keys.has(key)));
  }

  #occupy(lanes: readonly Lane[]): void {
    this.#running += 1;
    for (const { key } of lanes) this.#loads.set(key, (this.#loads.get(key) ?? 0) + 1);
  }

  #leave(lanes: readonly Lane[]): void {
    this.#running -= 1;
    for (const { key } of lanes) {
      const left = (this.#loads.get(key) ?? 1) - 1;
      if (left > 0) this.#loads.set(key, left);
      else this.#loads.delete(key);
    }
    this.#admitAll();
  }

  #admitAll(): void {
    for (let index = 0; index < this.#waiting.length;) {
      const waiter = this.#waiting[index];
      if (waiter && this.#hasRoom(waiter.lanes) && !this.#isOvertaking(waiter.lanes, index)) {
        this.#waiting.splice(index, 1);
        this.#occupy(waiter.lanes);
        waiter.admit();
      } else index += 1;
    }
  }
}
