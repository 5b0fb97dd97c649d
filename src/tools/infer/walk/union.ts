/** Unions: `null`, sets of values, and choices between shapes. */
import type { Type } from 'ts-morph';
import type { JsonSchema } from '../../contract.ts';
import { choiceOf } from './choice.ts';
import { orderMembers, writtenNode } from './member-order.ts';
import { enumSchema, literalValueOf, type LiteralValue } from './scalar.ts';
import type { Place, Walk } from './walk.ts';

const scalarTypes = new Set(['string', 'number', 'integer', 'boolean']);

/** `schema` or null. A scalar says so in its `type`, anything else in a branch of its own. */
function nullable(schema: JsonSchema): JsonSchema {
  const { type, enum: values } = schema;
  if (typeof type !== 'string' || !scalarTypes.has(type)) {
    const branches = Array.isArray(schema['anyOf']) ? schema['anyOf'] : [schema];
    return { anyOf: [...branches, { type: 'null' }] };
  }
  const withNull = { ...schema, type: [type, 'null'] };
  return Array.isArray(values) ? { ...withNull, enum: [...values, null] } : withNull;
}

/** What a member is, as far as a union cares. */
type Member =
  | { readonly kind: 'null' }
  | { readonly kind: 'value'; readonly value: LiteralValue }
  | { readonly kind: 'shape'; readonly type: Type };

function readMember(type: Type): Member {
  if (type.isNull()) return { kind: 'null' };
  const value = literalValueOf(type);
  return value === undefined ? { kind: 'shape', type } : { kind: 'value', value };
}

/**
 * The schemas of a union's values, by what they are: both booleans are a boolean, bigints stand apart
 * because they are converted, and the rest is one enum.
 */
function schemasOfValues(values: readonly LiteralValue[]): ReadonlyMap<LiteralValue, JsonSchema> {
  const isWholeBoolean = values.includes(true) && values.includes(false);
  const groups = Map.groupBy(values, (value) => {
    if (typeof value === 'bigint') return 'bigint';
    return typeof value === 'boolean' && isWholeBoolean ? 'boolean' : 'enum';
  });
  const schemas = [...groups].map(([kind, members]): [readonly LiteralValue[], JsonSchema] => [
    members,
    kind === 'boolean' ? { type: 'boolean' } : enumSchema(members),
  ]);
  return new Map(schemas.flatMap(([members, schema]) => members.map((value) => [value, schema])));
}

/** The branches of a union in written order; values that share a schema stand where the first one does. */
function branchesOf(walk: Walk, members: readonly Member[], place: Place): JsonSchema[] {
  const values = members.flatMap((member) => (member.kind === 'value' ? [member.value] : []));
  const schemas = schemasOfValues(values);
  const branches = members.map((member): JsonSchema | undefined => {
    if (member.kind === 'null') return undefined;
    if (member.kind === 'value') return schemas.get(member.value);
    return walk.schemaOf(member.type, { ...place, typeNode: undefined });
  });
  return branches.filter((branch) => branch !== undefined);
}

/** The schema of a union. `undefined` is left out: JSON says it by leaving the property out. */
export function unionSchema(walk: Walk, type: Type, place: Place): JsonSchema {
  const given = type.getUnionTypes().filter((member) => !member.isUndefined() && !member.isVoid());
  const written = writtenNode(type, place.typeNode);
  const [only] = given;
  if (given.length === 1 && only) return walk.schemaOf(only, { ...place, typeNode: written });
  const members = orderMembers(given, written).map(readMember);
  const schema = choiceOf(branchesOf(walk, members, place));
  return members.some((member) => member.kind === 'null') ? nullable(schema) : schema;
}
