/** Takes the marks of the walk out of a schema, and says where they stood. */
import type { JsonSchema } from '../contract.ts';
import { escapePointer, type Conversion, type ConversionTarget } from './inferred.ts';
import { conversionMark } from './walk/walk.ts';

function isTarget(value: unknown): value is ConversionTarget {
  return value === 'bigint' || value === 'date';
}

function stripAll(schema: object, pointer: string, found: Conversion[]): JsonSchema {
  const entries: [string, unknown][] = [];
  for (const [key, part] of Object.entries(schema)) {
    if (key === conversionMark && isTarget(part)) found.push({ pointer, to: part });
    else entries.push([key, strip(part, `${pointer}/${escapePointer(key)}`, found)]);
  }
  return Object.fromEntries(entries);
}

function strip(value: unknown, pointer: string, found: Conversion[]): unknown {
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => strip(item, `${pointer}/${index}`, found));
  }
  return typeof value === 'object' && value !== null ? stripAll(value, pointer, found) : value;
}

/** `schema` as JSON Schema, and the parts of it whose values are converted. */
export function finishSchema(schema: JsonSchema): {
  schema: JsonSchema;
  conversions: Conversion[];
} {
  const conversions: Conversion[] = [];
  return { schema: stripAll(schema, '', conversions), conversions };
}
