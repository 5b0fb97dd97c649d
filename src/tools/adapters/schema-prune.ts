/** Second step of the pipeline: drops root definitions that nothing reaches. */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import { definitionTables, objectsAt, ownPlaces, removeKeyword } from './schema-places.ts';
import { definitionOf, type DefinitionName } from './schema-reference.ts';

/** The definitions a schema refers to from its own places. */
function* ownReferences(schema: JsonObject): Generator<DefinitionName> {
  const definition = definitionOf(schema);
  if (definition !== undefined) yield definition;
  for (const child of objectsAt(schema, ownPlaces)) yield* ownReferences(child);
}

/** The definitions referred to anywhere inside `value`, under whatever key. */
function* allReferences(value: JsonValue): Generator<DefinitionName> {
  if (isJsonArray(value)) for (const element of value) yield* allReferences(element);
  if (!isJsonObject(value)) return;
  const definition = definitionOf(value);
  if (definition !== undefined) yield definition;
  for (const member of value.values()) yield* allReferences(member);
}

function tableOf(root: JsonObject, table: string): JsonObject {
  const entries = root.get(table);
  return isJsonObject(entries) ? entries : new Map();
}

/** The names reached in each table, by table. */
function reachedNames(root: JsonObject): Map<string, Set<string>> {
  const reached = new Map<string, Set<string>>(definitionTables.map((table) => [table, new Set()]));
  const waiting = [...ownReferences(root)];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const names = reached.get(next.table);
    const entry = tableOf(root, next.table).get(next.name);
    if (entry === undefined || names === undefined || names.has(next.name)) continue;
    names.add(next.name);
    for (const reference of allReferences(entry)) waiting.push(reference);
  }
  return reached;
}

/**
 * `schema` with only those entries of its root tables that its own places reach, directly or through
 * other entries. Tables further down are left alone, and what they refer to does not count.
 */
export function pruneDefinitions(schema: JsonValue): JsonValue {
  if (!isJsonObject(schema)) return schema;
  const pruned = new Map(schema);
  for (const [table, names] of reachedNames(schema)) {
    const kept = [...tableOf(schema, table)].filter(([name]) => names.has(name));
    if (kept.length === 0) removeKeyword(pruned, table);
    else pruned.set(table, new Map(kept));
  }
  return pruned;
}
