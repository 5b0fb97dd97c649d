/**
 * What is done with raw arguments before any schema sees them. Codex passes on whatever JSON the model
 * wrote, unchecked; validators recurse, list every mistake, and copy keys. So size, depth and keys are
 * settled first.
 */
import { messageOf } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Validation } from './contract.ts';
import { isRecord, parseRecord } from './json.ts';

interface Tally {
  readonly limits: Limits;
  bytes: number;
  values: number;
}

/** The reason to refuse `value`, or null. Counts the bytes of its compact JSON, escapes aside. */
function findExcess(tally: Tally, value: unknown, depth: number): string | null {
  const { argumentBytesMax, argumentValuesMax, argumentDepthMax } = tally.limits;
  tally.values += 1;
  tally.bytes += typeof value === 'string' ? Buffer.byteLength(value) + 2 : 1;
  if (tally.bytes > argumentBytesMax) return `they are larger than ${argumentBytesMax} bytes`;
  if (tally.values > argumentValuesMax) return `they hold more than ${argumentValuesMax} values`;
  if (typeof value !== 'object' || value === null) return null;
  if (depth > argumentDepthMax) return `they are nested deeper than ${argumentDepthMax} levels`;
  return Array.isArray(value) ? findInList(tally, value, depth) : findInRecord(tally, value, depth);
}

function findInList(tally: Tally, list: readonly unknown[], depth: number): string | null {
  for (const item of list) {
    const found = findExcess(tally, item, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

function findInRecord(tally: Tally, record: object, depth: number): string | null {
  for (const key of Object.keys(record)) {
    tally.bytes += Buffer.byteLength(key) + 3;
    if (key === '__proto__') return 'the key __proto__ is not allowed';
    const member: unknown = Reflect.get(record, key);
    if (key === 'constructor' && isRecord(member) && Object.hasOwn(member, 'prototype')) {
      return 'the key constructor.prototype is not allowed';
    }
    const found = findExcess(tally, member, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

/**
 * Raw arguments, ready to be checked against a schema: none at all is an empty object, a text that holds
 * a JSON object is that object. Never throws.
 */
export function readArguments(args: unknown, limits: Limits): Validation<unknown> {
  try {
    const isTooLong = typeof args === 'string' && args.length > limits.argumentBytesMax;
    // Some models write their arguments as a text of JSON.
    const written = typeof args === 'string' && !isTooLong ? parseRecord(args) : null;
    const decoded = written ?? args ?? {};
    const excess = findExcess({ limits, bytes: 0, values: 0 }, decoded, 1);
    return excess === null
      ? { ok: true, value: decoded }
      : { ok: false, problem: `arguments: ${excess}` };
  } catch (thrown) {
    return { ok: false, problem: `arguments: reading them failed`, cause: messageOf(thrown) };
  }
}
