import { expect, test } from 'vitest';
import { seededRandom } from '../../../src/soak/random.ts';
import { sampleOf } from '../../../src/soak/tools/sample.ts';
import { tool } from '../../../src/tools/index.ts';
import type { JsonSchema } from '../../../src/tools/contract.ts';

const nested: JsonSchema = {
  type: 'object',
  properties: { child: { $ref: '#/$defs/child' }, name: { type: 'string' } },
  $defs: { child: { type: 'object', properties: { age: { type: 'integer', minimum: 1 } } } },
  required: ['name'],
};

test.each<[string, JsonSchema]>([
  [
    'bounds of numbers',
    {
      type: 'object',
      properties: {
        n: { type: 'integer', minimum: 3, maximum: 4 },
        x: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
      },
      required: ['n', 'x'],
    },
  ],
  [
    'choices',
    {
      type: 'object',
      properties: { kind: { enum: ['a', 'b'] }, fixed: { const: 7 } },
      required: ['kind', 'fixed'],
    },
  ],
  [
    'branches',
    {
      type: 'object',
      properties: { v: { anyOf: [{ type: 'null' }, { type: 'string', minLength: 3 }] } },
      required: ['v'],
    },
  ],
  [
    'lists',
    {
      type: 'object',
      properties: {
        tags: { type: 'array', items: { type: 'string', maxLength: 4 }, minItems: 2, maxItems: 2 },
      },
      required: ['tags'],
    },
  ],
  [
    'parts that belong together',
    {
      allOf: [
        { type: 'object' },
        { properties: { id: { type: 'string', format: 'uuid' } }, required: ['id'] },
      ],
    },
  ],
  [
    'examples',
    {
      type: 'object',
      properties: { id: { type: 'string', pattern: '^ENG-', examples: ['ENG-1'] } },
      required: ['id'],
    },
  ],
  ['schemas that name others', nested],
])('made-up arguments fit: %s', async (_, input) => {
  const checked = tool({ name: 'any', description: 'Any.', input, execute: () => '' });
  const random = seededRandom(11);
  for (let round = 0; round < 50; round += 1) {
    const args = sampleOf(input, () => random.next());
    expect([args, await checked.validate(args)]).toMatchObject([args, { ok: true }]);
  }
});

test('the same seed makes up the same', () => {
  const make = () => {
    const random = seededRandom(5);
    return Array.from({ length: 20 }, () => sampleOf(nested, () => random.next()));
  };
  expect(make()).toEqual(make());
});
