/** The part of inference that needs the compiler. Imported only when something has to be inferred. */
import { resolve } from 'node:path';
import { SessionMeshError, messageOf } from '../../errors.ts';
import { readExports } from './exports.ts';
import type { Inference, InferredTool } from './inferred.ts';
import { openModule, type OpenModule } from './project.ts';
import type { Reports } from './report.ts';
import { inferTool } from './signature.ts';

/** Beyond these they are counted, not shown: one mistake is often the cause of the rest. */
const syntaxMistakesShownMax = 5;

async function open(file: string, tsconfig: string | undefined): Promise<OpenModule> {
  try {
    return await openModule(file, tsconfig);
  } catch (thrown) {
    throw new SessionMeshError('option_invalid', {
      expected: 'a TypeScript module that can be read',
      found: messageOf(thrown),
      cause: thrown,
    });
  }
}

/**
 * Refuses a module that does not parse: what the compiler makes of the rest of it is a guess.
 */
function checkSyntax({ syntaxMistakes }: OpenModule): void {
  if (syntaxMistakes.length === 0) return;
  const shown = syntaxMistakes.slice(0, syntaxMistakesShownMax);
  const hidden = syntaxMistakes.length - shown.length;
  const lines = shown.map(
    ({ place: { file, line, column }, message }) => `${file}:${line}:${column}: ${message}`,
  );
  throw new SessionMeshError('infer_failed', {
    expected: 'a module without syntax errors',
    found: [...lines, ...(hidden > 0 ? [`and ${hidden} more`] : [])].join('\n'),
    fix: 'correct the syntax',
  });
}

/**
 * Describes the tools of the module at `file`.
 * @throws SessionMeshError `option_invalid` if the module cannot be read; `infer_failed` if it does not
 * parse.
 */
export async function describeModule(file: string, tsconfig?: string): Promise<Inference> {
  const path = resolve(file);
  const module = await open(path, tsconfig);
  checkSyntax(module);
  const { functions, ...rest } = readExports(module.source);
  const reports: Reports = { warnings: [], errors: [] };
  const tools: InferredTool[] = [];
  for (const exported of functions) {
    const tool = inferTool(exported, module, reports);
    if (tool) tools.push(tool);
  }
  return { file: path, tools, ...rest, ...reports, dependencies: module.dependencies };
}
