import type { JsonSchema } from '../../contract.ts';

/** The branches of a schema that is nothing but a choice; any other schema is its own only branch. */
function branchesOf(schema: JsonSchema): readonly JsonSchema[] {
  const { anyOf, ...rest } = schema;
  return Array.isArray(anyOf) && Object.keys(rest).length === 0 ? anyOf : [schema];
}

/** A schema for whatever one of `schemas` is for; two that are the same count once. */
export function choiceOf(schemas: readonly JsonSchema[]): JsonSchema {
  const branches = schemas.flatMap(branchesOf);
  const byText = new Map(branches.map((schema) => [JSON.stringify(schema), schema]));
  const [first, ...rest] = byText.values();
  return first && rest.length === 0 ? first : { anyOf: [...byText.values()] };
}
