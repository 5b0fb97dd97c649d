/** The part of inference that needs the compiler. Imported only when something has to be inferred. */
import { resolve } from 'node:path';
import { SessionMeshError, messageOf } from '../../errors.ts';
import { readExports } from './exports.ts';
import type { Inference, InferredTool } from './inferred.ts';
import { openModule, type OpenModule } from './project.ts';
import type { Reports } from './report.ts';
import { inferTool } from './signature.ts';

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
 * Describes the tools of the module at `file`.
 * @throws SessionMeshError `option_invalid` if the module cannot be read.
 */
export async function describeModule(file: string, tsconfig?: string): Promise<Inference> {
  const path = resolve(file);
  const module = await open(path, tsconfig);
  const { functions, ...rest } = readExports(module.source);
  const reports: Reports = { warnings: [], errors: [] };
  const tools: InferredTool[] = [];
  for (const exported of functions) {
    const tool = inferTool(exported, module, reports);
    if (tool) tools.push(tool);
  }
  return { file: path, tools, ...rest, ...reports, dependencies: module.dependencies };
}
