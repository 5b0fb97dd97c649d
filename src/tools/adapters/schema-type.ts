/** Fourth step of the pipeline: the typed form of a schema, and how it stands on the wire. */
import {
  attempt,
  buffer,
  DecodeError,
  isBufferedAsMap,
  readBoolean,
  readList,
  readMap,
  readText,
  respell,
  wrongType,
  type Holding,
} from './decode.ts';
import {
  isJsonArray,
  isJsonNumber,
  isJsonObject,
  jsonObject,
  type JsonArray,
  type JsonNumber,
  type JsonObject,
  type JsonValue,
} from './json-value.ts';
import { compareUtf8 } from './unicode.ts';

const primitiveTypes = [
  'string',
  'number',
  'boolean',
  'integer',
  'object',
  'array',
  'null',
] as const;

/** A type word that the host knows. */
export type PrimitiveType = (typeof primitiveTypes)[number];

/** Schemas by name, in UTF-8 order. */
export type SchemaTable = ReadonlyMap<string, ToolSchema>;

/** The part of JSON Schema that reaches the model. */
export interface ToolSchema {
  readonly $ref?: string;
  readonly type?: PrimitiveType | readonly PrimitiveType[];
  readonly description?: string;
  readonly encrypted?: boolean;
  readonly enum?: JsonArray;
  readonly items?: ToolSchema;
  readonly minItems?: JsonNumber;
  readonly properties?: SchemaTable;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | ToolSchema;
  readonly anyOf?: readonly ToolSchema[];
  readonly oneOf?: readonly ToolSchema[];
  readonly allOf?: readonly ToolSchema[];
  readonly $defs?: SchemaTable;
  readonly definitions?: SchemaTable;
}

type Draft = { -readonly [Field in keyof ToolSchema]: ToolSchema[Field] };

/** Fills one field of `draft` from a value that is not null. */
type ReadField = (draft: Draft, value: JsonValue, holding: Holding) => void;

const isPrimitiveType = (word: unknown): word is PrimitiveType =>
  primitiveTypes.some((known) => known === word);

/** A type word; the host also takes it as the only key of a map, with null beside it. */
function readPrimitiveType(value: JsonValue): PrimitiveType | undefined {
  const [member, ...others] = isJsonObject(value) ? value : [[value, null] as const];
  if (member === undefined || others.length > 0 || member[1] !== null) return undefined;
  return isPrimitiveType(member[0]) ? member[0] : undefined;
}

function readType(value: JsonValue): PrimitiveType | readonly PrimitiveType[] {
  buffer(value);
  const words = isJsonArray(value) ? value.map(readPrimitiveType) : readPrimitiveType(value);
  if (typeof words === 'string') return words;
  if (words?.every(isPrimitiveType)) return words;
  throw new DecodeError('data did not match any variant of untagged enum JsonSchemaType');
}

function readCount(value: JsonValue, holding: Holding): JsonNumber {
  if (!isJsonNumber(value)) throw wrongType(value, 'usize', holding);
  const isCount = /^\d+$/.test(value.numberText) && BigInt(value.numberText) < 2n ** 64n;
  if (!isCount) throw new DecodeError('invalid number');
  return value;
}

function readTable(value: JsonValue, holding: Holding): SchemaTable {
  const entries = [...readMap(value, holding)].map(
    ([name, schema]) => [name, readToolSchema(schema, holding)] as const,
  );
  return new Map(entries.toSorted(([left], [right]) => compareUtf8(left, right)));
}

const readSchemas = (value: JsonValue, holding: Holding): readonly ToolSchema[] =>
  readList(value, holding).map((element) => readToolSchema(element, holding));

function readAdditionalProperties(value: JsonValue): boolean | ToolSchema {
  buffer(value);
  if (typeof value === 'boolean') return value;
  if (isBufferedAsMap(value)) return {};
  const schema = attempt(() => readToolSchema(value, 'buffered'));
  if (schema.ok) return schema.value;
  throw new DecodeError('data did not match any variant of untagged enum AdditionalProperties');
}

/** Every field, in the order of the wire. */
const readers: ReadonlyMap<string, ReadField> = new Map<string, ReadField>([
  ['$ref', (draft, value, holding) => void (draft.$ref = readText(value, holding))],
  ['type', (draft, value) => void (draft.type = readType(value))],
  ['description', (draft, value, holding) => void (draft.description = readText(value, holding))],
  ['encrypted', (draft, value, holding) => void (draft.encrypted = readBoolean(value, holding))],
  ['enum', (draft, value, holding) => void (draft.enum = readList(value, holding).map(respell))],
  ['items', (draft, value, holding) => void (draft.items = readToolSchema(value, holding))],
  ['minItems', (draft, value, holding) => void (draft.minItems = readCount(value, holding))],
  ['properties', (draft, value, holding) => void (draft.properties = readTable(value, holding))],
  [
    'required',
    (draft, value, holding) =>
      void (draft.required = readList(value, holding).map((name) => readText(name, holding))),
  ],
  [
    'additionalProperties',
    (draft, value) => void (draft.additionalProperties = readAdditionalProperties(value)),
  ],
  ['anyOf', (draft, value, holding) => void (draft.anyOf = readSchemas(value, holding))],
  ['oneOf', (draft, value, holding) => void (draft.oneOf = readSchemas(value, holding))],
  ['allOf', (draft, value, holding) => void (draft.allOf = readSchemas(value, holding))],
  ['$defs', (draft, value, holding) => void (draft.$defs = readTable(value, holding))],
  ['definitions', (draft, value, holding) => void (draft.definitions = readTable(value, holding))],
]);

function readFields(schema: JsonObject, holding: Holding): ToolSchema {
  const draft: Draft = {};
  for (const [keyword, value] of schema) {
    if (value !== null) readers.get(keyword)?.(draft, value, holding);
  }
  return draft;
}

/** A list is read as the fields in their order, and must have one element for each. */
function readPositions(elements: JsonArray, holding: Holding): ToolSchema {
  const draft: Draft = {};
  let position = 0;
  for (const read of readers.values()) {
    const value = elements[position];
    if (value === undefined) {
      throw new DecodeError(
        `invalid length ${position}, expected struct JsonSchema with ${readers.size} elements`,
      );
    }
    if (value !== null) read(draft, value, holding);
    position += 1;
  }
  if (elements.length > readers.size) {
    throw new DecodeError(`invalid length ${elements.length}, expected fewer elements in array`);
  }
  return draft;
}

/**
 * Reads a cleaned schema. Unknown keywords are dropped, null is absence.
 * @throws DecodeError for a field of the wrong kind, in the host's words.
 */
export function readToolSchema(value: JsonValue, holding: Holding = 'plain'): ToolSchema {
  if (isJsonArray(value)) return readPositions(value, holding);
  if (!isJsonObject(value)) throw wrongType(value, 'struct JsonSchema', holding);
  return readFields(value, holding);
}

const tableJson = (table: SchemaTable | undefined): JsonObject | undefined =>
  table && new Map([...table].map(([name, schema]) => [name, toolSchemaJson(schema)]));

const schemasJson = (schemas: readonly ToolSchema[] | undefined): JsonArray | undefined =>
  schemas?.map(toolSchemaJson);

/** The wire form of `schema`: its fields in their fixed order, tables sorted by UTF-8 bytes. */
export function toolSchemaJson(schema: ToolSchema): JsonObject {
  const { items, additionalProperties } = schema;
  return jsonObject([
    ['$ref', schema.$ref],
    ['type', schema.type],
    ['description', schema.description],
    ['encrypted', schema.encrypted],
    ['enum', schema.enum],
    ['items', items && toolSchemaJson(items)],
    ['minItems', schema.minItems],
    ['properties', tableJson(schema.properties)],
    ['required', schema.required],
    [
      'additionalProperties',
      typeof additionalProperties === 'object'
        ? toolSchemaJson(additionalProperties)
        : additionalProperties,
    ],
    ['anyOf', schemasJson(schema.anyOf)],
    ['oneOf', schemasJson(schema.oneOf)],
    ['allOf', schemasJson(schema.allOf)],
    ['$defs', tableJson(schema.$defs)],
    ['definitions', tableJson(schema.definitions)],
  ]);
}
