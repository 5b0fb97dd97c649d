/** Who runs, who waits, who is refused; and that nobody is forgotten. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lanes, lanesOf, type Lane } from '../../src/mcp/lanes.ts';
import { tool } from '../../src/tools/index.ts';
import { callWith } from './calls.ts';

const never = new AbortController().signal;
const serial = (key: string): Lane => ({ key, concurrencyMax: 1 });

/** Lets everything run that is ready. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('the lanes of a tool: its own bound, and its serial key', () => {
  const define = (policy: object) =>
    tool({ name: 'write', description: 'Writes.', execute: () => 1, ...policy });
  const call = callWith({ tool: 'write', namespace: 'files' });
  expect(lanesOf(define({}), {}, call)).toEqual([]);
  expect(lanesOf(define({ serial: true }), {}, call)).toEqual([serial('tool files/write')]);
  expect(lanesOf(define({ maxConcurrency: 3 }), {}, call)).toEqual([
    { key: 'tool files/write', concurrencyMax: 3 },
  ]);
  const serialKey = (input: unknown) => `file ${JSON.stringify(input)}`;
  expect(lanesOf(define({ serialKey }), 7, call)).toEqual([serial('key file 7')]);
  expect(lanesOf(define({ serialKey: 'disk' }), 7, call)).toEqual([serial('key disk')]);
});

test('calls of one lane run in the order they came, others pass by', async () => {
  const lanes = new Lanes({ runningMax: 2, waitingMax: 10 });
  const order: string[] = [];
  const enter = async (name: string, ...own: Lane[]) => {
    const slot = await lanes.enter(own, never);
    order.push(name);
    return slot!;
  };
  const first = await enter('a1', serial('a'));
  const second = enter('a2', serial('a'));
  const third = enter('a3', serial('a'));
  const other = await enter('b1', serial('b'));
  expect(order).toEqual(['a1', 'b1']);
  other[Symbol.dispose]();
  await settle();
  expect(order).toEqual(['a1', 'b1']);
  first[Symbol.dispose]();
  (await second)[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  expect(order).toEqual(['a1', 'b1', 'a2', 'a3']);
});

test('too many that wait are refused; one that leaves makes room', async () => {
  const lanes = new Lanes({ runningMax: 1, waitingMax: 1 });
  using slot = await lanes.enter([], never);
  expect(slot).not.toBeNull();
  const leaving = new AbortController();
  const waiting = lanes.enter([], leaving.signal);
  expect(await lanes.enter([], never)).toBeNull();
  leaving.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  await expect(lanes.enter([], leaving.signal)).rejects.toThrow('gone');
  const next = lanes.enter([], never);
  slot?.[Symbol.dispose]();
  expect(await next).not.toBeNull();
});

test('a waiting call that leaves does not block those behind it', async () => {
  const lanes = new Lanes({ runningMax: 2, waitingMax: 10 });
  const both = [serial('a'), serial('b')];
  const running = await lanes.enter([serial('a')], never);
  const leaving = new AbortController();
  const blocked = lanes.enter(both, leaving.signal).catch(() => null);
  const behind = lanes.enter([serial('b')], never);
  leaving.abort(new Error('gone'));
  await blocked;
  expect(await behind).not.toBeNull();
  running?.[Symbol.dispose]();
});

test('whatever comes and goes, bounds hold and everybody gets a turn', async () => {
  const calls = fc.array(
    fc.record({
      keys: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 }),
      leaves: fc.boolean(),
    }),
    { maxLength: 20 },
  );
  await fc.assert(
    fc.asyncProperty(calls, async (list) => {
      const lanes = new Lanes({ runningMax: 3, waitingMax: 100 });
      const running = new Map<string, number>();
      const change = (keys: readonly string[], by: number) => {
        for (const key of ['all', ...keys]) {
          const load = (running.get(key) ?? 0) + by;
          expect(load).toBeLessThanOrEqual(key === 'all' ? 3 : 1);
          running.set(key, load);
        }
      };
      await Promise.all(
        list.map(async ({ keys, leaves }) => {
          const leaving = new AbortController();
          if (leaves) setImmediate(() => leaving.abort(new Error('gone')));
          const slot = await lanes.enter(keys.map(serial), leaving.signal).catch(() => null);
          if (slot === null) return;
          change(keys, 1);
          await settle();
          change(keys, -1);
          slot[Symbol.dispose]();
        }),
      );
      expect([...running.values()].every((load) => load === 0)).toBe(true);
    }),
    { numRuns: 100 },
  );
});
