/** The whole pipeline from any JSON to the schema that the model is shown. */
import type { Validation } from '../contract.ts';
import { attempt, DecodeError } from './decode.ts';
import { checkJsonDepth, type JsonValue } from './json-value.ts';
import { cleanSchema } from './schema-clean.ts';
import { compactSchema } from './schema-compact.ts';
import { pruneDefinitions } from './schema-prune.ts';
import { readToolSchema, type ToolSchema } from './schema-type.ts';

function isNullOnly({ type }: ToolSchema): boolean {
  return type === 'null' || (Array.isArray(type) && type.length === 1 && type[0] === 'null');
}

function parse(schema: JsonValue): Validation<ToolSchema> {
  return attempt(() => {
    const typed = readToolSchema(schema);
    if (!isNullOnly(typed)) return typed;
    throw new DecodeError('tool input schema must not be a singleton null type');
  });
}

/**
 * Cleans, prunes, compacts and reads `schema`; the problem is the host's own text.
 * @throws SessionMeshError `json_invalid` for a schema nested `jsonDepthMax` levels or deeper.
 */
export function parseToolInputSchema(schema: JsonValue): Validation<ToolSchema> {
  checkJsonDepth(schema);
  return parse(compactSchema(pruneDefinitions(cleanSchema(schema))));
}

/** As {@link parseToolInputSchema}, but at any size: for schemas of the host itself. */
export function parseTrustedToolInputSchema(schema: JsonValue): Validation<ToolSchema> {
  checkJsonDepth(schema);
  return parse(pruneDefinitions(cleanSchema(schema)));
}
