/**
 * The order of a union's members. The compiler keeps none: it sorts members by when it first met them,
 * anywhere in the program. So the order is read from the source, where somebody chose it; what has no
 * written order is sorted, so that an unrelated edit never moves anything.
 */
import { Node, type Type, type TypeNode } from 'ts-morph';
import { literalValueOf } from './scalar.ts';

/** Two type nodes that mean the same member have the same key. */
function keyOf(type: Type): unknown {
  const value = literalValueOf(type);
  if (value === undefined) return type.compilerType;
  // The members of an enum are types of their own, though their values may be written out elsewhere.
  return type.isEnumLiteral() ? type.compilerType : `${typeof value}:${value}`;
}

/** The same for a written object type and what it becomes when its type parameters are filled in. */
function shapeKeyOf(type: Type): unknown {
  return type.getSymbol()?.getDeclarations()[0]?.compilerNode;
}

/** The keys of a type that is written as one word; those of a union in the order of `compareUnwritten`. */
function keysOfType(type: Type): unknown[] {
  if (!type.isUnion()) return [keyOf(type), shapeKeyOf(type)];
  return type.getUnionTypes().toSorted(compareUnwritten).map(keyOf);
}

/** The types of a tuple's elements or an object's properties, in the order they were written. */
function partsOf(type: Type, place: Node): Type[] {
  if (type.isTuple()) return type.getTupleElements();
  return type.getProperties().map((property) => property.getTypeAtLocation(place));
}

/** The node an alias stands for, or undefined if `node` names no alias. */
export function aliasNode(node: TypeNode): TypeNode | undefined {
  if (!Node.isTypeReference(node)) return undefined;
  const symbol = node.getTypeName().getSymbol();
  // A constant of the same name may be declared before it.
  const declared = (symbol?.getAliasedSymbol() ?? symbol)?.getDeclarations() ?? [];
  return declared.find((each) => Node.isTypeAliasDeclaration(each))?.getTypeNode();
}

/** Aliases of aliases are followed this far; beyond, members count as unordered. */
const aliasDepthMax = 16;

/** The keys of the members that `node` writes down, in that order; some members have two. */
function writtenKeys(node: TypeNode, depth = 0): unknown[] {
  if (depth > aliasDepthMax) return [];
  const keysIn = (inner: TypeNode) => writtenKeys(inner, depth + 1);
  if (Node.isUnionTypeNode(node)) return node.getTypeNodes().flatMap(keysIn);
  if (Node.isParenthesizedTypeNode(node)) return keysIn(node.getTypeNode());
  if (Node.isIndexedAccessTypeNode(node)) {
    return partsOf(node.getObjectTypeNode().getType(), node).flatMap(keysOfType);
  }
  if (Node.isTypeOperatorTypeNode(node)) {
    const names = node.getTypeNode().getType().getProperties();
    return names.map((property) => `string:${property.getName()}`);
  }
  if (Node.isTypeReference(node)) {
    const [first] = node.getTypeArguments();
    const isFilter = ['Exclude', 'Extract', 'NonNullable'].includes(node.getTypeName().getText());
    if (isFilter && first) return keysIn(first);
    const alias = aliasNode(node);
    if (alias) return keysIn(alias);
  }
  return keysOfType(node.getType());
}

/** Orders texts by their UTF-16 units. */
export function compareTexts(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

/** By where they are declared, then by value: the order of members that nobody wrote in a row. */
function compareUnwritten(left: Type, right: Type): number {
  const [leftAt, rightAt] = [left, right].map((type) => type.getSymbol()?.getDeclarations()[0]);
  if (leftAt && rightAt) {
    const [leftFile, rightFile] = [leftAt, rightAt].map((at) => at.getSourceFile().getFilePath());
    const byFile = compareTexts(leftFile ?? '', rightFile ?? '');
    return (
      byFile || leftAt.getPos() - rightAt.getPos() || compareTexts(left.getText(), right.getText())
    );
  }
  const [leftValue, rightValue] = [literalValueOf(left), literalValueOf(right)];
  if (typeof leftValue === 'number' && typeof rightValue === 'number')
    return leftValue - rightValue;
  return compareTexts(String(leftValue ?? ''), String(rightValue ?? ''));
}

/** `members` in the order of `written`, then what is not written there. */
export function orderMembers(members: readonly Type[], written: TypeNode | undefined): Type[] {
  const ranks = new Map<unknown, number>();
  for (const [rank, key] of (written ? writtenKeys(written) : []).entries()) {
    if (key !== undefined && !ranks.has(key)) ranks.set(key, rank);
  }
  const rankOf = (type: Type) =>
    ranks.get(keyOf(type)) ?? ranks.get(shapeKeyOf(type)) ?? Number.MAX_SAFE_INTEGER;
  return members.toSorted(
    (left, right) => rankOf(left) - rankOf(right) || compareUnwritten(left, right),
  );
}

/** The texts among the members that `node` writes down, in that order. */
export function writtenNames(node: TypeNode): string[] {
  return writtenKeys(node).flatMap((key) => {
    if (typeof key !== 'string') return [];
    return key.startsWith('string:') ? [key.slice('string:'.length)] : [];
  });
}

/** The node that wrote a type: the one given, or that of the alias the type carries. */
export function writtenNode(type: Type, given: TypeNode | undefined): TypeNode | undefined {
  if (given) return given;
  const alias = type.getAliasSymbol()?.getDeclarations()[0];
  return Node.isTypeAliasDeclaration(alias) ? alias.getTypeNode() : undefined;
}
