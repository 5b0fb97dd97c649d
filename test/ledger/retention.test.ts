/** What a journal forgets goes as a whole and in the order in which it was over; nothing else goes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldStore } from '../../src/ledger/journal-fold.ts';
import { MemoryStore } from '../../src/ledger/memory-journal.ts';
import { Retention } from '../../src/ledger/retention.ts';
import { resolveLimits } from '../../src/limits.ts';

const limits = resolveLimits();

const start = (id: number) =>
  `intent ${id} 1 at-most-once 1 ["e","s","t","c${id}",${id},"tool",null,1]`;
const end = (id: number, at = id) => `settled ${id} ${at} cancelled`;
const opened = (id: number) => `session ${id} 1 ["s${id}",null,[]]`;
const closed = (id: number, at = id) => `closed ${id} ${at}`;

/** A store that tells which batches were looked at last. */
class WatchedStore extends MemoryStore {
  looked: number[] = [];

  override *batches(after: number) {
    for (const batch of super.batches(after)) {
      this.looked.push(batch.id);
      yield batch;
    }
  }
}

function openOn(batches: readonly (readonly string[])[]) {
  const store = new WatchedStore();
  for (const lines of batches) store.write(lines);
  const retention = new Retention(store, foldStore(store, limits));
  const linesOf = () => [...store.batches(0)].map(({ lines }) => lines.split('\n'));
  return { store, retention, linesOf };
}

const plan = { keepCalls: 0, before: Infinity, stepMax: 100 };

test('a call goes with all its lines, wherever they are, and an empty batch with it', () => {
  const { retention, linesOf } = openOn([
    [start(1), start(2)],
    ['outcome 2 1 finished [null,true]', start(3)],
    [end(1), end(3)],
    ['settled 2 2 answered'],
  ]);
  const forgotten = retention.forget({ ...plan, keepCalls: 1 });
  expect(forgotten.settledAt).toEqual([1, 3]);
  expect(linesOf()).toEqual([
    [start(2)],
    ['outcome 2 1 finished [null,true]'],
    ['settled 2 2 answered'],
  ]);
  expect(retention.finished).toBe(1);
  expect(retention.forget(plan).settledAt).toEqual([2]);
  expect(linesOf()).toEqual([]);
});

test('what was over first goes first, and what is too young stays, whatever lies around it', () => {
  const { retention, linesOf } = openOn([
    [1, 2, 3, 4].map(start),
    [end(3, 10), end(1, 90), end(2, 20), end(4, 30)],
  ]);
  expect(retention.forget({ ...plan, keepCalls: 2, before: 50 }).settledAt).toEqual([10, 20]);
  expect(linesOf()).toEqual([
    [start(1), start(4)],
    [end(1, 90), end(4, 30)],
  ]);
});

test('sessions that ended go with the calls around them, and by themselves where no call has to', () => {
  const { retention, linesOf } = openOn([
    [opened(1), opened(2), opened(3), start(1)],
    [closed(1), end(1)],
    [closed(2)],
  ]);
  expect(retention.forget(plan)).toEqual({ settledAt: [1], sessions: 1, shrunk: false });
  expect(linesOf()).toEqual([[opened(2), opened(3)], [closed(2)]]);
  expect(retention.forget({ ...plan, before: 2 }).sessions).toBe(0);
  expect(retention.forget(plan).sessions).toBe(1);
  expect(linesOf()).toEqual([[opened(3)]]);
});

test('a front in which nothing is over is passed over, until something in it is', () => {
  const { store, retention } = openOn([[opened(1), start(1)], [start(2)], [start(3)], [end(3)]]);
  const forget = () => {
    store.looked = [];
    return retention.forget(plan);
  };
  forget();
  store.write([start(4)]);
  store.write([end(4)]);
  retention.add(1, 0);
  expect(forget().settledAt).toEqual([4]);
  expect(Math.min(...store.looked)).toBeGreaterThan(2);
  store.write([end(2)]);
  retention.add(1, 0);
  expect(forget().settledAt).toEqual([2]);
  store.write([closed(1), end(1)]);
  retention.add(1, 1);
  expect(forget()).toMatchObject({ settledAt: [1], sessions: 1 });
  expect([...store.batches(0)]).toEqual([]);
});

test('nothing is looked at where there is nothing to forget', () => {
  const { store, retention } = openOn([[start(1), opened(1)], [end(1)]]);
  store.looked = [];
  expect(retention.forget({ ...plan, keepCalls: 1 }).settledAt).toEqual([]);
  expect(store.looked).toEqual([]);
});

test('a store that fails to forget changes nothing', () => {
  const { store, retention, linesOf } = openOn([[start(1)], [end(1)]]);
  store.rewrite = () => {
    throw new Error('disk');
  };
  expect(() => retention.forget(plan)).toThrow('disk');
  expect(retention.finished).toBe(1);
  expect(linesOf()).toHaveLength(2);
});

/** Calls that start and end in any order, written in batches of any size, forgotten now and then. */
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant({ type: 'start' as const }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('end' as const), pick: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.constant({ type: 'write' as const }) },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('forget' as const),
        keepCalls: fc.nat(6),
        stepMax: fc.integer({ min: 1, max: 4 }),
      }),
    },
  ),
  { maxLength: 120 },
);

test('any mix of starts, ends and steps leaves a journal that follows, with the newest ends in it', () => {
  fc.assert(
    fc.property(steps, (mix) => {
      const { store, retention } = openOn([]);
      let last = 0;
      let queue: string[] = [];
      const open: number[] = [];
      let ended: number[] = [];
      const write = () => {
        store.write(queue);
        retention.add(queue.filter((line) => line.startsWith('settled')).length, 0);
        queue = [];
      };
      for (const step of mix) {
        if (step.type === 'start') {
          open.push(++last);
          queue.push(start(last));
        } else if (step.type === 'end') {
          const [id] = open.splice(step.pick % Math.max(1, open.length), 1);
          if (id === undefined) continue;
          ended.push(id);
          queue.push(end(id));
        } else if (step.type === 'write') write();
        else {
          write();
          const gone = Math.max(0, Math.min(ended.length - step.keepCalls, step.stepMax));
          const { settledAt } = retention.forget({ ...plan, ...step });
          expect(settledAt).toEqual(ended.slice(0, gone));
          ended = ended.slice(gone);
        }
      }
      write();
      const fold = foldStore(store, limits);
      const { finished, unknown } = fold.recover();
      expect(finished.map(({ call }) => call.requestId)).toEqual(ended.toReversed());
      expect(unknown.map(({ call }) => call.requestId)).toEqual(open.toSorted((a, b) => a - b));
      expect(retention.finished).toBe(ended.length);
    }),
  );
});
