/** The parameters of a signature, and which of them the call itself goes to. */
import {
  Node,
  type Expression,
  type ParameterDeclaration,
  type Signature,
  type Symbol,
  type Type,
  type TypeNode,
} from 'ts-morph';
import { typeNodeOf } from './walk/object.ts';

/** One parameter. */
export interface Parameter {
  readonly name: string;
  /** Its declaration; the function where it has none of its own (`...args: Parameters<F>`). */
  readonly node: Node;
  readonly type: Type;
  readonly typeNode: TypeNode | undefined;
  readonly isOptional: boolean;
  readonly isRest: boolean;
  readonly isDestructured: boolean;
  readonly initializer: Expression | undefined;
  /** The defaults of a destructured parameter's properties, by property. */
  readonly bindings: ReadonlyMap<string, Expression>;
}

function readBindings(pattern: Node): ReadonlyMap<string, Expression> {
  if (!Node.isObjectBindingPattern(pattern)) return new Map();
  return new Map(
    pattern.getElements().flatMap((element) => {
      const initializer = element.getInitializer();
      return initializer
        ? [[element.getPropertyNameNode()?.getText() ?? element.getName(), initializer] as const]
        : [];
    }),
  );
}

function includesUndefined(type: Type): boolean {
  return type.isUndefined() || (type.isUnion() && type.getUnionTypes().some(includesUndefined));
}

/** Whether a call can leave the parameter out. A rest parameter may be a tuple that asks for something. */
function canBeLeftOut(
  symbol: Symbol,
  declared: ParameterDeclaration | undefined,
  type: Type,
): boolean {
  if (declared?.isRestParameter() && type.isTuple()) {
    const { compilerType } = type.getTargetType() ?? type;
    return 'minLength' in compilerType && compilerType.minLength === 0;
  }
  return (declared?.isOptional() ?? symbol.isOptional()) || includesUndefined(type);
}

function readParameter(symbol: Symbol, owner: Node): Parameter {
  const declared = symbol.getDeclarations().find((node) => Node.isParameterDeclaration(node));
  const type = symbol.getTypeAtLocation(declared ?? owner);
  const nameNode = declared?.getNameNode();
  return {
    name: symbol.getName(),
    node: declared ?? owner,
    type,
    typeNode: typeNodeOf(declared),
    isOptional: canBeLeftOut(symbol, declared, type),
    isRest: declared?.isRestParameter() ?? false,
    isDestructured: nameNode !== undefined && !Node.isIdentifier(nameNode),
    initializer: declared?.getInitializer(),
    bindings: nameNode ? readBindings(nameNode) : new Map(),
  };
}

/** The parameters of `signature`, which `owner` declares. */
export function readParameters(signature: Signature, owner: Node): Parameter[] {
  return signature.getParameters().map((symbol) => readParameter(symbol, owner));
}

const contractFile = /[\\/]tools[\\/]contract\.(d\.)?ts$/;

/** Whether `type` is the one of this name that tool authors get from this package. */
export function isContractType(type: Type, name: string): boolean {
  return [type.getAliasSymbol(), type.getSymbol()].some(
    (symbol) =>
      symbol?.getName() === name &&
      symbol
        .getDeclarations()
        .some((node) => contractFile.test(node.getSourceFile().getFilePath())),
  );
}

/** Whether the name was imported from this package, also where the package is not installed. */
function isImportedCall(node: TypeNode | undefined): boolean {
  if (!Node.isTypeReference(node)) return false;
  const [specifier] = node.getTypeName().getSymbol()?.getDeclarations() ?? [];
  if (!Node.isImportSpecifier(specifier) || specifier.getName() !== 'ToolCall') return false;
  const from = specifier.getImportDeclaration().getModuleSpecifierValue();
  return from === 'sessionmesh' || from.startsWith('sessionmesh/');
}

/** Whether the parameter is given the call it serves rather than an argument. */
export function isCallParameter({ type, typeNode }: Parameter): boolean {
  return isContractType(type.getNonNullableType(), 'ToolCall') || isImportedCall(typeNode);
}
