/** What becomes of a schema on its way to the model: each loss is named, with its place and its reason. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { showSchema, type SchemaChange } from '../../src/cli/schema-change.ts';
import { jsonOf, readJson, writeJson, type JsonValue } from '../../src/tools/adapters/index.ts';
import { isJsonArray, isJsonObject } from '../../src/tools/adapters/json-value.ts';

function show(schema: unknown) {
  const shown = showSchema(jsonOf(schema));
  if (!shown.ok) throw new Error(shown.problem);
  return shown.value;
}

const changesOf = (schema: unknown) => show(schema).changes;

const object = (properties: object, more: object = {}) => ({
  type: 'object',
  properties,
  ...more,
});

test('what Codex shows as it was written has no changes', () => {
  const schema = object(
    { id: { type: 'string', description: 'the id' }, tags: { type: 'array', items: {} } },
    { required: ['id'], additionalProperties: false },
  );
  expect(changesOf(schema)).toEqual([]);
});

const changes: readonly [string, unknown, Partial<SchemaChange>][] = [
  [
    'a pattern',
    object({ id: { type: 'string', pattern: '^a' } }),
    { kind: 'lost', path: '/properties/id/pattern', before: '"^a"', after: null, matters: true },
  ],
  [
    'a bound inside an item of a union',
    object({ n: { anyOf: [{ type: 'string' }, { type: 'number', maximum: 3 }] } }),
    { kind: 'lost', path: '/properties/n/anyOf/1/maximum', before: '3', matters: true },
  ],
  [
    'a name that has to be escaped in a pointer',
    object({ 'a/b~c': { type: 'string', format: 'date' } }),
    { kind: 'lost', path: '/properties/a~1b~0c/format' },
  ],
  [
    'a title, which says nothing of the values',
    { ...object({}), title: 'Query' },
    { kind: 'lost', path: '/title', matters: false },
  ],
  [
    'an array without items',
    object({ tags: { type: 'array' } }),
    { kind: 'added', path: '/properties/tags/items', after: '{"type":"string"}', matters: true },
  ],
  [
    'numbers in an enum without a type',
    object({ level: { enum: [1, 2] } }),
    { kind: 'added', path: '/properties/level/type', after: '"string"', matters: true },
  ],
  [
    'texts in an enum without a type',
    object({ level: { enum: ['a'] } }),
    { kind: 'added', path: '/properties/level/type', matters: false },
  ],
  [
    'a number as const without a type',
    object({ level: { const: 1 } }),
    { kind: 'added', path: '/properties/level/type', matters: true },
  ],
  [
    'a tuple',
    object({ pair: { type: 'array', items: {}, prefixItems: [{ type: 'number' }] } }),
    { kind: 'lost', path: '/properties/pair/prefixItems', matters: true },
  ],
  [
    'a schema that is true',
    object({ any: true }),
    { kind: 'changed', path: '/properties/any', before: 'true', after: '{"type":"string"}' },
  ],
  [
    'a description without a type',
    object({ any: { description: 'whatever' } }),
    { kind: 'changed', path: '/properties/any', after: '{}', matters: true },
  ],
  [
    'a type that does not exist',
    object({ x: { type: ['string', 'date'] } }),
    { kind: 'changed', path: '/properties/x/type', after: '"string"', matters: true },
  ],
  [
    'a definition that nothing refers to',
    { ...object({}), $defs: { Unused: { type: 'string' } } },
    { kind: 'lost', path: '/$defs', matters: false },
  ],
];

test.each(changes)('%s', (_, schema, change) => {
  expect(changesOf(schema)).toContainEqual(expect.objectContaining(change));
});

test('a property called description is no description', () => {
  expect(changesOf(object({ description: { type: 'string' } }))).toEqual([]);
});

describe('a schema above 5,000 bytes', () => {
  const nameOf = (index: number) => `p${String(index).padStart(2, '0')}`;
  const many = (count: number, property: object) =>
    object(
      Object.fromEntries(Array.from({ length: count }, (_, index) => [nameOf(index), property])),
    );

  const reasonsOf = (schema: unknown) =>
    Map.groupBy(changesOf(schema), ({ why }) => /: (.*)$/.exec(why)?.[1]);

  test('loses its descriptions first, and says how large it was', () => {
    const schema = many(60, { type: 'string', description: 'x'.repeat(80) });
    const { wholeBytes, bytes, changes: lost } = show(schema);
    expect(wholeBytes).toBeGreaterThan(5_000);
    expect(bytes).toBeLessThanOrEqual(5_000);
    expect(lost).toHaveLength(60);
    expect(lost[7]).toEqual({
      kind: 'lost',
      path: '/properties/p07/description',
      before: JSON.stringify('x'.repeat(80)),
      after: null,
      why: `the schema has ${wholeBytes} bytes, more than 5000: descriptions are removed`,
      matters: true,
    });
  });

  test('then its definitions, then what is deep, then alternatives', () => {
    const property = object({
      reference: { $ref: '#/$defs/Name' },
      deep: object({ deeper: object({ deepest: { type: 'string' } }) }),
      choice: { anyOf: [{ type: 'string' }, { type: 'number' }] },
    });
    const reasons = reasonsOf({ ...many(60, property), $defs: { Name: { type: 'string' } } });
    const pathsOf = (reason: string) => reasons.get(reason)?.map(({ path }) => path) ?? [];
    expect(pathsOf('definitions and references are removed')).toEqual([
      ...Array.from(
        { length: 60 },
        (_, index) => `/properties/${nameOf(index)}/properties/reference`,
      ),
      '/$defs',
    ]);
    expect(pathsOf('what lies 3 deep is emptied')).toContain(
      '/properties/p00/properties/deep/properties/deeper',
    );
    expect(pathsOf('`anyOf` is emptied')).toContain('/properties/p00/properties/choice');
    expect(reasons.size).toBe(3);
  });
});

test('a schema that Codex cannot read is a problem in its own words', () => {
  expect(showSchema(jsonOf({ type: 'null' }))).toEqual({
    ok: false,
    problem: 'tool input schema must not be a singleton null type',
  });
});

/** `value` with the members of its objects sorted, in which alone two schemas without changes may differ. */
function sorted(value: JsonValue): JsonValue {
  if (isJsonArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const names = [...value.keys()].toSorted((left, right) => (left < right ? -1 : 1));
  return new Map(names.map((name) => [name, sorted(value.get(name) ?? null)]));
}

test('of every recorded schema: no change is told exactly when nothing is changed', () => {
  const file = join(resolve(import.meta.dirname, '../vectors/data'), 'schema_sanitization.json');
  const vectors = readJson(readFileSync(file, 'utf8'));
  const records = vectors.ok && isJsonArray(vectors.value) ? vectors.value : [];
  const inputs = records.filter(isJsonObject).map((record) => record.get('input') ?? null);
  let unchanged = 0;
  for (const input of inputs) {
    const shown = showSchema(input);
    if (!shown.ok) continue;
    const isSame = writeJson(sorted(input)) === writeJson(sorted(shown.value.shown));
    expect(shown.value.changes.length === 0, writeJson(input).slice(0, 300)).toBe(isSame);
    unchanged += isSame ? 1 : 0;
  }
  expect(inputs.length).toBeGreaterThan(100);
  expect(unchanged).toBeGreaterThan(10);
});
