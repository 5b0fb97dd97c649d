import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TransientMap } from '../src/transient-map.ts';

const key = fc.integer({ min: 0, max: 20 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('set' as const), key }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('clear' as const), key }) },
);

test('it holds what a Map would, in the same order, however often it begins anew', () => {
  const steps = fc.array(step, { minLength: 1_500, maxLength: 3_000, size: 'max' });
  fc.assert(
    fc.property(steps, (taken) => {
      const map = new TransientMap<number, number>();
      const model = new Map<number, number>();
      taken.forEach(({ type, key: at }, index) => {
        if (type === 'clear' && index % 100 === 0) {
          map.clear();
          model.clear();
        } else if (type === 'delete') expect(map.delete(at)).toBe(model.delete(at));
        else {
          map.set(at, index);
          model.set(at, index);
        }
      });
      expect([...map]).toEqual([...model]);
      expect([...map.values()]).toEqual([...model.values()]);
      expect(map.size).toBe(model.size);
      for (let at = 0; at <= 20; at += 1) {
        expect([map.has(at), map.get(at)]).toEqual([model.has(at), model.get(at)]);
      }
    }),
    { numRuns: 20 },
  );
});

test('entries that stay are kept through any turnover of the others', () => {
  const map = new TransientMap<number, string>();
  map.set(-1, 'stays');
  for (let at = 0; at < 10_000; at += 1) {
    map.set(at, 'goes');
    map.delete(at);
  }
  expect([...map]).toEqual([[-1, 'stays']]);
});
