/** What a function returns, as a schema. */
import { Node, type Signature, type Type, type TypeNode } from 'ts-morph';
import type { JsonSchema } from '../contract.ts';
import { isContractType } from './parameter.ts';
import type { OpenModule } from './project.ts';
import type { Reporter } from './report.ts';
import { createWalk } from './walk/create-walk.ts';
import { finishSchema } from './finish.ts';

/** The node of the result as written, out of its promise. */
function resultNode(signature: Signature): TypeNode | undefined {
  const declaration = signature.getDeclaration();
  const node = Node.isReturnTyped(declaration) ? declaration.getReturnTypeNode() : undefined;
  if (!Node.isTypeReference(node)) return node;
  const isPromise = /^Promise(Like)?$/.test(node.getTypeName().getText());
  return isPromise ? node.getTypeArguments()[0] : node;
}

/** Whether the result is nothing, anything, or content that the model is shown as it is. */
function saysNothing(type: Type): boolean {
  const item = type.getArrayElementType() ?? type;
  return (
    [type.isVoid(), type.isUndefined(), type.isNever(), type.isAny(), type.isUnknown()].includes(
      true,
    ) ||
    isContractType(item, 'ToolOutput') ||
    isContractType(item, 'ContentItem')
  );
}

/** The schema of what `signature` resolves with, or null where there is nothing to say or JSON has no form. */
export function inferResult(
  signature: Signature,
  owner: Node,
  module: OpenModule,
  reporter: Reporter,
): JsonSchema | null {
  const returned = signature.getReturnType();
  const type = returned.getAwaitedType() ?? returned;
  if (saysNothing(type)) return null;
  let isExpressible = true;
  const walk = createWalk({
    direction: 'output',
    module,
    docAt: () => undefined,
    report(report) {
      isExpressible &&= report.level === 'warning';
      reporter.output(report);
    },
  });
  const marked = walk.attach(
    walk.schemaOf(type, { path: '', node: owner, typeNode: resultNode(signature) }),
  );
  const { schema } = finishSchema(marked);
  return isExpressible && Object.keys(schema).length > 0 ? schema : null;
}
