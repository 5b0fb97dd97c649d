/**
 * What becomes of a schema on its way to the model, and why: two steps of the host's pipeline, compared
 * place by place. First it brings any schema into the few forms it knows; then, if that is too large, it
 * takes detail away.
 */
import { defaultLimits } from '../limits.ts';
import type { Validation } from '../tools/contract.ts';
import {
  parseToolInputSchema,
  parseTrustedToolInputSchema,
  toolSchemaJson,
  writeJson,
  type JsonValue,
} from '../tools/adapters/index.ts';
import { isJsonArray, isJsonObject, type JsonObject } from '../tools/adapters/json-value.ts';
import { compositionKeywords } from '../tools/adapters/schema-places.ts';
import { definitionOf } from '../tools/adapters/schema-reference.ts';
import { schemaDifferences, type SchemaDifference } from './schema-difference.ts';

/** One thing the model sees otherwise than it was written. */
export interface SchemaChange {
  /** `lost` is not shown at all, `changed` is shown otherwise, `added` was not written. */
  readonly kind: 'lost' | 'changed' | 'added';
  /** JSON pointer into the schema as it was written; the empty text is the schema itself. */
  readonly path: string;
  /** What was written there, as JSON; null for nothing. */
  readonly before: string | null;
  /** What the model sees there, as JSON; null for nothing. */
  readonly after: string | null;
  readonly why: string;
  /** Whether the model knows less, or something else, for it. */
  readonly matters: boolean;
}

/** A schema as it was written and as the model sees it. */
export interface ShownSchema {
  readonly shown: JsonObject;
  /** Bytes of its JSON before detail was taken away. */
  readonly wholeBytes: number;
  /** Bytes of its JSON as the model sees it. */
  readonly bytes: number;
  readonly changes: readonly SchemaChange[];
}

type Reason = Pick<SchemaChange, 'why' | 'matters'>;

/** Keywords that say something of a schema, not of the values it takes. */
const remarks = new Set(['$schema', '$id', '$anchor', '$comment', 'title', 'deprecated']);

const matters = (why: string): Reason => ({ why, matters: true });
const harmless = (why: string): Reason => ({ why, matters: false });

function explainLost({ path, isEntry, before }: SchemaDifference): Reason {
  if (isEntry) return harmless('nothing in the schema refers to it');
  if (before === null) return harmless('null counts as absent');
  const keyword = path.at(-1) ?? '';
  switch (keyword) {
    case 'const':
      return harmless('`const` becomes an `enum` of one value');
    case '$defs':
    case 'definitions':
      return harmless(
        isJsonObject(before) ? 'nothing in the schema refers to it' : 'it is no table',
      );
    case 'type':
      return matters('it names no type that Codex knows');
    case 'prefixItems':
      return matters('Codex passes on no `prefixItems`: a tuple is shown as a list');
    default:
      return remarks.has(keyword)
        ? harmless(`Codex does not pass on \`${keyword}\``)
        : matters(`Codex does not pass on \`${keyword}\``);
  }
}

function explainAdded({ path, parent, after }: SchemaDifference): Reason {
  switch (path.at(-1)) {
    case 'items':
      return matters('Codex takes an array without `items` for a list of texts');
    case 'enum':
      return harmless('`const` becomes an `enum` of one value');
    case 'type': {
      const values = parent?.get('enum') ?? [parent?.get('const') ?? ''];
      const isWrong =
        after === 'string' &&
        isJsonArray(values) &&
        values.some((value) => typeof value !== 'string');
      return isWrong
        ? matters('no type is given, and Codex takes every `enum` without one for texts')
        : harmless('no type is given, and Codex infers one');
    }
    default:
      return harmless('Codex writes it where it is missing');
  }
}

function explainChanged({ path, parent, before, after }: SchemaDifference): Reason {
  if (typeof before === 'boolean') {
    return matters(`Codex knows no schema \`${before}\` and shows a text instead`);
  }
  if (isJsonObject(before) && isJsonObject(after)) {
    const isRemark = [...before.keys()].every((keyword) => remarks.has(keyword));
    return { why: 'nothing in it tells a type, so Codex drops all of it', matters: !isRemark };
  }
  switch (path.at(-1)) {
    case 'type':
      return matters('Codex drops types that it does not know');
    case 'enum':
      return parent?.has('const')
        ? matters('`const` takes its place')
        : harmless('Codex spells the numbers its own way');
    default:
      return matters('Codex reads it otherwise');
  }
}

/** Why the first step of the pipeline changed something. */
function explainCleaning(difference: SchemaDifference): Reason {
  if (difference.before === undefined) return explainAdded(difference);
  return difference.after === undefined ? explainLost(difference) : explainChanged(difference);
}

/** Levels below the root at which parts are emptied. */
const collapseDepth = 3;

/** Which of the passes that make a schema smaller changed something. */
function explainCompacting(difference: SchemaDifference, wholeBytes: number): Reason {
  const { path, before, depth } = difference;
  const size = `the schema has ${wholeBytes} bytes, more than ${defaultLimits.modelSchemaBytesMax}`;
  const keyword = path.at(-1);
  const isEmptied = isJsonObject(before) && difference.after !== undefined;
  if (isEmptied && before.size === 1 && before.has('description')) {
    return matters(`${size}: descriptions are removed`);
  }
  if (!isEmptied && keyword === 'description') return matters(`${size}: descriptions are removed`);
  if (!isEmptied || definitionOf(before) !== undefined) {
    return matters(`${size}, also without descriptions: definitions and references are removed`);
  }
  if (depth >= collapseDepth) {
    return matters(`${size}, also without definitions: what lies ${collapseDepth} deep is emptied`);
  }
  const compositions = compositionKeywords.filter((name) => before.has(name)).join(', ');
  return matters(`${size}, also without depth: \`${compositions}\` is emptied`);
}

const pointerToken = (token: string) => token.replaceAll('~', '~0').replaceAll('/', '~1');

function changeOf({ path, before, after }: SchemaDifference, reason: Reason): SchemaChange {
  return {
    kind: before === undefined ? 'added' : after === undefined ? 'lost' : 'changed',
    path: path.map((token) => `/${pointerToken(token)}`).join(''),
    before: before === undefined ? null : writeJson(before),
    after: after === undefined ? null : writeJson(after),
    ...reason,
  };
}

/** The schema that the model is shown for `schema`; the problem is in Codex's own words. */
export function showSchema(schema: JsonValue): Validation<ShownSchema> {
  const cleaned = parseTrustedToolInputSchema(schema);
  const compacted = parseToolInputSchema(schema);
  if (!cleaned.ok) return cleaned;
  if (!compacted.ok) return compacted;
  const whole = toolSchemaJson(cleaned.value);
  const shown = toolSchemaJson(compacted.value);
  const wholeBytes = Buffer.byteLength(writeJson(whole));
  return {
    ok: true,
    value: {
      shown,
      wholeBytes,
      bytes: Buffer.byteLength(writeJson(shown)),
      changes: [
        ...schemaDifferences(schema, whole).map((difference) =>
          changeOf(difference, explainCleaning(difference)),
        ),
        ...schemaDifferences(whole, shown).map((difference) =>
          changeOf(difference, explainCompacting(difference, wholeBytes)),
        ),
      ],
    },
  };
}
