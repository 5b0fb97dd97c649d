/** Reads a literal JSON Schema as a TypeScript type, so that a handler's input needs no second description. */

type Flat<Shape> = { [Key in keyof Shape]: Shape[Key] };

type RequiredOf<Schema> = Schema extends { readonly required: readonly (infer Key)[] }
  ? Key
  : never;

type PropertiesOf<Properties, Required> = Flat<
  {
    -readonly [Key in keyof Properties as Key extends Required ? Key : never]: FromJsonSchema<
      Properties[Key]
    >;
  } & {
    -readonly [Key in keyof Properties as Key extends Required ? never : Key]?: FromJsonSchema<
      Properties[Key]
    >;
  }
>;

/** An object without declared properties. */
type OpenObject<Schema> = Schema extends { readonly patternProperties: unknown }
  ? Record<string, unknown>
  : Schema extends { readonly additionalProperties: infer Additional }
    ? Record<string, FromJsonSchema<Additional>>
    : Record<string, unknown>;

type ObjectOf<Schema> = Schema extends { readonly properties: infer Properties }
  ? keyof Properties extends never
    ? OpenObject<Schema>
    : PropertiesOf<Properties, RequiredOf<Schema>>
  : OpenObject<Schema>;

type ArrayOf<Schema> = Schema extends { readonly prefixItems: unknown }
  ? unknown[]
  : Schema extends { readonly items: infer Item }
    ? FromJsonSchema<Item>[]
    : unknown[];

type OfType<Name, Schema> = Name extends 'string'
  ? string
  : Name extends 'number' | 'integer'
    ? number
    : Name extends 'boolean'
      ? boolean
      : Name extends 'null'
        ? null
        : Name extends 'array'
          ? ArrayOf<Schema>
          : Name extends 'object'
            ? ObjectOf<Schema>
            : unknown;

type Nullable<Schema> = Schema extends { readonly nullable: true } ? null : never;

/**
 * The values a literal JSON Schema admits: the basic types, `enum`, `const`, arrays, and objects with
 * `required`. `unknown` for references, compositions, and schemas that are no literals.
 */
export type FromJsonSchema<Schema> = Schema extends true
  ? unknown
  : Schema extends false
    ? never
    : Schema extends { readonly $ref: unknown }
      ? unknown
      : Schema extends { readonly const: infer Value }
        ? Value
        : Schema extends { readonly enum: readonly (infer Value)[] }
          ? Value
          : Schema extends { readonly type: readonly (infer Name)[] }
            ? OfType<Name, Schema>
            : Schema extends { readonly type: infer Name }
              ? OfType<Name, Schema> | Nullable<Schema>
              : unknown;
