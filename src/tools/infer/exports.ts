/** Which exports of a module are functions that become tools, and which are tools already. */
import { Node, type SourceFile, type Type } from 'ts-morph';
import { readFunctionDoc, type FunctionDoc } from './documentation.ts';
import type { Inference } from './inferred.ts';

/** An export that may become a tool. */
export interface ExportedFunction {
  /** The name of the tool; null for a default export that has none. */
  readonly name: string | null;
  readonly exportName: string;
  readonly node: Node;
  readonly type: Type;
  readonly doc: FunctionDoc;
}

function parameterTexts(node: Node): Record<string, string> {
  const { parameters } = readFunctionDoc(node);
  return Object.fromEntries([...parameters].map(([name, { summary }]) => [name, summary]));
}

/** The exports of a module, as far as inference cares. */
export interface ModuleExports {
  /** In the order of their declaration. */
  readonly functions: readonly ExportedFunction[];
  readonly declared: readonly string[];
  readonly declaredDocs: Inference['declaredDocs'];
}

/** Whether a value of this type is what `tool()` returns. */
function isToolType(type: Type): boolean {
  return ['name', 'description', 'inputSchema', 'policy', 'validate', 'execute'].every(
    (name) => type.getProperty(name) !== undefined,
  );
}

function isValue(node: Node): boolean {
  return (
    Node.isFunctionDeclaration(node) || Node.isVariableDeclaration(node) || Node.isExpression(node)
  );
}

function ownName(node: Node): string | null {
  if (Node.isFunctionDeclaration(node)) return node.getName() ?? null;
  return Node.isVariableDeclaration(node) ? node.getName() : null;
}

/** The module's own declarations first, in their order; then those it passes on, by file. */
function compareNodes(source: SourceFile): (left: Node, right: Node) => number {
  return (left, right) => {
    const [from, to] = [left.getSourceFile(), right.getSourceFile()];
    if (from !== to) {
      if (from === source) return -1;
      if (to === source) return 1;
      return from.getFilePath() < to.getFilePath() ? -1 : 1;
    }
    return left.getStart() - right.getStart();
  };
}

/**
 * Reads what `source` exports. Types, classes, constants and functions marked `@internal` are left
 * alone; a function exported under its name and as the default is one function.
 */
export function readExports(source: SourceFile): ModuleExports {
  const found: ExportedFunction[] = [];
  const declared: string[] = [];
  const docs = new Map<string, Record<string, string>>();
  for (const [exportName, declarations] of source.getExportedDeclarations()) {
    const node = declarations.find(isValue);
    if (!node) continue;
    const type = node.getType();
    if (isToolType(type)) declared.push(exportName);
    if (type.getCallSignatures().length === 0 || isToolType(type)) {
      // Whether it is a tool shows when the module runs; a comment that names no argument changes nothing.
      docs.set(exportName, parameterTexts(node));
      continue;
    }
    const doc = readFunctionDoc(node);
    if (doc.tags.some((tag) => tag.name === 'internal')) continue;
    const name = exportName === 'default' ? ownName(node) : exportName;
    found.push({ name, exportName, node, type, doc });
  }
  const named = new Set(
    found.filter((each) => each.exportName !== 'default').map(({ node }) => node),
  );
  const compare = compareNodes(source);
  return {
    functions: found
      .filter((each) => each.exportName !== 'default' || !named.has(each.node))
      .toSorted((left, right) => compare(left.node, right.node)),
    declared: declared.toSorted(),
    declaredDocs: Object.fromEntries(
      [...docs].filter(([, texts]) => Object.keys(texts).length > 0),
    ),
  };
}
