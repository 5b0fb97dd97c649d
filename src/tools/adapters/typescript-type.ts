/** JSON Schema as a TypeScript type, for models that call tools from code. */
import {
  isJsonArray,
  isJsonObject,
  type JsonArray,
  type JsonObject,
  type JsonValue,
} from './json-value.ts';
import { writeJson } from './json-text.ts';
import { pointerTokens, resolvePointer } from './schema-reference.ts';
import { compareUtf8, trimWhiteSpace } from './unicode.ts';

/** Times one pointer may be expanded inside itself. */
const activeExpansionsMax = 2;

/** Expansions in one schema; further references are `unknown`. */
const expansionsMax = 32;

/** Steps down, through references too; what is deeper is `unknown`. */
const depthMax = 1000;

const unknownType = 'unknown';

/** One rendering: where references lead, and how many were followed. */
interface Rendering {
  readonly root: JsonValue;
  readonly active: Map<string, number>;
  expansions: number;
  depth: number;
}

const nonEmpty = (value: JsonValue | undefined): JsonArray | undefined =>
  isJsonArray(value) && value.length > 0 ? value : undefined;

/**
 * `name` as a JavaScript identifier: every character that cannot stand in one becomes `_`. Only ASCII
 * letters count.
 */
export function codeIdentifier(name: string): string {
  const identifier = name.replace(/^[^a-zA-Z_$]|[^a-zA-Z0-9_$]/gu, '_');
  return identifier === '' ? '_' : identifier;
}

const memberName = (name: string) => (codeIdentifier(name) === name ? name : JSON.stringify(name));

/** The host looks for a union by its text alone, so one inside an object counts too. */
function renderIntersection(variants: JsonArray, rendering: Rendering): string {
  return variants
    .map((variant) => render(variant, rendering))
    .map((type) => (type.includes(' | ') ? `(${type})` : type))
    .join(' & ');
}

function renderArray(schema: JsonObject, rendering: Rendering): string {
  const items = schema.get('items');
  if (items !== undefined) return `Array<${render(items, rendering)}>`;
  const prefixItems = nonEmpty(schema.get('prefixItems'));
  if (prefixItems === undefined) return 'unknown[]';
  return `[${prefixItems.map((item) => render(item, rendering)).join(', ')}]`;
}

/** The description of a member, one comment for each line that says something. */
function commentLines(schema: JsonValue): readonly string[] | undefined {
  const description = isJsonObject(schema) ? schema.get('description') : undefined;
  if (typeof description !== 'string' || description === '') return undefined;
  return description
    .split('\n')
    .map(trimWhiteSpace)
    .filter((line) => line !== '')
    .map((line) => `// ${line}`);
}

function renderIndex(schema: JsonObject, hasMembers: boolean, rendering: Rendering): string[] {
  const additional = schema.get('additionalProperties');
  if (additional === false || (additional === undefined && hasMembers)) return [];
  const type = additional === undefined ? unknownType : render(additional, rendering);
  return [`[key: string]: ${type};`];
}

function renderObject(schema: JsonObject, rendering: Rendering): string {
  const properties = schema.get('properties');
  const required = schema.get('required');
  const isRequired = (name: string) => isJsonArray(required) && required.includes(name);
  const members = [...(isJsonObject(properties) ? properties : [])].toSorted(([left], [right]) =>
    compareUtf8(left, right),
  );
  const comments = members.map(([, member]) => commentLines(member));
  const lines = members.map(
    ([name, member]) =>
      `${memberName(name)}${isRequired(name) ? '' : '?'}: ${render(member, rendering)};`,
  );
  const index = renderIndex(schema, members.length > 0, rendering);
  if (comments.every((lines) => lines === undefined)) {
    const parts = [...lines, ...index];
    return parts.length === 0 ? '{}' : `{ ${parts.join(' ')} }`;
  }
  const commented = lines.flatMap((line, position) => [...(comments[position] ?? []), line]);
  return `{\n${[...commented, ...index].map((line) => `  ${line}\n`).join('')}}`;
}

function renderType(type: JsonValue, schema: JsonObject, rendering: Rendering): string {
  switch (type) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
      return type;
    case 'integer':
      return 'number';
    case 'array':
      return renderArray(schema, rendering);
    case 'object':
      return renderObject(schema, rendering);
    default:
      return unknownType;
  }
}

function renderConstraints(schema: JsonObject, rendering: Rendering): string {
  const constant = schema.get('const');
  if (constant !== undefined) return writeJson(constant);
  const values = nonEmpty(schema.get('enum'));
  if (values !== undefined) return values.map(writeJson).join(' | ');
  const variants = nonEmpty(schema.get('anyOf')) ?? nonEmpty(schema.get('oneOf'));
  if (variants !== undefined) return variants.map((one) => render(one, rendering)).join(' | ');
  const all = nonEmpty(schema.get('allOf'));
  if (all !== undefined) return renderIntersection(all, rendering);
  const types = nonEmpty(schema.get('type'));
  if (types) return types.map((word) => renderType(word, schema, rendering)).join(' | ');
  const type = schema.get('type');
  if (typeof type === 'string') return renderType(type, schema, rendering);
  const has = (keyword: string) => schema.has(keyword);
  if (['properties', 'additionalProperties', 'required'].some(has)) {
    return renderObject(schema, rendering);
  }
  return ['items', 'prefixItems'].some(has) ? renderArray(schema, rendering) : unknownType;
}

/** The type a reference leads to; `unknown` when it leads nowhere or too often. */
/** A percent sign that begins no escape: such a reference leads nowhere here, though pruning follows it. */
const strayPercent = /%(?![0-9a-f]{2})/i;

function renderTarget(reference: string, rendering: Rendering): string {
  if (strayPercent.test(reference)) return unknownType;
  const tokens = pointerTokens(reference);
  const target = tokens && resolvePointer(rendering.root, tokens);
  const pointer = JSON.stringify(tokens);
  const active = rendering.active.get(pointer) ?? 0;
  if (target === undefined || active >= activeExpansionsMax) return unknownType;
  if (rendering.expansions >= expansionsMax) return unknownType;
  rendering.expansions += 1;
  rendering.active.set(pointer, active + 1);
  const type = render(target, rendering);
  rendering.active.set(pointer, active);
  return type;
}

function renderReference(reference: string, schema: JsonObject, rendering: Rendering): string {
  const target = renderTarget(reference, rendering);
  const siblings = renderConstraints(schema, rendering);
  if (siblings === unknownType) return target;
  return target === unknownType ? siblings : `(${target}) & (${siblings})`;
}

function render(schema: JsonValue, rendering: Rendering): string {
  if (schema === false) return 'never';
  if (!isJsonObject(schema) || rendering.depth >= depthMax) return unknownType;
  rendering.depth += 1;
  const reference = schema.get('$ref');
  const type =
    typeof reference === 'string'
      ? renderReference(reference, schema, rendering)
      : renderConstraints(schema, rendering);
  rendering.depth -= 1;
  return type;
}

/** `schema` as a TypeScript type. Local references are followed, a bounded number of times. */
export function typescriptType(schema: JsonValue): string {
  return render(schema, { root: schema, active: new Map(), expansions: 0, depth: 0 });
}
