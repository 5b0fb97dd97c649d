/**
 * Compiled validators for plain JSON Schemas, shared by everything that uses the same schema.
 *
 * Every validator has a compiler of its own: one compiler for all would keep a part of every schema it
 * ever saw, also of those that were dropped. The compiler is loaded when the first plain JSON Schema is, because loading it costs more
 * than the rest of this library does.
 */
import { createRequire } from 'node:module';
import type * as Ajv from 'ajv/dist/2020.js';
import { messageOf, SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { JsonSchema } from './contract.ts';
import { canonicalJson } from './json.ts';
import { compilePattern } from './pattern.ts';
import { checkSchema } from './schema-bounds.ts';

/** What is wrong with a value: nothing, or the compiler's own list. */
export type Check = (value: unknown) => readonly Ajv.ErrorObject[];

const require = createRequire(import.meta.url);

interface KeptCheck {
  readonly check: Check;
  /** The number of its last use, among all uses. */
  lastUse: number;
}

const checks = new Map<string, KeptCheck>();
let uses = 0;

let isSchema: Ajv.ValidateFunction | undefined;

function loadCompiler(): typeof Ajv {
  return require('ajv/dist/2020.js');
}

/** `allErrors` is safe because arguments are bounded before they come here; see `arguments.ts`. */
function optionsOf(limits: Limits): Ajv.Options {
  return {
    strict: false,
    validateFormats: false,
    allErrors: true,
    verbose: true,
    ownProperties: true,
    logger: false,
    meta: false,
    validateSchema: false,
    addUsedSchema: false,
    code: {
      regExp: Object.assign((source: string) => compilePattern(source, limits), {
        code: 'compilePattern',
      }),
    },
  };
}

/** Looks each item's text up once: to compare every item with every other lets one long list stall the process. */
function areUnique(isWanted: boolean, list: readonly unknown[]): boolean {
  return !isWanted || new Set(list.map((item) => canonicalJson(item))).size === list.length;
}

function checkAgainstMetaSchema(schema: JsonSchema): void {
  const { Ajv2020 } = loadCompiler();
  isSchema ??= new Ajv2020({ strict: false, logger: false }).getSchema(
    'https://json-schema.org/draft/2020-12/schema',
  );
  if (isSchema?.(schema) === false) {
    const [first] = isSchema.errors ?? [];
    throw new SessionMeshError('schema_invalid', {
      expected: 'a JSON Schema (draft 2020-12)',
      found: `${first?.instancePath ?? ''}: ${first?.message ?? 'something else'}`,
    });
  }
}

function compile(schema: JsonSchema, limits: Limits): Check {
  checkSchema(schema, limits);
  checkAgainstMetaSchema(schema);
  const { Ajv2020 } = loadCompiler();
  const compiler = new Ajv2020(optionsOf(limits));
  compiler.removeKeyword('uniqueItems').addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: areUnique,
  });
  try {
    const validate = compiler.compile(schema);
    return (value) => (validate(value) ? [] : (validate.errors ?? []));
  } catch (thrown) {
    throw new SessionMeshError('schema_invalid', {
      found: messageOf(thrown).slice(0, 200),
      cause: thrown,
    });
  }
}

/**
 * The check for a schema that `copySchema` has passed, looked through and compiled now unless it is kept.
 * @param key what it is kept by: two schemas with the same key must be equal, and so must their bounds
 * @throws SessionMeshError `schema_invalid` if it is no JSON Schema, or beyond a bound.
 */
export function checkFor(schema: JsonSchema, key: string, limits: Limits): Check {
  let kept = checks.get(key);
  if (!kept) checks.set(key, (kept = { check: compile(schema, limits), lastUse: 0 }));
  kept.lastUse = uses += 1;
  while (checks.size > limits.validatorsMax) forgetLeastUsed();
  return kept.check;
}

/** Looks at all of them: it takes less than to compile the one that they make room for. */
function forgetLeastUsed(): void {
  const [least] = [...checks].toSorted(([, one], [, other]) => one.lastUse - other.lastUse);
  if (least) checks.delete(least[0]);
}
