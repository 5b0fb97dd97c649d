/**
 * What a schema may be made of. A schema is code: it is compiled, sent to Codex with every session, and
 * run on whatever a model makes up. So it is copied, bounded and frozen before anything else is done.
 */
import { SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { JsonSchema } from './contract.ts';
import { isRecord } from './json.ts';
import { compilePattern } from './pattern.ts';

/** Keywords whose value is one schema, a list of schemas, or a table of schemas. */
const schemaKeywords = [
  'items',
  'additionalItems',
  'additionalProperties',
  'contains',
  'contentSchema',
  'else',
  'if',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
];
const listKeywords = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const tableKeywords = ['properties', 'patternProperties', 'dependencies', 'dependentSchemas'];
const definitionKeywords = ['$defs', 'definitions'];

/** Keywords that reach outside the schema, change what a reference means, or change how checking works. */
const refusedKeywords = [
  '$anchor',
  '$async',
  '$dynamicAnchor',
  '$dynamicRef',
  '$id',
  '$recursiveAnchor',
  '$recursiveRef',
];

function refuse(expected: string, found: string, fix?: string): never {
  throw new SessionMeshError('schema_invalid', { expected, found, ...(fix ? { fix } : {}) });
}

interface Copying {
  readonly limits: Limits;
  bytes: number;
}

function spend(copying: Copying, bytes: number): void {
  copying.bytes += bytes;
  const { schemaBytesMax } = copying.limits;
  if (copying.bytes > schemaBytesMax) refuse(`at most ${schemaBytesMax} bytes`, 'more');
}

function copyText(copying: Copying, text: string): string {
  spend(copying, text.length);
  return text.toWellFormed();
}

function copyRecord(copying: Copying, record: object, depth: number): JsonSchema {
  const prototype: unknown = Object.getPrototypeOf(record);
  if (prototype !== Object.prototype && prototype !== null) {
    refuse('plain JSON', 'an object of a class');
  }
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(record)) {
    if (key === '__proto__') refuse('plain JSON', 'a key __proto__');
    if (value !== undefined) copy[copyText(copying, key)] = copyValue(copying, value, depth + 1);
  }
  return Object.freeze(copy);
}

function copyValue(copying: Copying, value: unknown, depth: number): unknown {
  const { schemaDepthMax } = copying.limits;
  if (depth > schemaDepthMax) {
    refuse(`at most ${schemaDepthMax} levels`, 'more, or a schema that contains itself');
  }
  spend(copying, 1);
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'string') return copyText(copying, value);
  if (Array.isArray(value)) {
    return Object.freeze(value.map((item: unknown) => copyValue(copying, item, depth + 1)));
  }
  if (typeof value === 'object') return copyRecord(copying, value, depth);
  return refuse('plain JSON', `a ${typeof value}`);
}

/**
 * A deep, frozen copy of a JSON Schema's root object, without `$schema` and `$id`, which say nothing to
 * Codex or a model.
 * @throws SessionMeshError `schema_invalid` if it is no plain JSON object, too large or too deep.
 */
export function copySchema(schema: unknown, limits: Limits): JsonSchema {
  if (!isRecord(schema)) {
    return refuse('an object', schema === null ? 'null' : typeof schema);
  }
  const { $schema: _schema, $id: _id, ...rest } = schema;
  return copyRecord({ limits, bytes: 0 }, rest, 1);
}

/** The schemas right inside `schema`, by kind: always tried, and only where referred to. */
function partsOf(schema: JsonSchema): { applied: unknown[]; defined: unknown[] } {
  const listsOf = (keywords: readonly string[]) =>
    keywords.flatMap((keyword) => {
      const value = schema[keyword];
      if (Array.isArray(value)) return value as readonly unknown[];
      return isRecord(value) ? Object.values(value) : [];
    });
  return {
    applied: [
      ...schemaKeywords.map((keyword) => schema[keyword]),
      ...listsOf(listKeywords),
      ...listsOf(tableKeywords),
    ],
    defined: listsOf(definitionKeywords),
  };
}

/** Looks at every schema of the tree, also at definitions nobody refers to. */
function checkKeywords(root: JsonSchema, limits: Limits): void {
  let patterns = 0;
  const checkPattern = (pattern: unknown) => {
    patterns += 1;
    if (patterns > limits.schemaPatternsMax) {
      refuse(`at most ${limits.schemaPatternsMax} patterns`, 'more');
    }
    if (typeof pattern === 'string') compilePattern(pattern, limits);
  };
  const visit = (schema: unknown): void => {
    if (!isRecord(schema)) return;
    const refused = refusedKeywords.find((keyword) => Object.hasOwn(schema, keyword));
    if (refused) refuse('a schema that stands alone', `the keyword ${refused}`, 'leave it out');
    if (schema.pattern !== undefined) checkPattern(schema.pattern);
    if (isRecord(schema.patternProperties)) {
      Object.keys(schema.patternProperties).forEach(checkPattern);
    }
    const { applied, defined } = partsOf(schema);
    applied.forEach(visit);
    defined.forEach(visit);
  };
  visit(root);
}

/** The schema a local reference points at: `#/$defs/name`, by RFC 6901. */
function resolve(root: JsonSchema, reference: unknown): unknown {
  if (typeof reference !== 'string' || !/^#(\/|$)/.test(reference)) {
    return refuse('a $ref within the schema (#/…)', JSON.stringify(reference).slice(0, 80));
  }
  let target: unknown = root;
  for (const token of reference.split('/').slice(1)) {
    const key = decodeToken(token);
    const isInside = typeof target === 'object' && target !== null && Object.hasOwn(target, key);
    target = isInside ? Reflect.get(Object(target), key) : undefined;
  }
  return target ?? refuse('a $ref that leads somewhere', JSON.stringify(reference).slice(0, 80));
}

function decodeToken(token: string): string {
  try {
    return decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return token;
  }
}

/** Counts the parts of the schema with every reference followed; one that leads back to itself never ends. */
function checkReferences(root: JsonSchema, limits: Limits): void {
  const counts = new Map<unknown, number>();
  const active = new Set<unknown>();
  const count = (schema: unknown): number => {
    if (!isRecord(schema)) return 0;
    const known = counts.get(schema);
    if (known !== undefined) return known;
    if (active.has(schema)) {
      refuse(
        'a $ref that does not lead back to itself',
        'a recursive schema',
        'write it out as deep as it may get, or pass a Standard Schema',
      );
    }
    active.add(schema);
    let parts = 1;
    for (const part of partsOf(schema).applied) parts += count(part);
    if (schema.$ref !== undefined) parts += count(resolve(root, schema.$ref));
    active.delete(schema);
    if (parts > limits.schemaPartsMax) {
      refuse(`at most ${limits.schemaPartsMax} parts with every $ref followed`, 'more');
    }
    counts.set(schema, parts);
    return parts;
  };
  count(root);
}

/**
 * Refuses what a plain JSON Schema must not contain before it is compiled.
 * @throws SessionMeshError `schema_invalid`
 */
export function checkSchema(schema: JsonSchema, limits: Limits): void {
  checkKeywords(schema, limits);
  checkReferences(schema, limits);
}
