import { expect, test } from 'vitest';
import { z } from 'zod';
import { isSessionMeshError } from '../../src/errors.ts';
import { defaultLimits, resolveLimits, type Limits } from '../../src/limits.ts';
import { readInputSchema, readSchema } from '../../src/tools/schema.ts';
import type { StandardSchema } from '../../src/tools/standard-schema.ts';

const limits = defaultLimits;
const wording = { subject: 'arguments', withFound: true, limits };

async function problemOf(source: unknown, value: unknown): Promise<string> {
  const validation = await readSchema(source, 'input', limits).check(value, wording);
  return validation.ok ? 'none' : validation.problem;
}

const refusalOf = (source: unknown, bounds: Limits = limits): string => {
  try {
    readInputSchema(source, bounds);
    return 'accepted';
  } catch (thrown) {
    if (!isSessionMeshError(thrown, 'schema_invalid')) throw thrown;
    return thrown.message;
  }
};

const person = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 2 },
    level: { enum: [1, 2] },
    note: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    tags: { type: 'array', items: { type: 'string' }, uniqueItems: true },
    'odd key': { type: 'boolean' },
    pet: {
      oneOf: [
        {
          type: 'object',
          properties: { kind: { const: 'cat' }, lives: { type: 'integer' } },
          required: ['kind', 'lives'],
        },
        {
          type: 'object',
          properties: { kind: { const: 'fish' } },
        },
        {
          type: 'object',
          properties: { kind: { const: 'dog' } },
          required: ['kind'],
          additionalProperties: false,
        },
      ],
    },
    home: { $ref: '#/$defs/place' },
  },
  required: ['name'],
  additionalProperties: false,
  $defs: {
    place: { anyOf: [{ $ref: '#/$defs/address' }, { type: 'string' }] },
    address: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};

test.each([
  [{ name: 'Ann' }, 'none'],
  [{}, 'name: is required'],
  [{ name: 7 }, 'name: expected string, found 7'],
  [{ name: 'A' }, 'name: must NOT have fewer than 2 characters, found "A"'],
  [{ name: 'Ann', level: 'x' }, 'level: expected 1 or 2, found "x"'],
  [{ name: 'Ann', note: [] }, 'note: expected string or null, found a list of 0'],
  [{ name: 'Ann', tags: ['a', 1] }, 'tags[1]: expected string, found 1'],
  [{ name: 'Ann', tags: ['a', 'a'] }, 'tags: expected no item twice, found a list of 2'],
  [{ name: 'Ann', 'odd key': 0 }, '["odd key"]: expected boolean, found 0'],
  [{ name: 'Ann', pet: { kind: 'cat' } }, 'pet.lives: is required'],
  [{ name: 'Ann', pet: { kind: 'dog', bark: 1 } }, 'pet.bark: is not a known field (known: kind)'],
  [{ name: 'Ann', pet: 'cat' }, 'pet: expected object, found "cat"'],
  [{ name: 'Ann', home: {} }, 'home.city: is required'],
  [{ name: 'Ann', home: 5 }, 'home: expected address or string, found 5'],
  [[], 'arguments: expected object, found a list of 0'],
])('%j is told as "%s"', async (value, problem) => {
  expect(await problemOf(person, value)).toBe(problem);
});

test('an unknown field is told with the known ones', async () => {
  const schema = { type: 'object', properties: { id: {} }, additionalProperties: false };
  expect(await problemOf(schema, { ident: 1 })).toBe('ident: is not a known field (known: id)');
});

test('many problems are told in part, on one line, within a bound', async () => {
  const value = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f\n${i}`, i]));
  const problem = await problemOf({ type: 'object', additionalProperties: false }, value);
  expect(problem).toMatch(/; and 45 more$/);
  expect(problem).not.toContain('\n');
  const few = resolveLimits({ argumentProblemCharsMax: 20 });
  const schema = readSchema({ type: 'object', additionalProperties: false }, 'input', limits);
  const validation = await schema.check(value, { ...wording, limits: few });
  expect(validation.ok ? '' : validation.problem.length).toBe(21);
});

test('what was found stays out of a wording for the log', async () => {
  const schema = readSchema({ properties: { pin: { type: 'number' } } }, 'output', limits);
  expect(await schema.check({ pin: 'secret' }, { ...wording, withFound: false })).toEqual({
    ok: false,
    problem: 'pin: expected number',
  });
});

test('inherited members are not arguments', async () => {
  const schema = { type: 'object', required: ['constructor', 'toString'] };
  expect(await problemOf(schema, {})).toBe('constructor: is required; toString: is required');
});

test('a list of many items is checked for duplicates in a moment', async () => {
  const schema = { type: 'object', properties: { list: { uniqueItems: true } } };
  const list = Array.from({ length: 20_000 }, (_, index) => ({ index }));
  const started = performance.now();
  expect(await problemOf(schema, { list })).toBe('none');
  expect(performance.now() - started).toBeLessThan(2_000);
  expect(
    await problemOf(schema, {
      list: [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    }),
  ).toMatch('twice');
});

test('the schema that is shown is a frozen copy without $schema and $id', () => {
  const source = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'mine',
    type: 'object',
    properties: { a: { type: 'string', description: 'lone \ud800' } },
  };
  const { json } = readInputSchema(source, limits);
  source.properties.a.type = 'number';
  expect(json).toEqual({
    type: 'object',
    properties: { a: { type: 'string', description: 'lone \ufffd' } },
  });
  expect(Object.isFrozen(json) && Object.isFrozen(json.properties)).toBe(true);
});

test('zod: the shown schema is of what it takes, and the value is what it gives', async () => {
  const source = z.object({
    at: z.string().transform((text) => text.length),
    limit: z.number().default(10),
  });
  const schema = readInputSchema(source, limits);
  expect(schema.json).toEqual({
    type: 'object',
    properties: { at: { type: 'string' }, limit: { type: 'number', default: 10 } },
    required: ['at'],
  });
  expect(await schema.check({ at: 'four', more: 1 }, wording)).toEqual({
    ok: true,
    value: { at: 4, limit: 10 },
  });
  expect(await problemOf(source, { at: 1, limit: 'x' })).toBe(
    'at: Invalid input: expected string, received number, found 1; ' +
      'limit: Invalid input: expected number, received string, found "x"',
  );
});

test('an asynchronous check is waited for', async () => {
  const source = z.object({ id: z.string().refine(async (id) => id === 'ok', 'no such id') });
  const pending = readSchema(source, 'input', limits).check({ id: 'bad' }, wording);
  expect(pending).toBeInstanceOf(Promise);
  expect(await pending).toEqual({ ok: false, problem: 'id: no such id, found "bad"' });
  expect(await problemOf(source, { id: 'ok' })).toBe('none');
});

/** The shape that valibot's wrapper has: a check that also gives a value when it fails. */
const wrapped = (validate: StandardSchema['~standard']['validate']): StandardSchema => ({
  '~standard': {
    version: 1,
    vendor: 'other',
    validate,
    jsonSchema: {
      input: () => ({ type: 'object', properties: { n: { type: 'number' } } }),
      output: () => ({ type: 'object' }),
    },
  },
});

test('any library that checks and shows will do', async () => {
  const failing = wrapped(() => ({
    value: {},
    issues: [{ message: 'Must be even.', path: [{ key: 'n' }] }],
  }));
  expect(await problemOf(failing, { n: 3 })).toBe('n: Must be even, found 3');
  expect(readSchema(failing, 'output', limits).json).toEqual({ type: 'object' });
  const callable = Object.assign(
    () => 0,
    wrapped((value) => ({ value })),
  );
  expect(await problemOf(callable, {})).toBe('none');
});

const check = (validate: StandardSchema['~standard']['validate']) =>
  readSchema(wrapped(validate), 'input', limits).check({}, wording);

test('a check that breaks is a refusal with a cause, not an exception', async () => {
  const cause = new Error('secret');
  const broken = { ok: false, problem: 'arguments: the check itself failed' };
  const throwing = () => {
    throw cause;
  };
  expect(await check(throwing)).toEqual({ ...broken, cause });
  expect(await check(async () => throwing())).toEqual({ ...broken, cause });
  // @ts-expect-error -- a library that breaks its promise
  expect(await check(() => undefined)).toMatchObject(broken);
  // @ts-expect-error -- likewise
  expect(await check(() => ({ issues: [null] }))).toMatchObject(broken);
});

test('a schema that cannot be shown as JSON Schema is refused', () => {
  expect(refusalOf(z.object({ when: z.date() }))).toMatch('Date cannot be represented');
  const { jsonSchema: _, ...props } = wrapped((value) => ({ value }))['~standard'];
  expect(refusalOf({ '~standard': props })).toMatch('toStandardJsonSchema');
});

test.each([
  [null, 'found null'],
  [true, 'found boolean'],
  [[], 'expected an object'],
  ['{}', 'found string'],
  [{ type: 'banana' }, '/type: must be equal'],
  [{ properties: 5 }, '/properties: must be object'],
  [{ required: 'x' }, '/required: must be array'],
  [{ type: 'string' }, 'always an object'],
  [{ type: ['object', 'null'] }, 'always an object'],
  [{ default: new Date(0) }, 'an object of a class'],
  [{ default: () => 1 }, 'a function'],
  [{ default: Number.NaN }, 'a number'],
  [JSON.parse('{"properties":{"__proto__":{}}}'), 'a key __proto__'],
])('%j is no schema of arguments', (source, reason) => {
  expect(refusalOf(source)).toMatch(reason);
});

test.each([
  [{ $ref: 'https://example.com/schema' }, 'within the schema'],
  [{ $ref: 'other.json' }, 'within the schema'],
  [{ $ref: '#anchor' }, 'within the schema'],
  [{ $ref: '#/$defs/none' }, 'leads somewhere'],
  [{ $ref: '#' }, 'recursive'],
  [
    {
      allOf: [{ $ref: '#/$defs/a' }],
      $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } },
    },
    'recursive',
  ],
  [{ properties: { child: { $ref: '#' } } }, 'recursive'],
  [{ properties: { a: { $id: 'x' } } }, 'keyword $id'],
  [{ properties: { a: { $anchor: 'x' } } }, 'keyword $anchor'],
  [{ $dynamicRef: '#x' }, 'keyword $dynamicRef'],
  [{ $async: true }, 'keyword $async'],
  [{ patternProperties: { '(a)\\1': {} } }, 'back-reference'],
  [{ $defs: { unused: { pattern: '(' } } }, 'Unterminated group'],
  [{ properties: { a: { pattern: 'x'.repeat(600) } } }, '600 characters'],
])('the hostile schema %j is refused', (source, reason) => {
  expect(refusalOf(source)).toMatch(reason);
});

test('keywords are only keywords where schemas are', () => {
  const properties = { $ref: {}, $id: {}, pattern: {}, $async: {} };
  expect(refusalOf({ type: 'object', properties, default: { $ref: 'https://x' } })).toBe(
    'accepted',
  );
});

test('size, depth, parts and patterns of a schema are bounded', () => {
  let deep: object = {};
  for (let level = 0; level < 40; level += 1) deep = { properties: { a: deep } };
  expect(refusalOf(deep)).toMatch('at most 64 levels');
  const cycle: Record<string, unknown> = {};
  cycle.not = cycle;
  expect(refusalOf(cycle)).toMatch('contains itself');
  expect(refusalOf({ description: 'x'.repeat(600_000) })).toMatch('at most 524288 bytes');

  const $defs: Record<string, object> = { d0: { type: 'string' } };
  for (let level = 1; level < 60; level += 1) {
    const ref = { $ref: `#/$defs/d${level - 1}` };
    $defs[`d${level}`] = { anyOf: [ref, { not: ref }] };
  }
  expect(refusalOf({ properties: { a: { $ref: '#/$defs/d59' } }, $defs })).toMatch('10000 parts');

  const properties = Object.fromEntries(
    Array.from({ length: 65 }, (_, index) => [`p${index}`, { pattern: 'a' }]),
  );
  expect(refusalOf({ properties })).toMatch('at most 64 patterns');
});

test('a schema that was read is not read again under the same bounds, and anew under others', () => {
  const { json } = readSchema(
    { type: 'object', properties: { a: { type: 'string' } } },
    'input',
    limits,
  );
  expect(readSchema(json, 'input', limits).json).toBe(json);
  expect(refusalOf(json, resolveLimits({ schemaPartsMax: 1 }))).toContain('at most 1 parts');
});
