/**
 * The contract between the parts of the type walk. Each part turns one kind of type into a schema and
 * asks `schemaOf` for the types inside it.
 */
import type { Node, Type, TypeNode } from 'ts-morph';
import type { JsonSchema } from '../../contract.ts';
import type { Doc } from '../documentation.ts';
import type { SourcePlace } from '../inferred.ts';
import type { OpenModule } from '../project.ts';

/** Where a type stands: for messages, for documentation, and for the order it was written in. */
export interface Place {
  /** The way to it from the signature: `filter.tags[]`. Empty for a destructured parameter. */
  readonly path: string;
  /** The nearest declaration in the user's own sources. */
  readonly node: Node;
  /** The type as written, where it was written. */
  readonly typeNode: TypeNode | undefined;
}

/** What a walk must know of the module around the signature. */
export type WalkModule = Pick<OpenModule, 'isBuiltIn' | 'isOwn' | 'countIndexes'>;

/** One walk over one signature, in one direction. */
export interface Walk extends WalkModule {
  /** `input`: values come as JSON. `output`: values are turned into JSON. */
  readonly direction: 'input' | 'output';
  schemaOf(type: Type, place: Place): JsonSchema;
  /**
   * The schema of a type that may contain itself: `build` runs once per type, and a type met again
   * inside itself becomes a `$ref`.
   */
  define(type: Type, build: () => JsonSchema): JsonSchema;
  /** Reports that JSON has no form for `type`. The schema returned is only there to go on with. */
  refuse(type: Type, place: Place, reason: string): JsonSchema;
  /** `at` is where to look, if that is not where the type stands. */
  reportError(place: Place, message: string, at?: SourcePlace): void;
  reportWarning(place: Place, message: string, at?: SourcePlace): void;
  /** What the function's doc comment says about the parameter at `path`. */
  docAt(path: string): Doc | undefined;
}

/** The key under which a schema carries what its values are to be converted to, until the walk ends. */
export const conversionMark = '~conversion';
