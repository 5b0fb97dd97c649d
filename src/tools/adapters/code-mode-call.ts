/** A tool call that comes from code. */
import type { Validation } from '../contract.ts';
import { isJsonObject, jsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import { displayName, type HostToolName } from './tool-name.ts';

/** The input of a call from code: an object; nothing means an empty one. The problem is thrown in the code. */
export function nestedCallArguments(
  name: HostToolName,
  argument: JsonValue | undefined,
): Validation<JsonObject> {
  const input = argument === undefined ? jsonObject([]) : argument;
  if (isJsonObject(input)) return { ok: true, value: input };
  const problem = `tool \`${displayName(name)}\` expects a JSON object for arguments`;
  return { ok: false, problem };
}
