/** The order of things in a simulated world: by time, by a seeded throw, and only for who is there to take them. */
import { expect, test } from 'vitest';
import { SimProcess } from '../../../src/soak/sim/process.ts';
import { seededRandom } from '../../../src/soak/random.ts';
import { World } from '../../../src/soak/sim/world.ts';

async function orderOf(seed: number): Promise<string> {
  const world = new World(seed);
  const seen: string[] = [];
  for (const name of ['a', 'b', 'c', 'd']) world.schedule(5, () => void seen.push(name));
  await world.run(10);
  return seen.join('');
}

test('what happens at once happens in an order that follows from the seed', async () => {
  expect(await orderOf(1)).toBe(await orderOf(1));
  const orders = await Promise.all(Array.from({ length: 40 }, (_, seed) => orderOf(seed)));
  expect(new Set(orders).size).toBeGreaterThan(10);
});

test('whatever an event sets in motion has run before the next one', async () => {
  const world = new World(1);
  const seen: string[] = [];
  world.schedule(1, () => {
    void (async () => {
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
      seen.push('the promises of the first');
    })();
  });
  world.schedule(1.5, () => void seen.push('the second'));
  await world.run(2);
  expect(seen).toEqual(['the promises of the first', 'the second']);
});

test('who is dead takes nothing, and leaves no timer', async () => {
  const world = new World(1);
  const process = new SimProcess(world, 'mayfly');
  let fired = 0;
  process.seam.clock.setTimeout(() => (fired += 1), 10);
  world.schedule(5, () => process.end());
  await world.run(20);
  process.seam.clock.setTimeout(() => (fired += 1), 1);
  await world.run(40);
  expect({ fired, pending: process.pending }).toEqual({ fired: 0, pending: 0 });
});

test('who stands still takes things later, in their order', async () => {
  const world = new World(1);
  const process = new SimProcess(world, 'sleeper');
  const seen: [string, number][] = [];
  process.after(2, () => seen.push(['first', world.nowMs]));
  process.after(4, () => seen.push(['second', world.nowMs]));
  process.standStill(100);
  await world.run(200);
  expect(seen.map(([, at]) => at)).toEqual([100, 100]);
  expect(process.seam.clock.monotonic()).toBe(200);
});

test('a wall clock that jumps moves no timer', async () => {
  const world = new World(1);
  const process = new SimProcess(world, 'traveller');
  const before = process.seam.clock.now();
  let firedAt = -1;
  process.seam.clock.setTimeout(() => (firedAt = world.nowMs), 50);
  process.jumpClock(-3_600_000);
  await world.run(100);
  expect(firedAt).toBe(50);
  expect(process.seam.clock.now() - before).toBe(100 - 3_600_000);
});

test('streams of random numbers do not shift each other', () => {
  const one = seededRandom(7).fork('net').next();
  const other = seededRandom(7);
  other.fork('disk').next();
  other.next();
  expect(other.fork('net').next()).toBe(one);
});

test('a world that goes round in circles ends', async () => {
  const world = new World(1, 100);
  const again = (): void => void world.schedule(1, again);
  again();
  await expect(world.run(1_000)).rejects.toThrow(/more than 100 events/);
});
