import type { Inference } from './inferred.ts';
import { loadCompiler } from './load-compiler.ts';

/** How a module is read. */
export interface InferOptions {
  /** The settings to read it with. By default the nearest `tsconfig.json` above it; none is fine too. */
  readonly tsconfig?: string;
}

/**
 * Describes the tools of the TypeScript module at `file`, without running it.
 *
 * Every exported function is a tool: a declaration, an arrow function in a constant, `async` or not, its
 * own or passed on from another module. Its name is the tool's name, the summary of its doc comment the
 * description, its parameters the input schema, its result the output schema. One object parameter
 * is the argument object itself; otherwise each parameter is one property of it. A last parameter of type
 * `ToolCall` is given the call. Tags such as `@minimum 1` or `@defaultValue 10` on a property, in front
 * of a parameter, or on the lines after its `@param`, narrow the schema. `@internal` keeps a function
 * from becoming a tool.
 *
 * An export that is a tool already (made with `tool()`) is left as it is, and wins: that is the way to
 * give a schema of one's own. Other constants, types and classes are passed over.
 *
 * A type that JSON cannot express is an error of that function, never an empty schema.
 *
 * @throws SessionMeshError `infer_unavailable` if ts-morph is not installed, `option_invalid` if the
 * module cannot be read
 */
export async function inferTools(file: string, options: InferOptions = {}): Promise<Inference> {
  const { describeModule } = await loadCompiler();
  return describeModule(file, options.tsconfig);
}
