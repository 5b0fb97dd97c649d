/** What comments say about a value, put on its schema. */
import { Node, type TypeNode } from 'ts-morph';
import type { JsonSchema } from '../../contract.ts';
import { applyTags } from '../constraint.ts';
import { readDoc, type Doc } from '../documentation.ts';
import type { Place, Walk } from './walk.ts';

/** The sentence that names a tuple's elements; a description must not cover it. */
const orderSentence = /In this order: .*\.$/;

function withDescription(schema: JsonSchema, summary: string): JsonSchema {
  if (summary === '') return schema;
  const { description: before } = schema;
  const order = typeof before === 'string' ? orderSentence.exec(before)?.[0] : undefined;
  return { ...schema, description: order === undefined ? summary : `${summary} ${order}` };
}

/** `schema` with the description and the constraints of `doc`. */
export function describeSchema(walk: Walk, schema: JsonSchema, doc: Doc, place: Place): JsonSchema {
  const narrowed = applyTags(schema, doc.tags, {
    error: (message, at) => walk.reportError(place, message, at),
    warning: (message, at) => walk.reportWarning(place, message, at),
  });
  return withDescription(narrowed, doc.summary);
}

/**
 * The comment of the named type that `node` refers to. Also of an alias of a primitive: the compiler
 * forgets the name, but `@pattern` on `type IssueKey = string` is meant for every value of it.
 */
export function readNamedTypeDoc(walk: Walk, node: TypeNode | undefined): Doc | undefined {
  if (!Node.isTypeReference(node)) return undefined;
  const symbol = node.getTypeName().getSymbol();
  const declared = (symbol?.getAliasedSymbol() ?? symbol)?.getDeclarations() ?? [];
  const named = declared.find(
    (each) =>
      Node.isTypeAliasDeclaration(each) ||
      Node.isInterfaceDeclaration(each) ||
      Node.isClassDeclaration(each) ||
      Node.isEnumDeclaration(each),
  );
  return named && walk.isOwn(named) ? readDoc(named) : undefined;
}
