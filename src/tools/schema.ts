/**
 * Reads what an author gives as a schema: a Standard Schema of any library, or a plain JSON Schema. Out
 * comes the JSON Schema to show and a check to run, and nothing of which kind it was.
 */
import { messageOf, SessionMeshError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { JsonSchema, Validation } from './contract.ts';
import type { FromJsonSchema } from './from-json-schema.ts';
import { canonicalJson, isRecord } from './json.ts';
import { describeErrors, describeIssues, type Wording } from './problem.ts';
import { copySchema } from './schema-bounds.ts';
import { isStandardSchema, type StandardResult, type StandardSchema } from './standard-schema.ts';
import { checkFor } from './validator.ts';

/** What an author may give as a schema. */
export type SchemaSource = StandardSchema | JsonSchema;

/** The type of the values that have passed a schema: what a handler is given. */
export type ValueOf<Source> =
  Source extends StandardSchema<unknown, infer Output> ? Output : FromJsonSchema<Source>;

/** The type of the values a schema takes: what a handler returns. */
export type AcceptedBy<Source> =
  Source extends StandardSchema<infer Input, unknown> ? Input : FromJsonSchema<Source>;

/** A schema, ready for use. */
export interface Schema {
  /** Frozen, bounded, plain JSON. */
  readonly json: JsonSchema;
  /** Checks a value and brings it into the declared shape. Never throws or rejects. */
  check(value: unknown, wording: Wording): Validation<unknown> | Promise<Validation<unknown>>;
}

type StandardProps = StandardSchema['~standard'];

/** Narrows what carries Standard Schema's mark to what a tool can use of it. */
function isUsable(props: unknown): props is StandardProps {
  return (
    isRecord(props) &&
    typeof props.validate === 'function' &&
    isRecord(props.jsonSchema) &&
    typeof props.jsonSchema.input === 'function' &&
    typeof props.jsonSchema.output === 'function'
  );
}

function brokenCheck(wording: Wording, cause: unknown): Validation<unknown> {
  return { ok: false, problem: `${wording.subject}: the check itself failed`, cause };
}

function settle(
  result: StandardResult<unknown>,
  value: unknown,
  wording: Wording,
): Validation<unknown> {
  try {
    return result.issues
      ? { ok: false, problem: describeIssues(result.issues, value, wording) }
      : { ok: true, value: result.value };
  } catch (thrown) {
    return brokenCheck(wording, thrown);
  }
}

function convert(props: StandardProps, side: 'input' | 'output'): unknown {
  try {
    return props.jsonSchema[side]({ target: 'draft-2020-12' });
  } catch (thrown) {
    throw new SessionMeshError('schema_invalid', {
      expected: 'a schema that JSON Schema can express',
      found: messageOf(thrown).slice(0, 200),
      cause: thrown,
    });
  }
}

function readStandard(props: unknown, side: 'input' | 'output', limits: Limits): Schema {
  if (!isUsable(props)) {
    throw new SessionMeshError('schema_invalid', {
      expected: 'a Standard Schema that also gives its JSON Schema',
      found: 'one that does not',
      fix: "use the library's own wrapper (valibot: `toStandardJsonSchema`), or pass a JSON Schema",
    });
  }
  return {
    json: copySchema(convert(props, side), limits),
    check: (value, wording) => {
      try {
        const result = props.validate(value);
        if (!('then' in result)) return settle(result, value, wording);
        return Promise.resolve(result).then(
          (settled) => settle(settled, value, wording),
          (thrown: unknown) => brokenCheck(wording, thrown),
        );
      } catch (thrown) {
        return brokenCheck(wording, thrown);
      }
    },
  };
}

/** The bounds that a schema was looked through and compiled under, as text. */
function boundsOf(limits: Limits): string {
  const { patternCharsMax, patternStatesMax, patternTextCharsMax } = limits;
  const { schemaPatternsMax, schemaPartsMax } = limits;
  return `${patternCharsMax} ${patternStatesMax} ${patternTextCharsMax} ${schemaPatternsMax} ${schemaPartsMax}`;
}

/** Plain schemas by the copy that shows them: one that is passed on is not read again. */
const known = new WeakMap<object, { readonly schema: Schema; readonly limits: Limits }>();

function readPlain(source: unknown, limits: Limits): Schema {
  const before = isRecord(source) ? known.get(source) : undefined;
  if (before?.limits === limits) return before.schema;
  const json = copySchema(source, limits);
  const key = `${boundsOf(limits)} ${canonicalJson(json)}`;
  checkFor(json, key, limits);
  const schema: Schema = {
    json,
    check: (value, wording) => {
      try {
        const errors = checkFor(json, key, limits)(value);
        return errors.length === 0
          ? { ok: true, value }
          : { ok: false, problem: describeErrors(errors, wording) };
      } catch (thrown) {
        return brokenCheck(wording, thrown);
      }
    },
  };
  known.set(json, { schema, limits });
  return schema;
}

/**
 * Reads a schema. `side` says which form of a Standard Schema is shown: what it takes, or what it gives.
 * @throws SessionMeshError `schema_invalid` if it cannot be shown as JSON Schema or is beyond a bound.
 */
export function readSchema(source: unknown, side: 'input' | 'output', limits: Limits): Schema {
  return isStandardSchema(source)
    ? readStandard(source['~standard'], side, limits)
    : readPlain(source, limits);
}

/**
 * Reads the schema of a tool's arguments, which are always an object.
 * @throws SessionMeshError `schema_invalid`
 */
export function readInputSchema(source: unknown, limits: Limits): Schema {
  const schema = readSchema(source, 'input', limits);
  const { type } = schema.json;
  if (type !== undefined && type !== 'object') {
    throw new SessionMeshError('schema_invalid', {
      expected: 'an object schema: the arguments of a tool are always an object',
      found: `type ${JSON.stringify(type)}`,
      fix: 'make the value a property of an object',
    });
  }
  return schema;
}
