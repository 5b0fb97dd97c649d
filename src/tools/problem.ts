/** What is wrong with a value, in one line that a model can act on: which field, what was expected, what was found. */
import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Limits } from '../limits.ts';
import { isRecord } from './json.ts';
import type { StandardIssue } from './standard-schema.ts';

/** One problem: where, and what. */
interface Problem {
  readonly path: readonly PropertyKey[];
  readonly text: string;
  /** What was found there, if it is known and worth telling. */
  readonly found?: unknown;
}

/** How to speak of the value that was checked. */
export interface Wording {
  /** The value as a whole: `arguments`, `result`. */
  readonly subject: string;
  /** Whether what was found may be told: to the model that sent it, but not to a log. */
  readonly withFound: boolean;
  readonly limits: Limits;
}

const nameCharsMax = 40;
/** Errors beyond these are not read: what is told of them is a handful. */
const errorsReadMax = 200;

function shorten(text: string): string {
  return text.length > nameCharsMax ? `${text.slice(0, nameCharsMax)}…` : text;
}

/** A value in a few words: itself if it is short, else what kind it is. */
export function describeValue(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  switch (typeof value) {
    case 'string':
      return JSON.stringify(shorten(value));
    case 'object':
      return value === null ? 'null' : 'an object';
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'undefined':
      return 'nothing';
    case 'function':
    case 'symbol':
      return `a ${typeof value}`;
  }
}

function describePath(path: readonly PropertyKey[]): string {
  if (path.length === 0) return '';
  return path
    .map((key, index) => {
      if (typeof key === 'number' || /^\d+$/.test(String(key))) return `[${String(key)}]`;
      const name = shorten(String(key));
      if (!/^[\p{L}_$][\p{L}\p{N}_$-]*…?$/u.test(name)) return `[${JSON.stringify(name)}]`;
      return index === 0 ? name : `.${name}`;
    })
    .join('');
}

/** `problems` as one line within the bounds of `limits`. */
function composeProblems(
  problems: readonly Problem[],
  { subject, withFound, limits }: Wording,
): string {
  const texts = problems.map(({ path, text, found }) => {
    const where = describePath(path) || subject;
    const isTold = withFound && found !== undefined;
    return `${where}: ${text}${isTold ? `, found ${describeValue(found)}` : ''}`;
  });
  const unique = [...new Set(texts)];
  const shown = unique.slice(0, limits.argumentProblemsMax);
  const hidden = unique.length - shown.length;
  const line = shown.join('; ') + (hidden > 0 ? `; and ${hidden} more` : '');
  const oneLine = (line || `${subject}: does not fit`).replace(/\s+/g, ' ').toWellFormed();
  const charsMax = limits.argumentProblemCharsMax;
  return oneLine.length > charsMax ? `${oneLine.slice(0, charsMax).toWellFormed()}…` : oneLine;
}

function listWords(words: readonly string[]): string {
  return words.length > 1
    ? `${words.slice(0, -1).join(', ')} or ${words[words.length - 1] ?? ''}`
    : (words[0] ?? 'nothing');
}

function describeValues(values: unknown): string {
  const list: readonly unknown[] = Array.isArray(values) ? values : [values];
  const shown = list.slice(0, 12).map(describeValue);
  return listWords(list.length > 12 ? [...shown, `one of ${list.length - 12} others`] : shown);
}

/** What a schema asks for, in a word or two. */
function describeSchema(schema: unknown): string {
  if (!isRecord(schema)) return 'another form';
  if (schema.const !== undefined) return describeValue(schema.const);
  if (Array.isArray(schema.enum)) return describeValues(schema.enum);
  if (typeof schema.$ref === 'string') return shorten(schema.$ref.replace(/^.*\//, ''));
  if (typeof schema.type === 'string') return schema.type;
  return Array.isArray(schema.type) ? listWords(schema.type.map(String)) : 'another form';
}

/** The problem of one failed keyword. `null` where another problem says it better. */
function readError(error: ErrorObject): Problem | null {
  const path = error.instancePath.split('/').slice(1).map(decodeToken);
  const { params, schema, data: found } = error;
  switch (error.keyword) {
    case 'required':
      return { path: [...path, String(params.missingProperty)], text: 'is required' };
    case 'additionalProperties':
      return { path: [...path, String(params.additionalProperty)], text: unknownField(error) };
    case 'unevaluatedProperties':
      return { path: [...path, String(params.unevaluatedProperty)], text: 'is not a known field' };
    case 'type':
      return { path, text: `expected ${listWords([schema].flat().map(String))}`, found };
    case 'enum':
      return { path, text: `expected ${describeValues(schema)}`, found };
    case 'const':
      return { path, text: `expected ${describeValue(schema)}`, found };
    case 'pattern':
      return { path, text: `expected text that matches /${shorten(String(schema))}/`, found };
    case 'anyOf':
    case 'oneOf':
      return { path, text: `expected ${describeBranches(schema)}`, found };
    case 'uniqueItems':
      return { path, text: 'expected no item twice', found };
    case 'false schema':
      return { path, text: 'is not allowed here' };
    case 'if':
    case 'propertyNames':
      return null;
    default:
      return { path, text: error.message ?? `does not fit ${error.keyword}`, found };
  }
}

function decodeToken(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}

function describeBranches(branches: unknown): string {
  return listWords([...new Set((Array.isArray(branches) ? branches : []).map(describeSchema))]);
}

function unknownField(error: ErrorObject): string {
  const properties: unknown = error.parentSchema?.properties;
  const known = isRecord(properties) ? Object.keys(properties) : [];
  if (known.length === 0 || known.length > 20) return 'is not a known field';
  return `is not a known field (known: ${known.map(shorten).join(', ')})`;
}

function isInside(error: ErrorObject, choice: ErrorObject): boolean {
  const isWithin =
    error.instancePath === choice.instancePath ||
    error.instancePath.startsWith(`${choice.instancePath}/`);
  const isBranch =
    error.schemaPath.startsWith(`${choice.schemaPath}/`) ||
    /^#\/(\$defs|definitions)\//.test(error.schemaPath);
  return error !== choice && isWithin && isBranch;
}

/** Which branch of `choice` an error comes from: its index, or the definition it refers to. */
function branchOf(error: ErrorObject, choice: ErrorObject): string {
  const prefix = `${choice.schemaPath}/`;
  return error.schemaPath.startsWith(prefix)
    ? error.schemaPath.slice(prefix.length).split('/', 1).join('')
    : error.schemaPath.split('/', 3).join('/');
}

/** Fixed values that were missed: in most choices they say which branch is meant. */
function missesOf(errors: readonly ErrorObject[]): number {
  return errors.filter(({ keyword }) => keyword === 'const' || keyword === 'enum').length;
}

/** The errors of the branch that came closest: of the right type, with the fewest misses, then errors. */
function closestBranch(choice: ErrorObject, inside: readonly ErrorObject[]): ErrorObject[] {
  const branches = [...Map.groupBy(inside, (error) => branchOf(error, choice)).values()];
  const related = branches.filter((errors) =>
    errors.every(({ keyword, instancePath }) => {
      const isAboutItself = instancePath === choice.instancePath;
      return !(isAboutItself && ['type', 'enum', 'const'].includes(keyword));
    }),
  );
  const [closest = []] = related.toSorted(
    (a, b) => missesOf(a) - missesOf(b) || a.length - b.length,
  );
  return closest;
}

/** Of each failed choice, keeps what its closest branch misses; or, if none came close, the choice itself. */
function withoutNoise(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const choice = errors.findLast(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf');
  if (!choice) return errors;
  const inside = errors.filter((error) => isInside(error, choice));
  const outside = errors.filter((error) => error !== choice && !inside.includes(error));
  const closest = closestBranch(choice, inside);
  return [...withoutNoise(outside), ...(closest.length > 0 ? withoutNoise(closest) : [choice])];
}

/** The problems a compiled JSON Schema found, in one line. */
export function describeErrors(errors: readonly ErrorObject[], wording: Wording): string {
  const problems = withoutNoise(errors.slice(0, errorsReadMax)).map(readError);
  return composeProblems(
    problems.filter((problem) => problem !== null),
    wording,
  );
}

/** What is at `path` in `value`, or undefined. */
function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    const isInside = typeof found === 'object' && found !== null && Object.hasOwn(found, key);
    found = isInside ? Reflect.get(Object(found), key) : undefined;
  }
  return found;
}

/** The problems a Standard Schema found in `value`, in one line. */
export function describeIssues(
  issues: readonly StandardIssue[],
  value: unknown,
  wording: Wording,
): string {
  const problems = issues.slice(0, errorsReadMax).map((issue) => {
    const path = (issue.path ?? []).map((key) => (typeof key === 'object' ? key.key : key));
    const text = issue.message.replace(/[.\s]+$/, '') || 'does not fit';
    return { path, text, found: path.length > 0 ? valueAt(value, path) : undefined };
  });
  return composeProblems(problems, wording);
}
