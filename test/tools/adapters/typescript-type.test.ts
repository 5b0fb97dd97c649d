/** 6.9 to 6.12, where the vectors do not reach: schemas that were not cleaned, and hostile ones. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readJson } from '../../../src/tools/adapters/json-text.ts';
import { jsonOf, type JsonValue } from '../../../src/tools/adapters/json-value.ts';
import { codeIdentifier, typescriptType } from '../../../src/tools/adapters/typescript-type.ts';

const render = (schema: unknown) => typescriptType(jsonOf(schema));

test.each([
  [true, 'unknown'],
  [false, 'never'],
  [null, 'unknown'],
  ['string', 'unknown'],
  [{ const: { x: [1] }, type: 'string' }, '{"x":[1]}'],
  [{ const: null }, 'null'],
  [{ type: 'weird' }, 'unknown'],
  [{ type: ['weird', 'null'] }, 'unknown | null'],
  [{ type: [], required: ['a'] }, '{ [key: string]: unknown; }'],
  [{ enum: [], oneOf: [{ type: 'null' }], allOf: [{ type: 'string' }] }, 'null'],
  [{ items: false }, 'Array<never>'],
  [{ type: 'array', prefixItems: [{ type: 'string' }, true] }, '[string, unknown]'],
  [{ type: 'array', prefixItems: [] }, 'unknown[]'],
  [{ additionalProperties: false }, '{}'],
  [
    { properties: { a: {} }, additionalProperties: true },
    '{ a?: unknown; [key: string]: unknown; }',
  ],
])('6.9 to 6.11: %j is %s', (schema, type) => {
  expect(render(schema)).toBe(type);
});

test('6.9: a variant whose text holds a union is put in parentheses, a single one too', () => {
  expect(render({ allOf: [{ anyOf: [{ type: 'string' }, { type: 'null' }] }] })).toBe(
    '(string | null)',
  );
  expect(
    render({ allOf: [{ properties: { a: { type: ['string', 'null'] } } }, { type: 'null' }] }),
  ).toBe('({ a?: string | null; }) & null');
});

test('6.9: literals keep the spelling of their numbers', () => {
  const read = readJson('{"enum":[1.0,0.10]}');
  expect(read.ok && typescriptType(read.value)).toBe('1.0 | 0.10');
});

test('6.11: a blank description makes the object multi-line without a comment', () => {
  expect(render({ properties: { a: { type: 'null', description: ' ' } } })).toBe(
    '{\n  a?: null;\n}',
  );
});

test('6.11: members are sorted by bytes; integer-like and prototype names are ordinary', () => {
  const read = readJson('{"properties":{"9":{},"10":{},"__proto__":{},"é":{}}}');
  expect(read.ok && typescriptType(read.value)).toBe(
    '{ "10"?: unknown; "9"?: unknown; __proto__?: unknown; "é"?: unknown; }',
  );
});

test('6.12: one pointer in two spellings is one pointer', () => {
  const schema = { properties: { a: { items: { $ref: '#/properties/%61' } } } };
  expect(render(schema)).toBe('{ a?: Array<Array<Array<unknown>>>; }');
});

test('6.12: pointers lead into lists, and nowhere by a padded index', () => {
  const anyOf = [{ type: 'string' }, { type: 'number' }];
  const at = (pointer: string) => render({ items: { $ref: pointer }, $defs: { A: { anyOf } } });
  expect(at('#/$defs/A/anyOf/1')).toBe('Array<number>');
  expect(at('#/$defs/A/anyOf/01')).toBe('Array<unknown>');
  expect(at('#/$defs/A~2')).toBe('Array<unknown>');
});

test('6.12: what is hostile is rendered in bounded time and depth', () => {
  const properties = Object.fromEntries(
    Array.from({ length: 30 }, (_, index) => [`p${index}`, { $ref: '#' }]),
  );
  expect(render({ properties }).length).toBeLessThan(100_000);
  let deep: JsonValue = 'end';
  for (let level = 0; level < 50_000; level += 1) deep = new Map([['items', deep]]);
  expect(typescriptType(deep)).toMatch(/^Array<(Array<)+unknown>+$/);
});

test('6.2: an identifier has only what JavaScript allows in ASCII', () => {
  expect(['', '9a', 'a b', '😀x', 'a$_9', '--'].map(codeIdentifier)).toEqual([
    '_',
    '_a',
    'a_b',
    '_x',
    'a$_9',
    '__',
  ]);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      expect(codeIdentifier(name)).toMatch(/^[A-Za-z_$][A-Za-z0-9_$]*$/);
    }),
  );
});

test.each(['%ZZ', '5%', '%4'])(
  '6.12 a reference with the stray percent of %s leads nowhere',
  (name) => {
    expect(render({ $ref: `#/$defs/${name}`, $defs: { [name]: { type: 'string' } } })).toBe(
      'unknown',
    );
  },
);
