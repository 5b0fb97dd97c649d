/**
 * Reading a bus one value at a time. The reader's buffer is bounded: a slow reader loses the oldest
 * values and is told how many, in the place where they are missing.
 */
import type { Observable } from 'rxjs';

/** Stands in the stream where values were dropped because the reader was too slow. */
export interface Lagged {
  readonly type: 'lagged';
  /** How many values are missing here. */
  readonly dropped: number;
}

interface Waiter<Value> {
  readonly resolve: (result: IteratorResult<Value | Lagged, undefined>) => void;
  readonly reject: (reason: unknown) => void;
}

/** The part of a reader that holds values nobody has asked for yet. */
function createBuffer<Value>(valuesMax: number) {
  const values: Value[] = [];
  let dropped = 0;
  return {
    push(value: Value) {
      values.push(value);
      if (values.length > valuesMax) {
        values.shift();
        dropped += 1;
      }
    },
    take(): Value | Lagged | undefined {
      if (dropped > 0) {
        const lagged: Lagged = { type: 'lagged', dropped };
        dropped = 0;
        return lagged;
      }
      return values.shift();
    },
  };
}

/**
 * The values of `source$` from now on, as an async iterator that holds at most `valuesMax` unread ones.
 * Ends when the source completes; leaving the loop, or an abort of `signal`, unsubscribes.
 */
export function readObservable<Value>(
  source$: Observable<Value>,
  valuesMax: number,
  signal?: AbortSignal,
): AsyncGenerator<Value | Lagged, undefined, undefined> {
  const buffer = createBuffer<Value>(valuesMax);
  let waiter: Waiter<Value> | undefined;
  let ended = signal?.aborted ?? false;

  const settle = () => {
    if (!waiter) return;
    const value = buffer.take();
    if (value === undefined && !ended) return;
    const { resolve } = waiter;
    waiter = undefined;
    resolve(value === undefined ? { done: true, value: undefined } : { done: false, value });
  };
  const end = () => {
    ended = true;
    subscription.unsubscribe();
    signal?.removeEventListener('abort', end);
    settle();
  };
  const subscription = source$.subscribe({
    next: (value) => {
      buffer.push(value);
      settle();
    },
    complete: () => {
      ended = true;
      settle();
    },
  });
  signal?.addEventListener('abort', end, { once: true });
  if (ended) end();

  return {
    next: () =>
      new Promise((resolve, reject) => {
        if (waiter) {
          reject(new TypeError('the previous next() is still waiting; read one value at a time'));
          return;
        }
        waiter = { resolve, reject };
        settle();
      }),
    return: () => {
      end();
      return Promise.resolve({ done: true, value: undefined });
    },
    throw: (reason) => {
      end();
      return Promise.reject(reason);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(end()),
  };
}
