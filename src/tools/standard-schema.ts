/**
 * The part of Standard Schema and Standard JSON Schema (https://standardschema.dev) that a tool needs:
 * a check, and the JSON Schema of what the check takes and gives. Written out here so that a tool author
 * needs no further package; zod and arktype schemas fit as they are, valibot's through its wrapper.
 */

/** Where in a value a problem is: keys from the outside in. */
type StandardPath = readonly (PropertyKey | { readonly key: PropertyKey })[];

export interface StandardIssue {
  readonly message: string;
  readonly path?: StandardPath | undefined;
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

interface JsonSchemaOptions {
  readonly target: 'draft-2020-12';
}

/** A schema of any library that can both check a value and say its JSON Schema. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly jsonSchema: {
      readonly input: (options: JsonSchemaOptions) => Record<string, unknown>;
      readonly output: (options: JsonSchemaOptions) => Record<string, unknown>;
    };
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** Whether `source` carries Standard Schema's mark, whatever it can do. Callable schemas count too. */
export function isStandardSchema(source: unknown): source is { readonly '~standard': unknown } {
  return (
    ((typeof source === 'object' && source !== null) || typeof source === 'function') &&
    '~standard' in source
  );
}
