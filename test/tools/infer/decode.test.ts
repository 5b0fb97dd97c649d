/** The check of arguments, against an independent one and against values made to be expensive. */
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonSchema } from 'sessionmesh/tools';
import { defaultLimits } from '../../../src/limits.ts';
import { compileDecoder } from '../../../src/tools/infer/decode/compile.ts';
import { inferTools } from '../../../src/tools/infer/index.ts';

const decode = (schema: JsonSchema, value: unknown) =>
  compileDecoder(schema, [], defaultLimits)(value);

/** `schema` without formats, which the independent check does not know. */
function withoutFormats(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutFormats);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(
    ([key, part]) => key !== 'format' || typeof part !== 'string',
  );
  return Object.fromEntries(entries.map(([key, part]) => [key, withoutFormats(part)]));
}

/** Values that often fit `schema`, and often miss it by little. */
function valuesNear(schema: JsonSchema, root: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  const anything = fc.oneof(
    fc.constantFrom<unknown>(null, true, 0, 1, -1, 1.5, '', 'a', 'v1.2', 'AB-1', [], {}),
    fc.jsonValue({ maxDepth: 1 }),
  );
  if (depth <= 0) return anything;
  const near = (part: unknown) => valuesNear(Object(part), root, depth - 1);
  const fitting = ((): fc.Arbitrary<unknown> => {
    const { type, anyOf, enum: values, $ref } = schema;
    if (typeof $ref === 'string') return near(Object(root['$defs'])[$ref.split('/').at(-1)!]);
    if (Array.isArray(anyOf)) return fc.oneof(...anyOf.map(near));
    if (Array.isArray(values)) return fc.constantFrom<unknown>(...values);
    switch (Array.isArray(type) ? type[0] : type) {
      case 'string':
        return fc.constantFrom('', 'a', 'abc', 'AB-12', 'v1.2', 'a1b2c3', 'x'.repeat(50));
      case 'number':
      case 'integer':
        return fc.oneof(fc.integer({ min: -2, max: 200 }), fc.constantFrom(0.25, 0.3, 1e21));
      case 'boolean':
        return fc.boolean();
      case 'array':
        return fc.array(near(schema['items'] ?? {}), { maxLength: 4 });
      case 'object': {
        const properties = Object.entries(Object(schema['properties']));
        const named = Object.fromEntries(properties.map(([key, part]) => [key, near(part)]));
        const required: string[] = [schema['required'] ?? []].flat().map(String);
        const others = Object(schema['additionalProperties']);
        return fc
          .tuple(
            fc.record(named, { requiredKeys: required }),
            fc.dictionary(fc.constantFrom('7', 'zz'), near(others), { maxKeys: 1 }),
            fc.integer({ min: 0, max: 3 }),
          )
          .map(([known, more, dice]) => (dice === 0 ? { ...known, ...more } : known));
      }
      default:
        return anything;
    }
  })();
  return fc.oneof({ weight: 12, arbitrary: fitting }, { weight: 1, arbitrary: anything });
}

const names = ['collections', 'comments', 'issues', 'parameters', 'scalars', 'shapes'];

describe('fits exactly what an independent validator lets through', () => {
  test.each(names)('%s', async (name) => {
    const { tools } = await inferTools(join(import.meta.dirname, 'corpus', `${name}.ts`));
    let fits = 0;
    for (const { name: tool, inputSchema } of tools) {
      const schema: JsonSchema = Object(withoutFormats(inputSchema));
      const check = new Ajv2020({ strict: false, multipleOfPrecision: 9 }).compile(schema);
      const decoder = compileDecoder(schema, [], defaultLimits);
      fc.assert(
        fc.property(valuesNear(schema, schema, 5), (value) => {
          const { issues } = decoder(value);
          fits += issues.length === 0 ? 1 : 0;
          expect({ tool, value, fits: issues.length === 0 }).toEqual({
            tool,
            value,
            fits: check(value),
          });
        }),
        { numRuns: 60, seed: 7 },
      );
    }
    expect(fits).toBeGreaterThan(tools.length * 5);
  });
});

/** A type whose branches cannot be told apart until the very end. */
const twins = {
  type: 'object',
  properties: { node: { $ref: '#/$defs/Node' } },
  required: ['node'],
  additionalProperties: false,
  $defs: {
    Node: {
      anyOf: ['left', 'right'].map((leaf) => ({
        type: 'object',
        properties: { next: { $ref: '#/$defs/Node' }, [leaf]: { type: 'string' } },
        required: [],
        additionalProperties: false,
      })),
    },
  },
};

test('nesting through a union that contains itself costs no powers of two', () => {
  let node: unknown = { wrong: 1 };
  for (let depth = 0; depth < defaultLimits.argumentDepthMax; depth += 1) node = { next: node };
  const { issues } = decode(twins, { node });
  expect(issues.length).toBeGreaterThan(0);
});

test('the closest branch of a union is the one explained', () => {
  const shape = (kind: string, size: string) => ({
    type: 'object',
    properties: { kind: { type: 'string', enum: [kind] }, [size]: { type: 'number' } },
    required: ['kind', size],
    additionalProperties: false,
  });
  const schema = { anyOf: [shape('circle', 'radius'), shape('square', 'side')] };
  const tell = (value: unknown) =>
    decode(schema, value).issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  expect(tell({ kind: 'square', side: '3' })).toEqual(['side: expected number']);
  expect(tell({ kind: 'circle' })).toEqual(['radius: is required']);
  expect(tell(5)).toEqual([': expected object']);
  expect(decode({ anyOf: [{ type: 'string' }, { type: 'null' }] }, 5).issues).toMatchObject([
    { message: 'expected string or null' },
  ]);
});

test('a wrong value a thousand times is not told a thousand times', () => {
  const schema = { type: 'array', items: { type: 'string' } };
  expect(decode(schema, Array(1_000).fill(5)).issues).toHaveLength(100);
});

test('formats: those that are known are checked, others are remarks', () => {
  const fits = (format: string, text: string) =>
    decode({ type: 'string', format }, text).issues.length === 0;
  expect(fits('date', '2024-02-29')).toBe(true);
  expect(fits('date', '2023-02-29')).toBe(false);
  expect(fits('date-time', '2024-02-29T23:59:59+05:30')).toBe(true);
  expect(fits('date-time', '2024-02-29T25:00:00Z')).toBe(false);
  expect(fits('email', 'a.b@c.example')).toBe(true);
  expect(fits('email', 'a b@c')).toBe(false);
  expect(fits('uuid', '00000000-0000-4000-8000-00000000000A')).toBe(true);
  expect(fits('uuid', '1234')).toBe(false);
  expect(fits('uri', 'https://example.org/x')).toBe(true);
  expect(fits('uri', '/x')).toBe(false);
  expect(fits('shoe-size', 'anything')).toBe(true);
});

test.each([
  [{ type: 'object', patternProperties: {} }, 'patternProperties'],
  [{ type: 'object', properties: { a: { oneOf: [] } } }, 'oneOf at /properties/a'],
  [{ type: 'object', properties: { a: { $ref: '#/$defs/Gone' } } }, 'Gone'],
  [{ $ref: 'https://example.org' }, 'example.org'],
  [{ type: 'date' }, 'type "date"'],
])('a schema inference did not write is refused: %j', (schema, found) => {
  expect(() => compileDecoder(schema, [], defaultLimits)).toThrow(found);
});
