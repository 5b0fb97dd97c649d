/** Block tags that narrow a value or name its default: `@minimum 1`, `@format email`, `@defaultValue 10`. */
import { messageOf } from '../../errors.ts';
import { defaultLimits } from '../../limits.ts';
import type { JsonSchema } from '../contract.ts';
import { compilePattern } from '../pattern.ts';
import type { DocTag } from './documentation.ts';
import type { SourcePlace } from './inferred.ts';

/** What stands after a tag, or why it cannot stand there. */
type Reading =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly expected: string };

interface Constraint {
  /** The types of values it means something for; none for every type. */
  readonly types: readonly string[];
  readonly read: (text: string) => Reading;
}

const readNumber = (text: string): Reading => {
  const value = text === '' ? NaN : Number(text);
  return Number.isFinite(value) ? { ok: true, value } : { ok: false, expected: 'a number' };
};

const readCount = (text: string): Reading =>
  /^\d+$/.test(text) && Number.isSafeInteger(Number(text))
    ? { ok: true, value: Number(text) }
    : { ok: false, expected: 'a whole number from 0' };

const readStep = (text: string): Reading =>
  Number(text) > 0 ? readNumber(text) : { ok: false, expected: 'a number above 0' };

const withoutTicks = (text: string): string => /^`(.*)`$/s.exec(text)?.[1] ?? text;

const readPattern = (text: string): Reading => {
  const value = withoutTicks(text);
  if (value === '') return { ok: false, expected: 'a regular expression' };
  try {
    compilePattern(value, defaultLimits);
    return { ok: true, value };
  } catch (thrown) {
    return { ok: false, expected: `a regular expression (${messageOf(thrown)})` };
  }
};

const readWord = (text: string): Reading => {
  const value = withoutTicks(text);
  return /^\S+$/.test(value) ? { ok: true, value } : { ok: false, expected: 'one word' };
};

const readFlag = (text: string): Reading =>
  text === '' || text === 'true' ? { ok: true, value: true } : { ok: false, expected: 'nothing' };

const numeric = ['number', 'integer'];

/** Every tag that becomes a keyword of the same name. */
const constraints: ReadonlyMap<string, Constraint> = new Map([
  ['minimum', { types: numeric, read: readNumber }],
  ['maximum', { types: numeric, read: readNumber }],
  ['exclusiveMinimum', { types: numeric, read: readNumber }],
  ['exclusiveMaximum', { types: numeric, read: readNumber }],
  ['multipleOf', { types: numeric, read: readStep }],
  ['minLength', { types: ['string'], read: readCount }],
  ['maxLength', { types: ['string'], read: readCount }],
  ['pattern', { types: ['string'], read: readPattern }],
  ['format', { types: ['string'], read: readWord }],
  ['minItems', { types: ['array'], read: readCount }],
  ['maxItems', { types: ['array'], read: readCount }],
  ['uniqueItems', { types: ['array'], read: readFlag }],
  ['minProperties', { types: ['object'], read: readCount }],
  ['maxProperties', { types: ['object'], read: readCount }],
]);

function typesOf(schema: JsonSchema): readonly unknown[] {
  const { type } = schema;
  return Array.isArray(type) ? type : [type];
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `schema` with `change` made wherever a value is of one of `types`; null if it nowhere is. */
function changeWhere(
  schema: JsonSchema,
  types: readonly string[],
  change: (schema: JsonSchema) => JsonSchema,
): JsonSchema | null {
  if (typesOf(schema).some((type) => types.some((wanted) => wanted === type)))
    return change(schema);
  const branches: unknown = schema['anyOf'];
  if (!Array.isArray(branches)) return null;
  const changed = branches.map((branch: unknown) =>
    isSchema(branch) ? changeWhere(branch, types, change) : null,
  );
  if (changed.every((branch) => branch === null)) return null;
  return { ...schema, anyOf: changed.map((branch, index) => branch ?? branches[index]) };
}

/** `@integer`: TypeScript has one type for all numbers. */
function toInteger(schema: JsonSchema): JsonSchema {
  const types = typesOf(schema).map((type) => (type === 'number' ? 'integer' : type));
  return { ...schema, type: types.length === 1 ? types[0] : types };
}

/**
 * The value of a `@defaultValue`: JSON, or a text in quotes, or one bare word where a text is expected;
 * all of them with or without backticks. Undefined for prose such as `the current branch`.
 */
function readDefault(text: string, schema: JsonSchema): { value: unknown } | undefined {
  const bare = withoutTicks(text);
  try {
    return { value: JSON.parse(bare) };
  } catch {
    const quoted = /^'([^']*)'$/.exec(bare)?.[1];
    if (quoted !== undefined) return { value: quoted };
    const isWord = /^[^\s()]+$/.test(bare) && typesOf(schema).includes('string');
    return isWord && bare !== 'undefined' ? { value: bare } : undefined;
  }
}

/** Where a tag's trouble goes. */
export interface TagReport {
  error(message: string, place: SourcePlace): void;
  warning(message: string, place: SourcePlace): void;
}

function applyDefault(schema: JsonSchema, tag: DocTag, report: TagReport): JsonSchema {
  const read = readDefault(tag.text, schema);
  if (read) return { ...schema, default: read.value };
  if (withoutTicks(tag.text) !== 'undefined') {
    report.warning(`@${tag.name} is no JSON value, so it is left out of the schema`, tag.place);
  }
  return schema;
}

function applyTag(schema: JsonSchema, tag: DocTag, report: TagReport): JsonSchema {
  if (tag.name === 'default' || tag.name === 'defaultValue') {
    return applyDefault(schema, tag, report);
  }
  if (tag.name === 'integer') return changeWhere(schema, ['number'], toInteger) ?? schema;
  const constraint = constraints.get(tag.name);
  if (!constraint) return schema;
  const reading = constraint.read(tag.text);
  if (!reading.ok) {
    report.error(
      `@${tag.name} needs ${reading.expected}, found ${JSON.stringify(tag.text)}`,
      tag.place,
    );
    return schema;
  }
  const changed = changeWhere(schema, constraint.types, (part) => ({
    ...part,
    [tag.name]: reading.value,
  }));
  if (!changed) {
    const types = constraint.types.join(' or ');
    report.error(`@${tag.name} is for ${types} values only`, tag.place);
  }
  return changed ?? schema;
}

/** `schema` narrowed by every tag that is a constraint; other tags are not looked at. */
export function applyTags(
  schema: JsonSchema,
  tags: readonly DocTag[],
  report: TagReport,
): JsonSchema {
  return tags.reduce((narrowed, tag) => applyTag(narrowed, tag, report), schema);
}
