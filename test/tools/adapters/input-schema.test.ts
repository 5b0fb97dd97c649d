/** Section 1, where the vectors do not reach. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSessionMeshError } from '../../../src/errors.ts';
import {
  parseToolInputSchema,
  parseTrustedToolInputSchema,
} from '../../../src/tools/adapters/input-schema.ts';
import { readJson, writeJson } from '../../../src/tools/adapters/json-text.ts';
import { jsonOf, type JsonValue } from '../../../src/tools/adapters/json-value.ts';
import { readToolSchema, toolSchemaJson } from '../../../src/tools/adapters/schema-type.ts';

function json(text: string): JsonValue {
  const read = readJson(text);
  if (!read.ok) throw new Error(read.problem);
  return read.value;
}

/** The wire text of the schema in `text`, or why it is refused. */
function wire(text: string, parse = parseToolInputSchema): string {
  const schema = parse(json(text));
  return schema.ok ? writeJson(toolSchemaJson(schema.value)) : schema.problem;
}

test('1.13: every field has its place on the wire, whatever the order of the input', () => {
  const text =
    '{"definitions":{"D":{}},"$defs":{"A":{}},"allOf":[{"$ref":"#/$defs/A"},{"$ref":"#/definitions/D"}],' +
    '"oneOf":[],"anyOf":[],"additionalProperties":false,"required":[],"properties":{},"minItems":1,' +
    '"items":{},"enum":[],"encrypted":true,"description":"d","type":"object","$ref":"#"}';
  expect(wire(text)).toBe(
    '{"$ref":"#","type":"object","description":"d","encrypted":true,"enum":[],"items":{},"minItems":1,' +
      '"properties":{},"required":[],"additionalProperties":false,"anyOf":[],"oneOf":[],' +
      '"allOf":[{"$ref":"#/$defs/A"},{"$ref":"#/definitions/D"}],"$defs":{"A":{}},"definitions":{"D":{}}}',
  );
});

test('1.14: tables are sorted by bytes, also beyond the basic plane', () => {
  expect(wire('{"properties":{"😀":{},"ﬀ":{},"10":{},"9":{},"__proto__":{}}}')).toBe(
    '{"type":"object","properties":{"10":{},"9":{},"__proto__":{},"ﬀ":{},"😀":{}}}',
  );
});

test('1.15: a count is a whole number of 64 bits in digits', () => {
  expect(wire('{"type":"array","minItems":18446744073709551615}')).toContain(
    '18446744073709551615',
  );
  for (const count of ['18446744073709551616', '2.0', '1e2', '-1']) {
    expect(wire(`{"type":"array","minItems":${count}}`)).toBe('invalid number');
  }
});

test('1.15: a type word may be the only key of a map, beside null', () => {
  expect(wire('{"$ref":"#","type":[{"string":null}]}')).toBe('{"$ref":"#","type":["string"]}');
  expect(wire('{"$ref":"#","type":{"string":1}}')).toBe(
    'data did not match any variant of untagged enum JsonSchemaType',
  );
});

test('1.15: of several faults the first in the order of the members is the one reported', () => {
  expect(wire('{"type":"object","description":1,"required":2}')).toBe(
    'invalid type: number, expected a string',
  );
  expect(wire('{"type":"object","required":2,"description":1}')).toBe(
    'invalid type: number, expected a sequence',
  );
});

test('1.17: values of an enum keep spelling and key order', () => {
  expect(wire('{"enum":[1.0,0.10,12345678901234567890,{"b":1,"10":2,"9":3}]}')).toBe(
    '{"type":"string","enum":[1.0,0.10,12345678901234567890,{"b":1,"10":2,"9":3}]}',
  );
});

test('1.17: a double that prints as the same text is spelled the host’s way', () => {
  expect(wire('{"enum":[0.000001,100000000000000000000000000000000000000000000,0.00001]}')).toBe(
    '{"type":"string","enum":[1e-6,1e+44,0.00001]}',
  );
});

test('1.12: a reference keeps an entry alive from any key inside a reached one, not from prefixItems', () => {
  const reached =
    '{"properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"type":"string","x":{"$ref":"#/$defs/B"}},"B":{}}}';
  expect(wire(reached)).toContain('"$defs":{"A":{"type":"string"},"B":{}}');
  const prefix = '{"type":"array","prefixItems":[{"$ref":"#/$defs/A"}],"$defs":{"A":{}}}';
  expect(wire(prefix)).toBe('{"type":"array","items":{"type":"string"}}');
});

test.each([
  ['#/$defs/a~01b', 'a~1b'],
  ['#/$defs/a~1b/properties/x', 'a/b'],
  ['#/%24defs/%C3%A9', 'é'],
  ['#/$defs/', ''],
  ['#/$defs/__proto__', '__proto__'],
])('1.11: %s keeps the entry %j alive', (reference, name) => {
  const entry = `${JSON.stringify(name)}:{"type":"null"}`;
  const text = `{"items":{"$ref":${JSON.stringify(reference)}},"$defs":{${entry},"other":{}}}`;
  expect(wire(text)).toContain(`"$defs":{${entry}}`);
});

test.each([
  '#x$defs/A',
  '#$defs/A',
  '/$defs/A',
  '#/$defs',
  '#/$defs/A/~2',
  '#/$defs/%FFA',
  '#//$defs/A',
])('1.11: %s keeps nothing alive', (reference) => {
  const text = `{"items":{"$ref":${JSON.stringify(reference)}},"$defs":{"A":{"type":"null"}}}`;
  expect(wire(text)).not.toContain('"$defs":{');
});

/** A schema whose wire form has exactly `bytes` bytes, all but a few of them a description. */
function schemaOfBytes(bytes: number): string {
  const frame = '{"type":"string","description":""}';
  return `{"type":"string","description":"${'x'.repeat(bytes - frame.length)}"}`;
}

test('1.19: 5,000 bytes are within the limit, one more is not', () => {
  expect(wire(schemaOfBytes(5_000))).toHaveLength(5_000);
  expect(wire(schemaOfBytes(5_001))).toBe('{"type":"string"}');
});

test('1.19: keywords that are dropped do not count', () => {
  expect(wire(`{"type":"string","description":"d","title":"${'x'.repeat(9_000)}"}`)).toBe(
    '{"type":"string","description":"d"}',
  );
});

test('1.19: elements of a composition share the depth of their list', () => {
  const padding = Object.fromEntries(
    Array.from({ length: 200 }, (_, index) => [`property_number_${index}`, { type: 'string' }]),
  );
  const leaf = { type: 'object', properties: padding };
  const schema = { properties: { a: { anyOf: [{ properties: { b: leaf } }] } } };
  const parsed = parseToolInputSchema(jsonOf(schema));
  expect(parsed.ok && writeJson(toolSchemaJson(parsed.value))).toBe(
    '{"type":"object","properties":{"a":{"anyOf":[{"type":"object","properties":{"b":{}}}]}}}',
  );
});

test('1.24: schemas of the host itself are cleaned but never compacted', () => {
  expect(wire(schemaOfBytes(6_000), parseTrustedToolInputSchema)).toHaveLength(6_000);
  expect(wire('true', parseTrustedToolInputSchema)).toBe('{"type":"string"}');
});

test('a schema nested too deep is refused by a typed error', () => {
  let deep: JsonValue = new Map();
  for (let level = 0; level < 50_000; level += 1) deep = new Map([['items', deep]]);
  expect(() => parseToolInputSchema(deep)).toThrow(
    expect.toSatisfy((error: unknown) => isSessionMeshError(error, 'json_invalid')),
  );
});

test('any JSON is either refused with a reason, or its wire form reads back as it is', () => {
  const keywords =
    'type properties items anyOf allOf $ref $defs enum const required additionalProperties ' +
    'description minItems prefixItems format encrypted';
  const keyword = fc.constantFrom(...keywords.split(' '));
  const word = fc.constantFrom('object', 'array', 'string', 'null', '#/$defs/a', 'a', '#');
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      word,
      fc.constantFrom(null, true, false, 1, 2.5),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(keyword, word), tie('tree'), { maxKeys: 5 }),
    ),
  }));
  fc.assert(
    fc.property(tree, (data) => {
      const schema = parseToolInputSchema(jsonOf(data));
      if (!schema.ok) expect(schema.problem).not.toBe('');
      else {
        const wireForm = toolSchemaJson(schema.value);
        expect(writeJson(toolSchemaJson(readToolSchema(wireForm)))).toBe(writeJson(wireForm));
      }
    }),
    { numRuns: 1_000 },
  );
});
