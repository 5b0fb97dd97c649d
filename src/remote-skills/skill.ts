/** A skill: a function with a name that a model may call, as people of codex-manager write it. */
import { SessionMeshError } from '../errors.ts';
import { defaultLimits, type Limits } from '../limits.ts';
import { isContent } from '../tools/content.ts';
import type { JsonSchema, Tool, ToolCall, ToolPolicy } from '../tools/contract.ts';
import { canonicalJson } from '../tools/json.ts';
import { readSchema, type SchemaSource, type ValueOf } from '../tools/schema.ts';
import { tool } from '../tools/tool.ts';
import type { CallIds, CallMemory } from './call-memory.ts';

/** What a handler is given: what its schema lets through, or whatever object the model wrote. */
export type SkillInput<Schema> = [Schema] extends [undefined]
  ? Readonly<Record<string, unknown>>
  : ValueOf<Schema>;

/** Does the work of a skill; may be async. Throw a `ToolError` to tell the model what went wrong. */
export type SkillHandler<Schema = undefined> = (
  input: SkillInput<Schema>,
  call: ToolCall,
) => unknown;

/** How a skill is described, and how it runs. */
export interface SkillOptions<
  Schema extends SchemaSource | undefined = SchemaSource | undefined,
> extends ToolPolicy {
  /** What it does and when to use it. Left out: `Remote skill <name>`. */
  readonly description?: string;
  /** A JSON Schema of an object, or a Standard Schema. Left out: any object. */
  readonly inputSchema?: Schema;
  /** What it returns, for the model to read. Results are not held to it. */
  readonly outputSchema?: SchemaSource;
}

/** A registered skill, as lists show it. */
export interface Skill {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly outputSchema: JsonSchema | null;
}

/** A tool as it stands on the wire. */
export interface DynamicTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
}

/** What a skill without a schema takes. */
const anyObject = { type: 'object', properties: {}, additionalProperties: true } as const;

/** A name without white space around it. @throws SessionMeshError `tool_name_invalid` if it is blank. */
export function skillName(name: unknown): string {
  const trimmed = typeof name === 'string' ? name.trim() : '';
  if (trimmed !== '') return trimmed;
  const found = typeof name === 'string' ? 'a blank name' : typeof name;
  throw new SessionMeshError('tool_name_invalid', { expected: 'the name of a skill', found });
}

/** What is shown of a tool. */
export function skillOf({ name, description, inputSchema, outputSchema }: Tool): Skill {
  return Object.freeze({ name, description, inputSchema, outputSchema: outputSchema ?? null });
}

/** A tool as it stands on the wire; a copy that may be changed. */
export function dynamicToolOf({ name, description, inputSchema }: Tool): DynamicTool {
  return { name, description, inputSchema: structuredClone(inputSchema) };
}

/**
 * A result as text where it is no content of its own: JSON with sorted keys, or a text as it is. What JSON
 * cannot express is left to the mesh, which tells the model that the tool did finish.
 */
function shown(result: unknown, limits: Limits): unknown {
  if (result === undefined || typeof result === 'string' || isContent(result)) return result;
  const bounds = { charsMax: limits.resultBytesMax, depthMax: limits.resultDepthMax };
  try {
    const json = canonicalJson(result, 'ascii', bounds);
    return json === undefined ? result : { success: true, contentItems: [textItem(json)] };
  } catch {
    return result;
  }
}

/** A date, a URL: what JSON has as a text is that text. */
function textItem(json: string) {
  const text = json.startsWith('"') ? String(JSON.parse(json)) : json;
  return { type: 'inputText', text };
}

function idsOf({ sessionId, turnId, callId }: ToolCall): CallIds {
  return { sessionId, turnId, callId };
}

/**
 * The tool that a skill is.
 * @throws SessionMeshError why the name, the schema or an option is not valid
 */
export function skillTool(
  name: string,
  handler: (input: never, call: ToolCall) => unknown,
  options: SkillOptions,
  { memory, limits = defaultLimits }: { readonly memory: CallMemory; readonly limits?: Limits },
): Tool {
  const { description = '', inputSchema = anyObject, outputSchema, ...policy } = options;
  if (typeof handler !== 'function') {
    throw new SessionMeshError('tool_invalid', {
      tool: name,
      expected: 'a function as handler',
      found: typeof handler,
    });
  }
  const made = tool(
    {
      ...policy,
      name,
      description: description.trim() === '' ? `Remote skill ${name}` : description.trim(),
      input: inputSchema,
      execute: async (input: unknown, call: ToolCall) => {
        try {
          const result: unknown = await Reflect.apply(handler, undefined, [input, call]);
          memory.onRun(idsOf(call), { type: 'returned', result });
          return shown(result, limits);
        } catch (thrown) {
          const error = thrown instanceof Error ? thrown.message : String(thrown);
          memory.onRun(idsOf(call), { type: 'threw', error });
          throw thrown;
        }
      },
    },
    limits,
  );
  if (outputSchema === undefined) return made;
  return { ...made, outputSchema: readSchema(outputSchema, 'output', limits).json };
}
