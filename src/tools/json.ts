/**
 * One value, one text: JSON whose object keys are sorted by code point, so that equal values give equal
 * bytes whatever order their keys were written in. What JSON has no word for is put in the nearest
 * words it has; what cannot be expressed at all is an error, never a guess.
 */
import { types } from 'node:util';
import { SessionMeshError } from '../errors.ts';

/** How far to go before giving up. */
export interface JsonBounds {
  readonly charsMax: number;
  readonly depthMax: number;
}

/** Compact JSON, or JSON with spaces after commas and colons and every non-ASCII character escaped. */
export type JsonStyle = 'compact' | 'ascii';

interface Writer {
  readonly bounds: JsonBounds;
  readonly comma: string;
  readonly colon: string;
  readonly quote: (text: string) => string;
  readonly parts: string[];
  /** The objects around the one being written: meeting one of them again is a cycle. */
  readonly ancestors: Set<object>;
  chars: number;
}

const unbounded: JsonBounds = { charsMax: Infinity, depthMax: 1_000 };

/** Whether `value` is an object that is no array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `value` if it is a text, or the empty text. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** `value` if it is a text, or null. */
export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** The object that a text of JSON holds; null for any other text. Never throws. */
export function parseRecord(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/** Moves the surrogates behind the rest of the basic plane, where their characters belong. */
function rankOf(codeUnit: number): number {
  if (codeUnit >= 0xe000) return codeUnit - 0x800;
  return codeUnit >= 0xd800 ? codeUnit + 0x2000 : codeUnit;
}

/** Orders texts by code point, which is also the order of their UTF-8 bytes. */
export function compareCodePoints(left: string, right: string): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const leftUnit = left.charCodeAt(index);
    const rightUnit = right.charCodeAt(index);
    if (leftUnit !== rightUnit) return rankOf(leftUnit) - rankOf(rightUnit);
  }
  return left.length - right.length;
}

function quote(text: string): string {
  return JSON.stringify(text.toWellFormed());
}

function quoteAscii(text: string): string {
  return quote(text).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function put(writer: Writer, text: string): void {
  writer.parts.push(text);
  writer.chars += text.length;
  if (writer.chars > writer.bounds.charsMax) {
    throw new SessionMeshError('result_too_large', {
      expected: `at most ${writer.bounds.charsMax} characters`,
      found: 'more',
    });
  }
}

/** A map with text keys is an object; any other map is a list of pairs. */
function readMap(map: ReadonlyMap<unknown, unknown>): unknown {
  const entries = [...map];
  const isText = entries.every(([key]) => typeof key === 'string');
  return isText ? Object.fromEntries(entries) : entries;
}

/** What JSON can express of an object: its own `toJSON`, or the nearest thing. */
function reduceObject(value: object, key: string): unknown {
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') return value.toJSON(key);
  if (value instanceof Map) return readMap(value);
  if (value instanceof Set) return [...value];
  if (ArrayBuffer.isView(value)) return Object.values(value);
  if (types.isBoxedPrimitive(value)) return value.valueOf();
  return value;
}

/** What will be written for `value`; undefined, a function or a symbol is left out. */
function reduce(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? reduceObject(value, key) : value;
}

function isLeftOut(reduced: unknown): boolean {
  return reduced === undefined || typeof reduced === 'function' || typeof reduced === 'symbol';
}

function writeList(writer: Writer, list: readonly unknown[]): void {
  put(writer, '[');
  for (let index = 0; index < list.length; index += 1) {
    if (index > 0) put(writer, writer.comma);
    const reduced = reduce(list[index], String(index));
    write(writer, isLeftOut(reduced) ? null : reduced);
  }
  put(writer, ']');
}

function writeRecord(writer: Writer, record: object): void {
  put(writer, '{');
  let before = '';
  for (const key of Object.keys(record).toSorted(compareCodePoints)) {
    const reduced = reduce(Reflect.get(record, key), key);
    if (isLeftOut(reduced)) continue;
    put(writer, `${before}${writer.quote(key)}${writer.colon}`);
    write(writer, reduced);
    before = writer.comma;
  }
  put(writer, '}');
}

function writeObject(writer: Writer, value: object): void {
  if (writer.ancestors.has(value)) {
    throw new SessionMeshError('result_invalid', { found: 'a value that contains itself' });
  }
  if (writer.ancestors.size >= writer.bounds.depthMax) {
    throw new SessionMeshError('result_invalid', {
      found: `a value nested deeper than ${writer.bounds.depthMax} levels`,
    });
  }
  writer.ancestors.add(value);
  if (Array.isArray(value)) writeList(writer, value);
  else writeRecord(writer, value);
  writer.ancestors.delete(value);
}

function write(writer: Writer, reduced: unknown): void {
  if (typeof reduced === 'object' && reduced !== null) writeObject(writer, reduced);
  else if (typeof reduced === 'string') put(writer, writer.quote(reduced));
  else if (typeof reduced === 'number' && !Number.isFinite(reduced)) put(writer, `"${reduced}"`);
  else if (typeof reduced === 'number') put(writer, JSON.stringify(reduced));
  else put(writer, String(reduced));
}

function isFlatValue(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'boolean' || value === null;
}

/** A plain object of plain values whose keys are in order already: what most tools return. */
function isFlatRecord(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  let before: string | undefined;
  for (const key of Object.keys(value)) {
    if (before !== undefined && compareCodePoints(before, key) >= 0) return false;
    if (!isFlatValue(Reflect.get(value, key)) || !key.isWellFormed()) return false;
    before = key;
  }
  return true;
}

/**
 * `value` as JSON with sorted keys, or undefined for what JSON leaves out (undefined, a function, a
 * symbol). As `JSON.stringify`, except: a bigint is its digits; NaN and the infinities are their names as
 * text; a Map is an object, or a list of pairs if a key is no text; a Set is a list; bytes are base64;
 * lone surrogates become U+FFFD.
 * @throws SessionMeshError `result_invalid` for a cycle or too many levels, `result_too_large` beyond
 * `bounds.charsMax`; and whatever a getter or `toJSON` throws.
 */
export function canonicalJson(
  value: unknown,
  style: JsonStyle = 'compact',
  bounds: JsonBounds = unbounded,
): string | undefined {
  const isCompact = style === 'compact';
  if (isCompact && isFlatRecord(value)) {
    const json = JSON.stringify(value);
    if (json.length <= bounds.charsMax && bounds.depthMax >= 1) return json;
  }
  const writer: Writer = {
    bounds,
    comma: isCompact ? ',' : ', ',
    colon: isCompact ? ':' : ': ',
    quote: isCompact ? quote : quoteAscii,
    parts: [],
    ancestors: new Set(),
    chars: 0,
  };
  const reduced = reduce(value, '');
  if (isLeftOut(reduced)) return undefined;
  write(writer, reduced);
  return writer.parts.join('');
}
