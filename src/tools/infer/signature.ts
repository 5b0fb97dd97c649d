/** One exported function as a tool: its arguments, its result, and everything that is wrong with it. */
import { Node, type Signature } from 'ts-morph';
import { messageOf } from '../../errors.ts';
import { defaultLimits } from '../../limits.ts';
import { checkToolName } from '../name.ts';
import type { ExportedFunction } from './exports.ts';
import { finishSchema } from './finish.ts';
import type { InferredTool } from './inferred.ts';
import { inferInput } from './input.ts';
import { readParameters } from './parameter.ts';
import type { OpenModule } from './project.ts';
import { createReporter, placeOf, type Reporter, type Reports } from './report.ts';
import { inferResult } from './result.ts';

function checkName(exported: ExportedFunction, reporter: Reporter): string {
  const place = placeOf(exported.node);
  if (exported.name === null) {
    reporter.error(place, 'a default export needs a name: `export default function findUsers …`');
    return exported.exportName;
  }
  try {
    return checkToolName(exported.name);
  } catch (thrown) {
    reporter.error(place, messageOf(thrown));
    return exported.name;
  }
}

function onlySignature(exported: ExportedFunction, reporter: Reporter): Signature | null {
  const [signature, second] = exported.type.getCallSignatures();
  if (!signature || second) {
    reporter.error(placeOf(exported.node), 'it is overloaded; a tool has one signature');
    return null;
  }
  const declaration = signature.getDeclaration();
  const [first] = Node.isParametered(declaration) ? declaration.getParameters() : [];
  if (first?.getName() === 'this' && !first.getType().isVoid()) {
    reporter.error(placeOf(first), 'a tool has no `this`');
  }
  return signature;
}

function readDescription(exported: ExportedFunction, name: string, reporter: Reporter): string {
  if (exported.doc.summary !== '') return exported.doc.summary;
  const description = `Remote skill ${name}`;
  reporter.warning(
    placeOf(exported.node),
    `it has no doc comment, so a model is told only ${JSON.stringify(description)}`,
  );
  return description;
}

/** `exported` as a tool, or null if it cannot be one; `reports` says why. */
export function inferTool(
  exported: ExportedFunction,
  module: OpenModule,
  reports: Reports,
): InferredTool | null {
  const reporter = createReporter(exported.name ?? exported.exportName, reports);
  const name = checkName(exported, reporter);
  const signature = onlySignature(exported, reporter);
  if (!signature) return null;
  const given = readParameters(signature, exported.node);
  const input = inferInput(given, exported.doc, module, reporter);
  for (const [parameter, { place }] of input.unused) {
    reporter.warning(place, `@param ${parameter} documents no parameter, so it is left out`);
  }
  const { schema: inputSchema, conversions } = finishSchema(input.schema);
  if (JSON.stringify(inputSchema).length > defaultLimits.schemaBytesMax) {
    reporter.error(
      placeOf(exported.node),
      `its schema is larger than ${defaultLimits.schemaBytesMax} bytes`,
    );
  }
  const description = readDescription(exported, name, reporter);
  if (reporter.hasErrors()) return null;
  return {
    name,
    exportName: exported.exportName,
    description,
    inputSchema,
    outputSchema: inferResult(signature, exported.node, module, reporter),
    outputDescription: exported.doc.returns,
    parameters: input.parameters,
    conversions,
    source: placeOf(exported.node),
  };
}
