/**
 * Checks bodies and queries against the JSON Schemas of their routes, and says what is wrong with them in
 * the form that clients of this API know: a list of issues with path, code and message.
 */
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import type { JsonSchema } from '../tools/contract.ts';

/** One thing that is wrong. What else stands in it depends on the code. */
export interface Issue {
  readonly code: string;
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly [member: string]: unknown;
}

/** A value that passed, or what is wrong with it. */
export type Checked<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** Bodies are bounded before they come here, so all of their problems may be looked for. */
const options = { allErrors: true, verbose: true, discriminator: true, strict: false } as const;

/** JSON says what is a number, a query does not. */
const compilers = {
  body: new Ajv2020(options),
  query: new Ajv2020({ ...options, coerceTypes: true }),
};

function typeNameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? 'array' : typeof value;
}

/** A schema of an object without properties of its own is called a record. */
function expectedOf(schema: unknown): string {
  const { type, properties, oneOf } = Object(schema);
  if (type === 'object' && properties === undefined && oneOf === undefined) return 'record';
  return type === 'integer' ? 'int' : String(type ?? 'unknown');
}

function pathOf(error: ErrorObject, ...more: readonly string[]): (string | number)[] {
  const segments = error.instancePath.split('/').slice(1);
  const decoded = segments.map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  return [...decoded, ...more].map((segment) =>
    /^\d+$/.test(segment) ? Number(segment) : segment,
  );
}

function typeIssue(path: Issue['path'], expected: string, found: unknown): Issue {
  const message = `Invalid input: expected ${expected}, received ${typeNameOf(found)}`;
  return { expected, code: 'invalid_type', path, message };
}

const units = {
  minLength: 'characters',
  maxLength: 'characters',
  minItems: 'items',
  maxItems: 'items',
};

function sizeIssue(error: ErrorObject, keyword: keyof typeof units): Issue {
  const limit = Number(error.params['limit']);
  const origin = units[keyword] === 'items' ? 'array' : 'string';
  const isSmall = keyword.startsWith('min');
  const size = `expected ${origin} to have ${isSmall ? '>=' : '<='}${limit} ${units[keyword]}`;
  return {
    origin,
    code: isSmall ? 'too_small' : 'too_big',
    [isSmall ? 'minimum' : 'maximum']: limit,
    inclusive: true,
    path: pathOf(error),
    message: `Too ${isSmall ? 'small' : 'big'}: ${size}`,
  };
}

function rangeIssue(error: ErrorObject, isSmall: boolean): Issue {
  const limit = Number(error.params['limit']);
  return {
    origin: 'number',
    code: isSmall ? 'too_small' : 'too_big',
    [isSmall ? 'minimum' : 'maximum']: limit,
    inclusive: true,
    path: pathOf(error),
    message: `Too ${isSmall ? 'small' : 'big'}: expected number to be ${isSmall ? '>=' : '<='}${limit}`,
  };
}

function issueOf(error: ErrorObject): Issue {
  const { keyword, params, data, message } = error;
  switch (keyword) {
    case 'type':
      return typeIssue(pathOf(error), expectedOf(error.parentSchema), data);
    case 'required': {
      const missing = String(params['missingProperty']);
      const { properties } = Object(error.parentSchema);
      const expected = expectedOf(Object(properties ?? {})[missing] ?? params['schema']);
      return typeIssue(pathOf(error, missing), expected, undefined);
    }
    case 'enum': {
      const values: readonly unknown[] = params['allowedValues'];
      const options = values.map((value) => JSON.stringify(value)).join('|');
      const text = `Invalid option: expected one of ${options}`;
      return { code: 'invalid_value', values, path: pathOf(error), message: text };
    }
    case 'minLength':
    case 'maxLength':
    case 'minItems':
    case 'maxItems':
      return sizeIssue(error, keyword);
    case 'minimum':
    case 'maximum':
      return rangeIssue(error, keyword === 'minimum');
    case 'discriminator':
      return {
        code: 'invalid_union',
        errors: [],
        note: 'No matching discriminator',
        discriminator: params['tag'],
        path: pathOf(error, String(params['tag'])),
        message: 'Invalid input',
      };
    default:
      return {
        code: 'custom',
        path: pathOf(error),
        message: `Invalid input: ${message ?? keyword}`,
      };
  }
}

/** A text of blanks only is as good as none; `pattern: '\\S'` says so in a schema. */
function asBlank(error: ErrorObject): ErrorObject {
  if (error.keyword !== 'pattern' || error.params['pattern'] !== notBlank) return error;
  return { ...error, keyword: 'minLength', params: { limit: 1 } };
}

/** Errors that another one says better: of a branch, and of a missing discriminator. */
function isEcho({ keyword, parentSchema }: ErrorObject): boolean {
  return (
    keyword === 'if' || (keyword === 'required' && parentSchema?.['discriminator'] !== undefined)
  );
}

/** The pattern of a text that is not blank. */
export const notBlank = '\\S';

/** A check against one schema. Compiled once, for as long as the process lives. */
export function compileCheck<Value>(
  part: 'body' | 'query',
  schema: JsonSchema,
  issuesMax: number,
): (value: unknown) => Checked<Value> {
  const validate = compilers[part].compile<Value>(schema);
  return (value) => {
    if (validate(value)) return { ok: true, value };
    const errors = (validate.errors ?? []).filter((error) => !isEcho(error));
    return {
      ok: false,
      issues: errors.slice(0, issuesMax).map((error) => issueOf(asBlank(error))),
    };
  };
}
