/**
 * Types that contain themselves. A type met again while it is being described becomes a definition
 * under `$defs`, and every place it stands at a `$ref`; all other types are written out where they are.
 */
import type { Type } from 'ts-morph';
import type { JsonSchema } from '../../contract.ts';

interface Definition {
  /** Given when somebody refers to it. */
  name: string | null;
  /** Null while it is being built. */
  schema: JsonSchema | null;
}

/** The definitions of one schema. */
export interface Definitions {
  define(type: Type, build: () => JsonSchema): JsonSchema;
  /** `schema` with the definitions it needs under `$defs`. */
  attach(schema: JsonSchema): JsonSchema;
}

/** A name fit for a JSON pointer: that of the alias, interface or class, or `Type` for what has none. */
function nameOf(type: Type): string {
  const name = type.getAliasSymbol()?.getName() ?? type.getSymbol()?.getName() ?? '';
  return name === '' || name.startsWith('__') ? 'Type' : name.replace(/[^A-Za-z0-9_]/g, '_');
}

const prefix = '#/$defs/';

/** `schema`, written out if it is nothing but a `$ref`: the root of a tool's schema is an object. */
function writeOut(schema: JsonSchema, defs: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const { $ref: reference, ...rest } = schema;
  const target = typeof reference === 'string' ? defs[reference.slice(prefix.length)] : undefined;
  return target ? { ...target, ...rest } : schema;
}

/** The definitions of a schema that is about to be built. */
export function createDefinitions(): Definitions {
  const known = new Map<object, Definition>();
  const names = new Set<string>();

  const refer = (definition: Definition, type: Type): JsonSchema => {
    if (definition.name === null) {
      const base = nameOf(type);
      let name = base;
      for (let count = 2; names.has(name); count += 1) name = `${base}${count}`;
      names.add(name);
      definition.name = name;
    }
    return { $ref: prefix + definition.name };
  };

  return {
    define(type, build) {
      const met = known.get(type.compilerType);
      if (met) return refer(met, type);
      const definition: Definition = { name: null, schema: null };
      known.set(type.compilerType, definition);
      const schema = build();
      if (definition.name === null) {
        known.delete(type.compilerType);
        return schema;
      }
      definition.schema = schema;
      return refer(definition, type);
    },
    attach(schema) {
      const named = [...known.values()].flatMap(({ name, schema: defined }) =>
        name !== null && defined !== null ? [[name, defined] as const] : [],
      );
      if (named.length === 0) return schema;
      const defs = Object.fromEntries(named);
      return { ...writeOut(schema, defs), $defs: defs };
    },
  };
}
