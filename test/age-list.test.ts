import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AgeList, type Aged } from '../src/age-list.ts';

interface Item extends Aged<Item> {
  readonly name: number;
}

const item = (name: number): Item => ({ name, older: null, newer: null });

function namesIn(list: AgeList<Item>): number[] {
  const names: number[] = [];
  for (let each = list.oldest; each; each = each.newer) names.push(each.name);
  return names;
}

test('it holds what was added and not taken out, in the order it was added', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (taken) => {
      const items = Array.from({ length: 10 }, (_, name) => item(name));
      const list = new AgeList<Item>();
      let model: number[] = [];
      for (const name of taken) {
        const isIn = model.includes(name);
        // Whatever is in the list is taken out, and whatever is not is added.
        expect(list.delete(items[name]!)).toBe(isIn);
        if (!isIn) list.add(items[name]!);
        model = isIn ? model.filter((each) => each !== name) : [...model, name];
        expect(namesIn(list)).toEqual(model);
        expect(list.size).toBe(model.length);
      }
    }),
  );
});

test('what was taken out holds none of what is left', () => {
  const list = new AgeList<Item>();
  const items = [item(0), item(1), item(2)];
  for (const each of items) list.add(each);
  list.delete(items[1]!);
  expect(items[1]).toEqual({ name: 1, older: null, newer: null });
  expect(items[0]?.newer).toBe(items[2]);
  expect(items[2]?.older).toBe(items[0]);
});
