/** The order of an object's properties: as declared; the keys of a mapped type as written. */
import { Node, type Symbol, type Type, type TypeNode } from 'ts-morph';
import { aliasNode, compareTexts, writtenNames, writtenNode } from './member-order.ts';

/** The node that lists the keys of a mapped type: `K` of `Record<K, V>` and of `{ [P in K]: V }`. */
function keysNode(node: TypeNode | undefined): TypeNode | undefined {
  if (Node.isMappedTypeNode(node)) return node.getTypeParameter().getConstraint();
  if (!Node.isTypeReference(node)) return undefined;
  const name = node.getTypeName().getText();
  const [first] = node.getTypeArguments();
  if (name === 'Record') return first;
  // These keep the properties of what they are given, and so their order.
  return keysNode(/^(Partial|Required|Readonly)$/.test(name) ? first : aliasNode(node));
}

/** Properties that no declaration stands for: in the order their keys were written, else by name. */
function orderMapped(symbols: readonly Symbol[], node: TypeNode | undefined): Symbol[] {
  const keys = keysNode(node);
  const names = keys ? writtenNames(keys) : [];
  const rankOf = (symbol: Symbol) => {
    const rank = names.indexOf(symbol.getName());
    return rank < 0 ? names.length : rank;
  };
  return symbols.toSorted(
    (left, right) => rankOf(left) - rankOf(right) || compareTexts(left.getName(), right.getName()),
  );
}

function positionOf(symbol: Symbol): number {
  return symbol.getDeclarations()[0]?.getPos() ?? 0;
}

/** The properties of `type`, each declaring type's together and in the order of its source. */
export function orderProperties(type: Type, node: TypeNode | undefined): Symbol[] {
  const groups = new Map<Node | undefined, Symbol[]>();
  for (const symbol of type.getProperties()) {
    const parent = symbol.getDeclarations()[0]?.getParent();
    groups.set(parent, [...(groups.get(parent) ?? []), symbol]);
  }
  return [...groups].flatMap(([parent, symbols]) => {
    if (!parent) return orderMapped(symbols, writtenNode(type, node));
    return symbols.toSorted((left, right) => positionOf(left) - positionOf(right));
  });
}
