/** Primitive types, and types of one value. */
import { TypeFlags, type Type } from 'ts-morph';
import type { JsonSchema } from '../../contract.ts';
import { conversionMark } from './walk.ts';

/** A value that a type may consist of. */
export type LiteralValue = string | number | bigint | boolean;

/** The one value of a literal type, or undefined for any other type. */
export function literalValueOf(type: Type): LiteralValue | undefined {
  if (type.isBooleanLiteral()) return type.getText() === 'true';
  const value = type.getLiteralValue();
  if (typeof value !== 'object') return value;
  return BigInt(`${value.negative ? '-' : ''}${value.base10Value}`);
}

/** The schema of a primitive type, or undefined for any other type. */
export function scalarSchema(type: Type): JsonSchema | undefined {
  if (type.isString()) return { type: 'string' };
  if (type.isNumber()) return { type: 'number' };
  if (type.isBoolean()) return { type: 'boolean' };
  if (type.isBigInt()) return { type: 'integer', [conversionMark]: 'bigint' };
  if (type.isNull()) return { type: 'null' };
  if (type.isUnknown()) return {};
  // An enum with computed members has no literal types; its values are numbers.
  if (type.isEnum() && !type.isUnion() && literalValueOf(type) === undefined) {
    return { type: 'number' };
  }
  return type.getFlags() & TypeFlags.NonPrimitive ? { type: 'object' } : undefined;
}

function jsonTypeOf(value: LiteralValue): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'bigint' ? 'integer' : typeof value;
}

/**
 * The schema of a choice between values, in the given order. It has a `type` when all values share
 * one; an integer next to a fraction is a number.
 */
export function enumSchema(values: readonly LiteralValue[]): JsonSchema {
  const types = new Set(values.map(jsonTypeOf));
  if (types.has('number')) types.delete('integer');
  const [only, ...others] = types;
  const shared = others.length === 0 && only !== undefined ? { type: only } : {};
  if (values.some((value) => typeof value === 'bigint')) {
    return { ...shared, enum: values.map(Number), [conversionMark]: 'bigint' };
  }
  return { ...shared, enum: values };
}
