import { filter, map } from 'rxjs';
import { expect, test, vi } from 'vitest';
import { createBus } from '../../src/bus/bus.ts';
import { readObservable } from '../../src/bus/reader.ts';
import { silentLogger } from '../../src/logger.ts';

test('an observer that throws is cut off and logged, and the others go on', () => {
  const error = vi.fn();
  const bus = createBus<number>({ ...silentLogger, error });
  const seen: number[] = [];
  let calls = 0;
  bus.values$.subscribe(() => {
    calls += 1;
    throw new Error('bad observer');
  });
  bus.values$.subscribe((value) => seen.push(value));
  bus.publish(1);
  bus.publish(2);
  expect(seen).toEqual([1, 2]);
  expect(calls).toBe(1);
  expect(error).toHaveBeenCalledWith({ error: 'bad observer' }, expect.stringContaining('cut off'));
});

test('a consumer at the end of a pipe, and an error inside it, are guarded too', () => {
  const error = vi.fn();
  const bus = createBus<number>({ ...silentLogger, error });
  const seen: number[] = [];
  bus.values$.pipe(filter((value) => value > 1)).subscribe((value) => {
    seen.push(value);
    throw new Error('at the end');
  });
  bus.values$
    .pipe(
      map((): number => {
        throw new Error('inside');
      }),
    )
    .subscribe();
  for (const value of [1, 2, 3]) bus.publish(value);
  expect(seen).toEqual([2]);
  expect(error.mock.calls.map(([fields]) => (fields as { error: string }).error)).toEqual([
    'inside',
    'at the end',
  ]);
});

test('nobody is observed before the first subscription and after the last', () => {
  const bus = createBus<number>(silentLogger);
  expect(bus.observed).toBe(false);
  const subscription = bus.values$.subscribe();
  expect(bus.observed).toBe(true);
  subscription.unsubscribe();
  expect(bus.observed).toBe(false);
});

test('a reader gets every value in order and ends with the bus', async () => {
  const bus = createBus<number>(silentLogger);
  const reader = readObservable(bus.values$, 10);
  bus.publish(1);
  bus.publish(2);
  bus.close();
  const seen: unknown[] = [];
  for await (const value of reader) seen.push(value);
  expect(seen).toEqual([1, 2]);
});

test('a slow reader is told how many values it lost, where they are missing', async () => {
  const bus = createBus<number>(silentLogger);
  const reader = readObservable(bus.values$, 2);
  for (const value of [1, 2, 3, 4, 5]) bus.publish(value);
  expect((await reader.next()).value).toEqual({ type: 'lagged', dropped: 3 });
  expect((await reader.next()).value).toBe(4);
  expect((await reader.next()).value).toBe(5);
  const waiting = reader.next();
  bus.publish(6);
  expect((await waiting).value).toBe(6);
  await reader.return(undefined);
  expect(bus.observed).toBe(false);
});

test('an abort ends a waiting reader', async () => {
  const bus = createBus<number>(silentLogger);
  const abort = new AbortController();
  const reader = readObservable(bus.values$, 2, abort.signal);
  const waiting = reader.next();
  abort.abort();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(bus.observed).toBe(false);
});
