/** Objects: interfaces, object literals, classes with public fields, mapped types, records. */
import { Node, type Symbol, type Type, type TypeNode } from 'ts-morph';
import type { JsonSchema } from '../../contract.ts';
import { mergeDocs, readDoc } from '../documentation.ts';
import { describeSchema } from './described.ts';
import { orderProperties } from './property-order.ts';
import type { Place, Walk } from './walk.ts';

/** The path of a property: `filter.state`, `headers["x-id"]`. */
function pathTo(path: string, name: string): string {
  if (!/^[\w$]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}

/** Whether a member belongs to the class alone: private, protected or `#private`. */
function isHidden(symbol: Symbol): boolean {
  const declared = symbol.getDeclarations()[0];
  if (symbol.getName().startsWith('#')) {
    return Node.isPropertyDeclaration(declared) && Node.isPrivateIdentifier(declared.getNameNode());
  }
  return (
    Node.isModifierable(declared) &&
    (declared.hasModifier('private') || declared.hasModifier('protected'))
  );
}

/** Whether a member is code that plain data cannot bring along: a method, or an accessor of a class. */
function isBehaviour(symbol: Symbol): boolean {
  return symbol
    .getDeclarations()
    .some(
      (node) =>
        Node.isMethodSignature(node) ||
        Node.isMethodDeclaration(node) ||
        (Node.isGetAccessorDeclaration(node) && Node.isClassDeclaration(node.getParent())) ||
        (Node.isSetAccessorDeclaration(node) && Node.isClassDeclaration(node.getParent())),
    );
}

function definedMembers(type: Type): Type[] {
  const members = type.isUnion() ? type.getUnionTypes() : [type];
  return members.filter((member) => !member.isUndefined() && !member.isNever());
}

/** Whether JSON leaves the property out: nothing but `undefined`, or (on the way out) a function. */
function isLeftOut(walk: Walk, type: Type, isOptional: boolean): boolean {
  const members = definedMembers(type);
  if (members.length === 0) return isOptional || type.isUndefined();
  return (
    walk.direction === 'output' && members.every((member) => member.getCallSignatures().length > 0)
  );
}

/** The type as the declaration wrote it. */
export function typeNodeOf(node: Node | undefined): TypeNode | undefined {
  return Node.isTyped(node) ? node.getTypeNode() : undefined;
}

interface Property {
  readonly name: string;
  readonly isRequired: boolean;
  readonly schema: JsonSchema;
}

function readProperty(walk: Walk, symbol: Symbol, place: Place): readonly Property[] {
  const name = symbol.getName();
  const declared = symbol.getDeclarations()[0];
  const type = symbol.getTypeAtLocation(place.node);
  const isUndefinedToo = type.isUnion() && type.getUnionTypes().some((part) => part.isUndefined());
  if (isLeftOut(walk, type, symbol.isOptional())) return [];
  const at: Place = {
    path: pathTo(place.path, name),
    node: declared && walk.isOwn(declared) ? declared : place.node,
    typeNode: typeNodeOf(declared),
  };
  const doc = mergeDocs(
    declared ? readDoc(declared) : { summary: '', tags: [] },
    walk.docAt(at.path),
  );
  const schema = describeSchema(walk, walk.schemaOf(type, at), doc, at);
  return [{ name, isRequired: !symbol.isOptional() && !isUndefinedToo, schema }];
}

/** The keywords for keys that have no name of their own, or undefined for a type without such keys. */
function indexKeywords(walk: Walk, type: Type, place: Place): JsonSchema | undefined {
  const value = type.getStringIndexType() ?? type.getNumberIndexType();
  if (!value || value.isNever()) return undefined;
  const { typeNode } = place;
  const valueNode =
    Node.isTypeReference(typeNode) && typeNode.getTypeName().getText() === 'Record'
      ? typeNode.getTypeArguments()[1]
      : undefined;
  const at: Place = { ...place, path: `${place.path}[]`, typeNode: valueNode };
  const additionalProperties = walk.schemaOf(value, at);
  if (type.getStringIndexType()) return { additionalProperties };
  return { propertyNames: { pattern: '^-?[0-9]+(\\.[0-9]+)?$' }, additionalProperties };
}

/** Names that are symbols: JSON leaves them out, and cannot bring them. */
function isSymbolNamed(symbol: Symbol): boolean {
  return symbol.getName().startsWith('__@');
}

/** What keeps an object of these members from being brought by a call, or undefined. */
function hindrance(walk: Walk, type: Type, symbols: readonly Symbol[]): string | undefined {
  const [text, number] = [type.getStringIndexType(), type.getNumberIndexType()];
  if (walk.countIndexes(type) > (text ? 1 : 0) + (number ? 1 : 0)) {
    return 'no schema can say that its keys have a form, or are symbols';
  }
  if (number && !text && symbols.length > 0) return 'it has both named and numbered keys';
  if (walk.direction === 'output') return undefined;
  if (symbols.some(isSymbolNamed)) return 'JSON has no symbols as keys';
  const behaviour = symbols.filter(isBehaviour).map((symbol) => symbol.getName());
  if (behaviour.length === 0) return undefined;
  const shown = behaviour.slice(0, 3).join(', ') + (behaviour.length > 3 ? ', …' : '');
  return `it has methods or accessors (${shown}), and a call brings data`;
}

/** The schema of an object with known properties, of a record, or of both in one. */
export function objectSchema(walk: Walk, type: Type, place: Place): JsonSchema {
  const symbols = orderProperties(type, place.typeNode).filter((symbol) => !isHidden(symbol));
  const hindered = hindrance(walk, type, symbols);
  if (hindered) return walk.refuse(type, place, hindered);
  const properties = symbols
    .filter((symbol) => !isBehaviour(symbol) && !isSymbolNamed(symbol))
    .flatMap((symbol) => readProperty(walk, symbol, place));
  const index = indexKeywords(walk, type, place);
  const required = properties.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  const named = Object.fromEntries(properties.map(({ name, schema }) => [name, schema]));
  return {
    type: 'object',
    ...(index && properties.length === 0 ? {} : { properties: named }),
    ...(required.length > 0 ? { required } : {}),
    ...(index ?? { additionalProperties: false }),
  };
}
