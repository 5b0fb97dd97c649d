/** Template literal types: texts of a fixed form, as patterns. */
import { TypeFlags, type ts, type Type } from 'ts-morph';
import type { JsonSchema } from '../../contract.ts';

const escapeForPattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** What a placeholder may hold, or undefined for what a pattern cannot say. */
function patternOf(type: ts.Type): string | undefined {
  if (type.flags & TypeFlags.String) return '[\\s\\S]*';
  if (type.flags & TypeFlags.Number) return '-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?';
  if (type.flags & TypeFlags.BigInt) return '-?[0-9]+';
  return undefined;
}

/** `v${number}` as a text with a pattern; undefined where a placeholder cannot be said in one. */
export function templateSchema(type: Type<ts.TemplateLiteralType>): JsonSchema | undefined {
  const { texts, types } = type.compilerType;
  let pattern = escapeForPattern(texts[0] ?? '');
  for (const [index, placeholder] of types.entries()) {
    const part = patternOf(placeholder);
    if (part === undefined) return undefined;
    pattern += part + escapeForPattern(texts[index + 1] ?? '');
  }
  return { type: 'string', pattern: `^${pattern}$` };
}
