/**
 * The schema document: what inference says of a module, as a file that is reviewed and kept beside it.
 * It has no line numbers and no paths, so it changes when a signature does and at no other time.
 */
import { isDeepStrictEqual } from 'node:util';
import { SessionMeshError } from '../../errors.ts';
import { isRecord } from '../json.ts';
import type { ToolSignature } from './inferred.ts';
import { readSignatures, toSignature } from './signature-json.ts';

/** The form of the document. A reader refuses every other. */
const documentFormat = 1;

/** What has tools to write down: an {@link Inference}. */
export interface SignatureList {
  readonly tools: readonly ToolSignature[];
}

/** The text of `tools.schema.json` for what was inferred: JSON, the same for the same signatures. */
export function schemaDocument(inferred: SignatureList): string {
  const tools = inferred.tools.map(toSignature);
  return `${JSON.stringify({ format: documentFormat, tools }, null, 2)}\n`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The tools of a schema document.
 * @throws SessionMeshError `schema_invalid` if `text` is no such document.
 */
export function readSchemaDocument(text: string): readonly ToolSignature[] {
  const document = parse(text);
  const isOurs = isRecord(document) && document['format'] === documentFormat;
  const tools = isOurs ? readSignatures(document['tools']) : null;
  if (tools) return tools;
  throw new SessionMeshError('schema_invalid', {
    expected: `a schema document of format ${documentFormat}`,
    found: isRecord(document) ? `format ${JSON.stringify(document['format'])}` : 'something else',
    fix: 'write it again with `sessionmesh tools infer`',
  });
}

/** Whether a schema document still says what the sources say. */
export interface DocumentCheck {
  readonly ok: boolean;
  /** One line per tool that differs: `findUsers: inputSchema`. */
  readonly differences: readonly string[];
}

function compareTools(now: ToolSignature | undefined, then: ToolSignature | undefined): string[] {
  if (!now) return ['is no longer in the module'];
  if (!then) return ['is missing from the document'];
  const [current, written] = [Object.entries(toSignature(now)), new Map(Object.entries(then))];
  const changed = current.filter(([part, value]) => !isDeepStrictEqual(value, written.get(part)));
  return changed.length > 0 ? [changed.map(([part]) => part).join(', ')] : [];
}

/**
 * Compares the document at hand with what was inferred now, for a check in CI. Layout does not count.
 * @throws SessionMeshError `schema_invalid` if `text` is no schema document.
 */
export function checkSchemaDocument(inferred: SignatureList, text: string): DocumentCheck {
  const current = new Map(inferred.tools.map((tool) => [tool.name, tool]));
  const written = new Map(readSchemaDocument(text).map((tool) => [tool.name, tool]));
  const names = [...new Set([...current.keys(), ...written.keys()])];
  const differences = names.flatMap((name) =>
    compareTools(current.get(name), written.get(name)).map((text) => `${name}: ${text}`),
  );
  return { ok: differences.length === 0, differences };
}
