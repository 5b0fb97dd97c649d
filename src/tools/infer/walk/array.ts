/** Lists and tuples. */
import { Node, ts, type Type, type TypeNode } from 'ts-morph';
import type { JsonSchema } from '../../contract.ts';
import { choiceOf } from './choice.ts';
import type { Place, Walk } from './walk.ts';

/** The node of the element in `T[]`, `readonly T[]` or `Array<T>`. */
function elementNode(node: TypeNode | undefined): TypeNode | undefined {
  if (Node.isArrayTypeNode(node)) return node.getElementTypeNode();
  if (Node.isTypeOperatorTypeNode(node)) return elementNode(node.getTypeNode());
  if (Node.isParenthesizedTypeNode(node)) return elementNode(node.getTypeNode());
  return Node.isTypeReference(node) ? node.getTypeArguments()[0] : undefined;
}

function listSchema(walk: Walk, element: Type, place: Place): JsonSchema {
  const typeNode = elementNode(place.typeNode);
  const items = walk.schemaOf(element, { ...place, path: `${place.path}[]`, typeNode });
  return { type: 'array', items };
}

/** One place in a tuple. */
interface Element {
  readonly schema: JsonSchema;
  readonly kind: 'required' | 'optional' | 'rest';
  readonly label: string | null;
}

function elementNodes(node: TypeNode | undefined): readonly TypeNode[] {
  if (Node.isTypeOperatorTypeNode(node)) return elementNodes(node.getTypeNode());
  return Node.isTupleTypeNode(node) ? node.getElements() : [];
}

/** What an element's node says of the type itself, without its label or its mark. */
function bareNode(node: TypeNode | undefined): TypeNode | undefined {
  return Node.isNamedTupleMember(node) ? node.getTypeNode() : node;
}

function readElements(walk: Walk, type: Type, place: Place): Element[] {
  const target = type.getTargetType();
  const tuple = target?.isTuple() ? target.compilerType : undefined;
  const nodes = elementNodes(place.typeNode);
  return type.getTupleElements().map((element, index) => {
    const flags = tuple?.elementFlags[index] ?? ts.ElementFlags.Required;
    const label = tuple?.labeledElementDeclarations?.[index];
    const path = `${place.path}[${index}]`;
    const typeNode = bareNode(nodes[index]);
    return {
      schema: walk.schemaOf(element, { ...place, path, typeNode }),
      kind:
        flags & ts.ElementFlags.Variable
          ? 'rest'
          : flags & ts.ElementFlags.Optional
            ? 'optional'
            : 'required',
      label: label && ts.isIdentifier(label.name) ? label.name.text : null,
    };
  });
}

/** The elements by name, or by type where they have none; empty if there is nothing to tell apart. */
function describeOrder(elements: readonly Element[], isUniform: boolean): { description?: string } {
  const names = elements.map(({ label, schema, kind }) => {
    const name =
      label ?? (typeof schema['type'] === 'string' && !isUniform ? schema['type'] : null);
    return name && kind === 'rest' ? `...${name}` : name;
  });
  const isNamed = names.length > 0 && names.every((name) => name !== null);
  return isNamed ? { description: `In this order: ${names.join(', ')}.` } : {};
}

/**
 * The schema of a tuple. Codex takes `prefixItems` away before the model sees the schema, so the
 * description names the elements, and `items` is the choice of all of them where that is allowed.
 */
function tupleSchema(walk: Walk, type: Type, place: Place): JsonSchema {
  const elements = readElements(walk, type, place);
  const rest = elements.filter((element) => element.kind === 'rest');
  const fixed = elements.filter((element) => element.kind !== 'rest');
  const [last] = elements.slice(-1);
  if (rest.length > 1 || (rest.length === 1 && last?.kind !== 'rest')) {
    return walk.refuse(type, place, 'only the last element of a tuple may repeat');
  }
  const required = fixed.filter((element) => element.kind === 'required').length;
  if (elements.length === 0) return { type: 'array', items: {}, maxItems: 0 };
  const choice = choiceOf(elements.map((element) => element.schema));
  const isUniform = !('anyOf' in choice);
  return {
    type: 'array',
    ...describeOrder(elements, isUniform),
    ...(isUniform ? {} : { prefixItems: fixed.map((element) => element.schema) }),
    items: rest[0]?.schema ?? choice,
    ...(required > 0 ? { minItems: required } : {}),
    ...(rest.length > 0 ? {} : { maxItems: fixed.length }),
  };
}

/** The schema of a list or a tuple, or undefined for any other type. */
export function arraySchema(walk: Walk, type: Type, place: Place): JsonSchema | undefined {
  if (type.isTuple()) return tupleSchema(walk, type, place);
  if (!type.isArray() && !type.isReadonlyArray()) return undefined;
  const [element] = type.getTypeArguments();
  return element && listSchema(walk, element, place);
}
