/**
 * JSON without loss. JavaScript's own values forget how a number was spelled, reorder keys that look
 * like integers and treat `__proto__` specially; here a number is its text and an object is a Map.
 */
import { SessionMeshError } from '../../errors.ts';
import { defaultLimits } from '../../limits.ts';

/** A number, kept as it was spelled. Only `readJson` and `jsonNumber` make one. */
export interface JsonNumber {
  readonly numberText: string;
}

/** A list of JSON values. */
export type JsonArray = readonly JsonValue[];

/** An object: its keys in the order they came, none of them special. */
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** Any JSON value. */
export type JsonValue = null | boolean | string | JsonNumber | JsonArray | JsonObject;

/** Whether `value` is an object. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}

/** Whether `value` is a list. */
export function isJsonArray(value: JsonValue | undefined): value is JsonArray {
  return Array.isArray(value);
}

/** Whether `value` is a number. */
export function isJsonNumber(value: JsonValue | undefined): value is JsonNumber {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map)
  );
}

/** The number that `numberText` spells; the text must be valid JSON. */
export function jsonNumber(numberText: string): JsonNumber {
  return { numberText };
}

/** An object with the given members; a member whose value is undefined is left out. */
export function jsonObject(
  members: Iterable<readonly [string, JsonValue | undefined]>,
): Map<string, JsonValue> {
  const object = new Map<string, JsonValue>();
  for (const [name, value] of members) if (value !== undefined) object.set(name, value);
  return object;
}

function refuse(expected: string, found: string): never {
  throw new SessionMeshError('json_invalid', { expected, found });
}

/** Refuses what is nested too deep to be walked safely, cycles included. */
function checkDepth(depth: number): void {
  if (depth >= defaultLimits.jsonDepthMax) {
    refuse(`JSON nested less than ${defaultLimits.jsonDepthMax} levels`, 'more');
  }
}

/**
 * Walks `value` once, so that whoever walks it afterwards need not count.
 * @throws SessionMeshError `json_invalid` when it is nested `jsonDepthMax` levels or deeper.
 */
export function checkJsonDepth(value: JsonValue, depth = 0): void {
  if (typeof value !== 'object' || value === null || isJsonNumber(value)) return;
  checkDepth(depth + 1);
  for (const child of value.values()) checkJsonDepth(child, depth + 1);
}

function numberOf(data: number | bigint): JsonNumber {
  if (typeof data === 'number' && !Number.isFinite(data)) refuse('a finite number', String(data));
  return jsonNumber(String(data));
}

function objectOf(data: object, depth: number): JsonObject {
  const object = new Map<string, JsonValue>();
  for (const [name, member] of Object.entries(data)) {
    if (member !== undefined) object.set(name, convert(member, depth));
  }
  return object;
}

function convert(data: unknown, depth: number): JsonValue {
  if (data === null || typeof data === 'boolean' || typeof data === 'string') return data;
  if (typeof data === 'number' || typeof data === 'bigint') return numberOf(data);
  if (typeof data !== 'object') return refuse('plain JSON data', typeof data);
  checkDepth(depth + 1);
  if (Array.isArray(data)) return data.map((element: unknown) => convert(element, depth + 1));
  return objectOf(data, depth + 1);
}

/**
 * Plain JavaScript data as a JSON value. Members that are undefined are left out, as
 * `JSON.stringify` does; key order is JavaScript's.
 * @throws SessionMeshError `json_invalid` for functions, symbols, undefined elements, non-finite
 * numbers, and data nested `jsonDepthMax` levels or deeper (which also stops at cycles).
 */
export function jsonOf(data: unknown): JsonValue {
  return convert(data, 0);
}

/**
 * A JSON value as plain JavaScript data: numbers become doubles, objects have no prototype, so a
 * `__proto__` key is an ordinary one.
 */
export function dataOf(value: JsonValue): unknown {
  if (isJsonArray(value)) return value.map(dataOf);
  if (isJsonNumber(value)) return Number(value.numberText);
  if (!isJsonObject(value)) return value;
  const data: Record<string, unknown> = Object.create(null);
  for (const [name, member] of value) data[name] = dataOf(member);
  return data;
}
