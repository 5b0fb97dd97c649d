/** First step of the pipeline: brings any JSON Schema into the few forms the host understands. */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import {
  allPlaces,
  compositionKeywords,
  definitionTables,
  mapPlaces,
  removeKeyword,
} from './schema-places.ts';

const typeWords = new Set(['string', 'number', 'boolean', 'integer', 'object', 'array', 'null']);

const isTypeWord = (value: JsonValue): value is string =>
  typeof value === 'string' && typeWords.has(value);

/** What each keyword says of a schema without a type; the first row with a match wins. */
const hints: readonly (readonly [type: string, keywords: readonly string[]])[] = [
  ['object', ['properties', 'required', 'additionalProperties']],
  ['array', ['items', 'prefixItems']],
  ['string', ['enum', 'format']],
  ['number', ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']],
];

/** The types that `schema` names and the host knows, in order, repeated ones too. */
function namedTypes(schema: JsonObject): readonly string[] {
  const type = schema.get('type');
  if (isJsonArray(type)) return type.filter(isTypeWord);
  return type !== undefined && isTypeWord(type) ? [type] : [];
}

function inferType(schema: JsonObject): string | undefined {
  return hints.find(([, keywords]) => keywords.some((keyword) => schema.has(keyword)))?.[0];
}

function completeTypes(schema: Map<string, JsonValue>, types: readonly string[]): void {
  const [first, ...others] = types;
  if (first !== undefined) schema.set('type', others.length === 0 ? first : types);
  if (types.includes('object') && !schema.has('properties')) schema.set('properties', new Map());
  if (types.includes('array') && !schema.has('items')) {
    schema.set('items', new Map([['type', 'string']]));
  }
}

function cleanObject(schema: JsonObject): JsonObject {
  const cleaned = mapPlaces(schema, allPlaces, (child, keyword) =>
    keyword === 'additionalProperties' && typeof child === 'boolean' ? child : cleanSchema(child),
  );
  for (const table of definitionTables) {
    if (!isJsonObject(cleaned.get(table))) removeKeyword(cleaned, table);
  }
  const constant = cleaned.get('const');
  if (constant !== undefined) {
    removeKeyword(cleaned, 'const');
    cleaned.set('enum', [constant]);
  }
  let types = namedTypes(cleaned);
  if (types.length === 0) {
    if (['$ref', ...compositionKeywords].some((keyword) => cleaned.has(keyword))) return cleaned;
    const inferred = inferType(cleaned);
    if (inferred === undefined) return new Map();
    types = [inferred];
  }
  completeTypes(cleaned, types);
  return cleaned;
}

/**
 * `schema` with boolean schemas and `const` rewritten, missing types inferred, and objects and arrays
 * completed. A schema that says nothing the host knows becomes `{}`. Never refuses.
 */
export function cleanSchema(schema: JsonValue): JsonValue {
  if (typeof schema === 'boolean') return new Map([['type', 'string']]);
  if (isJsonArray(schema)) return schema.map(cleanSchema);
  return isJsonObject(schema) ? cleanObject(schema) : schema;
}
