/** Third step of the pipeline: takes detail away from a schema that is too large for the model. */
import { defaultLimits } from '../../limits.ts';
import { attempt } from './decode.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import { writeJson } from './json-text.ts';
import {
  compositionKeywords,
  definedPlaces,
  definitionTables,
  mapPlaces,
  ownPlaces,
  removeKeyword,
} from './schema-places.ts';
import { definitionOf } from './schema-reference.ts';
import { readToolSchema, toolSchemaJson } from './schema-type.ts';

/** Steps below the root at which the third pass empties whatever has parts. */
const collapseDepth = 3;

const partKeywords = [
  'items',
  ...compositionKeywords,
  'properties',
  'additionalProperties',
  '$ref',
];

const empty: JsonObject = new Map();

const hasAny = (schema: JsonObject, keywords: readonly string[]) =>
  keywords.some((keyword) => schema.has(keyword));

/** Applies `change` to an object, or to the objects of a list. */
function changeObjects(value: JsonValue, change: (schema: JsonObject) => JsonValue): JsonValue {
  if (isJsonArray(value)) return value.map((element) => changeObjects(element, change));
  return isJsonObject(value) ? change(value) : value;
}

function withoutDescriptions(schema: JsonObject): JsonObject {
  const copy = mapPlaces(schema, definedPlaces, (child) =>
    changeObjects(child, withoutDescriptions),
  );
  removeKeyword(copy, 'description');
  return copy;
}

function withoutReferences(schema: JsonObject): JsonObject {
  if (definitionOf(schema) !== undefined) return empty;
  return mapPlaces(schema, ownPlaces, (child) => changeObjects(child, withoutReferences));
}

function withoutDefinitions(schema: JsonObject): JsonObject {
  const copy = new Map(withoutReferences(schema));
  for (const table of definitionTables) removeKeyword(copy, table);
  return copy;
}

function collapseBelow(schema: JsonObject, depth: number): JsonObject {
  if (depth >= collapseDepth && hasAny(schema, partKeywords)) return empty;
  return mapPlaces(schema, ownPlaces, (child) =>
    changeObjects(child, (object) => collapseBelow(object, depth + 1)),
  );
}

function withoutCompositions(schema: JsonObject): JsonObject {
  if (hasAny(schema, compositionKeywords)) return empty;
  return mapPlaces(schema, ownPlaces, (child) => changeObjects(child, withoutCompositions));
}

const passes: readonly ((schema: JsonObject) => JsonObject)[] = [
  withoutDescriptions,
  withoutDefinitions,
  (schema) => collapseBelow(schema, 0),
  withoutCompositions,
];

/** The bytes that reach the model; a schema that cannot be read counts as none. */
function wireBytes(schema: JsonValue): number {
  const read = attempt(() => readToolSchema(schema));
  return read.ok ? Buffer.byteLength(writeJson(toolSchemaJson(read.value))) : 0;
}

/**
 * `schema` made smaller, pass by pass, until its wire form fits `modelSchemaBytesMax`: descriptions
 * go first, then definitions, then what is deep, then compositions. The last pass may not be enough.
 */
export function compactSchema(schema: JsonValue): JsonValue {
  let compacted = schema;
  for (const pass of passes) {
    if (wireBytes(compacted) <= defaultLimits.modelSchemaBytesMax) break;
    compacted = changeObjects(compacted, pass);
  }
  return compacted;
}
