/** Every planted bug still fits the sources it is planted into. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mutants } from '../../../src/soak/mutants/mutant.ts';

const sources = join(import.meta.dirname, '../../../src');

test.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
  'the text that %s replaces stands in its file exactly once',
  (_, mutant) => {
    for (const { file, find, replace } of [mutant, ...(mutant.also ? [mutant.also] : [])]) {
      const text = readFileSync(join(sources, file), 'utf8');
      expect({ file, count: text.split(find).length - 1 }).toEqual({ file, count: 1 });
      expect(replace).not.toBe(find);
    }
  },
);

test('there are at least twenty, each with a name of its own', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(20);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});
