/** The value an expression always has, as far as the source alone says it. */
import { Node, SyntaxKind, type Expression } from 'ts-morph';
import { literalValueOf } from './walk/scalar.ts';

/** A value known before the program runs; `undefined` is no JSON and never one of them. */
export interface KnownValue {
  readonly value: unknown;
}

function unwrap(expression: Expression): Expression {
  if (
    Node.isParenthesizedExpression(expression) ||
    Node.isAsExpression(expression) ||
    Node.isSatisfiesExpression(expression)
  ) {
    return unwrap(expression.getExpression());
  }
  return expression;
}

function readList(elements: readonly Expression[]): KnownValue | undefined {
  const values = elements.map(readLiteral);
  return values.every((value) => value !== undefined)
    ? { value: values.map(({ value }) => value) }
    : undefined;
}

function readMembers(members: readonly Node[]): KnownValue | undefined {
  const entries: [string, unknown][] = [];
  for (const member of members) {
    const initializer = Node.isPropertyAssignment(member) ? member.getInitializer() : undefined;
    const known = initializer && readLiteral(initializer);
    if (!known || !Node.isPropertyAssignment(member)) return undefined;
    const name = member.getNameNode();
    entries.push([
      Node.isStringLiteral(name) ? name.getLiteralValue() : name.getText(),
      known.value,
    ]);
  }
  return { value: Object.fromEntries(entries) };
}

/** The JSON value of `expression`, or undefined if it is not the same on every run. */
export function readLiteral(expression: Expression): KnownValue | undefined {
  const bare = unwrap(expression);
  if (bare.getKind() === SyntaxKind.NullKeyword) return { value: null };
  if (Node.isArrayLiteralExpression(bare)) return readList(bare.getElements());
  if (Node.isObjectLiteralExpression(bare)) return readMembers(bare.getProperties());
  const value = literalValueOf(bare.getType());
  if (value === undefined) return undefined;
  return { value: typeof value === 'bigint' ? Number(value) : value };
}
