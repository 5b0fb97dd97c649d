/**
 * Reads and writes JSON text. The reader accepts and refuses exactly what the host's own parser does,
 * and words its refusals the same way, because models read them.
 */
import { defaultLimits } from '../../limits.ts';
import type { Validation } from '../contract.ts';
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

/** `value` as compact JSON text, numbers and key order as they are. */
export function writeJson(value: JsonValue): string {
  if (isJsonArray(value)) return `[${value.map(writeJson).join(',')}]`;
  if (isJsonNumber(value)) return value.numberText;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = [...value].map(
    ([name, member]) => `${JSON.stringify(name)}:${writeJson(member)}`,
  );
  return `{${members.join(',')}}`;
}

/** Why a text is no JSON, before its place is worded. */
class ReadError extends Error {
  readonly offset: number;

  constructor(problem: string, offset: number) {
    super(problem);
    this.offset = offset;
  }
}

/** Where the reader stands: UTF-8 bytes, since columns are counted in bytes. */
interface Cursor {
  readonly bytes: Buffer;
  offset: number;
  depth: number;
}

/** Blames the byte just read. */
function failHere(cursor: Cursor, problem: string): never {
  throw new ReadError(problem, cursor.offset);
}

/** Blames the byte that comes next. */
function failAhead(cursor: Cursor, problem: string): never {
  throw new ReadError(problem, Math.min(cursor.bytes.length, cursor.offset + 1));
}

const space = 0x20;
const quote = 0x22;
const backslash = 0x5c;

/** The next byte as text, or undefined at the end. */
function peek(cursor: Cursor): string | undefined {
  const byte = cursor.bytes[cursor.offset];
  return byte === undefined ? undefined : String.fromCharCode(byte);
}

function peekPastSpace(cursor: Cursor): string | undefined {
  for (;;) {
    const next = peek(cursor);
    if (next !== ' ' && next !== '\n' && next !== '\t' && next !== '\r') return next;
    cursor.offset += 1;
  }
}

const isDigit = (character: string | undefined) =>
  character !== undefined && character >= '0' && character <= '9';

function skipDigits(cursor: Cursor): void {
  while (isDigit(peek(cursor))) cursor.offset += 1;
}

function readWord(cursor: Cursor, word: string): void {
  cursor.offset += 1;
  for (const expected of word.slice(1)) {
    const next = peek(cursor);
    if (next === undefined) failHere(cursor, 'EOF while parsing a value');
    cursor.offset += 1;
    if (next !== expected) failHere(cursor, 'expected ident');
  }
}

/** Takes one byte that must be a digit. */
function takeDigit(cursor: Cursor): string {
  const next = peek(cursor);
  if (next === undefined) failHere(cursor, 'EOF while parsing a value');
  cursor.offset += 1;
  if (!isDigit(next)) failHere(cursor, 'invalid number');
  return next;
}

function skipFraction(cursor: Cursor): void {
  cursor.offset += 1;
  const next = peek(cursor);
  if (next === undefined) failAhead(cursor, 'EOF while parsing a value');
  if (!isDigit(next)) failAhead(cursor, 'invalid number');
  skipDigits(cursor);
}

/** Reads an exponent and gives its one spelling: a small `e` and always a sign. */
function readExponent(cursor: Cursor): string {
  cursor.offset += 1;
  const next = peek(cursor);
  const signed = next === '+' || next === '-';
  if (signed) cursor.offset += 1;
  const start = cursor.offset;
  takeDigit(cursor);
  skipDigits(cursor);
  return `e${signed ? next : '+'}${cursor.bytes.toString('latin1', start, cursor.offset)}`;
}

function readNumber(cursor: Cursor): JsonNumber {
  const start = cursor.offset;
  if (peek(cursor) === '-') cursor.offset += 1;
  const first = takeDigit(cursor);
  if (first === '0' && isDigit(peek(cursor))) failAhead(cursor, 'invalid number');
  skipDigits(cursor);
  if (peek(cursor) === '.') skipFraction(cursor);
  const mantissa = cursor.bytes.toString('latin1', start, cursor.offset);
  const next = peek(cursor);
  if (next === 'e' || next === 'E') return jsonNumber(mantissa + readExponent(cursor));
  return jsonNumber(mantissa === '-0' ? '0' : mantissa);
}

function readFourHexDigits(cursor: Cursor): number {
  const start = cursor.offset;
  if (cursor.bytes.length - start < 4) {
    cursor.offset = cursor.bytes.length;
    failHere(cursor, 'EOF while parsing a string');
  }
  cursor.offset += 4;
  const digits = cursor.bytes.toString('latin1', start, cursor.offset);
  if (!/^[0-9a-fA-F]{4}$/.test(digits)) failHere(cursor, 'invalid escape');
  return Number.parseInt(digits, 16);
}

/** Takes `expected`, which must follow the first half of a surrogate pair. */
function takeInPair(cursor: Cursor, expected: string): void {
  const next = peek(cursor);
  if (next === undefined) failHere(cursor, 'EOF while parsing a string');
  cursor.offset += 1;
  if (next !== expected) failHere(cursor, 'unexpected end of hex escape');
}

function readUnicodeEscape(cursor: Cursor): string {
  const unit = readFourHexDigits(cursor);
  if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
  if (unit >= 0xdc00) failHere(cursor, 'lone leading surrogate in hex escape');
  takeInPair(cursor, '\\');
  takeInPair(cursor, 'u');
  const second = readFourHexDigits(cursor);
  if (second < 0xdc00 || second > 0xdfff) {
    failHere(cursor, 'lone leading surrogate in hex escape');
  }
  return String.fromCharCode(unit, second);
}

const shortEscapes = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

function readEscape(cursor: Cursor): string {
  cursor.offset += 1;
  const next = peek(cursor);
  if (next === undefined) return failHere(cursor, 'EOF while parsing a string');
  cursor.offset += 1;
  if (next === 'u') return readUnicodeEscape(cursor);
  return shortEscapes.get(next) ?? failHere(cursor, 'invalid escape');
}

function readString(cursor: Cursor): string {
  cursor.offset += 1;
  let text = '';
  let start = cursor.offset;
  for (;;) {
    const byte = cursor.bytes[cursor.offset];
    if (byte === undefined) failHere(cursor, 'EOF while parsing a string');
    if (byte === quote || byte === backslash) {
      text += cursor.bytes.toString('utf8', start, cursor.offset);
      if (byte === backslash) text += readEscape(cursor);
      else {
        cursor.offset += 1;
        return text;
      }
      start = cursor.offset;
    } else {
      cursor.offset += 1;
      if (byte < space) {
        failHere(cursor, 'control character (\\u0000-\\u001F) found while parsing a string');
      }
    }
  }
}

/** Whether another element follows; stands on its first byte if so, past the bracket if not. */
function hasElement(cursor: Cursor, isFirst: boolean): boolean {
  const next = peekPastSpace(cursor);
  if (next === undefined) failAhead(cursor, 'EOF while parsing a list');
  if (next === ']') {
    cursor.offset += 1;
    return false;
  }
  if (isFirst) return true;
  if (next !== ',') failAhead(cursor, 'expected `,` or `]`');
  cursor.offset += 1;
  const element = peekPastSpace(cursor);
  if (element === undefined) failAhead(cursor, 'EOF while parsing a value');
  if (element === ']') failAhead(cursor, 'trailing comma');
  return true;
}

function readArray(cursor: Cursor): JsonArray {
  const elements: JsonValue[] = [];
  while (hasElement(cursor, elements.length === 0)) elements.push(readValue(cursor));
  return elements;
}

/** Whether another member follows; stands on its key if so, past the brace if not. */
function hasMember(cursor: Cursor, isFirst: boolean): boolean {
  let next = peekPastSpace(cursor);
  if (next === undefined) failAhead(cursor, 'EOF while parsing an object');
  if (next === '}') {
    cursor.offset += 1;
    return false;
  }
  if (!isFirst) {
    if (next !== ',') failAhead(cursor, 'expected `,` or `}`');
    cursor.offset += 1;
    next = peekPastSpace(cursor);
    if (next === undefined) failAhead(cursor, 'EOF while parsing a value');
    if (next === '}') failAhead(cursor, 'trailing comma');
  }
  if (next !== '"') failAhead(cursor, 'key must be a string');
  return true;
}

/** A repeated key keeps its first place and its last value. */
function readObject(cursor: Cursor): JsonObject {
  const object = new Map<string, JsonValue>();
  for (let isFirst = true; hasMember(cursor, isFirst); isFirst = false) {
    const name = readString(cursor);
    const colon = peekPastSpace(cursor);
    if (colon === undefined) failAhead(cursor, 'EOF while parsing an object');
    if (colon !== ':') failAhead(cursor, 'expected `:`');
    cursor.offset += 1;
    object.set(name, readValue(cursor));
  }
  return object;
}

function readNested(cursor: Cursor, read: (cursor: Cursor) => JsonValue): JsonValue {
  cursor.depth += 1;
  if (cursor.depth >= defaultLimits.jsonDepthMax) failAhead(cursor, 'recursion limit exceeded');
  cursor.offset += 1;
  const value = read(cursor);
  cursor.depth -= 1;
  return value;
}

function readConstant<Value>(cursor: Cursor, word: string, value: Value): Value {
  readWord(cursor, word);
  return value;
}

function readValue(cursor: Cursor): JsonValue {
  const next = peekPastSpace(cursor);
  switch (next) {
    case undefined:
      return failAhead(cursor, 'EOF while parsing a value');
    case 'n':
      return readConstant(cursor, 'null', null);
    case 't':
      return readConstant(cursor, 'true', true);
    case 'f':
      return readConstant(cursor, 'false', false);
    case '"':
      return readString(cursor);
    case '[':
      return readNested(cursor, readArray);
    case '{':
      return readNested(cursor, readObject);
    default:
      if (next === '-' || isDigit(next)) return readNumber(cursor);
      return failAhead(cursor, 'expected value');
  }
}

/** The problem with its line and column, both counted as the host counts them. */
function wordError(bytes: Buffer, error: ReadError): string {
  const before = bytes.subarray(0, error.offset);
  const lineStart = before.lastIndexOf(0x0a) + 1;
  let line = 1;
  for (const byte of before.subarray(0, lineStart)) if (byte === 0x0a) line += 1;
  return `${error.message} at line ${line} column ${error.offset - lineStart}`;
}

/**
 * Reads one JSON text. Numbers keep their spelling, except that an exponent is always written `e+5`
 * or `e-5` and minus zero is zero; a repeated key keeps its first place and its last value. A text
 * nested `jsonDepthMax` levels deep or more is refused. Never throws.
 */
export function readJson(text: string): Validation<JsonValue> {
  const cursor: Cursor = { bytes: Buffer.from(text, 'utf8'), offset: 0, depth: 0 };
  try {
    const value = readValue(cursor);
    if (peekPastSpace(cursor) !== undefined) failAhead(cursor, 'trailing characters');
    return { ok: true, value };
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    return { ok: false, problem: wordError(cursor.bytes, error) };
  }
}
