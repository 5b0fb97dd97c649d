/** Writes TOML, as far as a Codex configuration needs it. */
import { SessionMeshError } from '../errors.ts';

/** A value that a configuration may hold. */
export type TomlValue = string | number | boolean | readonly TomlValue[] | TomlTable;

/** A table of a configuration. */
export type TomlTable = { readonly [key: string]: TomlValue };

const isTable = (value: TomlValue | undefined): value is TomlTable =>
  typeof value === 'object' && !Array.isArray(value);

/** `over` laid over `base`, tables merged, everything else replaced. */
export function mergeToml(base: TomlTable, over: TomlTable): TomlTable {
  const merged: Record<string, TomlValue> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isTable(below) && isTable(value) ? mergeToml(below, value) : value;
  }
  return merged;
}

/**
 * The text of a document.
 * @throws SessionMeshError `option_invalid` for a number that is not finite.
 */
export function toToml(table: TomlTable, path: readonly string[] = []): string {
  const entries = Object.entries(table);
  const lines = entries.flatMap(([key, value]) =>
    isTable(value) ? [] : [`${keyText(key)} = ${valueText(value)}`],
  );
  const header = path.length > 0 ? [`[${path.map(keyText).join('.')}]`] : [];
  const tables = entries.flatMap(([key, value]) =>
    isTable(value) ? [toToml(value, [...path, key])] : [],
  );
  return [[...header, ...lines, ''].join('\n'), ...tables].join('\n');
}

function keyText(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : stringText(key);
}

function valueText(value: TomlValue): string {
  if (typeof value === 'string') return stringText(value);
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return numberText(value);
  if (isTable(value)) {
    const entries = Object.entries(value).map(
      ([key, inner]) => `${keyText(key)} = ${valueText(inner)}`,
    );
    return `{ ${entries.join(', ')} }`;
  }
  return `[${value.map(valueText).join(', ')}]`;
}

/** JSON's escapes are TOML's too; TOML wants DEL escaped as well, and knows no lone surrogates. */
function stringText(value: string): string {
  return JSON.stringify(value.toWellFormed()).replaceAll('\u007f', '\\u007f');
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  throw new SessionMeshError('option_invalid', { expected: 'a finite number', found: `${value}` });
}
