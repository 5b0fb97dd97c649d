/** `tool()`: how a person writes a tool. Everything that can be wrong with it is said here, before any session opens. */
import { isSessionMeshError, SessionMeshError } from '../errors.ts';
import { defaultLimits, type Limits } from '../limits.ts';
import { readArguments } from './arguments.ts';
import { isContent } from './content.ts';
import {
  ToolError,
  type ContentItem,
  type Tool,
  type ToolCall,
  type ToolOutput,
  type ToolPolicy,
  type Validation,
} from './contract.ts';
import { failureText } from './failure.ts';
import { isRecord } from './json.ts';
import { checkToolName } from './name.ts';
import { policyParts, readPolicy } from './policy.ts';
import { copySchema } from './schema-bounds.ts';
import {
  readInputSchema,
  readSchema,
  type AcceptedBy,
  type Schema,
  type SchemaSource,
  type ValueOf,
} from './schema.ts';

/** What a handler is given: what its input schema lets through; an empty object if it has none. */
export type InputOf<Source> = [Source] extends [undefined]
  ? Record<string, never>
  : ValueOf<Source>;

/** What a handler may return: what its output schema takes, or content to show as it is. */
export type ResultOf<Source> = [Source] extends [undefined]
  ? unknown
  : AcceptedBy<Source> | ToolOutput | ContentItem | readonly ContentItem[];

/** A tool as its author writes it. */
export interface ToolDefinition<
  Input extends SchemaSource | undefined = SchemaSource | undefined,
  Output extends SchemaSource | undefined = SchemaSource | undefined,
> extends ToolPolicy<InputOf<Input>> {
  /** 1-128 characters of `A-Z a-z 0-9 _ -`. */
  readonly name: string;
  /** What the tool does and when to use it: all a model knows of it besides its schema. */
  readonly description: string;
  /** A Standard Schema (zod, arktype, valibot in its wrapper) or a JSON Schema of an object. Left out: no arguments. */
  readonly input?: Input;
  /** What the tool promises to return. Results that do not fit become a failure. */
  readonly output?: Output;
  /** Keeps the tool from the model until it searches for it. Only within a namespace. */
  readonly deferLoading?: boolean;
  /** Does the work. Throw a {@link ToolError} to tell the model what went wrong. */
  readonly execute: (
    input: InputOf<Input>,
    call: ToolCall,
  ) => ResultOf<Output> | Promise<ResultOf<Output>>;
}

/** The schema of a tool that takes no arguments. Checked by hand: no compiler is loaded for it. */
const noArguments: Schema = {
  json: Object.freeze({
    type: 'object',
    properties: Object.freeze({}),
    additionalProperties: false,
  }),
  check: (value) => {
    const [unknownKey] = isRecord(value) ? Object.keys(value) : ['arguments'];
    return unknownKey === undefined
      ? { ok: true, value }
      : {
          ok: false,
          problem: `${unknownKey.slice(0, 40)}: is not known; this tool takes no arguments`,
        };
  },
};

const definitionParts: ReadonlySet<string> = new Set([
  'name',
  'description',
  'input',
  'output',
  'deferLoading',
  'execute',
  ...policyParts,
]);

/** Tools that are checked and frozen all the way down. */
const sealed = new WeakSet<Tool>();

function seal(tool: Tool): Tool {
  Object.freeze(tool);
  sealed.add(tool);
  return tool;
}

function readDescription(name: string, description: unknown): string {
  if (typeof description !== 'string' || description.trim() === '') {
    throw new SessionMeshError('tool_invalid', {
      tool: name,
      expected: 'a description: a model has nothing else to choose by',
      found: typeof description === 'string' ? 'a blank one' : typeof description,
    });
  }
  return description.toWellFormed();
}

function readDeferLoading(name: string, deferLoading: unknown): { deferLoading?: boolean } {
  if (deferLoading === undefined) return {};
  if (typeof deferLoading === 'boolean') return { deferLoading };
  throw new SessionMeshError('tool_invalid', {
    tool: name,
    expected: 'true or false as deferLoading',
    found: typeof deferLoading,
  });
}

function requireFunctions(name: string, given: object, ...parts: readonly string[]): void {
  for (const part of parts) {
    const found: unknown = Reflect.get(given, part);
    if (typeof found !== 'function') {
      throw new SessionMeshError('tool_invalid', {
        tool: name,
        expected: `a function as ${part}`,
        found: typeof found,
      });
    }
  }
}

/** Refuses parts nobody reads: a misspelt `input` would otherwise make a tool without arguments. */
function refuseUnknownParts(name: string, definition: object): void {
  const unknownPart = Object.keys(definition).find((part) => !definitionParts.has(part));
  if (unknownPart !== undefined) {
    throw new SessionMeshError('tool_invalid', {
      tool: name,
      expected: [...definitionParts].join(', '),
      found: unknownPart,
    });
  }
}

/** What `read` gives; what it throws says which tool it is about. */
function naming<Result>(toolName: string, read: () => Result): Result {
  try {
    return read();
  } catch (thrown) {
    if (!isSessionMeshError(thrown)) throw thrown;
    throw new SessionMeshError(thrown.code, { ...thrown.facts, tool: toolName });
  }
}

/** A result that fits `output`, or a failure the model is told of; why it did not fit goes to the log. */
function checkResult(output: Schema, limits: Limits, value: unknown, call: ToolCall): unknown {
  if (isContent(value)) return value;
  const settle = (validation: Validation<unknown>): unknown => {
    if (validation.ok) return validation.value;
    const { problem, cause } = validation;
    call.log.error({ problem, cause }, 'a result does not fit the output schema of its tool');
    throw new ToolError(
      failureText({ kind: 'result_invalid', problem: 'it is not what the tool promises' }),
    );
  };
  const validation = output.check(value, { subject: 'result', withFound: false, limits });
  return validation instanceof Promise ? validation.then(settle) : settle(validation);
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return isRecord(value) && typeof value.then === 'function';
}

/**
 * Makes a tool. Immutable, and ready for any number of sessions.
 *
 * @param limits bound the schemas now, and the arguments unless whoever checks them says otherwise
 * @throws SessionMeshError `tool_name_invalid`, `tool_name_reserved`, `tool_invalid` or `schema_invalid`
 *
 * @example
 * const lookup = tool({
 *   name: 'lookup_ticket',
 *   description: 'Fetches one ticket by its id.',
 *   input: {
 *     type: 'object',
 *     properties: { id: { type: 'string' } },
 *     required: ['id'],
 *     additionalProperties: false,
 *   },
 *   execute: ({ id }) => ({ id, status: 'open' }),
 * });
 */
// What the schema's check lets through is an Input: TypeScript cannot see that, so it is said here, in the
// difference between the signature that callers see and the one below it.
export function tool<
  const Input extends SchemaSource | undefined = undefined,
  const Output extends SchemaSource | undefined = undefined,
>(definition: ToolDefinition<Input, Output>, limits?: Limits): Tool<InputOf<Input>>;
export function tool(definition: ToolDefinition, limits: Limits = defaultLimits): Tool {
  const name = checkToolName(definition.name);
  refuseUnknownParts(name, definition);
  requireFunctions(name, definition, 'execute');
  const { input: inputSource, output: outputSource } = definition;
  const input =
    inputSource === undefined
      ? noArguments
      : naming(`${name} (input)`, () => readInputSchema(inputSource, limits));
  const output =
    outputSource === undefined
      ? undefined
      : naming(`${name} (output)`, () => readSchema(outputSource, 'output', limits));
  return seal({
    name,
    description: readDescription(name, definition.description),
    inputSchema: input.json,
    ...(output ? { outputSchema: output.json } : {}),
    ...readDeferLoading(name, definition.deferLoading),
    policy: readPolicy(name, definition),
    validate: (args, bounds = limits) => {
      const raw = readArguments(args, bounds);
      if (!raw.ok) return raw;
      return input.check(raw.value, { subject: 'arguments', withFound: true, limits: bounds });
    },
    execute: (value, call) => {
      const result = definition.execute(value, call);
      if (!output) return result;
      return isPromiseLike(result)
        ? Promise.resolve(result).then((settled) => checkResult(output, limits, settled, call))
        : checkResult(output, limits, result, call);
    },
  });
}

/**
 * A tool that cannot change any more: `tool()`'s own as they are, any other one checked and copied.
 * @throws SessionMeshError as `tool()` does
 */
export function sealTool(given: Tool, limits: Limits = defaultLimits): Tool {
  if (sealed.has(given)) return given;
  const name = checkToolName(given.name);
  requireFunctions(name, given, 'validate', 'execute');
  const { outputSchema } = given;
  return seal({
    name,
    description: readDescription(name, given.description),
    inputSchema: naming(name, () => copySchema(given.inputSchema, limits)),
    ...(outputSchema ? { outputSchema: naming(name, () => copySchema(outputSchema, limits)) } : {}),
    ...readDeferLoading(name, given.deferLoading),
    policy: readPolicy(name, given.policy),
    validate: (args, bounds) => given.validate(args, bounds),
    execute: (input, call) => given.execute(input, call),
  });
}
