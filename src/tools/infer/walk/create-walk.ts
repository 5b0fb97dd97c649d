/** The walk itself: looks at what a type is and hands it to the part that knows. */
import { Node, TypeFlags, type Type, type TypeNode } from 'ts-morph';
import { defaultLimits } from '../../../limits.ts';
import type { JsonSchema } from '../../contract.ts';
import type { Doc } from '../documentation.ts';
import type { SourcePlace } from '../inferred.ts';
import { arraySchema } from './array.ts';
import { createDefinitions, type Definitions } from './definitions.ts';
import { describeSchema, readNamedTypeDoc } from './described.ts';
import { aliasNode } from './member-order.ts';
import { objectSchema } from './object.ts';
import { enumSchema, literalValueOf, scalarSchema } from './scalar.ts';
import { templateSchema } from './template.ts';
import { builtInSchema } from './built-in.ts';
import { unionSchema } from './union.ts';
import type { Place, Walk, WalkModule } from './walk.ts';

/** A type inside a type takes up to three levels of schema; deeper ones could not be used. */
const typeDepthMax = Math.floor(defaultLimits.schemaDepthMax / 3);

/** Something the walk has to say about a place. */
export interface WalkReport {
  readonly level: 'error' | 'warning';
  readonly place: Place;
  readonly type: string | null;
  readonly message: string;
  /** Where to look, if not at `place`. */
  readonly at?: SourcePlace;
}

/** What a walk needs to know of the world around the signature. */
export interface WalkContext {
  readonly direction: Walk['direction'];
  readonly module: WalkModule;
  docAt(path: string): Doc | undefined;
  report(report: WalkReport): void;
}

/** A type as an editor shows it, at most this long. */
const typeCharsMax = 120;

function typeText(type: Type, place: Place): string {
  const text = type.getText(place.node).replaceAll(/\s+/g, ' ');
  return text.length > typeCharsMax ? `${text.slice(0, typeCharsMax)}…` : text;
}

function isExplicitAny(node: TypeNode | undefined): boolean {
  return Node.isAnyKeyword(node) || (node !== undefined && Node.isAnyKeyword(aliasNode(node)));
}

/** Whether a part of an intersection is a value of its own rather than some more properties. */
function isWhole(walk: Walk, part: Type): boolean {
  if (!part.isObject() || part.isArray() || part.isReadonlyArray() || part.isTuple()) return true;
  const symbol = part.getSymbol();
  return walk.isBuiltIn(symbol) && symbol?.getValueDeclaration() !== undefined;
}

/** The one type that an intersection is about when the others only brand it: `string & { __brand: 'Id' }`. */
function brandedType(walk: Walk, type: Type): Type | undefined {
  return type.getIntersectionTypes().find((part) => isWhole(walk, part));
}

/** What makes JSON unable to carry a type that is no object, or undefined. */
function hindrance(type: Type): string | undefined {
  const flags = type.getFlags();
  if (type.isUndefined() || type.isVoid()) return 'JSON has no `undefined`';
  if (type.isNever()) return 'no value has this type';
  if (flags & TypeFlags.ESSymbolLike) return 'JSON has no symbols';
  if (flags & (TypeFlags.Instantiable ^ TypeFlags.TypeParameter)) {
    return 'it depends on a type parameter, or changes a text in a way no schema can say';
  }
  if (type.getCallSignatures().length > 0) return 'JSON has no functions';
  return type.getConstructSignatures().length > 0 ? 'JSON has no classes' : undefined;
}

function anySchema(walk: Walk, type: Type, place: Place): JsonSchema {
  if (isExplicitAny(place.typeNode)) {
    walk.reportWarning(
      place,
      'it is `any`, so every value is let through; `unknown` says the same',
    );
    return {};
  }
  return walk.refuse(
    type,
    place,
    'it has no declared type, or one that cannot be resolved (is its import right?)',
  );
}

/** Types that stand for others, and types without an inside. */
function plainSchema(walk: Walk, type: Type, place: Place): JsonSchema | undefined {
  if (type.isAny()) return anySchema(walk, type, place);
  const scalar = scalarSchema(type);
  if (scalar) return scalar;
  const value = literalValueOf(type);
  if (value !== undefined) return enumSchema([value]);
  const template = type.isTemplateLiteral() ? templateSchema(type) : undefined;
  if (template) return template;
  if (type.isTypeParameter()) {
    const bound = type.getConstraint();
    return bound
      ? walk.schemaOf(bound, place)
      : walk.refuse(type, place, 'it is a type parameter without a constraint');
  }
  const branded = brandedType(walk, type);
  return branded && walk.schemaOf(branded, place);
}

/** The union under the name it was written with: the compiler forgets it when it adds `undefined`. */
function namedUnion(type: Type, node: TypeNode | undefined): Type {
  const written = node?.getType();
  if (type.getAliasSymbol() || !type.isUnion() || !written?.getAliasSymbol()) return type;
  const wanted = new Set(definedTypes(type));
  const found = definedTypes(written);
  return found.length === wanted.size && found.every((part) => wanted.has(part)) ? written : type;
}

function definedTypes(union: Type): unknown[] {
  const members = union.getUnionTypes().filter((member) => !member.isUndefined());
  return members.map((member) => member.compilerType);
}

/** Types with an inside. */
function structuredSchema(walk: Walk, given: Type, place: Place): JsonSchema {
  const type = namedUnion(given, place.typeNode);
  const hindered = hindrance(type);
  if (hindered) return walk.refuse(type, place, hindered);
  const build = () => {
    if (type.isUnion()) return unionSchema(walk, type, place);
    return (
      arraySchema(walk, type, place) ??
      builtInSchema(walk, type, place) ??
      objectSchema(walk, type, place)
    );
  };
  const isNameless = type.isUnion() || type.isArray() || type.isReadonlyArray() || type.isTuple();
  return isNameless && !type.getAliasSymbol() ? build() : walk.define(type, build);
}

/** A walk, and what to do when it is over. */
export type RootWalk = Walk & Pick<Definitions, 'attach'>;

/** A walk over one signature, with the definitions its schema will need. */
export function createWalk(context: WalkContext): RootWalk {
  const definitions = createDefinitions();
  let depth = 0;
  let parts = 0;

  const refuse = (type: Type, place: Place, message: string) =>
    context.report({ level: 'error', place, type: typeText(type, place), message });

  /** Whether the walk may go on; says once why it may not. */
  const isWithinBounds = (type: Type, place: Place): boolean => {
    parts += 1;
    if (depth < typeDepthMax && parts < defaultLimits.schemaPartsMax) return true;
    if (parts < Infinity) refuse(type, place, 'it is nested too deeply, or without end');
    parts = Infinity;
    return false;
  };

  const walk: RootWalk = {
    ...definitions,
    direction: context.direction,
    isBuiltIn: context.module.isBuiltIn,
    isOwn: context.module.isOwn,
    countIndexes: context.module.countIndexes,
    docAt: (path) => context.docAt(path),
    schemaOf(type, place) {
      if (!isWithinBounds(type, place)) return {};
      depth += 1;
      const schema = plainSchema(walk, type, place) ?? structuredSchema(walk, type, place);
      depth -= 1;
      const doc = readNamedTypeDoc(walk, place.typeNode);
      return doc ? describeSchema(walk, schema, doc, place) : schema;
    },
    refuse(type, place, reason) {
      refuse(type, place, reason);
      return {};
    },
    reportError: (place, message, at) =>
      context.report({ level: 'error', place, type: null, message, ...(at ? { at } : {}) }),
    reportWarning: (place, message, at) =>
      context.report({ level: 'warning', place, type: null, message, ...(at ? { at } : {}) }),
  };
  return walk;
}
