/** Makes a decoder out of a schema that inference wrote and the conversions that go with it. */
import { SessionMeshError } from '../../../errors.ts';
import type { Limits } from '../../../limits.ts';
import type { JsonSchema } from '../../contract.ts';
import { isRecord } from '../../json.ts';
import { escapePointer, type Conversion, type ConversionTarget } from '../inferred.ts';
import { choiceDecoder, valueDecoder, type Branch } from './choice.ts';
import { addIssue, decodeApart, type Decoded, type Decoder } from './decoder.ts';
import { listDecoder } from './list.ts';
import { numberDecoder } from './number.ts';
import { recordDecoder } from './record.ts';
import { referenceDecoder } from './reference.ts';
import { textDecoder } from './text.ts';

/** What inference writes. A keyword that is not here would be passed over in silence, so it is refused. */
const keywords: ReadonlySet<string> = new Set(
  [
    'type enum anyOf $ref $defs description default',
    'properties required additionalProperties propertyNames minProperties maxProperties',
    'items prefixItems minItems maxItems uniqueItems',
    'minLength maxLength pattern format',
    'minimum maximum exclusiveMinimum exclusiveMaximum multipleOf',
  ].flatMap((line) => line.split(' ')),
);

interface Compiler {
  readonly conversions: ReadonlyMap<string, ConversionTarget>;
  readonly limits: Limits;
  /** By name; filled before anything runs. */
  readonly definitions: Map<string, Decoder>;
  /** Every `$ref`, to see that it leads somewhere. */
  readonly references: { readonly name: string; readonly pointer: string }[];
}

const accept: Decoder = (value) => value;

const acceptNull: Decoder = (value, run) => {
  if (value !== null) addIssue(run, 'expected null');
  return value;
};

function refuse(pointer: string, found: string): never {
  throw new SessionMeshError('schema_invalid', {
    expected: 'a schema as inference writes it',
    found: `${found} at ${pointer || 'the root'}`,
    fix: 'write the schema document again',
  });
}

/** The decoder of the schema at `schema[keyword]`, or null if there is none. */
function compileMember(
  compiler: Compiler,
  schema: JsonSchema,
  keyword: string,
  pointer: string,
): Decoder | null {
  const member = schema[keyword];
  return member === undefined ? null : compileSchema(compiler, member, `${pointer}/${keyword}`);
}

function compileList(compiler: Compiler, list: unknown, pointer: string): Decoder[] {
  if (list === undefined) return [];
  if (!Array.isArray(list)) return refuse(pointer, 'no list');
  return list.map((schema: unknown, index) =>
    compileSchema(compiler, schema, `${pointer}/${index}`),
  );
}

function compileRecord(compiler: Compiler, schema: JsonSchema, pointer: string): Decoder {
  const { properties = {}, required = [], additionalProperties } = schema;
  if (!isRecord(properties) || !Array.isArray(required)) return refuse(pointer, 'no object schema');
  const named = Object.entries(properties).map(([name, property]) => {
    const at = `${pointer}/properties/${escapePointer(name)}`;
    return [name, compileSchema(compiler, property, at)] as const;
  });
  const names = schema['propertyNames'];
  return recordDecoder(schema, {
    properties: new Map(named),
    required: new Set(required.map(String)),
    others:
      additionalProperties === false
        ? false
        : compileMember(compiler, schema, 'additionalProperties', pointer),
    names: isRecord(names) ? textDecoder(names, false, compiler.limits) : null,
  });
}

function compileType(
  compiler: Compiler,
  schema: JsonSchema,
  type: unknown,
  pointer: string,
): Decoder {
  const target = compiler.conversions.get(pointer);
  switch (type) {
    case undefined:
      return accept;
    case 'null':
      return acceptNull;
    case 'boolean':
      return valueDecoder([true, false], accept);
    case 'string':
      return textDecoder(schema, target === 'date', compiler.limits);
    case 'number':
    case 'integer':
      return numberDecoder(schema, type === 'integer', target === 'bigint');
    case 'array': {
      const first = compileList(compiler, schema['prefixItems'], `${pointer}/prefixItems`);
      return listDecoder(schema, first, compileMember(compiler, schema, 'items', pointer));
    }
    case 'object':
      return compileRecord(compiler, schema, pointer);
    default:
      return refuse(pointer, `type ${JSON.stringify(type)}`);
  }
}

/** What to call the values of a schema. */
function nameOf(schema: unknown): string {
  if (!isRecord(schema)) return 'another form';
  if (Array.isArray(schema['enum']))
    return schema['enum'].map((value) => JSON.stringify(value)).join(', ');
  return typeof schema['type'] === 'string' ? schema['type'] : 'another form';
}

/** Whether a conversion is made at `pointer` or below. */
function converts(compiler: Compiler, pointer: string): boolean {
  return [...compiler.conversions.keys()].some(
    (each) => each === pointer || each.startsWith(`${pointer}/`),
  );
}

/**
 * The branches of a choice, those that convert first: of `string | Date`, a text that is a moment is the
 * moment. Either is of the declared type.
 */
function compileBranches(compiler: Compiler, list: unknown, pointer: string): Branch[] {
  const schemas: readonly unknown[] = Array.isArray(list) ? list : refuse(pointer, 'no list');
  const branches = schemas.map((schema, index) => {
    const at = `${pointer}/${index}`;
    const branch = { decoder: compileSchema(compiler, schema, at), name: nameOf(schema) };
    return { branch, rank: converts(compiler, at) ? 0 : 1 };
  });
  return branches.toSorted((left, right) => left.rank - right.rank).map(({ branch }) => branch);
}

function compileTypes(compiler: Compiler, schema: JsonSchema, pointer: string): Decoder {
  const { type } = schema;
  if (!Array.isArray(type)) return compileType(compiler, schema, type, pointer);
  const branches = type.map((each: unknown) => ({
    decoder: compileType(compiler, schema, each, pointer),
    name: String(each),
  }));
  return choiceDecoder(branches);
}

function compileSchema(compiler: Compiler, schema: unknown, pointer: string): Decoder {
  if (!isRecord(schema)) return refuse(pointer, 'no schema');
  const stray = Object.keys(schema).find((keyword) => !keywords.has(keyword));
  if (stray !== undefined) return refuse(pointer, `the keyword ${stray}`);
  if (schema['$ref'] !== undefined) {
    const reference = JSON.stringify(schema['$ref']);
    const name = /^"#\/\$defs\/(\w+)"$/.exec(reference)?.[1];
    if (name === undefined) return refuse(pointer, `$ref ${reference}`);
    compiler.references.push({ name, pointer });
    return referenceDecoder(() => compiler.definitions.get(name));
  }
  if (schema['anyOf'] !== undefined) {
    return choiceDecoder(compileBranches(compiler, schema['anyOf'], `${pointer}/anyOf`));
  }
  const decoder = compileTypes(compiler, schema, pointer);
  return Array.isArray(schema['enum']) ? valueDecoder(schema['enum'], decoder) : decoder;
}

/**
 * A decoder for the values of `schema`.
 * @throws SessionMeshError `schema_invalid` if the schema is not one that inference writes.
 */
export function compileDecoder(
  schema: JsonSchema,
  conversions: readonly Conversion[],
  limits: Limits,
): (value: unknown) => Decoded {
  const compiler: Compiler = {
    conversions: new Map(conversions.map(({ pointer, to }) => [pointer, to])),
    limits,
    definitions: new Map(),
    references: [],
  };
  const { $defs: definitions = {}, ...root } = schema;
  if (!isRecord(definitions)) return refuse('/$defs', 'no definitions');
  for (const [name, definition] of Object.entries(definitions)) {
    const at = `/$defs/${name}`;
    compiler.definitions.set(name, compileSchema(compiler, definition, at));
  }
  const decoder = compileSchema(compiler, root, '');
  for (const { name, pointer } of compiler.references) {
    if (!compiler.definitions.has(name)) refuse(pointer, `a $ref to ${name}, which is not there,`);
  }
  return (value) => decodeApart({ path: [], issues: [], memo: new Map() }, decoder, value);
}
