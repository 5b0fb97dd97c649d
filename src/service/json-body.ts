/**
 * Request bodies, from bytes to values. `JSON.parse` takes a million levels and a million keys, and what
 * comes of them falls over later; so they are counted in the text first, at the speed of a byte scan.
 */
import type { Limits } from '../limits.ts';

/** What is wrong with a body, as its sender is told. */
export class BodyError extends Error {
  readonly statusCode = 400;
}

/** A body of too many parts, or nested too deep: for its sender as final as one of too many bytes. */
export class BodyExcess extends BodyError {}

const notJson = "Body is not valid JSON but content-type is set to 'application/json'";

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const opening: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const closing: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/** The index of the quote that ends the text which begins before `from`, or the end. */
function endOfText(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return at;
}

/** Why JSON text is not even parsed, or null. Counts members of objects and items of lists alike. */
export function findExcess(bytes: Uint8Array, limits: Limits): string | null {
  const { serviceBodyDepthMax: depthMax, serviceBodyMembersMax: membersMax } = limits;
  let depth = 0;
  let members = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) at = endOfText(bytes, at + 1);
    else if (opening.has(byte)) {
      depth += 1;
      members += 1;
      if (depth > depthMax) return `Body is nested deeper than ${depthMax} levels`;
    } else if (closing.has(byte)) depth -= 1;
    else if (byte === comma) members += 1;
    if (members > membersMax) return `Body has more than ${membersMax} members`;
  }
  return null;
}

/** Keys that turn into somebody else's prototype where they are merged. */
function refusePoison(this: unknown, key: string, value: unknown): unknown {
  const isPoison =
    key === '__proto__' ||
    (key === 'constructor' &&
      typeof value === 'object' &&
      value !== null &&
      Object.hasOwn(value, 'prototype'));
  if (isPoison) throw new BodyError(`Body has a forbidden key: ${key}`);
  return value;
}

/**
 * The value of a JSON body.
 * @throws BodyExcess beyond the limits; BodyError for what is no JSON, or holds a key of the prototype chain
 */
export function parseBody(bytes: Buffer, limits: Limits): unknown {
  const excess = findExcess(bytes, limits);
  if (excess !== null) throw new BodyExcess(excess);
  // A byte order mark is no JSON, but some put one in front of it.
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  // Most bodies name neither, and a parse with a look at each key costs twice as much.
  const isSuspect = /__proto__|constructor|\\u/.test(text);
  try {
    return JSON.parse(text, isSuspect ? refusePoison : undefined);
  } catch (thrown) {
    throw thrown instanceof BodyError ? thrown : new BodyError(notJson);
  }
}
