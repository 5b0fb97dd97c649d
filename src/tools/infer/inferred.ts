/**
 * What inference says about a module: plain data, the same on every machine and on every run.
 * Nothing here needs the compiler, so it can be cached, written to a file and read back.
 */
import type { JsonSchema } from '../contract.ts';

/** A position in a source file; line and column count from 1. */
export interface SourcePlace {
  /** Absolute path. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** How the argument object of a call becomes the function's argument list. */
export type Parameters =
  /** The argument object itself is the function's one parameter; left out if `optional` and empty. */
  | { readonly style: 'object'; readonly optional: boolean; readonly call: boolean }
  /** One property per parameter, in this order; `rest` spreads the last one. */
  | {
      readonly style: 'positional';
      readonly names: readonly string[];
      readonly rest: boolean;
      /** Whether a trailing parameter takes the `ToolCall`. */
      readonly call: boolean;
    };

/** What a JSON value is turned into before the function sees it. */
export type ConversionTarget = 'bigint' | 'date';

/** A part of the input schema whose values the function does not take as JSON. */
export interface Conversion {
  /** JSON pointer into the input schema: `/properties/since`, `/$defs/Commit/properties/at`. */
  readonly pointer: string;
  readonly to: ConversionTarget;
}

/** A key as it stands in a JSON pointer. */
export function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** One exported function as a tool: all that is needed to build it. */
export interface ToolSignature {
  readonly name: string;
  /** The name to import; it differs from `name` for a default export only. */
  readonly exportName: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  /** What the function resolves with, or null where nothing is declared or JSON has no form for it. */
  readonly outputSchema: JsonSchema | null;
  /** The text of `@returns`, or null. */
  readonly outputDescription: string | null;
  readonly parameters: Parameters;
  readonly conversions: readonly Conversion[];
}

/** One exported function as a tool, and where it stands. */
export interface InferredTool extends ToolSignature {
  readonly source: SourcePlace;
}

/** Something a person should look at, with the place to look. */
export interface InferIssue {
  /** The exported function it is about. */
  readonly tool: string;
  /** The parameter, with the way into it: `filter.when`. Null if it is about the function. */
  readonly parameter: string | null;
  /** The type as written in an editor's hint. Null if no type is at fault. */
  readonly type: string | null;
  readonly message: string;
  readonly place: SourcePlace;
}

/** What one module gives. A function with an error is not among the tools. */
export interface Inference {
  /** Absolute path of the module. */
  readonly file: string;
  /** In the order of their declaration. */
  readonly tools: readonly InferredTool[];
  /** Exports that are tools already, made by `tool()`: their schemas win over everything here. */
  readonly declared: readonly string[];
  /** Descriptions that their comments add to arguments without one: text by argument, by export. */
  readonly declaredDocs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly warnings: readonly InferIssue[];
  readonly errors: readonly InferIssue[];
  /** Absolute paths of everything the result depends on: the module, what it imports, tsconfig files. */
  readonly dependencies: readonly string[];
}

/** The issue as one line: `/app/tools.ts:12:3: find: parameter "when" …`. */
export function issueText(issue: InferIssue): string {
  const { file, line, column } = issue.place;
  return `${file}:${line}:${column}: ${issue.tool}: ${issue.message}`;
}
