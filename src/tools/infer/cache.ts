/**
 * Remembers what was inferred, so that the second start of a program loads no compiler. An entry is
 * good as long as every file it was made from has the same bytes and the packages the same versions.
 * There is one entry per module, replaced when it is out of date: the folder cannot grow beyond that.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../json.ts';
import type { InferIssue, Inference, ToolSignature } from './inferred.ts';
import { readSignatures, toSignature } from './signature-json.ts';
import { readVersions } from './versions.ts';

/** Raised whenever the same sources give another result. */
const entryFormat = 2;

/** Files read at once; the others wait. */
const filesAtOnceMax = 64;

/** A warning, as it is said again at every start. */
type ModuleWarning = Pick<InferIssue, 'tool' | 'message' | 'place'>;

/** What is remembered of a module. */
export interface CachedModule {
  readonly tools: readonly ToolSignature[];
  readonly warnings: readonly ModuleWarning[];
  readonly declaredDocs: Inference['declaredDocs'];
}

/** Which entry: a module, read with certain settings. */
export interface CacheKey {
  readonly cacheDir: string;
  /** Absolute path of the module. */
  readonly file: string;
  readonly tsconfig: string | undefined;
}

type FileHashes = Readonly<Record<string, string | null>>;

/** The path of an entry. It names the module relative to the cache, so that both may move together. */
function entryPath({ cacheDir, file, tsconfig }: CacheKey): string {
  const name = relative(cacheDir, file);
  const settings = tsconfig === undefined ? '' : relative(cacheDir, resolve(tsconfig));
  const hash = createHash('sha256').update(`${name}\0${settings}`).digest('hex');
  return join(cacheDir, `${basename(file)}.${hash.slice(0, 16)}.json`);
}

async function hashOf(path: string): Promise<string | null> {
  try {
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  } catch {
    return null;
  }
}

/** The hashes of `names`, which are relative to `folder`. A file that is not there has none. */
async function hashFiles(folder: string, names: readonly string[]): Promise<FileHashes> {
  const hashes: [string, string | null][] = [];
  for (let at = 0; at < names.length; at += filesAtOnceMax) {
    const batch = names.slice(at, at + filesAtOnceMax);
    const found = await Promise.all(
      batch.map(async (name) => [name, await hashOf(resolve(folder, name))] as const),
    );
    for (const [name, hash] of found) hashes.push([name, hash]);
  }
  return Object.fromEntries(hashes);
}

function readWarning(value: unknown, folder: string): ModuleWarning[] {
  if (!isRecord(value) || !isRecord(value['place'])) return [];
  const { tool, message } = value;
  const { file, line, column } = value['place'];
  if (typeof tool !== 'string' || typeof message !== 'string' || typeof file !== 'string')
    return [];
  if (typeof line !== 'number' || typeof column !== 'number') return [];
  return [{ tool, message, place: { file: resolve(folder, file), line, column } }];
}

function readTexts(value: unknown): Record<string, string> {
  const entries = Object.entries(isRecord(value) ? value : {});
  return Object.fromEntries(
    entries.flatMap(([name, text]) => (typeof text === 'string' ? [[name, text]] : [])),
  );
}

function readDocs(value: unknown): Inference['declaredDocs'] {
  const entries = Object.entries(isRecord(value) ? value : {});
  return Object.fromEntries(entries.map(([name, texts]) => [name, readTexts(texts)]));
}

async function readEntry(path: string): Promise<Record<string, unknown> | null> {
  try {
    const entry: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isRecord(entry) && entry['format'] === entryFormat ? entry : null;
  } catch {
    return null;
  }
}

/** Whether `written` names the versions of now. A package that is gone cannot have changed its mind. */
function areSameVersions(written: unknown, now: Readonly<Record<string, string | null>>): boolean {
  if (!isRecord(written)) return false;
  return Object.entries(now).every(
    ([name, version]) => version === null || written[name] === version,
  );
}

/** What is remembered of a module, or null if there is nothing, or something has changed since. */
export async function readCache(key: CacheKey): Promise<CachedModule | null> {
  const entry = await readEntry(entryPath(key));
  if (!entry || !isRecord(entry['files'])) return null;
  if (!areSameVersions(entry['versions'], await readVersions())) return null;
  const folder = dirname(key.file);
  const hashes = await hashFiles(folder, Object.keys(entry['files']));
  if (!isDeepStrictEqual(hashes, entry['files'])) return null;
  const tools = readSignatures(entry['tools']);
  const warnings: readonly unknown[] = Array.isArray(entry['warnings']) ? entry['warnings'] : [];
  return (
    tools && {
      tools,
      warnings: warnings.flatMap((each) => readWarning(each, folder)),
      declaredDocs: readDocs(entry['declaredDocs']),
    }
  );
}

/**
 * Remembers what was inferred of a module without errors. The entry appears whole or not at all, however
 * many processes write it at once.
 * @throws what the file system says, for example that the folder cannot be written
 */
export async function writeCache(key: CacheKey, inference: Inference): Promise<void> {
  const folder = dirname(key.file);
  const names = inference.dependencies.map((path) => relative(folder, path));
  const entry = {
    format: entryFormat,
    versions: await readVersions(),
    files: await hashFiles(folder, names),
    tools: inference.tools.map(toSignature),
    declaredDocs: inference.declaredDocs,
    warnings: inference.warnings.map(({ tool, message, place }) => {
      return { tool, message, place: { ...place, file: relative(folder, place.file) } };
    }),
  };
  await mkdir(key.cacheDir, { recursive: true });
  const draft = await mkdtemp(join(key.cacheDir, 'draft-'));
  try {
    await writeFile(join(draft, 'entry.json'), JSON.stringify(entry));
    await rename(join(draft, 'entry.json'), entryPath(key));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function isFile(path: string): Promise<boolean> {
  return (await hashOf(path)) !== null;
}

/** `node_modules/.cache/sessionmesh` of the package that `file` belongs to, or null if it is in none. */
export async function findCacheDir(file: string): Promise<string | null> {
  const folder = dirname(file);
  if (await isFile(join(folder, 'package.json'))) {
    return join(folder, 'node_modules', '.cache', 'sessionmesh');
  }
  return folder === file ? null : findCacheDir(folder);
}
