/** The tools of a module, ready to run. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf, SessionMeshError } from '../../errors.ts';
import { defaultLimits, type Limits } from '../../limits.ts';
import { silentLogger, type Logger } from '../../logger.ts';
import type { Tool } from '../contract.ts';
import { isRecord } from '../json.ts';
import { buildTool } from './build-tool.ts';
import { findCacheDir, readCache, writeCache, type CachedModule, type CacheKey } from './cache.ts';
import { describeArguments } from './described-tool.ts';
import { readSchemaDocument } from './document.ts';
import { inferTools, type InferOptions } from './infer-tools.ts';
import { issueText, type ToolSignature } from './inferred.ts';

/** Where the tools of a module come from. */
export interface ModuleOptions extends InferOptions {
  /**
   * Where inferred schemas are kept between starts; null keeps none. By default
   * `node_modules/.cache/sessionmesh` of the module's own package, and nowhere if it has no package.json.
   */
  readonly cacheDir?: string | null;
  /**
   * Path of a schema document to take instead of inferring: no compiler, no cache, not even the
   * TypeScript source. For production; let CI check that it is up to date.
   */
  readonly document?: string;
  /** Path of the module to import, if not the source itself: the JavaScript it was compiled to. */
  readonly compiled?: string;
  /** Is told of warnings: a function without a doc comment, a cache that cannot be written. */
  readonly logger?: Logger;
  readonly limits?: Limits;
}

/** Errors beyond these are counted, not shown. */
const errorsShownMax = 20;

async function inferAnew(key: CacheKey | null, file: string, options: ModuleOptions) {
  const inference = await inferTools(file, options);
  if (inference.errors.length > 0) {
    const shown = inference.errors.slice(0, errorsShownMax).map(issueText);
    const hidden = inference.errors.length - shown.length;
    throw new SessionMeshError('infer_failed', {
      found: [...shown, ...(hidden > 0 ? [`and ${hidden} more`] : [])].join('\n'),
    });
  }
  if (key) {
    await writeCache(key, inference).catch((thrown: unknown) => {
      options.logger?.warn(
        { cacheDir: key.cacheDir, cause: messageOf(thrown) },
        'inferred schemas could not be kept; the next start infers them again',
      );
    });
  }
  return inference;
}

async function readDocument(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    throw new SessionMeshError('option_invalid', {
      expected: '`document` to be a schema document that can be read',
      found: messageOf(thrown),
      fix: 'write it with `sessionmesh tools infer MODULE --out FILE`, or correct the path',
      cause: thrown,
    });
  }
}

async function describe(file: string, options: ModuleOptions): Promise<CachedModule> {
  if (options.document !== undefined) {
    const tools = readSchemaDocument(await readDocument(options.document));
    return { tools, warnings: [], declaredDocs: {} };
  }
  const { cacheDir = await findCacheDir(file), tsconfig } = options;
  const key = cacheDir === null ? null : { cacheDir: resolve(cacheDir), file, tsconfig };
  return (key && (await readCache(key))) ?? inferAnew(key, file, options);
}

function isTool(value: unknown): value is Tool {
  return (
    isRecord(value) &&
    typeof value['name'] === 'string' &&
    typeof value['description'] === 'string' &&
    isRecord(value['inputSchema']) &&
    isRecord(value['policy']) &&
    typeof value['validate'] === 'function' &&
    typeof value['execute'] === 'function'
  );
}

function bind(signature: ToolSignature, exported: unknown, limits: Limits): Tool {
  if (typeof exported === 'function') return buildTool(signature, exported, limits);
  throw new SessionMeshError('infer_failed', {
    tool: signature.name,
    expected: `an exported function ${signature.exportName}`,
    found: typeof exported,
    fix: 'build the module, or write the schema document again: they do not fit together',
  });
}

/**
 * Imports the module at `file` and returns its tools: one per exported function (see
 * {@link inferTools}), then those that are tools already, whose schemas win over their comments: a
 * `@param` only describes an argument that the schema does not describe. Arguments reach a function checked and in the
 * declared shape: a `Date` is a Date, a `bigint` a bigint.
 *
 * The first start infers and remembers; later ones read what was remembered, as long as neither the
 * module nor anything it imports types from has changed, and load no compiler.
 *
 * @throws SessionMeshError `infer_failed` with every function that cannot be a tool, and where;
 * `infer_unavailable`, `schema_invalid` or `option_invalid`; and whatever the module throws when imported
 */
export async function toolsFromModule(file: string, options: ModuleOptions = {}): Promise<Tool[]> {
  const path = resolve(file);
  const { logger = silentLogger, limits = defaultLimits } = options;
  const { tools, warnings, declaredDocs } = await describe(path, options);
  for (const { tool, message, place } of warnings) logger.warn({ tool, ...place }, message);
  const target = pathToFileURL(resolve(options.compiled ?? path)).href;
  const module: unknown = await import(target);
  const exported = new Map(Object.entries(Object(module)));
  return [
    ...tools.map((signature) => bind(signature, exported.get(signature.exportName), limits)),
    ...[...exported].flatMap(([name, value]) =>
      isTool(value) ? [describeArguments(value, declaredDocs[name] ?? {})] : [],
    ),
  ];
}
