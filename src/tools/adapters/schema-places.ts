/** Where a JSON Schema holds schemas. Each step of the pipeline walks its own choice of places. */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from './json-value.ts';

/** The keywords that compose schemas. */
export const compositionKeywords = ['anyOf', 'oneOf', 'allOf'] as const;

/** The keywords that hold definitions. */
export const definitionTables = ['$defs', 'definitions'] as const;

/** A choice of places: keywords that hold a schema (or a list), and keywords that hold a table of them. */
export interface Places {
  readonly values: ReadonlySet<string>;
  readonly tables: ReadonlySet<string>;
}

const ownValues = ['items', 'additionalProperties', ...compositionKeywords];

/** The places of a schema itself: neither definitions nor `prefixItems`. */
export const ownPlaces: Places = {
  values: new Set(ownValues),
  tables: new Set(['properties']),
};

/** The schema's own places and its definitions. */
export const definedPlaces: Places = {
  values: ownPlaces.values,
  tables: new Set(['properties', ...definitionTables]),
};

/** Every place there is. */
export const allPlaces: Places = {
  values: new Set([...ownValues, 'prefixItems']),
  tables: definedPlaces.tables,
};

/** A copy of `schema` with `visit` applied to the value at each of `places`. */
export function mapPlaces(
  schema: JsonObject,
  places: Places,
  visit: (child: JsonValue, keyword: string) => JsonValue,
): Map<string, JsonValue> {
  const copy = new Map(schema);
  for (const [keyword, child] of schema) {
    if (places.values.has(keyword)) copy.set(keyword, visit(child, keyword));
    else if (places.tables.has(keyword) && isJsonObject(child)) {
      const table = [...child].map(([name, entry]) => [name, visit(entry, keyword)] as const);
      copy.set(keyword, new Map(table));
    }
  }
  return copy;
}

/**
 * Removes `keyword` as the host does, by moving the last member into its place. Nobody sees this
 * order except when a schema has several faults: the first one is the one reported.
 */
export function removeKeyword(schema: Map<string, JsonValue>, keyword: string): void {
  if (!schema.has(keyword)) return;
  const members = [...schema];
  const last = members.pop();
  const index = members.findIndex(([name]) => name === keyword);
  if (last !== undefined && index >= 0) members[index] = last;
  schema.clear();
  for (const [name, value] of members) schema.set(name, value);
}

/** The objects at `places` of `schema`; those of a list count as the list's own. */
export function* objectsAt(schema: JsonObject, places: Places): Generator<JsonObject> {
  for (const [keyword, child] of schema) {
    if (places.values.has(keyword)) yield* objectsIn(child);
    else if (places.tables.has(keyword) && isJsonObject(child)) {
      for (const entry of child.values()) yield* objectsIn(entry);
    }
  }
}

function* objectsIn(value: JsonValue): Generator<JsonObject> {
  if (isJsonObject(value)) yield value;
  else if (isJsonArray(value)) for (const element of value) yield* objectsIn(element);
}
