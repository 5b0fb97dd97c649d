/** Turns a function and its signature into a tool. */
import type { Limits } from '../../limits.ts';
import type { JsonSchema, Tool, ToolCall } from '../contract.ts';
import type { StandardSchema } from '../standard-schema.ts';
import { tool } from '../tool.ts';
import { compileDecoder } from './decode/compile.ts';
import type { Parameters, ToolSignature } from './inferred.ts';

/** The arguments of one call, by property, as the function declares them. */
type Arguments = Readonly<Record<string, unknown>>;

function isArguments(value: unknown): value is Arguments {
  return typeof value === 'object' && value !== null;
}

/** The input schema of `signature` together with the check that belongs to it. */
function inputOf(signature: ToolSignature, limits: Limits): StandardSchema<unknown, Arguments> {
  const decode = compileDecoder(signature.inputSchema, signature.conversions, limits);
  const jsonSchema = () => ({ ...signature.inputSchema });
  return {
    '~standard': {
      version: 1,
      vendor: 'sessionmesh',
      validate(value) {
        const decoded = decode(value);
        const isFit = decoded.issues.length === 0 && isArguments(decoded.value);
        return isFit ? { value: decoded.value } : { issues: decoded.issues };
      },
      jsonSchema: { input: jsonSchema, output: jsonSchema },
    },
  };
}

/**
 * What the tool promises to return. It is told, not checked: the compiler has checked it, and a type of
 * TypeScript lets an object have more properties than it names.
 */
function outputOf({ outputSchema, outputDescription }: ToolSignature): StandardSchema | undefined {
  if (outputSchema === null && outputDescription === null) return undefined;
  const described = outputDescription === null ? {} : { description: outputDescription };
  const schema: JsonSchema = { ...outputSchema, ...described };
  const jsonSchema = () => ({ ...schema });
  return {
    '~standard': {
      version: 1,
      vendor: 'sessionmesh',
      validate: (value) => ({ value }),
      jsonSchema: { input: jsonSchema, output: jsonSchema },
    },
  };
}

/** The argument list for `input`. */
function argumentList(parameters: Parameters, input: Arguments, call: ToolCall): unknown[] {
  const last = parameters.call ? [call] : [];
  if (parameters.style === 'object') {
    const isLeftOut = parameters.optional && Object.keys(input).length === 0;
    return [isLeftOut ? undefined : input, ...last];
  }
  const values = parameters.names.map((name) =>
    Object.hasOwn(input, name) ? input[name] : undefined,
  );
  if (!parameters.rest) return [...values, ...last];
  const spread = values.pop();
  return [...values, ...(Array.isArray(spread) ? spread : []), ...last];
}

/** An author's function, whatever it takes. */
// oxlint-disable-next-line typescript/no-unsafe-function-type -- nothing else is known of it
export type AnyFunction = Function;

/**
 * The tool that calls `fn` with arguments that fit `signature`.
 * @throws SessionMeshError as `tool()` does, and `schema_invalid` for a schema inference did not write
 */
export function buildTool(signature: ToolSignature, fn: AnyFunction, limits: Limits): Tool {
  const output = outputOf(signature);
  return tool(
    {
      name: signature.name,
      description: signature.description,
      input: inputOf(signature, limits),
      ...(output ? { output } : {}),
      execute: (input, call): unknown =>
        Reflect.apply(fn, undefined, argumentList(signature.parameters, input, call)),
    },
    limits,
  );
}
