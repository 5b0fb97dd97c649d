/** Objects: named properties, and what may stand beside them. */
import type { JsonSchema } from '../../contract.ts';
import { isRecord } from '../../json.ts';
import { addIssue, decodeAt, type Decoder, type Run } from './decoder.ts';

/** What decodes the parts of an object. */
export interface RecordParts {
  readonly properties: ReadonlyMap<string, Decoder>;
  readonly required: ReadonlySet<string>;
  /** For properties without a name of their own; `false` if there may be none, `null` if any may be. */
  readonly others: Decoder | false | null;
  /** For the names of such properties. */
  readonly names: Decoder | null;
}

/** Names beyond these are not listed for the model. */
const namesShownMax = 20;

function unknownField(parts: RecordParts): string {
  const known = [...parts.properties.keys()];
  if (known.length === 0 || known.length > namesShownMax) return 'is not a known field';
  return `is not a known field (known: ${known.join(', ')})`;
}

function checkSize(schema: JsonSchema, size: number, run: Run): void {
  const { minProperties, maxProperties } = schema;
  if (typeof minProperties === 'number' && size < minProperties) {
    addIssue(run, `expected at least ${minProperties} properties`);
  }
  if (typeof maxProperties === 'number' && size > maxProperties) {
    addIssue(run, `expected at most ${maxProperties} properties`);
  }
}

function decodeMember(parts: RecordParts, name: string, value: unknown, run: Run): unknown {
  const named = parts.properties.get(name);
  if (named) return named(value, run);
  if (parts.others === false) addIssue(run, unknownField(parts));
  parts.names?.(name, run);
  return parts.others ? parts.others(value, run) : value;
}

/** A decoder for an object. */
export function recordDecoder(schema: JsonSchema, parts: RecordParts): Decoder {
  return (value, run) => {
    if (!isRecord(value)) {
      addIssue(run, 'expected object');
      return value;
    }
    for (const name of parts.required) {
      if (!Object.hasOwn(value, name)) decodeAt(run, name, () => addIssue(run, 'is required'));
    }
    const entries = Object.entries(value);
    checkSize(schema, entries.length, run);
    return Object.fromEntries(
      entries.map(([name, member]) => [
        name,
        decodeAt(run, name, () => decodeMember(parts, name, member, run)),
      ]),
    );
  };
}
