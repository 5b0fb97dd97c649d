/**
 * Reads typed values out of JSON with the host's own error texts.
 *
 * The host decodes some values as they are and some through a buffer that knows only 64-bit numbers.
 * The two word a wrong number differently, and the buffer refuses numbers it cannot hold.
 */
import type { Validation } from '../contract.ts';
import { holdNumber } from './held-number.ts';
import {
  isJsonArray,
  isJsonNumber,
  isJsonObject,
  jsonNumber,
  type JsonArray,
  type JsonNumber,
  type JsonObject,
  type JsonValue,
} from './json-value.ts';
import { quoteText } from './unicode.ts';

/** How the host holds a value while it decodes it. */
export type Holding = 'plain' | 'buffered';

/** Why something could not be decoded; the message is the host's. Never leaves this folder. */
export class DecodeError extends Error {}

/** Runs `decode` and turns its {@link DecodeError} into a problem. Other errors pass. */
export function attempt<Value>(decode: () => Value): Validation<Value> {
  try {
    return { ok: true, value: decode() };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { ok: false, problem: error.message };
  }
}

/** Whether the buffer holds `value` as a map although it is a number. */
export function isBufferedAsMap(value: JsonValue): boolean {
  return isJsonNumber(value) && holdNumber(value.numberText).kind === 'text';
}

function describeNumber({ numberText }: JsonNumber, holding: Holding): string {
  if (holding === 'plain') return 'number';
  const held = holdNumber(numberText);
  if (held.kind === 'integer') return `integer \`${held.text}\``;
  return held.kind === 'double' ? `floating point \`${held.text}\`` : 'map';
}

/** What `value` is called in an error. */
export function describe(value: JsonValue, holding: Holding = 'plain'): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return `boolean \`${value}\``;
  if (typeof value === 'string') return `string ${quoteText(value)}`;
  if (isJsonArray(value)) return 'sequence';
  if (isJsonObject(value)) return 'map';
  return describeNumber(value, holding);
}

/** The error for a value of the wrong kind. */
export function wrongType(value: JsonValue, expected: string, holding?: Holding): DecodeError {
  return new DecodeError(`invalid type: ${describe(value, holding)}, expected ${expected}`);
}

/** Applies `change` to every number inside `value`. */
function mapNumbers(value: JsonValue, change: (text: string) => string): JsonValue {
  if (isJsonNumber(value)) return jsonNumber(change(value.numberText));
  if (isJsonArray(value)) return value.map((element) => mapNumbers(element, change));
  if (!isJsonObject(value)) return value;
  return new Map([...value].map(([name, member]) => [name, mapNumbers(member, change)]));
}

/** `value` with its numbers spelled as the host spells them once it has read them. */
export function respell(value: JsonValue): JsonValue {
  return mapNumbers(value, (text) => holdNumber(text).text);
}

/**
 * `value` as it leaves the host's buffer.
 * @throws DecodeError for an integer of more than 64 and up to 128 bits; longer ones stay text.
 */
export function buffer(value: JsonValue): JsonValue {
  return mapNumbers(value, (text) => {
    const held = holdNumber(text);
    if (held.kind !== 'wide') return held.text;
    const width = text.startsWith('-') ? 'i128' : 'u128';
    throw new DecodeError(`invalid type: integer \`${text}\` as ${width}, expected any value`);
  });
}

/** @throws DecodeError when `value` is no string. */
export function readText(value: JsonValue, holding?: Holding): string {
  if (typeof value !== 'string') throw wrongType(value, 'a string', holding);
  return value;
}

/** @throws DecodeError when `value` is no boolean. */
export function readBoolean(value: JsonValue, holding?: Holding): boolean {
  if (typeof value !== 'boolean') throw wrongType(value, 'a boolean', holding);
  return value;
}

/** @throws DecodeError when `value` is no list. */
export function readList(value: JsonValue, holding?: Holding): JsonArray {
  if (!isJsonArray(value)) throw wrongType(value, 'a sequence', holding);
  return value;
}

/** @throws DecodeError when `value` is no object. */
export function readMap(value: JsonValue, holding?: Holding): JsonObject {
  if (!isJsonObject(value)) throw wrongType(value, 'a map', holding);
  return value;
}

/** What was decoded for a field that must be there. @throws DecodeError when it is not. */
export function required<Value>(value: Value | undefined, field: string): Value {
  if (value === undefined) throw new DecodeError(`missing field \`${field}\``);
  return value;
}

/** How each known member of an object fills a draft. */
export type DraftFields<Draft> = ReadonlyMap<string, (draft: Draft, value: JsonValue) => void>;

/** Fills `draft` from `entry`, member by member in their own order, so that the first fault counts. */
export function fillDraft<Draft>(
  draft: Draft,
  entry: JsonObject,
  fields: DraftFields<Draft>,
): Draft {
  for (const [name, value] of entry) fields.get(name)?.(draft, value);
  return draft;
}
