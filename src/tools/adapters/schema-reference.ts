/** Local references: `#` and a JSON Pointer, percent-encoded. */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import { definitionTables } from './schema-places.ts';

/** An entry of one of the two definition tables at the root. */
export interface DefinitionName {
  readonly table: string;
  readonly name: string;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes `%41`; what is no escape stays. Undefined when the bytes are no UTF-8. */
function decodePercent(text: string): string | undefined {
  if (!text.includes('%')) return text;
  const bytes = Buffer.from(text, 'utf8');
  const decoded: number[] = [];
  for (let index = 0; index < bytes.length; index += 1) {
    const digits = /^%([0-9a-f]{2})/i.exec(bytes.toString('latin1', index, index + 3))?.[1];
    decoded.push(digits === undefined ? (bytes[index] ?? 0) : Number.parseInt(digits, 16));
    if (digits !== undefined) index += 2;
  }
  try {
    return decoder.decode(Uint8Array.from(decoded));
  } catch {
    return undefined;
  }
}

/**
 * The tokens of a local reference; none for `#` itself. Undefined when `reference` is not local or
 * no valid pointer.
 */
export function pointerTokens(reference: string): readonly string[] | undefined {
  if (!reference.startsWith('#')) return undefined;
  const pointer = decodePercent(reference.slice(1));
  if (pointer === '') return [];
  if (pointer === undefined || !pointer.startsWith('/') || /~(?![01])/.test(pointer)) {
    return undefined;
  }
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The root definition that `schema` refers to by its `$ref`, if it does. */
export function definitionOf(schema: JsonObject): DefinitionName | undefined {
  const reference = schema.get('$ref');
  if (typeof reference !== 'string') return undefined;
  const [table, name] = pointerTokens(reference) ?? [];
  if (table === undefined || name === undefined) return undefined;
  return definitionTables.some((known) => known === table) ? { table, name } : undefined;
}

/** The value that `tokens` lead to from `root`. */
export function resolvePointer(root: JsonValue, tokens: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = root;
  for (const token of tokens) {
    if (isJsonObject(value)) value = value.get(token);
    else if (isJsonArray(value))
      value = /^(0|[1-9]\d*)$/.test(token) ? value[Number(token)] : undefined;
    else return undefined;
  }
  return value;
}
