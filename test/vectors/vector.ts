/** What a vector is, and how its JSON is read. */
import { writeJson } from '../../src/tools/adapters/json-text.ts';
import {
  type JsonArray,
  type JsonObject,
  type JsonValue,
  isJsonArray,
  isJsonNumber,
  isJsonObject,
  jsonObject,
  jsonOf,
} from '../../src/tools/adapters/json-value.ts';
import type { Validation } from '../../src/tools/contract.ts';

/** One record of a vector file. */
export interface Vector {
  readonly name: string;
  readonly fn: string;
  /** Where a list of tools comes from: a request, or the metadata of a stored session. */
  readonly surface?: string;
  readonly input: JsonValue;
  readonly expected?: JsonValue;
  readonly expectedJson?: string;
  readonly error?: JsonValue;
}

/** What ours came to: the same two outcomes as a vector. */
export type Driven =
  | { readonly kind: 'value'; readonly value: JsonValue }
  | { readonly kind: 'error'; readonly error: JsonObject };

export type Drive = (input: JsonValue, vector: Vector) => JsonValue | Promise<JsonValue>;

/** An expected refusal, thrown by drivers. */
export class Refusal extends Error {
  readonly error: JsonObject;

  constructor(error: Readonly<Record<string, unknown>>) {
    super('refused');
    this.error = jsonOf(error) as JsonObject;
  }
}

export const object = (value: JsonValue | undefined): JsonObject => {
  if (!isJsonObject(value)) throw new Error(`no object: ${writeJson(value ?? null)}`);
  return value;
};
export const list = (value: JsonValue | undefined): JsonArray => (isJsonArray(value) ? value : []);
export const text = (value: JsonValue | undefined): string =>
  typeof value === 'string' ? value : '';
export const textOrNull = (value: JsonValue | undefined) =>
  typeof value === 'string' ? value : null;
export const get = (value: JsonValue, ...path: readonly string[]): JsonValue | undefined => {
  let current: JsonValue | undefined = value;
  for (const key of path) current = isJsonObject(current) ? current.get(key) : undefined;
  return current;
};
export const number = (value: JsonValue | undefined) =>
  isJsonNumber(value) ? Number(value.numberText) : Number.NaN;
export const must = <Value>(validation: Validation<Value>): Value => {
  if (!validation.ok) throw new Error(validation.problem);
  return validation.value;
};
export const record = (members: Readonly<Record<string, JsonValue | undefined>>) =>
  jsonObject(Object.entries(members));

/** Those members of `all` that the vector looks at. */
export const lookedAt = (all: JsonObject, expected: JsonValue | undefined): JsonObject =>
  isJsonObject(expected) ? jsonObject([...expected].map(([name]) => [name, all.get(name)])) : all;
