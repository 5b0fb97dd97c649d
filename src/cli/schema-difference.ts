/** Where two stages of one schema differ, place by place. */
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../tools/adapters/json-value.ts';
import { writeJson } from '../tools/adapters/json-text.ts';
import { allPlaces } from '../tools/adapters/schema-places.ts';

/** One place at which two stages differ. */
export interface SchemaDifference {
  /** The way there: keywords, names and positions. Empty for the schema itself. */
  readonly path: readonly string[];
  /** The schema whose member it is, as it was before; null for the schema itself. */
  readonly parent: JsonObject | null;
  /** Whether it is an entry of a table, such as a property, and not a keyword. */
  readonly isEntry: boolean;
  /** How many schemas lie around it; the members of a list count as one step. */
  readonly depth: number;
  /** What was there before; undefined for nothing. */
  readonly before: JsonValue | undefined;
  /** What is there now; undefined for nothing. */
  readonly after: JsonValue | undefined;
}

type Position = Omit<SchemaDifference, 'before' | 'after'>;

const step = (at: Position, parent: JsonObject, keys: readonly string[], depth: number) => ({
  path: [...at.path, ...keys],
  parent,
  isEntry: false,
  depth,
});

function* compareTables(
  before: JsonObject,
  after: JsonObject,
  at: Position,
): Generator<SchemaDifference> {
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const place = { ...at, path: [...at.path, name], isEntry: true, depth: at.depth + 1 };
    yield* compare(before.get(name), after.get(name), place);
  }
}

function* compareKeyword(
  keyword: string,
  before: JsonObject,
  after: JsonObject,
  at: Position,
): Generator<SchemaDifference> {
  const [was, is] = [before.get(keyword), after.get(keyword)];
  const place = step(at, before, [keyword], at.depth);
  if (allPlaces.tables.has(keyword) && isJsonObject(was) && isJsonObject(is)) {
    yield* compareTables(was, is, place);
  } else if (!allPlaces.values.has(keyword)) {
    yield* compareValues(was, is, place);
  } else if (isJsonArray(was) && isJsonArray(is) && was.length === is.length) {
    for (const [index, element] of was.entries()) {
      const inner = step(at, before, [keyword, String(index)], at.depth + 1);
      yield* compare(element, is[index], inner);
    }
  } else {
    yield* compare(was, is, { ...place, depth: at.depth + 1 });
  }
}

function* compareValues(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  at: Position,
): Generator<SchemaDifference> {
  const isSame =
    before !== undefined && after !== undefined && writeJson(before) === writeJson(after);
  if (!isSame && before !== after) yield { ...at, before, after };
}

function* compare(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  at: Position,
): Generator<SchemaDifference> {
  const isEmptied = isJsonObject(before) && isJsonObject(after) && after.size === 0;
  if (!isJsonObject(before) || !isJsonObject(after) || isEmptied) {
    yield* compareValues(before, after, at);
    return;
  }
  for (const keyword of new Set([...before.keys(), ...after.keys()])) {
    yield* compareKeyword(keyword, before, after, at);
  }
}

/**
 * Everything in which `after` differs from `before`, the outermost place of each difference. The order
 * of members does not count.
 */
export function schemaDifferences(
  before: JsonValue,
  after: JsonValue,
): readonly SchemaDifference[] {
  return [...compare(before, after, { path: [], parent: null, isEntry: false, depth: 0 })];
}
